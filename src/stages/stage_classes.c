/* The stages whose answer is a class: human activity, sleep, heart rhythm. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "stages/stage_build.h"
#include "series/set.h"
#include "series/wfdb.h"

/* ---- human activity ---- */

/* The published stage has eight labels; a file's own labels are what it is asked to tell apart. */
static int collect_labels(const MtsSeriesSet *set, MtsSample *labels, MtsError *err)
{
    for (size_t i = 0; i < set->count; i++) {
        size_t k = 0;
        while (k < labels->option_count && strcmp(labels->options[k], set->label[i]) != 0) {
            k++;
        }
        if (!set->label[i][0] || (k == labels->option_count && k >= 64)) {
            return mts_fail(err, MTS_EFORMAT, "%s: sample %zu has %s", set->name, i + 1,
                            k >= 64 ? "a 65th label: this is no column of classes" : "no label");
        }
        if (k == labels->option_count && !mts_sample_option(labels, set->label[i], strlen(set->label[i]))) {
            return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", set->name);
        }
    }
    return MTS_OK;
}

static bool copy_options(MtsSample *to, const MtsSample *from, const char *right)
{
    bool ok = true;
    for (size_t i = 0; ok && i < from->option_count; i++) {
        ok = mts_sample_option(to, from->options[i], strlen(from->options[i]));
        to->truth.option = strcmp(from->options[i], right) == 0 ? (int)i : to->truth.option;
    }
    return ok;
}

static void free_labels(MtsSample *labels)
{
    for (size_t i = 0; i < labels->option_count; i++) {
        free(labels->options[i]);
    }
    free(labels->options);
}

/* Gravity is about 1 g whichever way the sensor lies, and 9.8 in m/s^2. */
static int check_gravity(const MtsSeriesSet *set, const MtsSeries *s, size_t index, MtsError *err)
{
    double sum = 0;
    if (s->channels != 3) {
        return mts_fail(err, MTS_EFORMAT, "%s: sample %zu has %zu axes, not 3", set->name, index + 1, s->channels);
    }
    for (size_t t = 0; t < s->length; t++) {
        const double *v = s->values + t;
        sum += sqrt(v[0] * v[0] + v[s->length] * v[s->length] + v[2 * s->length] * v[2 * s->length]);
    }
    double mean = sum / (double)s->length;
    if (mean < 0.3 || mean > 3) {
        return mts_fail(err, MTS_EFORMAT,
                        "%s: sample %zu has a mean acceleration of %g, not from 0.3 to 3: the unit is not g%s",
                        set->name, index + 1, mean, mean > 3 && mean < 30 ? " but probably m/s^2" : "");
    }
    return MTS_OK;
}

int mts_load_har(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options, MtsError *err)
{
    MtsSeriesSet set;
    MtsSample labels = {0};
    (void)more;
    int rc = mts_set_read(&set, path, err);
    rc = rc == MTS_OK ? collect_labels(&set, &labels, err) : rc;
    for (size_t i = 0; rc == MTS_OK && i < set.count && (!options->limit || i < options->limit); i++) {
        char id[24];
        MtsBytes prompt = {0};
        snprintf(id, sizeof id, "%zu", i + 1);
        MtsSample *s = mts_stage_add(stage, id);
        if (!s) {
            rc = mts_stage_no_memory(stage, err);
            break;
        }
        rc = mts_set_take_at(&set, i, 0, &s->series, err);
        rc = rc == MTS_OK ? check_gravity(&set, s->series, i, err) : rc;
        if (rc != MTS_OK) {
            break;
        }
        s->series->sampling_rate = 50;
        bool ok =
            copy_options(s, &labels, set.label[i]) &&
            mts_bytes_printf(&prompt, "Acceleration of a person's body along three axes, in g, over %.3g seconds:\n",
                             (double)s->series->length / 50) &&
            mts_stage_values(&prompt, s->series, options->points) &&
            mts_bytes_append_str(
                &prompt, "What is the person doing? Say what you see, then end with \"Answer: \" and one of ") &&
            mts_stage_choices(&prompt, s) && mts_bytes_append_str(&prompt, ".");
        s->prompt = prompt.data;
        rc = ok ? MTS_OK : mts_stage_no_memory(stage, err);
    }
    free_labels(&labels);
    mts_set_free(&set);
    return rc;
}

/* ---- sleep ---- */

