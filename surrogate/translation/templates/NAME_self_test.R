{% include "purpose.txt" %}

#
#     Rscript {{ name }}_self_test.R

source("{{ name }}.R")

paths <- list(
{% for path in golden.paths %}
  list(
    parameters = {{ path.parameters | array }},
    states = {{ path.states | array }},
    controls = {{ path.controls | array }},
    shocks = list({% for shock in path.shocks %}{{ shock | row }}{{ ", " if not loop.last }}{% endfor %}),
    expected = list(
{% for row in path.expected %}
      {{ row | array }}{{ "," if not loop.last }}
{% endfor %}
    )
  ){{ "," if not loop.last }}
{% endfor %}
)
outside <- list(
{% for theta in golden.outside %}
  {{ theta | array }}{{ "," if not loop.last }}
{% endfor %}
)

# The largest difference relative to one plus the absolute value.
gap <- function(found, expected) {
  stopifnot(length(found) == length(expected))
  differences <- abs(found - expected) / (1 + abs(expected))
  differences[is.nan(found) & is.nan(expected)] <- 0
  differences[is.na(differences)] <- Inf
  max(differences)
}

largest <- 0
for (path in paths) {
{% if functions | length > 2 %}
  rest <- {{ name }}$steady_state(path$parameters)
  largest <- max(largest, gap(c(rest$states, rest$controls), c(path$states, path$controls)))
{% endif %}
  states <- path$states
  controls <- {{ name }}$policy(states, path$parameters)$controls
  largest <- max(largest, gap(controls, path$controls))
  for (t in seq_along(path$shocks)) {
    following <- {{ name }}$step(states, controls, path$shocks[[t]], path$parameters)
    states <- following$next_states
    controls <- following$next_controls
    largest <- max(largest, gap(unlist(following), path$expected[[t]]))
  }
}
failures <- 0
for (parameters in outside) {
  answer <- try({{ name }}$policy(paths[[1]]$states, parameters), silent = TRUE)
  refused <- inherits(answer, "try-error") && grepl("not solved", answer)
  failures <- failures + !refused
}
passed <- failures == 0 && largest <= {{ golden.tolerance }}
cat(sprintf("{{ name }}: largest difference %.1e, %d wrong answers about the box: %s\n", largest, failures,
            if (passed) "passed" else "FAILED"))
quit(status = if (passed) 0 else 1)
