{% include "about.txt" %}

#
# include("{{ name }}.jl") makes a module {{ module }} of functions, such as {{ module }}.step, and of the ends of the box of parameters.

module {{ module }}

{% for constant, values in constants.items() %}
const {{ constant }} = {{ values | array }}
{% endfor %}

const lower = {{ lower | array }}
const upper = {{ upper | array }}
const defaults = {{ default | array }}

# Matrix of k columns times matrix of k rows; entries of all of them stand row after row.
product(left, right, k) = vec(reshape(right, :, k) * reshape(left, k, :))

# Logarithms, roots and powers are NaN where they are not real.
real_log(x) = x < 0 ? NaN : log(x)
real_sqrt(x) = x < 0 ? NaN : sqrt(x)
function real_power(x, exponent)
    is_real = !(x < 0) || exponent == trunc(exponent)
    return is_real ? x^exponent : isinf(x) ? abs(x)^exponent : NaN
end

# Truth values, which may be numbers where they are known beforehand.
both(a, b) = a != 0 && b != 0
either(a, b) = a != 0 || b != 0
opposite(a) = a == 0
choose(condition, a, b) = condition != 0 ? a : b

# The error function: its power series, of positive terms, until they no longer count.
function erf(x)
    abs(x) < 6 || return sign(x)
    term = 2 / sqrt(pi) * x * exp(-x^2)
    total = 0.0
    n = 1
    while total + term != total
        total += term
        term *= 2 * x^2 / (2n + 1)
        n += 1
    end
    return total
end

# Entries at places that are counted from zero; NaN where there is none.
pick(values, places) = [0 <= place < length(values) ? values[Int(place)+1] : NaN for place in places]

# Values with others written, or added, at places.
function put(values, places, others)
    result = copy(values)
    for (place, other) in zip(places, others)
        0 <= place < length(values) && (result[Int(place)+1] = other)
    end
    return result
end

function put_added(values, places, others)
    result = copy(values)
    for (place, other) in zip(places, others)
        0 <= place < length(values) && (result[Int(place)+1] += other)
    end
    return result
end

function given(values, n, name)
    length(values) == n || throw(DimensionMismatch("$name must have $n entries, not $(length(values))"))
    return Vector{Float64}(values)
end

"Whether the parameters lie in the box and in the certified region."
function inside(parameters)
    parameters = given(parameters, {{ counts.parameters }}, "parameters")
    all(lower .<= parameters .<= upper) || return false
{% if region %}
{{ region.code | indent(4, first=True) }}
    return {{ region.results.discriminant.entries[0] }} <= 0
{% else %}
    return true
{% endif %}
end

function require_inside(parameters)
    inside(parameters) || throw(DomainError(parameters, "the economy was not solved at these parameters"))
end
{% for function in functions %}

"{{ function.file }}: a named tuple of {{ function.outputs | join(", ") }}."
function {{ function.name }}({{ function.inputs | join(", ") }})
{% for input in function.inputs %}
    {{ input }} = given({{ input }}, {{ counts[input] }}, "{{ input }}")
{% endfor %}
    require_inside(parameters)
{{ function.code | indent(4, first=True) }}
    return (
{% for output, result in function.results.items() %}
{% if result.whole %}
        {{ output }} = {{ result.whole }},
{% else %}
        {{ output }} = [
{% for entry in result.entries %}
            {{ entry }},  # {{ result.labels[loop.index0] | comment }}
{% endfor %}
        ],
{% endif %}
{% endfor %}
    )
end
{% endfor %}

end
