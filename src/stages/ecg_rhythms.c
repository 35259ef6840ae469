/* stages/ecg_rhythms.c - windows of annotated WFDB records as labelled series: the rhythm that is in force throughout.
 *
 * A change of rhythm is an annotation of sign '+' whose text begins with '(': "(N", "(AFIB". Windows of ten seconds
 * before the first change, or with one inside, are left out; records are what belongs together. */
#include <math.h>
#include <string.h>

#include "series/wfdb.h"
#include "stages/ecg.h"

enum { WINDOW_SECONDS = 10 };

/* The rhythm from `from` to `to`, NULL where it is not one. */
static const char *rhythm_in(const MtsAnnotations *notes, size_t from, size_t to)
{
    const char *rhythm = NULL;
    for (size_t i = 0; i < notes->count && notes->items[i].sample < to; i++) {
        const MtsAnnotation *note = &notes->items[i];
        if (mts_annotation_sign(note->code) == '+' && note->text[0] == '(') {
            if (note->sample > from) {
                return NULL;
            }
            rhythm = note->text + 1;
        }
    }
    return rhythm;
}

static int add_windows(void *context, const char *id, const MtsSeries *record, const MtsAnnotations *notes,
                       MtsError *err)
{
    MtsSeriesSet *set = context;
    size_t n = (size_t)llround(WINDOW_SECONDS * record->sampling_rate);
    int rc = MTS_OK;
    for (size_t w = 0; !rc && n && (w + 1) * n <= record->length; w++) {
        const char *rhythm = rhythm_in(notes, w * n, (w + 1) * n);
        MtsSeries *window = rhythm ? mts_ecg_window(record, w * n, n) : NULL;
        if (!rhythm) {
            continue;
        }
        if (!window || !mts_series_rename(&window->id, id, strlen(id))) {
            mts_series_free(&window);
            return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", set->name);
        }
        rc = mts_set_add(set, window, rhythm, strlen(rhythm), err);
    }
    return rc;
}

int mts_ecg_rhythms(MtsSeriesSet *set, const char *path, MtsError *err)
{
    if (!(set->name = mts_strdup(path))) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    }
    int rc = mts_ecg_each_annotated(path, add_windows, set, err);
    return rc || set->count ? rc
                            : mts_fail(err, MTS_EFORMAT,
                                       "%s: no record has annotations (.atr) that name a rhythm for ten seconds", path);
}
