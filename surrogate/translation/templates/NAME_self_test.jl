{% include "purpose.txt" %}

#
#     julia {{ name }}_self_test.jl

include("{{ name }}.jl")

const paths = [
{% for path in golden.paths %}
    (
        parameters = {{ path.parameters | array }},
        states = {{ path.states | array }},
        controls = {{ path.controls | array }},
        shocks = Vector{Float64}[{% for shock in path.shocks %}{{ shock | row }}{{ ", " if not loop.last }}{% endfor %}],
        expected = [
{% for row in path.expected %}
            {{ row | array }},
{% endfor %}
        ],
    ),
{% endfor %}
]
const outside = [
{% for theta in golden.outside %}
    {{ theta | array }},
{% endfor %}
]

# The difference relative to one plus the absolute value.
function gap(found, expected)
    isnan(found) && isnan(expected) && return 0.0
    difference = abs(found - expected) / (1 + abs(expected))
    return isnan(difference) ? Inf : difference
end

function largest_difference(path)
    found, expected = Float64[], Float64[]
{% if functions | length > 2 %}
    rest = {{ module }}.steady_state(path.parameters)
    append!(found, rest.states, rest.controls)
    append!(expected, path.states, path.controls)
{% endif %}
    states = path.states
    controls = {{ module }}.policy(states, path.parameters).controls
    append!(found, controls)
    append!(expected, path.controls)
    for (shocks, row) in zip(path.shocks, path.expected)
        following = {{ module }}.step(states, controls, shocks, path.parameters)
        states, controls = following.next_states, following.next_controls
        append!(found, states, controls, following.next_observables)
        append!(expected, row)
    end
    return maximum(gap.(found, expected))
end

function is_refused(parameters)
    try
        {{ module }}.policy(paths[1].states, parameters)
    catch problem
        return problem isa DomainError
    end
    return false
end

largest = maximum(largest_difference.(paths))
failures = count(!is_refused, outside)
passed = failures == 0 && largest <= {{ golden.tolerance }}
println(
    "{{ name }}: largest difference ", round(largest; sigdigits = 2), ", ", failures,
    " wrong answers about the box: ", passed ? "passed" : "FAILED",
)
exit(passed ? 0 : 1)
