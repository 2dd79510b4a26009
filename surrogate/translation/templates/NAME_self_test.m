{% macro matrix(rows) %}
{% if rows[0] %}
[
{%- for row in rows %}

        {{ row | row }}
{%- endfor %}
]'
{%- else %}
zeros(0, {{ rows | length }})
{%- endif %}
{% endmacro %}
function {{ name }}_self_test()
{% include "purpose.txt" %}

%
%     octave --eval {{ name }}_self_test

{% for path in golden.paths %}
paths({{ loop.index }}) = struct( ...
    'parameters', {{ path.parameters | array }}, ...
    'states', {{ path.states | array }}, ...
    'controls', {{ path.controls | array }}, ...
    'shocks', {{ matrix(path.shocks) }}, ...
    'expected', {{ matrix(path.expected) }});
{% endfor %}
outside = {{ matrix(golden.outside) }};

model = {{ name }}();
largest = 0;
for j = 1:numel(paths)
    economy = paths(j);
{% if functions | length > 2 %}
    [states, controls] = model.steady_state(economy.parameters);
    largest = max([largest, gap([states; controls], [economy.states; economy.controls])]);
{% endif %}
    states = economy.states;
    controls = model.policy(states, economy.parameters);
    largest = max([largest, gap(controls, economy.controls)]);
    for t = 1:size(economy.expected, 2)
        [states, controls, observables] = model.step(states, controls, economy.shocks(:, t), economy.parameters);
        largest = max([largest, gap([states; controls; observables], economy.expected(:, t))]);
    end
end
failures = 0;
for j = 1:size(outside, 2)
    try
        model.policy(paths(1).states, outside(:, j));
        failures = failures + 1;
    catch problem
        failures = failures + ~strcmp(problem.identifier, '{{ name }}:outside');
    end
end
passed = failures == 0 && largest <= {{ golden.tolerance }};
words = {'FAILED', 'passed'};
fprintf('{{ name }}: largest difference %.1e, %d wrong answers about the box: %s\n', largest, failures, ...
    words{passed + 1});
if ~passed
    error('{{ name }}:self_test', 'the self-test failed');
end
end

% The largest difference relative to one plus the absolute value.
function largest = gap(found, expected)
differences = abs(found - expected) ./ (1 + abs(expected));
differences(isnan(found) & isnan(expected)) = 0;
differences(isnan(differences)) = Inf;
largest = max(differences);
end
