#include "statistics.h"

#include <math.h>

/* The regularised upper incomplete gamma function Q(a, x): by its series below a + 1, by Lentz's continued
 * fraction above. */
static double upper_gamma(double a, double x)
{
    double scale = exp(a * log(x) - x - lgamma(a));
    if (x <= 0) {
        return 1;
    }
    if (x < a + 1) {
        double term = 1 / a, sum = term;
        for (int n = 1; n < 100000 && term > sum * 1e-17; n++) {
            term *= x / (a + n);
            sum += term;
        }
        return 1 - scale * sum;
    }
    double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
    for (int n = 1; n < 100000; n++) {
        double an = -n * (n - a);
        b += 2;
        d = 1 / (an * d + b);
        c = b + an / c;
        h *= d * c;
        if (fabs(d * c - 1) < 1e-15) {
            break;
        }
    }
    return scale * h;
}

double g_test(const size_t *counts, const double *p, size_t k)
{
    double n = 0, g = 0, freedom = -1;
    for (size_t i = 0; i < k; i++) {
        n += (double)counts[i];
    }
    for (size_t i = 0; i < k; i++) {
        if (p[i] <= 0) {
            if (counts[i] > 0) {
                return 0;
            }
            continue;
        }
        freedom += 1;
        if (counts[i] > 0) {
            g += 2 * (double)counts[i] * log((double)counts[i] / (n * p[i]));
        }
    }
    return upper_gamma(freedom / 2, g / 2);
}