static const char *const sleep_stages[] = {"Wake", "REM sleep", "Non-REM stage 1", "Non-REM stage 2",
                                           "Non-REM stage 3"};

static int add_window(MtsStage *stage, const char *id, MtsSeries **series, int option, const MtsStageOptions *options,
                      MtsError *err)
{
    MtsBytes prompt = {0};
    MtsSample *s = mts_stage_add(stage, id);
    if (!s) {
        return mts_stage_no_memory(stage, err);
    }
    s->series = *series;
    *series = NULL;
    s->truth.option = option;
    bool ok = mts_bytes_printf(&prompt, "30 seconds of a sleeper's EEG:\n") &&
              mts_stage_values(&prompt, s->series, options->points);
    for (size_t i = 0; ok && i < 5; i++) {
        ok = mts_sample_option(s, sleep_stages[i], strlen(sleep_stages[i]));
    }
    ok = ok &&
         mts_bytes_append_str(&prompt,
                              "Which stage of sleep is it? Say what you see, then end with \"Answer: \" and one of ") &&
         mts_stage_choices(&prompt, s) && mts_bytes_append_str(&prompt, ".");
    s->prompt = prompt.data;
    return ok ? MTS_OK : mts_stage_no_memory(stage, err);
}

/* The hypnogram's code of six equal 5 s entries from `first` on as an option; -1 where they differ. */
static int window_stage(const MtsSeries *h, size_t first)
{
    static const int option_of[] = {4, 4, 3, 2, 1, 0}; /* S4, S3, S2, S1, REM, wake */
    for (size_t i = 1; i < 6; i++) {
        if (h->values[first + i] != h->values[first]) {
            return -1;
        }
    }
    return option_of[(int)h->values[first]];
}

static int check_hypnogram(const char *path, const MtsSeries *h, MtsError *err)
{
    for (size_t i = 0; i < h->length; i++) {
        double v = h->values[i];
        if (v != floor(v) || v < 0 || v > 5) {
            return mts_fail(err, MTS_EFORMAT, "%s: entry %zu is %g, not a sleep stage from 0 to 5", path, i + 1, v);
        }
    }
    return MTS_OK;
}

/* A night and its hypnogram: windows of 30 s, brought to 50 Hz by means of blocks. */
static int load_night(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options,
                      MtsError *err)
{
    MtsSeries *night = NULL, *hypnogram = NULL, *window = NULL;
    int rc = mts_series_read(&night, path, err);
    rc = rc == MTS_OK ? mts_series_read(&hypnogram, more, err) : rc;
    rc = rc == MTS_OK ? check_hypnogram(more, hypnogram, err) : rc;
    if (rc != MTS_OK) {
        goto done;
    }
    size_t windows = hypnogram->length / 6;
    double rate = (double)night->length / (5.0 * (double)hypnogram->length);
    size_t per_window = (size_t)llround(rate * 30);
    if (night->channels != 1 || fabs(rate * 30 - (double)per_window) > 0.51 || per_window % 1500 != 0 ||
        per_window == 0) {
        rc = mts_fail(err, MTS_EFORMAT,
                      "%s: %zu values of %zu channels in %zu s are not one channel at a multiple of 50 Hz", path,
                      night->length, night->channels, 5 * hypnogram->length);
        goto done;
    }
    for (size_t w = 0; rc == MTS_OK && w < windows && (!options->limit || stage->count < options->limit); w++) {
        int option = window_stage(hypnogram, 6 * w);
        char id[24];
        if (option < 0 || (w + 1) * per_window > night->length) {
            continue;
        }
        window = mts_series_alloc(1, 1500);
        if (!window) {
            rc = mts_stage_no_memory(stage, err);
            break;
        }
        window->sampling_rate = 50;
        size_t block = per_window / 1500;
        for (size_t t = 0; t < 1500; t++) {
            double sum = 0;
            for (size_t k = 0; k < block; k++) {
                sum += night->values[w * per_window + t * block + k];
            }
            window->values[t] = sum / (double)block;
        }
        snprintf(id, sizeof id, "%zu", w + 1);
        rc = add_window(stage, id, &window, option, options, err);
    }
done:
    mts_series_free(&window);
    mts_series_free(&night);
    mts_series_free(&hypnogram);
    return rc;
}

