function model = {{ name }}()
{% include "about.txt" %}

%
% model = {{ name }}() has the functions
%   model.inside(parameters)
{% for function in functions %}
%   [{{ function.outputs | join(", ") }}] = model.{{ function.name }}({{ function.inputs | join(", ") }})
{% endfor %}
% and columns model.lower, model.upper and model.default of parameters. What comes out are columns.
% Errors have the identifiers {{ name }}:outside and {{ name }}:size.

c = constants();
model.lower = c.lower;
model.upper = c.upper;
model.default = {{ default | array }};
model.inside = @(parameters) inside(given(parameters, {{ counts.parameters }}, 'parameters'), c);
{% for function in functions %}
model.{{ function.name }} = @({{ function.inputs | join(", ") }}) {{ function.name }}({{ function.inputs | join(", ") }}, c);
{% endfor %}
end

function yes = inside(parameters, c)
yes = all(parameters >= c.lower & parameters <= c.upper);
{% if region %}
if yes
{{ region.code | indent(4, first=True) }}
    yes = {{ region.results.discriminant.entries[0] }} <= 0;
end
{% endif %}
end
{% for function in functions %}

% {{ function.file }}
function [{{ function.outputs | join(", ") }}] = {{ function.name }}({{ function.inputs | join(", ") }}, c)
{% for input in function.inputs %}
{{ input }} = given({{ input }}, {{ counts[input] }}, '{{ input }}');
{% endfor %}
require_inside(parameters, c);
{{ function.code }}
{% for output, result in function.results.items() %}
{% if result.whole %}
{{ output }} = {{ result.whole }};
{% else %}
{{ output }} = zeros({{ result.entries | length }}, 1);
{% for entry in result.entries %}
{{ output }}({{ loop.index }}) = {{ entry }};  % {{ result.labels[loop.index0] | comment }}
{% endfor %}
{% endif %}
{% endfor %}
end
{% endfor %}

function require_inside(parameters, c)
if ~inside(parameters, c)
    error('{{ name }}:outside', 'the economy was not solved at these parameters');
end
end

function column = given(values, n, name)
if numel(values) ~= n
    error('{{ name }}:size', '%s must have %d entries, not %d', name, n, numel(values));
end
column = values(:);
end

% Matrix of k columns times matrix of k rows; entries of all of them stand row after row.
function result = product(left, right, k)
result = reshape(reshape(right, [], k) * reshape(left, k, []), [], 1);
end

% The larger, or NaN if one is NaN.
function result = maximum(a, b)
result = max(a, b);
result(isnan(a) | isnan(b)) = NaN;
end

function result = minimum(a, b)
result = min(a, b);
result(isnan(a) | isnan(b)) = NaN;
end

% Logarithms, roots and powers stay real: NaN where they are not.
function y = real_log(x)
x(x < 0) = NaN;
y = log(x);
end

function y = real_sqrt(x)
x(x < 0) = NaN;
y = sqrt(x);
end

function y = real_power(x, exponent)
y = abs(x) .^ exponent;
reversed = (x < 0 | 1 ./ x < 0) & mod(exponent, 2) == 1;
y(reversed) = -y(reversed);
y(x < 0 & isfinite(x) & exponent ~= fix(exponent)) = NaN;
end

% Entry by entry, a where the condition holds and b where not; scalars are repeated.
function result = choose(condition, a, b)
n = max([numel(condition), numel(a), numel(b)]);
condition = logical(condition) & true(n, 1);
a = repmat(a, n / numel(a), 1);
result = repmat(b, n / numel(b), 1);
result(condition) = a(condition);
end

% Entries at places that are counted from zero; NaN where there is none.
function result = pick(values, places)
there = places >= 0 & places < numel(values);
result = NaN(numel(places), 1);
result(there) = values(places(there) + 1);
end

% Values with others written, or added, at places.
function values = put(values, places, others)
there = find(places >= 0 & places < numel(values));
for i = there(:)'
    values(places(i) + 1) = others(i);
end
end

function values = put_added(values, places, others)
there = find(places >= 0 & places < numel(values));
for i = there(:)'
    values(places(i) + 1) = values(places(i) + 1) + others(i);
end
end

function c = constants()
c.lower = {{ lower | array }};
c.upper = {{ upper | array }};
{% for constant, values in constants.items() %}
c.{{ constant }} = {{ values | array }};
{% endfor %}
end
