// What the page shows, computed from the economy. Nothing here knows of a document, so it runs anywhere.
// `card` has names and units, `economy` the functions of the artifact.
"use strict";

const SEED = 1;
const PERIODS = 2000; // of the simulation behind the moments
const BURN = 200; // periods before these, which are left out
const DRAWN = 100; // periods of the path that is drawn
const HORIZON = 40; // periods of an impulse response
const LOW_START = 0.7; // of the steady state: where an economy without shocks begins
const shown = card.observables.length ? "observables" : "controls";

// Uniform numbers by L'Ecuyer's combination of two congruential generators (1988), which doubles hold exactly.
function uniforms(seed) {
  let first = seed;
  let second = seed;
  return () => {
    first = (40014 * first) % 2147483563;
    second = (40692 * second) % 2147483399;
    const difference = first - second;
    return (difference < 1 ? difference + 2147483562 : difference) / 2147483563;
  };
}

// Standard normal shocks by Box and Muller's method: one array for each period.
function drawShocks(seed, periods) {
  const uniform = uniforms(seed);
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return Array.from({ length: periods }, () => card.shocks.map(normal));
}

// States, controls and observables after each period's shocks: arrays of rows.
function simulate(parameters, shocks, states) {
  const path = { states: [], controls: [], observables: [] };
  let controls = economy.policy(states, parameters).controls;
  for (const shock of shocks) {
    const next = economy.step(states, controls, shock, parameters);
    states = next.next_states;
    controls = next.next_controls;
    path.states.push(states);
    path.controls.push(controls);
    path.observables.push(next.next_observables);
  }
  return path;
}

// The path after one impulse in the first period, less the path without: rows of what is shown.
function impulseResponse(parameters, shock, size) {
  const start = economy.steady_state(parameters).states;
  const quiet = Array.from({ length: HORIZON }, () => card.shocks.map(() => 0));
  const struck = quiet.map((row, t) => row.map((_, i) => (t === 0 && i === shock ? size : 0)));
  const without = simulate(parameters, quiet, start)[shown];
  return simulate(parameters, struck, start)[shown].map((row, t) => row.map((value, i) => value - without[t][i]));
}

const shocks = drawShocks(SEED, card.shocks.length ? BURN + PERIODS : DRAWN);

// The first periods of one path with the fixed seed, after those that are left out.
function samplePath(parameters, periods) {
  const rest = economy.steady_state(parameters).states;
  if (!card.shocks.length) return simulate(parameters, shocks, rest.map((value) => LOW_START * value));
  const path = simulate(parameters, shocks.slice(0, BURN + periods), rest);
  for (const group of Object.keys(path)) path[group] = path[group].slice(BURN);
  return path;
}

const column = (rows, i) => rows.map((row) => row[i]);
const replaced = (values, place, value) => values.map((old, i) => (i === place ? value : old));

function mean(values) {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

// Of pairs of which both are numbers, as pandas has it.
function correlation(left, right) {
  const kept = left.map((value, t) => Number.isFinite(value) && Number.isFinite(right[t]));
  const [a, b] = [left, right].map((values) => values.filter((_, t) => kept[t]));
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, t) => {
    ab += (value - meanA) * (b[t] - meanB);
    aa += (value - meanA) ** 2;
    bb += (b[t] - meanB) ** 2;
  });
  return ab / Math.sqrt(aa * bb);
}

function standardDeviation(values) {
  const numbers = values.filter(Number.isFinite);
  const middle = mean(numbers);
  return Math.sqrt(numbers.reduce((total, value) => total + (value - middle) ** 2, 0) / (numbers.length - 1));
}

// Standard deviations and first autocorrelations of series, and their correlations.
function moments(rows) {
  const series = rows[0].map((_, i) => column(rows, i));
  return {
    sd: series.map(standardDeviation),
    autocorrelation: series.map((values) => correlation(values.slice(1), values.slice(0, -1))),
    correlation: series.map((left) => series.map((right) => correlation(left, right))),
  };
}

// Where a state goes in simulations; around its steady state where it does not move.
function stateRange(paths, rests, state) {
  const visited = paths.flatMap((path) => column(path.states, state)).filter(Number.isFinite);
  const centre = mean(column(rests, state));
  const [low, high] = [Math.min(...visited), Math.max(...visited)];
  const size = Math.abs(centre) || 1;
  return high - low > 1e-6 * size ? [low, high] : [centre - 0.3 * size, centre + 0.3 * size];
}

// Controls along one state, the others at the steady state: one row for each point.
function policyAlong(parameters, state, points) {
  const rest = economy.steady_state(parameters).states;
  return points.map((point) => economy.policy(replaced(rest, state, point), parameters).controls);
}

function evenly(low, high, count) {
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? high : low + ((high - low) * i) / (count - 1)));
}

// A number as people write it.
function plain(value) {
  if (!Number.isFinite(value)) return "–";
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

// Why a parameter vector is refused; nothing if it is not.
function refusal(parameters) {
  const beyond = card.parameters.findIndex(
    ({ lower, upper }, i) => !(parameters[i] >= lower && parameters[i] <= upper)
  );
  if (beyond >= 0) {
    const { name, lower, upper } = card.parameters[beyond];
    return `${name} must lie between ${plain(lower)} and ${plain(upper)}: the economy was not solved elsewhere.`;
  }
  if (economy.inside(parameters)) return "";
  return `These values together are outside the certified region, where numbers would mean nothing. Inside: ${card.region}.`;
}

// Which of evenly spaced values one parameter may take, the others as they are.
function certified(parameters, place, count) {
  const { lower, upper } = card.parameters[place];
  return evenly(lower, upper, count).map((value) => economy.inside(replaced(parameters, place, value)));
}

// What a calibration does at once; null outside the certified region. Moments, which take longer, are apart.
function solve(parameters) {
  if (refusal(parameters)) return null;
  return { parameters, rest: economy.steady_state(parameters).states, path: samplePath(parameters, DRAWN) };
}

// Moments of what is shown, along the whole path.
function sampleMoments(parameters) {
  return moments(samplePath(parameters, PERIODS)[shown]);
}