int mts_load_sleep(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options, MtsError *err)
{
    if (more) {
        return load_night(stage, path, more, options, err);
    }
    MtsSeriesSet set;
    int rc = mts_set_read(&set, path, err);
    for (size_t i = 0; rc == MTS_OK && i < set.count && (!options->limit || i < options->limit); i++) {
        MtsSeries *window = NULL;
        char id[24];
        const MtsSample names = {.options = (char **)(uintptr_t)sleep_stages, .option_count = 5};
        int option = mts_stage_answer(stage, &names, set.label[i], strlen(set.label[i]));
        if (option < 0) {
            rc = mts_fail(err, MTS_EFORMAT, "%s: sample %zu: \"%.60s\" is no sleep stage", path, i + 1, set.label[i]);
            break;
        }
        snprintf(id, sizeof id, "%zu", i + 1);
        rc = mts_set_take_at(&set, i, 0, &window, err);
        if (rc == MTS_OK) {
            window->sampling_rate = 50;
            rc = add_window(stage, id, &window, option, options, err);
        }
        mts_series_free(&window);
    }
    mts_set_free(&set);
    return rc;
}

/* ---- heart rhythm ---- */

static const struct {
    const char *code, *name; /* SNOMED CT */
} rhythms[] = {{"426783006", "sinus rhythm"},        {"426177001", "sinus bradycardia"},
               {"427084000", "sinus tachycardia"},   {"427393009", "sinus arrhythmia"},
               {"164889003", "atrial fibrillation"}, {"164890007", "atrial flutter"}};

#define RHYTHMS (sizeof rhythms / sizeof rhythms[0])

