{% include "purpose.txt" %}

//
//     node {{ name }}_self_test.js

"use strict";

const {{ name }} = require("./{{ name }}.js");

const paths = [
{% for path in golden.paths %}
  {
    parameters: {{ path.parameters | array }},
    states: {{ path.states | array }},
    controls: {{ path.controls | array }},
    shocks: [{% for shock in path.shocks %}{{ shock | row }}{{ ", " if not loop.last }}{% endfor %}],
    expected: [
{% for row in path.expected %}
      {{ row | array }},
{% endfor %}
    ],
  },
{% endfor %}
];
const outside = [
{% for theta in golden.outside %}
  {{ theta | array }},
{% endfor %}
];

let largest = 0;
function compare(found, expected) {
  if (found.length !== expected.length) largest = Infinity;
  found.forEach((value, i) => {
    if (Number.isNaN(value) && Number.isNaN(expected[i])) return;
    const gap = Math.abs(value - expected[i]) / (1 + Math.abs(expected[i]));
    if (!(gap <= largest)) largest = Number.isNaN(gap) ? Infinity : gap;
  });
}

for (const path of paths) {
{% if functions | length > 2 %}
  const rest = {{ name }}.steady_state(path.parameters);
  compare(rest.states, path.states);
  compare(rest.controls, path.controls);
{% endif %}
  let states = path.states;
  let controls = {{ name }}.policy(states, path.parameters).controls;
  compare(controls, path.controls);
  path.shocks.forEach((shocks, t) => {
    const next = {{ name }}.step(states, controls, shocks, path.parameters);
    states = next.next_states;
    controls = next.next_controls;
    compare([...states, ...controls, ...next.next_observables], path.expected[t]);
  });
}
let failures = 0;
for (const parameters of outside) {
  try {
    {{ name }}.policy(paths[0].states, parameters);
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
