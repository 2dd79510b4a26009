{% include "purpose.txt" %}

#
#     Rscript {{ name }}_self_test.R

source("{{ name }}.R")

numbers <- {{ golden.numbers | array }}
outside <- list(
{% for theta in golden.outside %}
  {{ theta | array }}{{ "," if not loop.last }}
{% endfor %}
)

# The functions must give the numbers from which they take parameters and shocks.
found <- c()
take <- function(count) numbers[length(found) + seq_len(count)]
for (economy in 1:{{ golden.economies }}) {
  parameters <- take({{ counts.parameters }})
  found <- c(found, parameters)
{% if steady_state %}
  start <- unlist({{ name }}$steady_state(parameters), use.names = FALSE)
{% else %}
  start <- take({{ counts.states }})
{% endif %}
  found <- c(found, start)
  states <- start[1:{{ counts.states }}]
  controls <- {{ name }}$policy(states, parameters)$controls
  found <- c(found, controls)
  for (period in 1:{{ golden.periods }}) {
    shocks <- take({{ counts.shocks }})
    following <- {{ name }}$step(states, controls, shocks, parameters)
    states <- following$next_states
    controls <- following$next_controls
    found <- c(found, shocks, states, controls, following$next_observables)
  }
}
stopifnot(length(found) == length(numbers))
differences <- abs(found - numbers) / (1 + abs(numbers))
differences[is.nan(found) & is.nan(numbers)] <- 0
differences[is.na(differences)] <- Inf
largest <- max(differences)

failures <- 0
for (parameters in outside) {
  answer <- try({{ name }}$policy(states, parameters), silent = TRUE)
  refused <- inherits(answer, "try-error") && grepl("not solved", answer)
  failures <- failures + !refused
}
passed <- failures == 0 && largest <= {{ golden.tolerance }}
cat(sprintf("{{ name }}: largest difference %.1e, %d wrong answers about the box: %s\n", largest, failures,
            if (passed) "passed" else "FAILED"))
quit(status = if (passed) 0 else 1)
