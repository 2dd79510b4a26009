// Simulate an economy in C without any library, from what plain_c.py writes.
//
//     cc -O2 -I OUTPUT simulate_plain.c OUTPUT/step.c OUTPUT/steady_state.c -lm -o simulate && ./simulate PERIODS
//
// prints, as JSON, the last states, controls and observables of a path from the steady state at the default
// parameters, and the mean of each observable over it. The shock j of period t is sqrt(2) sin(t + 2 j): as large as
// a standard normal, and the same in every language.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "economy.h"

static void print(const char *before, const char *key, const float *values, int n)
{
    printf("%s\"%s\": [", before, key);
    for (int i = 0; i < n; i++) printf("%s%.9g", i ? ", " : "", values[i]);
    printf("]");
}

int main(int argc, char **argv)
{
    static float states[1][STATES], controls[1][CONTROLS], shocks[1][SHOCKS];
    static float next_states[1][STATES], next_controls[1][CONTROLS], observables[1][OBSERVABLES];
    double totals[OBSERVABLES] = {0};
    float means[OBSERVABLES];
    if (argc != 2) {
        fprintf(stderr, "usage: simulate PERIODS\n");
        return 2;
    }
    const int periods = atoi(argv[1]);
    steady_state(parameters, states, controls);
    for (int t = 1; t <= periods; t++) {
        for (int j = 0; j < SHOCKS; j++) shocks[0][j] = (float)(sqrt(2.0) * sin(t + 2.0 * j));
        step(states, controls, shocks, parameters, next_states, next_controls, observables);
        memcpy(states, next_states, sizeof states);
        memcpy(controls, next_controls, sizeof controls);
        for (int i = 0; i < OBSERVABLES; i++) totals[i] += observables[0][i];
    }
    for (int i = 0; i < OBSERVABLES; i++) means[i] = (float)(totals[i] / periods);
    print("{", "states", states[0], STATES);
    print(", ", "controls", controls[0], CONTROLS);
    print(", ", "observables", observables[0], OBSERVABLES);
    print(", ", "means", means, OBSERVABLES);
    printf("}\n");
    return 0;
}
