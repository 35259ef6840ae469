/* series/smape.c - see smape.h. */
#include "series/smape.h"

#include <math.h>

double mts_smape(const double *actual, const double *forecast, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double scale = fabs(actual[i]) + fabs(forecast[i]);
        sum += scale > 0 ? 200 * fabs(actual[i] - forecast[i]) / scale : 0;
    }
    return sum / (double)n;
}
