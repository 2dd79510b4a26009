// Sliders, choices and what follows from them.
const STEPS = 200; // of a slider
const QUIET = 150; // milliseconds without a change after which moments are computed
const MARKS = 41; // values of a parameter that are tested for the grey part of its slider
const CALIBRATIONS = ["A", "B"];
const element = (id) => document.getElementById(id);

const values = {}; // of parameters, by calibration
const solved = {}; // what follows from them, or null
const momentsOf = {}; // moments, once they are computed
const charts = {}; // by section
let timer;

function start() {
  const series = card[shown];
  const figures = (section) => document.querySelector(`#${section} .figures`);
  const each = (section) => series.map(({ name, unit }) => addFigure(figures(section), name, unit));
  charts.responses = card.shocks.length ? each("responses") : [];
  charts.path = each("path");
  charts.policies = addFigure(figures("policies"), "", "");
  for (const which of CALIBRATIONS) {
    card.parameters.forEach((_, place) => listen(which, place));
    element(`reset-${which}`).addEventListener("click", () => choose(which, defaults()));
  }
  element("copy").addEventListener("click", () => choose("B", [...values.A]));
  for (const id of ["shock", "size", "control", "state"]) element(id)?.addEventListener("change", redraw);
  for (const which of CALIBRATIONS) settle(which, defaults());
  redraw();
}

const defaults = () => card.parameters.map((parameter) => parameter.default);

function listen(which, place) {
  const { lower, upper } = card.parameters[place];
  element(`slider-${which}-${place}`).addEventListener("input", (event) => {
    const share = event.target.valueAsNumber / STEPS;
    const value = Number((lower + share * (upper - lower)).toPrecision(6));
    choose(which, replaced(values[which], place, Math.min(Math.max(value, lower), upper)));
  });
  element(`number-${which}-${place}`).addEventListener("change", (event) => {
    choose(which, replaced(values[which], place, event.target.valueAsNumber));
  });
}

function choose(which, parameters) {
  settle(which, parameters);
  redraw();
}

// Take the values of one calibration: solve it, and show on its sliders where it may go.
function settle(which, parameters) {
  values[which] = parameters;
  solved[which] = solve(parameters);
  momentsOf[which] = null;
  card.parameters.forEach((_, place) => showChoice(which, place));
}

// Say of a calibration whether it is drawn, and if not, why.
function showStatus(which) {
  const reason = refusal(values[which]);
  const same = which === "B" && values.A.every((value, i) => value === values.B[i]);
  const drawn = same ? "the same as A." : "inside the certified region.";
  const text = `${which}: ${reason ? `not drawn. ${reason}` : drawn}`;
  const status = element(`status-${which}`);
  if (status.textContent !== text) status.textContent = text; // else it would be read aloud again
  status.classList.toggle("refused", reason !== "");
}

function showChoice(which, place) {
  const { lower, upper, unit } = card.parameters[place];
  const value = values[which][place];
  const slider = element(`slider-${which}-${place}`);
  const number = element(`number-${which}-${place}`);
  if (Number.isFinite(value)) slider.value = Math.round(((value - lower) / (upper - lower || 1)) * STEPS);
  slider.setAttribute("aria-valuetext", `${plain(value)} ${unit}`.trim());
  if (Number.isFinite(value) && number.valueAsNumber !== value) number.value = String(Number(value.toPrecision(6)));
  number.setAttribute("aria-invalid", String(!(value >= lower && value <= upper)));
  const inside = certified(values[which], place, MARKS);
  slider.style.setProperty("--track", track(inside));
  const words = inside.every(Boolean) ? "" : certifiedWords(inside, lower, upper);
  element(`certified-${which}-${place}`).textContent = words;
}

// Stretches [first, last] of tested values that are inside.
function stretches(inside) {
  const found = [];
  inside.forEach((one, i) => {
    if (one && !inside[i - 1]) found.push([i, i]);
    if (one) found[found.length - 1][1] = i;
  });
  return found;
}

