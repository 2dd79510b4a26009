// Simulate an economy from its ONNX files, with Node and a runtime from npm alone: onnxruntime-web, which is
// WebAssembly and also works in browsers, or onnxruntime-node, which is native code.
//
//     npm install --ignore-scripts onnxruntime-web
//     node simulate.mjs FOLDER PERIODS [onnxruntime-web or onnxruntime-node]
//
// prints, as JSON, the last states, controls and observables of a path from the steady state at the default
// parameters, and the mean of each observable over it. The shock j of period t is sqrt(2) sin(t + 2 j): as large as
// a standard normal, and the same in every language.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, periods, runtime] = [process.argv[2], Number(process.argv[3]), process.argv[4] ?? "onnxruntime-web"];
const ort = await import(runtime);
ort.env.wasm.numThreads = 1;

// The fields of a Protocol Buffers message: pairs of a number and bytes (varints and fixed widths are skipped).
function* fields(message) {
  let position = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[position++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (position < message.length) {
    const tag = varint();
    const wire = tag % 8;
    if (wire === 0) varint();
    else {
      const size = wire === 2 ? varint() : wire === 1 ? 8 : 4;
      if (wire === 2) yield [Math.floor(tag / 8), message.subarray(position, position + size)];
      position += size;
    }
  }
}

// The card is in the metadata, which are the fields 14 of the file: a key (1) and a text (2).
function readCard(bytes) {
  for (const [number, entry] of fields(bytes)) {
    if (number !== 14) continue;
    const texts = new Map([...fields(entry)].map(([key, text]) => [key, Buffer.from(text).toString("utf8")]));
    if (texts.get(1) === "dsge_surrogate.card") return texts.get(2);
  }
  throw new Error("the file has no card");
}

// Outside the box or the certified region the network returns numbers that mean nothing.
function requireInside(card, theta) {
  card.parameters.forEach((parameter, i) => {
    if (!(theta[i] >= parameter.lower && theta[i] <= parameter.upper))
      throw new RangeError(`${parameter.name} = ${theta[i]} is outside the box`);
  });
  if (card.region === null) return;
  const { transforms, center, scale, constant, linear, quadratic } = card.region;
  const transform = { identity: (x) => x, log: Math.log, log_one_minus: (x) => Math.log(1 - x) };
  const u = theta.map((value, i) => (transform[transforms[i]](value) - center[i]) / scale[i]);
  let discriminant = constant;
  u.forEach((ui, i) => {
    discriminant += linear[i] * ui;
    u.forEach((uj, j) => (discriminant += ui * quadratic[i][j] * uj));
  });
  if (!(discriminant <= 0)) throw new RangeError("the parameters are outside the certified region");
}

const files = ["policy", "step", "steady_state"].map((name) => readFileSync(join(folder, `${name}.onnx`)));
const [text, ...others] = files.map(readCard);
if (others.some((other) => other !== text)) throw new Error("the files are of different exports");
const card = JSON.parse(text);
const theta = card.parameters.map((parameter) => parameter.default);
requireInside(card, theta);

const [, step, steadyState] = await Promise.all(files.map((file) => ort.InferenceSession.create(file)));
const row = (values) =>
  card.dtype === "float64"
    ? new ort.Tensor("float64", Float64Array.from(values), [1, values.length])
    : new ort.Tensor("float32", Float32Array.from(values), [1, values.length]);
const columns = card.shocks.reduce((sum, shock) => sum + shock.size, 0);
const parameters = row(theta);
let { states, controls } = await steadyState.run({ parameters });
let observables;
let totals;
for (let t = 1; t <= periods; t++) {
  const shocks = row(Array.from({ length: columns }, (_, j) => Math.SQRT2 * Math.sin(t + 2 * j)));
  const next = await step.run({ states, controls, shocks, parameters });
  [states, controls, observables] = [next.next_states, next.next_controls, next.next_observables];
  totals = Array.from(observables.data, (value, i) => value + (totals ? totals[i] : 0));
}
console.log(
  JSON.stringify({
    states: Array.from(states.data),
    controls: Array.from(controls.data),
    observables: Array.from(observables.data),
    means: totals.map((total) => total / periods),
  })
);
