{% include "purpose.txt" %}

#
#     julia {{ name }}_self_test.jl

include("{{ name }}.jl")

const numbers = {{ golden.numbers | array }}
const outside = [
{% for theta in golden.outside %}
    {{ theta | array }},
{% endfor %}
]

# The functions must give the numbers from which they take parameters and shocks.
function all_found()
    found = Float64[]
    take(count) = numbers[length(found)+1:length(found)+count]
    for economy in 1:{{ golden.economies }}
        parameters = take({{ counts.parameters }})
        append!(found, parameters)
{% if steady_state %}
        states, controls = {{ module }}.steady_state(parameters)
        append!(found, states, controls)
{% else %}
        states = take({{ counts.states }})
        append!(found, states)
{% endif %}
        controls = {{ module }}.policy(states, parameters).controls
        append!(found, controls)
        for period in 1:{{ golden.periods }}
            shocks = take({{ counts.shocks }})
            following = {{ module }}.step(states, controls, shocks, parameters)
            states, controls = following.next_states, following.next_controls
            append!(found, shocks, states, controls, following.next_observables)
        end
    end
    return found
end

# The difference relative to one plus the absolute value.
function gap(found, expected)
    isnan(found) && isnan(expected) && return 0.0
    difference = abs(found - expected) / (1 + abs(expected))
    return isnan(difference) ? Inf : difference
end

function is_refused(parameters)
    try
        {{ module }}.policy(ones({{ counts.states }}), parameters)
    catch problem
        return problem isa DomainError
    end
    return false
end

found = all_found()
largest = length(found) == length(numbers) ? maximum(gap.(found, numbers)) : Inf
failures = count(!is_refused, outside)
passed = failures == 0 && largest <= {{ golden.tolerance }}
println(
    "{{ name }}: largest difference ", round(largest; sigdigits = 2), ", ", failures,
    " wrong answers about the box: ", passed ? "passed" : "FAILED",
)
exit(passed ? 0 : 1)
