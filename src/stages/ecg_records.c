/* stages/ecg_records.c - heart rhythm, from a directory of WFDB records in mV.
 *
 * Records whose headers name diagnoses (SNOMED CT) are asked for their rhythm; records with beats (.atr), in windows of
 * ten seconds, whether one is of ventricular origin (V, E, r). Windows without a beat, or with one that is fused, paced
 * or unclassified, or with fibrillation are left out. Both kinds in one directory are MTS_EFORMAT, since they are
 * different questions. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "series/wfdb.h"
#include "stages/ecg.h"

enum { WINDOW_SECONDS = 10, READ_RATE = 100 };

/* What is asked of a series, and what may be answered. */
typedef struct HeartQuestion {
    const char *text;
    const char *const *names; /* [count] */
    size_t count;
} HeartQuestion;

/* Takes over *series as a new sample with the question and the options. */
static int add_heart(MtsStage *stage, const char *id, MtsSeries **series, const HeartQuestion *q, int right,
                     const MtsStageOptions *options, MtsError *err)
{
    MtsBytes prompt = {0};
    MtsSample *s;
    int rc = mts_stage_add(stage, id, &s, err);
    if (rc) {
        return rc;
    }
    s->series = *series;
    *series = NULL;
    s->truth.option = right;
    bool ok = mts_ecg_values(&prompt, s->series, options->points);
    for (size_t k = 0; ok && k < q->count; k++) {
        ok = mts_sample_option(s, q->names[k], strlen(q->names[k]));
    }
    ok = ok && mts_series_rename(&s->question, q->text, strlen(q->text)) && mts_stage_ask(&prompt, q->text, s);
    return mts_stage_prompt(stage, s, &prompt, ok, err);
}

/* The lead at 100 values a second or fewer, as ECG-QA has its. */
bool mts_publish_ecg_record(MtsPublished *published, const MtsSample *sample)
{
    const MtsSeries *all = sample->series;
    size_t n = (size_t)llround((double)all->length / all->sampling_rate * READ_RATE);
    MtsSeries *lead = mts_series_alloc(1, n && n < all->length ? n : all->length);
    MtsBytes before = {0}, after = {0};
    bool ok = lead && mts_ecg_intro(&before, all) && mts_bytes_append_str(&before, ":") &&
              mts_stage_ask(&after, sample->question, sample);
    if (!ok) {
        mts_bytes_free(&before);
        mts_bytes_free(&after);
    } else {
        mts_block_means(all->values + mts_ecg_lead(all) * all->length, all->length, lead->values, lead->length);
        ok = mts_publish_own(published, lead, &before, &after, true);
    }
    mts_series_free(&lead);
    return ok;
}

/* ---- rhythms ---- */

static const char *const rhythm_codes[] = {"426783006", "426177001", "427084000",
                                           "427393009", "164889003", "164890007"}; /* SNOMED CT */
static const char *const rhythm_names[] = {"sinus rhythm",     "sinus bradycardia",   "sinus tachycardia",
                                           "sinus arrhythmia", "atrial fibrillation", "atrial flutter"};

enum { RHYTHMS = sizeof rhythm_codes / sizeof rhythm_codes[0] };

/* The one rhythm among the comma-separated diagnoses; -1 when none or several are. */
static int rhythm_of(const char *diagnoses)
{
    int found = -1;
    for (size_t r = 0; r < RHYTHMS; r++) {
        size_t n = strlen(rhythm_codes[r]);
        for (const char *at = strstr(diagnoses, rhythm_codes[r]); at; at = strstr(at + n, rhythm_codes[r])) {
            bool whole =
                (at == diagnoses || at[-1] == ',' || at[-1] == ' ') && (at[n] == '\0' || at[n] == ',' || at[n] == ' ');
            if (whole && found >= 0) {
                return -1;
            }
            found = whole ? (int)r : found;
        }
    }
    return found;
}

