/* model/rope.c - the tables, and one position from them. */
#include "model/rope.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

enum { LOW = 256 };

/* The pair, as a real number, that turns so often in the trained positions. */
static double pair_of_turns(const MtsRopeForm *f, size_t dims, double turns)
{
    return (double)dims * log(f->trained / (turns * 2 * 3.14159265358979323846)) / (2 * log(f->base));
}

double mts_rope_scale(const MtsRopeForm *f, size_t dims, size_t i)
{
    if (f->trained == 0) {
        return f->scale;
    }
    double low = fmax(0, floor(pair_of_turns(f, dims, f->beta_fast)));
    double high = fmin((double)dims - 1, ceil(pair_of_turns(f, dims, f->beta_slow)));
    double slow = fmin(1, fmax(0, ((double)i - low) / fmax(1e-3, high - low)));
    return f->scale * slow + (1 - slow);
}

bool mts_rope_init(MtsRope *rope, size_t dims, size_t positions, const MtsRopeForm *form, const float *factors)
{
    memset(rope, 0, sizeof *rope);
    size_t half = dims / 2, rows = positions / LOW + 1, size;
    if (!mts_size_mul(half, 2 * sizeof(double), &size)) {
        return false;
    }
    rope->half = half;
    rope->positions = rows * LOW;
    rope->low = mts_calloc(LOW, size);
    rope->high = mts_calloc(rows, size);
    if (!rope->low || !rope->high) {
        mts_rope_clear(rope);
        return false;
    }
    for (size_t i = 0; i < half; i++) {
        double turn = mts_rope_scale(form, dims, i) * pow(form->base, -2.0 * (double)i / (double)dims) /
                      (factors ? (double)factors[i] : 1.0);
        for (size_t b = 0; b < LOW; b++) {
            rope->low[(b * half + i) * 2] = form->length * cos((double)b * turn);
            rope->low[(b * half + i) * 2 + 1] = form->length * sin((double)b * turn);
        }
        for (size_t a = 0; a < rows; a++) {
            rope->high[(a * half + i) * 2] = cos((double)(a * LOW) * turn);
            rope->high[(a * half + i) * 2 + 1] = sin((double)(a * LOW) * turn);
        }
    }
    return true;
}

void mts_rope_clear(MtsRope *rope)
{
    free(rope->low);
    free(rope->high);
    memset(rope, 0, sizeof *rope);
}

void mts_rope_at(const MtsRope *rope, size_t p, float *cosine, float *sine)
{
    const double *low = rope->low + p % LOW * rope->half * 2, *high = rope->high + p / LOW * rope->half * 2;
    for (size_t i = 0; i < rope->half; i++) {
        double ca = high[2 * i], sa = high[2 * i + 1], cb = low[2 * i], sb = low[2 * i + 1];
        cosine[i] = (float)(ca * cb - sa * sb);
        sine[i] = (float)(sa * cb + ca * sb);
    }
}
