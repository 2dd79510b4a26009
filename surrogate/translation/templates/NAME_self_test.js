{% include "purpose.txt" %}

//
//     node {{ name }}_self_test.js

"use strict";

const {{ name }} = require("./{{ name }}.js");

const numbers = {{ golden.numbers | array }};
const outside = [
{% for theta in golden.outside %}
  {{ theta | array }},
{% endfor %}
];

// The functions must give the numbers from which they take parameters and shocks.
const found = [];
const take = (count) => numbers.slice(found.length, found.length + count);
let states, controls;
for (let economy = 0; economy < {{ golden.economies }}; economy++) {
  const parameters = take({{ counts.parameters }});
  found.push(...parameters);
{% if steady_state %}
  ({ states, controls } = {{ name }}.steady_state(parameters));
  found.push(...states, ...controls);
{% else %}
  states = take({{ counts.states }});
  found.push(...states);
{% endif %}
  controls = {{ name }}.policy(states, parameters).controls;
  found.push(...controls);
  for (let period = 0; period < {{ golden.periods }}; period++) {
    const shocks = take({{ counts.shocks }});
    const next = {{ name }}.step(states, controls, shocks, parameters);
    [states, controls] = [next.next_states, next.next_controls];
    found.push(...shocks, ...states, ...controls, ...next.next_observables);
  }
}
let largest = found.length === numbers.length ? 0 : Infinity;
found.forEach((value, i) => {
  if (Number.isNaN(value) && Number.isNaN(numbers[i])) return;
  const gap = Math.abs(value - numbers[i]) / (1 + Math.abs(numbers[i]));
  if (!(gap <= largest)) largest = Number.isNaN(gap) ? Infinity : gap;
});

let failures = 0;
for (const parameters of outside) {
  try {
    {{ name }}.policy(states, parameters);
    failures += 1;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}
const passed = failures === 0 && largest <= {{ golden.tolerance }};
console.log(
  `{{ name }}: largest difference ${largest.toExponential(1)}, ${failures} wrong answers about the box: ` +
    (passed ? "passed" : "FAILED")
);
process.exitCode = passed ? 0 : 1;
