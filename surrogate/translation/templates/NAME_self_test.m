function {{ name }}_self_test()
{% include "purpose.txt" %}

%
%     octave --eval {{ name }}_self_test

numbers = {{ golden.numbers | array }};
outside = [
{% for theta in golden.outside %}
    {{ theta | row }}
{% endfor %}
];

% The functions must give the numbers from which they take parameters and shocks.
model = {{ name }}();
found = [];
for economy = 1:{{ golden.economies }}
    parameters = numbers(numel(found) + (1:{{ counts.parameters }}));
    found = [found; parameters(:)];
{% if steady_state %}
    [states, controls] = model.steady_state(parameters);
    found = [found; states; controls];
{% else %}
    states = numbers(numel(found) + (1:{{ counts.states }}));
    found = [found; states(:)];
{% endif %}
    controls = model.policy(states, parameters);
    found = [found; controls];
    for period = 1:{{ golden.periods }}
        shocks = numbers(numel(found) + (1:{{ counts.shocks }}));
        [states, controls, observables] = model.step(states, controls, shocks, parameters);
        found = [found; shocks(:); states; controls; observables];
    end
end
differences = abs(found - numbers) ./ (1 + abs(numbers));
differences(isnan(found) & isnan(numbers)) = 0;
differences(isnan(differences)) = Inf;
largest = max(differences);

failures = 0;
for j = 1:size(outside, 1)
    try
        model.policy(states, outside(j, :));
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