/* A record whose header names exactly one of the rhythms. */
static int add_rhythm(MtsStage *stage, const char *path, const char *id, const MtsSeriesSet *set,
                      const MtsStageOptions *options, MtsError *err)
{
    static const HeartQuestion question = {"What is the rhythm? ", rhythm_names, RHYTHMS};
    MtsSeries *series = NULL;
    int rhythm = rhythm_of(set->label[0]), rc;
    if (rhythm < 0) {
        return MTS_OK;
    }
    if (!(rc = mts_set_take_at(set, 0, 0, &series, err)) && !(rc = mts_ecg_check_mv(path, series, err))) {
        rc = add_heart(stage, id, &series, &question, rhythm, options, err);
    }
    mts_series_free(&series);
    return rc;
}

/* ---- beats ---- */

/* Whether beats of ventricular origin are among the annotations of samples [from, to): 0 no, 1 yes; -1 where that
 * cannot be said, since there is no beat, or one that is fused, paced or unclassified, or fibrillation. */
static int ventricular(const MtsAnnotations *beats, size_t from, size_t to)
{
    bool any = false, found = false;
    for (size_t i = 0; i < beats->count; i++) {
        char sign = mts_annotation_sign(beats->items[i].code);
        if (beats->items[i].sample < from || beats->items[i].sample >= to || !sign) {
            continue;
        }
        if (strchr("F/fQ?[!]", sign)) {
            return -1;
        }
        found = found || strchr("VEr", sign);
        any = any || strchr("NLRBAaJSVrejnE", sign);
    }
    return any ? found : -1;
}

/* Window number w, of n values. */
static int add_window(MtsStage *stage, const char *id, const MtsSeries *all, size_t w, size_t n, bool found,
                      const MtsStageOptions *options, MtsError *err)
{
    static const char *const names[] = {"yes", "no"};
    static const HeartQuestion question = {"Is there a ventricular ectopic beat? ", names, 2};
    MtsBytes key = {0};
    MtsSeries *window = mts_ecg_window(all, w * n, n);
    bool named = window && mts_series_rename(&window->id, id, strlen(id)); /* windows of a record belong together */
    int rc = named && mts_bytes_printf(&key, "%s-%zu", id, w + 1)
                 ? add_heart(stage, key.data, &window, &question, found ? 0 : 1, options, err)
                 : mts_stage_no_memory(stage, err);
    mts_bytes_free(&key);
    mts_series_free(&window);
    return rc;
}

/* Windows between the first and the last annotated beat of a record with beats (.atr). */
static int add_beats(MtsStage *stage, const char *path, const char *id, const MtsSeriesSet *set,
                     const MtsAnnotations *beats, const MtsStageOptions *options, MtsError *err)
{
    MtsSeries *all = NULL;
    int rc;
    if ((rc = mts_set_take_at(set, 0, 0, &all, err)) || (rc = mts_ecg_check_mv(path, all, err))) {
        goto done;
    }
    size_t n = (size_t)llround(WINDOW_SECONDS * all->sampling_rate), last = 0, w = 0;
    if (n && beats->count) {
        w = beats->items[0].sample / n;
        last = beats->items[beats->count - 1].sample;
    }
    for (; !rc && n && (w + 1) * n <= all->length && !mts_stage_is_full(stage, options); w++) {
        int found = w * n <= last ? ventricular(beats, w * n, (w + 1) * n) : -1;
        rc = found < 0 ? MTS_OK : add_window(stage, id, all, w, n, found, options, err);
    }
done:
    mts_series_free(&all);
    return rc;
}

/* ---- records ---- */

/* What the records of a folder say of themselves. */
typedef struct Folder {
    const char *path;
    bool diagnoses, annotated;
} Folder;

/* What a record is asked about follows from what it says of itself: diagnoses in its header, else beats beside it, else
 * nothing. */
