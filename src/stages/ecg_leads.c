/* stages/ecg_leads.c - an electrocardiogram's leads: checked, copied, shown in a prompt. */
#include <string.h>

#include "stages/ecg.h"

size_t mts_ecg_lead(const MtsSeries *series)
{
    size_t lead = 0; /* rhythm is read from lead II */
    for (size_t c = 0; c < series->channels; c++) {
        lead = strcmp(series->names[c], "II") == 0 || strcmp(series->names[c], "MLII") == 0 ? c : lead;
    }
    return lead;
}

bool mts_ecg_intro(MtsBytes *out, const MtsSeries *series)
{
    return mts_bytes_printf(out, "One lead of an electrocardiogram in mV over %.3g seconds",
                            (double)series->length / series->sampling_rate);
}

bool mts_ecg_values(MtsBytes *out, const MtsSeries *series, size_t points)
{
    return mts_ecg_intro(out, series) &&
           mts_bytes_printf(out, ", the peaks of %zu equal parts:\n",
                            series->length < points ? series->length : points) &&
           mts_stage_channel(out, series, mts_ecg_lead(series), points, true);
}

int mts_ecg_check_mv(const char *path, const MtsSeries *series, MtsError *err)
{
    for (size_t c = 0; c < series->channels; c++) {
        if (strcmp(series->units[c], "mV") != 0 && strcmp(series->units[c], "mv") != 0) {
            return mts_fail(err, MTS_EFORMAT, "%s: channel %s is in %s, not mV", path, series->names[c],
                            series->units[c]);
        }
    }
    return MTS_OK;
}

MtsSeries *mts_ecg_like(const MtsSeries *series, size_t length)
{
    MtsSeries *s = mts_series_alloc(series->channels, length);
    bool ok = s != NULL;
    for (size_t c = 0; ok && c < series->channels; c++) {
        ok = mts_series_rename(&s->names[c], series->names[c], strlen(series->names[c])) &&
             mts_series_rename(&s->units[c], series->units[c], strlen(series->units[c]));
    }
    if (!ok) {
        mts_series_free(&s);
    }
    return s;
}

MtsSeries *mts_ecg_window(const MtsSeries *all, size_t from, size_t n)
{
    MtsSeries *window = mts_ecg_like(all, n);
    for (size_t c = 0; window && c < all->channels; c++) {
        memcpy(window->values + c * n, all->values + c * all->length + from, n * sizeof *window->values);
    }
    if (window) {
        window->sampling_rate = all->sampling_rate;
    }
    return window;
}