/* The one rhythm among the comma-separated diagnoses; -1 when none or several are. */
static int rhythm_of(const char *diagnoses)
{
    int found = -1;
    for (size_t r = 0; r < RHYTHMS; r++) {
        size_t n = strlen(rhythms[r].code);
        for (const char *at = strstr(diagnoses, rhythms[r].code); at; at = strstr(at + n, rhythms[r].code)) {
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

/* Takes over *series as a new sample with the question and the options. */
static int add_heart(MtsStage *stage, const char *id, MtsSeries **series, const char *question,
                     const char *const *names, size_t count, int right, const MtsStageOptions *options, MtsError *err)
{
    MtsBytes prompt = {0};
    MtsSample *s = mts_stage_add(stage, id);
    if (!s) {
        return mts_stage_no_memory(stage, err);
    }
    s->series = *series;
    *series = NULL;
    s->truth.option = right;
    bool ok = mts_stage_ecg(&prompt, s->series, options->points);
    for (size_t k = 0; ok && k < count; k++) {
        ok = mts_sample_option(s, names[k], strlen(names[k]));
    }
    ok = ok && mts_bytes_printf(&prompt, "%s Say what you see, then end with \"Answer: \" and one of ", question) &&
         mts_stage_choices(&prompt, s) && mts_bytes_append_str(&prompt, ".");
    s->prompt = prompt.data;
    return ok ? MTS_OK : mts_stage_no_memory(stage, err);
}

/* A record whose header names exactly one of the rhythms. */
static int add_rhythm(MtsStage *stage, const char *path, const char *id, const MtsSeriesSet *set,
                      const MtsStageOptions *options, MtsError *err)
{
    const char *names[RHYTHMS];
    MtsSeries *series = NULL;
    int rhythm = rhythm_of(set->label[0]);
    if (rhythm < 0) {
        return MTS_OK;
    }
    for (size_t r = 0; r < RHYTHMS; r++) {
        names[r] = rhythms[r].name;
    }
    int rc = mts_set_take_at(set, 0, 0, &series, err);
    rc = rc == MTS_OK ? mts_stage_check_mv(path, series, err) : rc;
    rc = rc == MTS_OK ? add_heart(stage, id, &series, "What is the rhythm?", names, RHYTHMS, rhythm, options, err) : rc;
    mts_series_free(&series);
    return rc;
}

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

#define HEART_WINDOW 10 /* seconds */

/* Windows of ten seconds, between the first and the last annotated beat, of a record with beats (.atr). */
static int add_beats(MtsStage *stage, const char *path, const char *id, const MtsSeriesSet *set,
                     const MtsAnnotations *beats, const MtsStageOptions *options, MtsError *err)
{
    static const char *const names[] = {"yes", "no"};
    MtsSeries *all = NULL, *window = NULL;
    int rc = mts_set_take_at(set, 0, 0, &all, err);
    rc = rc == MTS_OK ? mts_stage_check_mv(path, all, err) : rc;
    size_t n = rc == MTS_OK ? (size_t)llround(HEART_WINDOW * all->sampling_rate) : 0;
    size_t from = n && beats->count ? beats->items[0].sample / n : 0,
           last = beats->count ? beats->items[beats->count - 1].sample : 0;
    for (size_t w = from;
         rc == MTS_OK && n && (w + 1) * n <= all->length && (!options->limit || stage->count < options->limit); w++) {
        int found = w * n <= last ? ventricular(beats, w * n, (w + 1) * n) : -1;
        MtsBytes key = {0};
        if (found < 0) {
            continue;
        }
        window = mts_series_alloc(all->channels, n);
        bool ok = window && mts_bytes_printf(&key, "%s-%zu", id, w + 1);
        for (size_t c = 0; ok && c < all->channels; c++) {
            memcpy(window->values + c * n, all->values + c * all->length + w * n, n * sizeof *window->values);
            ok = mts_series_rename(&window->names[c], all->names[c], strlen(all->names[c])) &&
                 mts_series_rename(&window->units[c], all->units[c], strlen(all->units[c]));
        }
        if (window) {
            window->sampling_rate = all->sampling_rate;
        }
        rc = ok ? add_heart(stage, key.data, &window, "Is there a ventricular ectopic beat?", names, 2, found ? 0 : 1,
                            options, err)
                : mts_stage_no_memory(stage, err);
        mts_bytes_free(&key);
        mts_series_free(&window);
    }
    mts_series_free(&all);
    return rc;
}

/* What a record is asked about follows from what it says of itself: diagnoses in its header, else beats beside it, else
 * nothing. */
static int add_record(MtsStage *stage, const char *folder, const char *id, const MtsStageOptions *options,
                      bool *diagnoses, bool *annotated, MtsError *err)
{
    MtsSeriesSet set = {0};
    MtsAnnotations beats = {0};
    MtsBytes file = {0}, notes = {0};
    bool ok = mts_bytes_printf(&file, "%s/%s.hea", folder, id) && mts_bytes_printf(&notes, "%s/%s.atr", folder, id);
    int rc = ok ? mts_set_read(&set, file.data, err) : mts_stage_no_memory(stage, err);
    if (rc != MTS_OK) {
        goto done;
    }
    FILE *there = set.label[0][0] ? NULL : fopen(notes.data, "rb");
    *diagnoses = *diagnoses || set.label[0][0];
    *annotated = *annotated || there;
    if (*diagnoses && *annotated) {
        rc = mts_fail(err, MTS_EFORMAT,
                      "%s: record %s: some records have diagnoses and some have beats, which are different questions",
                      folder, id);
    } else if (there) {
        rc = mts_annotations_read(&beats, notes.data, err);
        rc = rc == MTS_OK ? add_beats(stage, file.data, id, &set, &beats, options, err) : rc;
    } else if (set.label[0][0]) {
        rc = add_rhythm(stage, file.data, id, &set, options, err);
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

int mts_load_ecg(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options, MtsError *err)
{
    char **names = NULL;
    size_t count = 0, cap = 0;
    bool diagnoses = false, annotated = false;
    struct stat what;
    if (stat(path, &what) == 0 && !S_ISDIR(what.st_mode)) {
        return mts_load_ecg_qa(stage, path, more, options, err);
    }
    if (more) {
        return mts_fail(err, MTS_EREQUEST, "stage ecg: a directory of records takes no second file");
    }
    DIR *folder = opendir(path);
    int rc = folder ? MTS_OK : mts_fail(err, MTS_EIO, "%s: cannot be listed: %s", path, strerror(errno));
    for (struct dirent *e; rc == MTS_OK && (e = readdir(folder));) {
        size_t n = strlen(e->d_name);
        if (n > 4 && strcmp(e->d_name + n - 4, ".hea") == 0) {
            bool ok = mts_grow(&names, &cap, count + 1, sizeof *names) &&
                      (names[count] = mts_strndup(e->d_name, n - 4)) && ++count;
            rc = ok ? MTS_OK : mts_stage_no_memory(stage, err);
        }
    }
    if (folder) {
        closedir(folder);
    }
    if (count) {
        qsort(names, count, sizeof *names, by_name);
    }
    for (size_t i = 0; rc == MTS_OK && i < count && (!options->limit || stage->count < options->limit); i++) {
        rc = add_record(stage, path, names[i], options, &diagnoses, &annotated, err);
    }
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
    return rc;
}
