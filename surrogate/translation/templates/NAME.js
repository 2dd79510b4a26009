{% include "about.txt" %}

// With Node: const {{ name }} = require("./{{ name }}.js");

"use strict";

{% for constant, values in constants.items() %}
const {{ constant }} = {{ values | array }};
{% endfor %}

// Ends of the box of parameters, and a calibration inside.
const lower = {{ lower | array }};
const upper = {{ upper | array }};
const defaults = {{ default | array }};

// Matrix of k columns times matrix of k rows; entries of all of them stand row after row.
function product(left, right, k) {
  const rows = left.length / k;
  const columns = right.length / k;
  const result = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++)
    for (let i = 0; i < k; i++)
      for (let j = 0; j < columns; j++) result[r * columns + j] += left[r * k + i] * right[i * columns + j];
  return result;
}

function dot(a, b) {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}

function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

// Running sums.
function cumulated(values) {
  const result = new Float64Array(values.length);
  let total = 0;
  for (let i = 0; i < values.length; i++) result[i] = total += values[i];
  return result;
}

// Entries at places that are counted from zero; NaN where there is none.
function pick(values, places) {
  const result = new Float64Array(places.length).fill(NaN);
  for (let i = 0; i < places.length; i++)
    if (places[i] >= 0 && places[i] < values.length) result[i] = values[places[i]];
  return result;
}

// Values with others written, or added, at places.
function put(values, places, others) {
  const result = Float64Array.from(values);
  for (let i = 0; i < places.length; i++)
    if (places[i] >= 0 && places[i] < values.length) result[places[i]] = others[i];
  return result;
}

function put_added(values, places, others) {
  const result = Float64Array.from(values);
  for (let i = 0; i < places.length; i++)
    if (places[i] >= 0 && places[i] < values.length) result[places[i]] += others[i];
  return result;
}

// The error function: its power series, of positive terms, until they no longer count.
function erf(x) {
  if (!(Math.abs(x) < 6)) return Math.sign(x);
  let term = (2 / Math.sqrt(Math.PI)) * x * Math.exp(-x * x);
  let total = 0;
  for (let n = 1; total + term !== total; n++) {
    total += term;
    term *= (2 * x * x) / (2 * n + 1);
  }
  return total;
}

function given(values, size, name) {
  if (values.length !== size) throw new RangeError(`${name} must have ${size} entries, not ${values.length}`);
}

// Whether the parameters lie in the box and in the certified region.
function inside(parameters) {
  given(parameters, {{ counts.parameters }}, "parameters");
  if (!lower.every((end, i) => parameters[i] >= end && parameters[i] <= upper[i])) return false;
{% if region %}
{{ region.code | indent(2, first=True) }}
  return {{ region.results.discriminant.entries[0] }} <= 0;
{% else %}
  return true;
{% endif %}
}

function requireInside(parameters) {
  if (!inside(parameters)) throw new RangeError("{{ name }}: the economy was not solved at these parameters");
}
{% for function in functions %}

// {{ function.file }}: {{ function.outputs | join(", ") }}
function {{ function.name }}({{ function.inputs | join(", ") }}) {
{% for input in function.inputs if input != "parameters" %}
  given({{ input }}, {{ counts[input] }}, "{{ input }}");
{% endfor %}
  requireInside(parameters);
{{ function.code | indent(2, first=True) }}
  return {
{% for output, result in function.results.items() %}
{% if result.whole %}
    {{ output }}: Array.from({{ result.whole }}),
{% else %}
    {{ output }}: [
{% for entry in result.entries %}
      {{ entry }}, // {{ result.labels[loop.index0] | comment }}
{% endfor %}
    ],
{% endif %}
{% endfor %}
  };
}
{% endfor %}

module.exports = { lower, upper, defaults, inside{% for function in functions %}, {{ function.name }}{% endfor %} };