function certifiedWords(inside, lower, upper) {
  const at = (i) => plain(lower + ((upper - lower) * i) / (MARKS - 1));
  const parts = stretches(inside).map(([first, last]) => `${at(first)} to ${at(last)}`);
  return parts.length ? `certified from ${parts.join(" and ")}` : "no value of it alone is certified";
}

// The slider's line, grey where the certificate does not hold.
function track(inside) {
  const stops = ["var(--shut) 0%"];
  for (const [first, last] of stretches(inside)) {
    const [from, to] = [first, last].map((i) => `${(100 * i) / (MARKS - 1)}%`);
    stops.push(`var(--shut) ${from}`, `var(--open) ${from}`, `var(--open) ${to}`, `var(--shut) ${to}`);
  }
  return `linear-gradient(to right, ${stops.join(", ")}, var(--shut) 100%)`;
}

// Something of each calibration that is solved, null for others.
function ofBoth(what) {
  return Object.fromEntries(CALIBRATIONS.map((which) => [which, solved[which] && what(solved[which])]));
}

function columnOf(rows, i) {
  return Object.fromEntries(Object.entries(rows).map(([which, row]) => [which, row && column(row, i)]));
}

function redraw() {
  CALIBRATIONS.forEach(showStatus);
  drawResponses();
  drawPolicies();
  const paths = ofBoth(({ path }) => path[shown]);
  const periods = (paths.A ?? paths.B ?? []).map((_, t) => t + 1);
  charts.path.forEach((chart, i) => draw(chart, periods.length ? periods : [1, DRAWN], "period", columnOf(paths, i)));
  if (card.shocks.length) awaitMoments();
}

// Moments follow when nothing has changed for a while.
function awaitMoments() {
  element("moments-table").setAttribute("aria-busy", "true");
  clearTimeout(timer);
  timer = setTimeout(() => {
    for (const which of CALIBRATIONS)
      if (solved[which]) momentsOf[which] ??= sampleMoments(values[which]);
    writeMoments();
    element("moments-table").setAttribute("aria-busy", "false");
  }, QUIET);
}

function drawResponses() {
  if (!card.shocks.length) return;
  const [shock, size] = [Number(element("shock").value), Number(element("size").value)];
  const responses = ofBoth(({ parameters }) => impulseResponse(parameters, shock, size));
  const periods = Array.from({ length: HORIZON }, (_, t) => t + 1);
  charts.responses.forEach((chart, i) => draw(chart, periods, "period", columnOf(responses, i)));
}

function drawPolicies() {
  const [control, state] = [Number(element("control").value), Number(element("state").value)];
  const present = CALIBRATIONS.map((which) => solved[which]).filter(Boolean);
  titled(charts.policies, card.controls[control].name, card.controls[control].unit);
  const ends = present.length
    ? stateRange(present.map(({ path }) => path), present.map(({ rest }) => rest), state)
    : [0, 1];
  const points = evenly(...ends, 61);
  const policies = ofBoth(({ parameters }) => policyAlong(parameters, state, points));
  const { name, unit } = card.states[state];
  draw(charts.policies, points, unit ? `${name} (${unit})` : name, columnOf(policies, control));
}

function writeMoments() {
  const names = card[shown].map(({ name }) => name);
  const rows = [
    ...names.map((name, i) => [`Standard deviation of ${name}`, (found) => found.sd[i]]),
    ...names.map((name, i) => [`Autocorrelation of ${name}`, (found) => found.autocorrelation[i]]),
    ...names.flatMap((left, i) =>
      names.slice(i + 1).map((right, j) => [`Correlation of ${left} and ${right}`, (found) => found.correlation[i][i + 1 + j]])
    ),
  ];
  const body = element("moments-table").tBodies[0];
  rows.forEach(([name, number], k) => {
    const numbers = CALIBRATIONS.map((which) => (momentsOf[which] ? plain(number(momentsOf[which])) : "–"));
    if (!body.rows[k]) fillRow(body.insertRow(), [name, ...numbers], "row");
    else numbers.forEach((text, i) => (body.rows[k].cells[i + 1].textContent = text));
  });
}

start();
