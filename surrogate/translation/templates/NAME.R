{% include "about.txt" %}

# source("{{ name }}.R") makes a list {{ name }} of functions and of the ends of the box of parameters.

{{ name }} <- local({

{% for constant, values in constants.items() %}
{{ constant }} <- {{ values | array }}
{% endfor %}

lower <- {{ lower | array }}
upper <- {{ upper | array }}
defaults <- {{ default | array }}

# Matrix of k columns times matrix of k rows; entries of all of them stand row after row.
product <- function(left, right, k) as.vector(matrix(right, ncol = k) %*% matrix(left, nrow = k))

# A comparison with NaN does not hold.
holds <- function(condition) !is.na(condition) & condition

# Entry by entry, a where the condition holds and b where not; scalars are repeated.
choose <- function(condition, a, b) {
  n <- max(length(condition), length(a), length(b))
  ifelse(rep_len(condition, n), rep_len(a, n), rep_len(b, n))
}

erf <- function(x) sign(x) * pchisq(2 * x^2, 1)

# Entries at places that are counted from zero; NaN where there is none.
pick <- function(values, places) {
  there <- holds(places >= 0 & places < length(values))
  result <- rep(NaN, length(places))
  result[there] <- values[places[there] + 1]
  result
}

# Values with others written, or added, at places.
put <- function(values, places, others) {
  for (i in which(places >= 0 & places < length(values))) values[places[i] + 1] <- others[i]
  values
}

put_added <- function(values, places, others) {
  for (i in which(places >= 0 & places < length(values))) {
    values[places[i] + 1] <- values[places[i] + 1] + others[i]
  }
  values
}

given <- function(values, n, name) {
  if (length(values) != n) stop(sprintf("%s must have %d entries, not %d", name, n, length(values)))
  as.numeric(values)
}

# Whether the parameters lie in the box and in the certified region.
inside <- function(parameters) {
  parameters <- given(parameters, {{ counts.parameters }}, "parameters")
  if (!all(holds(parameters >= lower & parameters <= upper))) return(FALSE)
{% if region %}
{{ region.code | indent(2, first=True) }}
  holds({{ region.results.discriminant.entries[0] }} <= 0)
{% else %}
  TRUE
{% endif %}
}

require_inside <- function(parameters) {
  if (!inside(parameters)) stop("{{ name }}: the economy was not solved at these parameters")
}
{% for function in functions %}

# {{ function.file }}: {{ function.outputs | join(", ") }}
{{ function.name }} <- function({{ function.inputs | join(", ") }}) suppressWarnings({
{% for input in function.inputs %}
  {{ input }} <- given({{ input }}, {{ counts[input] }}, "{{ input }}")
{% endfor %}
  require_inside(parameters)
{{ function.code | indent(2, first=True) }}
  list(
{% for output, result in function.results.items() %}
{% if result.whole %}
    {{ output }} = {{ result.whole }}{{ "," if not loop.last }}
{% else %}
    {{ output }} = c(
{% for entry in result.entries %}
      {{ entry }}{{ "," if not loop.last }}  # {{ result.labels[loop.index0] | comment }}
{% endfor %}
    ){{ "," if not loop.last }}
{% endif %}
{% endfor %}
  )
})
{% endfor %}

list(
  lower = lower, upper = upper, defaults = defaults, inside = inside
  {%- for function in functions %}, {{ function.name }} = {{ function.name }}{% endfor %}

)
})
