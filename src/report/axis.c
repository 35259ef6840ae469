/* report/axis.c - where a number stands on a drawing, and which numbers are written beside it. */
#include "report/axis.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

double mts_axis_measure(const MtsAxis *a, double v)
{
    return a->log ? (v > 0 ? log10(v) : NAN) : v;
}

double mts_axis_place(const MtsAxis *a, double v)
{
    return a->from + (mts_axis_measure(a, v) - a->low) / (a->high - a->low) * (a->to - a->from);
}

void mts_axis_widen(MtsAxis *a, double v)
{
    double x = mts_axis_measure(a, v);
    if (isfinite(x)) {
        a->low = !(a->low <= x) ? x : a->low;
        a->high = !(a->high >= x) ? x : a->high;
    }
}

void mts_axis_linear_ticks(MtsAxis *a, size_t wanted)
{
    double step = (a->high - a->low) / (double)wanted, size = pow(10, floor(log10(step))), lead = step / size;
    step = size * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
    for (double k = ceil(a->low / step - 1e-9); a->ticks < MTS_AXIS_TICKS && k * step <= a->high + 1e-9 * step; k++) {
        a->tick[a->ticks++] = k == 0 ? 0 : k * step; /* never -0 */
    }
}

/* Ticks at leads [3] (0: none) of every decade, or of every `stride`-th; returns how many there would be. */
static size_t try_log_ticks(MtsAxis *a, const double leads[3], double stride)
{
    size_t found = 0;
    a->ticks = 0;
    for (double e = floor(a->low / stride) * stride; e <= a->high; e += stride) {
        for (size_t k = 0; k < 3 && leads[k] > 0; k++) {
            double x = e + log10(leads[k]);
            if (x < a->low - 1e-9 || x > a->high + 1e-9) {
                continue;
            }
            found++;
            if (a->ticks < MTS_AXIS_TICKS) {
                a->tick[a->ticks++] = leads[k] * pow(10, e);
            }
        }
    }
    return found;
}

static void log_ticks(MtsAxis *a, size_t wanted)
{
    static const double leads[3][3] = {{1, 2, 5}, {1, 3, 0}, {1, 0, 0}};
    size_t found = SIZE_MAX;
    for (size_t set = 0; set < 3 && (found > wanted || !a->ticks); set++) {
        found = SIZE_MAX;
        for (double stride = 1; found > wanted && stride < (set < 2 ? 2 : 400); stride *= 2) {
            found = try_log_ticks(a, leads[set], stride);
        }
    }
    if (a->ticks < 3) { /* a narrow range: even steps of the numbers themselves */
        MtsAxis even = {.low = pow(10, a->low), .high = pow(10, a->high)};
        mts_axis_linear_ticks(&even, wanted);
        a->ticks = even.ticks;
        memcpy(a->tick, even.tick, even.ticks * sizeof *even.tick);
    }
}

/* Room around what is to be shown, and ticks. */
void mts_axis_finish(MtsAxis *a, size_t wanted)
{
    double width = a->high - a->low;
    if (!(width > 1e-9 * (fabs(a->high) + fabs(a->low)) + 1e-300)) {
        width = a->log ? 0.3 : a->high != 0 ? fabs(a->high) * 0.2 : 1;
        a->low -= width / 2;
        a->high += width / 2;
    }
    a->low -= 0.06 * width;
    a->high += 0.06 * width;
    a->ticks = 0;
    (a->log ? log_ticks : mts_axis_linear_ticks)(a, wanted);
}

const char *mts_tick_text(double v, char out[32])
{
    double size = fabs(v);
    const char *unit = size >= 1e9 ? "G" : size >= 1e6 ? "M" : size >= 1e4 ? "k" : "";
    snprintf(out, 32, "%.4g%s",
             size > 0 ? v / (size >= 1e9   ? 1e9
                             : size >= 1e6 ? 1e6
                             : size >= 1e4 ? 1e3
                                           : 1)
                      : 0,
             unit);
    return out;
}