static int add_record(MtsStage *stage, Folder *folder, const char *id, const MtsStageOptions *options, MtsError *err)
{
    MtsSeriesSet set = {0};
    MtsAnnotations beats = {0};
    MtsBytes file = {0}, notes = {0};
    bool ok = mts_bytes_printf(&file, "%s/%s.hea", folder->path, id) &&
              mts_bytes_printf(&notes, "%s/%s.atr", folder->path, id);
    int rc = ok ? mts_set_read(&set, file.data, err) : mts_stage_no_memory(stage, err);
    if (rc) {
        goto done;
    }
    bool diagnosed = set.label[0][0];
    FILE *there = diagnosed ? NULL : fopen(notes.data, "rb");
    folder->diagnoses = folder->diagnoses || diagnosed;
    folder->annotated = folder->annotated || there;
    if (folder->diagnoses && folder->annotated) {
        rc = mts_fail(err, MTS_EFORMAT,
                      "%s: record %s: some records have diagnoses and some have beats, which are different questions",
                      folder->path, id);
    } else if (diagnosed) {
        rc = add_rhythm(stage, file.data, id, &set, options, err);
    } else if (there && !(rc = mts_annotations_read(&beats, notes.data, set.item[0]->sampling_rate, err))) {
        rc = add_beats(stage, file.data, id, &set, &beats, options, err);
    }
    if (there) {
        fclose(there);
    }
done:
    mts_annotations_free(&beats);
    mts_bytes_free(&file);
    mts_bytes_free(&notes);
    mts_set_free(&set);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The records' names in order, without ".hea"; free them and the list, also on failure. */
static int list_records(const char *path, char ***names, size_t *count, MtsError *err)
{
    size_t cap = 0;
    DIR *folder = opendir(path);
    int rc = folder ? MTS_OK : mts_fail(err, MTS_EIO, "%s: cannot be listed: %s", path, strerror(errno));
    for (struct dirent *e; !rc && (e = readdir(folder));) {
        size_t n = strlen(e->d_name);
        if (n > 4 && strcmp(e->d_name + n - 4, ".hea") == 0) {
            bool ok = mts_grow(names, &cap, *count + 1, sizeof **names) &&
                      ((*names)[*count] = mts_strndup(e->d_name, n - 4)) && ++*count;
            rc = ok ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
        }
    }
    if (folder) {
        closedir(folder);
    }
    if (*count) {
        qsort(*names, *count, sizeof **names, by_name);
    }
    return rc;
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
}

int mts_load_ecg_records(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options,
                         MtsError *err)
{
    Folder folder = {path, false, false};
    char **names = NULL;
    size_t count = 0;
    if (more) {
        return mts_fail(err, MTS_EREQUEST, "stage ecg: a directory of records takes no second file");
    }
    int rc = list_records(path, &names, &count, err);
    for (size_t i = 0; !rc && i < count && !mts_stage_is_full(stage, options); i++) {
        rc = add_record(stage, &folder, names[i], options, err);
    }
    free_names(names, count);
    return rc;
}

/* A record with its beats, if it has any. */
static int visit_record(const char *path, const char *id, MtsEcgVisit *visit, void *context, MtsError *err)
{
    MtsSeriesSet set = {0};
    MtsSeries *record = NULL;
    MtsAnnotations beats = {0};
    MtsBytes file = {0}, notes = {0};
    bool ok = mts_bytes_printf(&file, "%s/%s.hea", path, id) && mts_bytes_printf(&notes, "%s/%s.atr", path, id);
    FILE *there = ok ? fopen(notes.data, "rb") : NULL;
    int rc = ok ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    if (there) {
        fclose(there);
        bool read = !(rc = mts_set_read(&set, file.data, err)) && !(rc = mts_set_take_at(&set, 0, 0, &record, err)) &&
                    !(rc = mts_annotations_read(&beats, notes.data, record->sampling_rate, err));
        rc = read ? visit(context, id, record, &beats, err) : rc;
    }
    mts_annotations_free(&beats);
    mts_series_free(&record);
    mts_set_free(&set);
    mts_bytes_free(&file);
    mts_bytes_free(&notes);
    return rc;
}

int mts_ecg_each_annotated(const char *path, MtsEcgVisit *visit, void *context, MtsError *err)
{
    char **names = NULL;
    size_t count = 0;
    int rc = list_records(path, &names, &count, err);
    for (size_t i = 0; !rc && i < count; i++) {
        rc = visit_record(path, names[i], visit, context, err);
    }
    free_names(names, count);
    return rc;
}
