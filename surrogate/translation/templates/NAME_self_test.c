{% include "purpose.txt" %}

//
//     cc -O2 {{ name }}.c {{ name }}_self_test.c -lm -o self_test && ./self_test

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "{{ name }}.h"

enum {
    STATES = {{ name | upper }}_STATES,
    CONTROLS = {{ name | upper }}_CONTROLS,
    OBSERVABLES = {{ name | upper }}_OBSERVABLES,
    PERIODS = {{ golden.paths[0].shocks | length }}
};
{% set width = counts.states + counts.controls + counts.observables %}

static const struct {
    double parameters[{{ counts.parameters }}], states[{{ counts.states }}], controls[{{ counts.controls }}];
    double shocks[PERIODS][{{ [counts.shocks, 1] | max }}], expected[PERIODS][{{ width }}];
} paths[] = {
{% for path in golden.paths %}
    { {{- path.parameters | array }}, {{ path.states | array }}, {{ path.controls | array }},
     { {%- for shock in path.shocks %}{{ shock | array }}{{ ", " if not loop.last }}{% endfor -%} },
     { {%- for row in path.expected %}{{ row | array }}{{ ",\n      " if not loop.last }}{% endfor -%} } },
{% endfor %}
};

static const double outside[][{{ counts.parameters }}] = {
{% for theta in golden.outside %}
    {{ theta | array }},
{% endfor %}
};

static double largest = 0.0;

static void compare(const double *found, const double *expected, int n)
{
    for (int i = 0; i < n; i++) {
        if (isnan(found[i]) && isnan(expected[i])) continue;
        double gap = fabs(found[i] - expected[i]) / (1.0 + fabs(expected[i]));
        if (!(gap <= largest)) largest = isnan(gap) ? INFINITY : gap;
    }
}

int main(void)
{
    double states[STATES], controls[CONTROLS], next_states[STATES], next_controls[CONTROLS];
    double observables[OBSERVABLES + 1];
    int failures = 0;
    for (size_t j = 0; j < sizeof paths / sizeof *paths; j++) {
{% if functions | length > 2 %}
        failures += {{ name }}_steady_state(paths[j].parameters, states, controls);
        compare(states, paths[j].states, STATES);
        compare(controls, paths[j].controls, CONTROLS);
{% endif %}
        memcpy(states, paths[j].states, sizeof states);
        failures += {{ name }}_policy(states, paths[j].parameters, controls);
        compare(controls, paths[j].controls, CONTROLS);
        for (int t = 0; t < PERIODS; t++) {
            failures += {{ name }}_step(states, controls, paths[j].shocks[t], paths[j].parameters, next_states,
                                   next_controls, observables);
            memcpy(states, next_states, sizeof states);
            memcpy(controls, next_controls, sizeof controls);
            compare(states, paths[j].expected[t], STATES);
            compare(controls, paths[j].expected[t] + STATES, CONTROLS);
            compare(observables, paths[j].expected[t] + STATES + CONTROLS, OBSERVABLES);
        }
    }
    for (size_t j = 0; j < sizeof outside / sizeof *outside; j++) {
        failures += {{ name }}_inside(outside[j]);
        failures += {{ name }}_policy(paths[0].states, outside[j], controls) != 1 || !isnan(controls[0]);
    }
    int passed = failures == 0 && largest <= {{ golden.tolerance }};
    printf("{{ name }}: largest difference %.1e, %d wrong answers about the box: %s\n", largest, failures,
           passed ? "passed" : "FAILED");
    return !passed;
}
