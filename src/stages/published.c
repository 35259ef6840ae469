/* stages/published.c - what OpenTSLM's stages ask: texts round the channels of a sample, each scaled and said so. */
#include <stdlib.h>
#include <string.h>

#include "stages/build.h"
#include "stages/stage.h"

bool mts_publish_series(MtsPublished *published, const MtsSeries *series, const MtsShowing *showing)
{
    size_t n = series->length, count;
    if (!mts_size_mul(series->channels, n, &count) ||
        !(published->values = mts_calloc(count, sizeof *published->values)) ||
        !(published->texts = mts_calloc(series->channels, sizeof *published->texts))) {
        return false;
    }
    published->length = n;
    for (size_t c = 0; c < series->channels; c++) {
        MtsBytes text = {0};
        double mean, deviation;
        mts_scale(showing->scaling, series->values + c * n, n, published->values + c * n, &mean, &deviation);
        bool ok = mts_bytes_printf(&text, "%s%s%s, it has mean %.4f and std %.4f%s", showing->prefix,
                                   c < showing->name_count ? showing->names[c] : "", showing->suffix, mean, deviation,
                                   showing->end);
        published->texts[published->count++] = text.data;
        if (!ok) {
            return false;
        }
    }
    return true;
}

bool mts_publish_texts(MtsPublished *published, MtsBytes *before, MtsBytes *after, bool ok)
{
    published->before = before->data;
    published->after = after->data;
    *before = *after = (MtsBytes){0};
    return ok;
}

bool mts_publish_own(MtsPublished *published, const MtsSeries *series, MtsBytes *before, MtsBytes *after, bool ok)
{
    bool several = series->channels > 1;
    const MtsShowing showing = {.scaling = MTS_SCALE_SAMPLE_FLOOR,
                                .prefix = several ? "This is the time series " : "This is the time series",
                                .names = (const char *const *)series->names,
                                .name_count = several ? series->channels : 0,
                                .suffix = "",
                                .end = "."};
    ok = ok && mts_bytes_append_str(before, "") && mts_publish_series(published, series, &showing);
    return mts_publish_texts(published, before, after, ok);
}

int mts_stage_published(const MtsStageKind *kind, const MtsSample *sample, MtsPublished *published, MtsError *err)
{
    memset(published, 0, sizeof *published);
    return !kind->publish || kind->publish(published, sample)
               ? MTS_OK
               : mts_fail(err, MTS_ENOMEM, "stage %s: no memory for the prompt of %s", kind->name, sample->key);
}

void mts_published_free(MtsPublished *published)
{
    for (size_t i = 0; i < published->count; i++) {
        free(published->texts[i]);
    }
    free(published->texts);
    free(published->values);
    free(published->before);
    free(published->after);
    memset(published, 0, sizeof *published);
}
