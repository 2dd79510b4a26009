{% include "about.txt" %}

#include <math.h>

#include "{{ name }}.h"

{% for constant, values in constants.items() %}
static const double {{ constant }}[{{ values | length }}] = {{ values | array }};
{% endfor %}

const double {{ name }}_lower[] = {{ lower | array }};
const double {{ name }}_upper[] = {{ upper | array }};
const double {{ name }}_default[] = {{ default | array }};

// The larger, or NaN if one is NaN.
static inline double maximum(double a, double b)
{
    return a > b || a != a ? a : b;
}

static inline double minimum(double a, double b)
{
    return a < b || a != a ? a : b;
}

// Matrix of k columns times matrix of k rows; entries of all of them stand row after row.
static inline void product(const double *left, const double *right, int rows, int k, int columns, double *result)
{
    for (int r = 0; r < rows; r++) {
        double *row = result + r * columns;
        for (int j = 0; j < columns; j++) row[j] = 0.0;
        for (int i = 0; i < k; i++)
            for (int j = 0; j < columns; j++) row[j] += left[r * k + i] * right[i * columns + j];
    }
}

static inline void copy(const double *values, int n, double *result)
{
    for (int i = 0; i < n; i++) result[i] = values[i];
}

static inline void repeat(double value, int n, double *result)
{
    for (int i = 0; i < n; i++) result[i] = value;
}

static inline double dot(const double *a, const double *b, int n)
{
    double total = 0.0;
    for (int i = 0; i < n; i++) total += a[i] * b[i];
    return total;
}

static inline double sum(const double *values, int n)
{
    double total = 0.0;
    for (int i = 0; i < n; i++) total += values[i];
    return total;
}

// Running sums.
static inline void cumulated(const double *values, int n, double *result)
{
    double total = 0.0;
    for (int i = 0; i < n; i++) result[i] = total += values[i];
}

// Entries at places that are counted from zero; NaN where there is none.
static inline void pick(const double *values, int n, const double *places, int m, double *result)
{
    for (int i = 0; i < m; i++)
        result[i] = places[i] >= 0 && places[i] < n ? values[(int)places[i]] : NAN;
}

// Values with others written, or added, at places.
static inline void put(const double *values, int n, const double *places, const double *others, int m,
                       int add, double *result)
{
    for (int i = 0; i < n; i++) result[i] = values[i];
    for (int i = 0; i < m; i++)
        if (places[i] >= 0 && places[i] < n) {
            double *entry = result + (int)places[i];
            *entry = add ? *entry + others[i] : others[i];
        }
}

int {{ name }}_inside(const double *parameters)
{
    for (int i = 0; i < {{ counts.parameters }}; i++)
        if (!(parameters[i] >= {{ name }}_lower[i] && parameters[i] <= {{ name }}_upper[i])) return 0;
{% if region %}
{{ region.code | indent(4, first=True) }}
    return {{ region.results.discriminant.entries[0] }} <= 0.0;
{% else %}
    return 1;
{% endif %}
}
{% for function in functions %}

{% include "signature.txt" %}

{
    if (!{{ name }}_inside(parameters)) {
{% for output in function.outputs %}
        for (int i = 0; i < {{ counts[output | replace("next_", "")] }}; i++) {{ output }}[i] = NAN;
{% endfor %}
        return 1;
    }
{{ function.code | indent(4, first=True) }}
{% for output, result in function.results.items() %}
{% if result.whole %}
    for (int i = 0; i < {{ result.entries | length }}; i++) {{ output }}[i] = {{ result.whole }}[i];
{% else %}
{% for entry in result.entries %}
    {{ output }}[{{ loop.index0 }}] = {{ entry }};  // {{ result.labels[loop.index0] | comment }}
{% endfor %}
{% endif %}
{% endfor %}
    return 0;
}
{% endfor %}
