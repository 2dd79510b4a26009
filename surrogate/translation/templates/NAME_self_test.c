{% include "purpose.txt" %}

//
//     cc -O2 {{ name }}.c {{ name }}_self_test.c -lm -o self_test && ./self_test

#include <math.h>
#include <stdio.h>

#include "{{ name }}.h"

enum {
    STATES = {{ name | upper }}_STATES,
    CONTROLS = {{ name | upper }}_CONTROLS,
    SHOCKS = {{ name | upper }}_SHOCKS,
    PARAMETERS = {{ name | upper }}_PARAMETERS,
    OBSERVABLES = {{ name | upper }}_OBSERVABLES,
    COUNT = {{ golden.numbers | length }}
};

static const double numbers[COUNT] = {{ golden.numbers | array }};

static const double outside[][PARAMETERS] = {
{% for theta in golden.outside %}
    {{ theta | array }},
{% endfor %}
};

// The functions must give the numbers from which they take parameters and shocks.
static double found[COUNT], *end = found;

static double *room(int count)
{
    end += count;
    return end - count;
}

static double *take(int count)
{
    double *taken = room(count);
    for (int i = 0; i < count; i++) taken[i] = numbers[taken - found + i];
    return taken;
}

int main(void)
{
    double largest = 0.0, controls_outside[CONTROLS];
    int failures = 0;
    for (int economy = 0; economy < {{ golden.economies }}; economy++) {
        const double *parameters = take(PARAMETERS);
{% if steady_state %}
        double *states = room(STATES), *controls = room(CONTROLS);
        failures += {{ name }}_steady_state(parameters, states, controls);
{% else %}
        double *states = take(STATES), *controls;
{% endif %}
        controls = room(CONTROLS);
        failures += {{ name }}_policy(states, parameters, controls);
        for (int period = 0; period < {{ golden.periods }}; period++) {
            const double *shocks = take(SHOCKS);
            double *next_states = room(STATES), *next_controls = room(CONTROLS), *observables = room(OBSERVABLES);
            failures += {{ name }}_step(states, controls, shocks, parameters, next_states, next_controls,
                                   observables);
            states = next_states;
            controls = next_controls;
        }
    }
    for (int i = 0; i < COUNT; i++) {
        if (isnan(found[i]) && isnan(numbers[i])) continue;
        double gap = fabs(found[i] - numbers[i]) / (1.0 + fabs(numbers[i]));
        if (!(gap <= largest)) largest = isnan(gap) ? INFINITY : gap;
    }
    for (size_t j = 0; j < sizeof outside / sizeof *outside; j++) {
        failures += {{ name }}_inside(outside[j]);
        failures += {{ name }}_policy(found + PARAMETERS, outside[j], controls_outside) != 1;
        failures += !isnan(controls_outside[0]);
    }
    int passed = failures == 0 && end == found + COUNT && largest <= {{ golden.tolerance }};
    printf("{{ name }}: largest difference %.1e, %d wrong answers about the box: %s\n", largest, failures,
           passed ? "passed" : "FAILED");
    return !passed;
}
