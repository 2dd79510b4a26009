{% include "about.txt" %}

#ifndef {{ name | upper }}_H
#define {{ name | upper }}_H

enum {
{% for group in ("states", "controls", "shocks", "parameters", "observables") %}
    {{ name | upper }}_{{ group | upper }} = {{ counts[group] }},
{% endfor %}
};

extern const double {{ name }}_lower[], {{ name }}_upper[], {{ name }}_default[];  // parameters

// 1 if the parameters lie in the box and in the certified region, else 0.
int {{ name }}_inside(const double *parameters);

// Each function returns 0. Where the parameters lie outside, it returns 1 and leaves NaN in all of its outputs.
// Outputs may not overlap inputs.
{% for function in functions %}

// {{ function.file }}
{% include "signature.txt" %};
{% endfor %}

#endif
