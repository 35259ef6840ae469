/* series/series.c - one series: made, copied, released. */
#include <maxts/series.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "series/set.h"

MtsSeries *mts_series_alloc(size_t channels, size_t length)
{
    size_t count;
    MtsSeries *s = mts_calloc(1, sizeof *s);
    if (!s) {
        return NULL;
    }
    s->channels = channels;
    s->length = length;
    s->sampling_rate = 1;
    s->id = mts_strdup("");
    s->names = mts_calloc(channels, sizeof *s->names);
    s->units = mts_calloc(channels, sizeof *s->units);
    s->values = mts_size_mul(channels, length, &count) ? mts_calloc(count, sizeof *s->values) : NULL;
    bool ok = s->id && s->names && s->units && s->values;
    for (size_t c = 0; ok && c < channels; c++) {
        s->names[c] = mts_strdup("");
        s->units[c] = mts_strdup("");
        ok = s->names[c] && s->units[c];
    }
    if (!ok) {
        mts_series_free(&s);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        s->values[i] = NAN;
    }
    return s;
}

void mts_series_free(MtsSeries **series)
{
    MtsSeries *s = *series;
    if (!s) {
        return;
    }
    for (size_t c = 0; c < s->channels; c++) {
        if (s->names) {
            free(s->names[c]);
        }
        if (s->units) {
            free(s->units[c]);
        }
    }
    free(s->names);
    free(s->units);
    free(s->values);
    free(s->id);
    free(s);
    *series = NULL;
}

bool mts_series_rename(char **field, const char *s, size_t n)
{
    char *copy = mts_strndup(s, n);
    if (!copy) {
        return false;
    }
    free(*field);
    *field = copy;
    return true;
}

int mts_series_from_values(MtsSeries **series, const double *values, size_t length, MtsError *err)
{
    *series = NULL;
    if (length == 0) {
        return mts_fail(err, MTS_EREQUEST, "series: has no values");
    }
    for (size_t i = 0; i < length; i++) {
        if (!isfinite(values[i])) {
            return mts_fail(err, MTS_EREQUEST, "series: value %zu is %g, which is not finite", i + 1, values[i]);
        }
    }
    MtsSeries *s = mts_series_alloc(1, length);
    if (!s) {
        return mts_fail(err, MTS_ENOMEM, "series: memory ran out for %zu values", length);
    }
    memcpy(s->values, values, length * sizeof *values);
    *series = s;
    return MTS_OK;
}
