/* evidence/evidence.c - learning from labelled series, and judging others.
 *
 * A row of features each (evidence/window.h), ridge regression of the classes' indicators on them (evidence/ridge.h),
 * and one slope and a shift a class that make probabilities of its scores (evidence/calibrate.h). Penalty, these and
 * whether shapes help are chosen by what lessons of other groups say of each lesson. */
#include "evidence/evidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "evidence/beats.h"
#include "evidence/calibrate.h"
#include "evidence/ridge.h"

enum { MOST_FOLDS = 16 };

void mts_evidence_free(MtsEvidence **evidence)
{
    MtsEvidence *e = *evidence;
    if (e) {
        for (size_t k = 0; e->labels && k < e->classes; k++) {
            free(e->labels[k]);
        }
        free(e->labels);
        free(e->prior);
        free(e->shape.threshold);
        free(e->weights);
        mts_seen_free(&e->seen);
        mts_heart_model_free(&e->heart);
        json_decref(e->about);
        free(e);
    }
    *evidence = NULL;
}

/* ---- lessons ---- */

/* Features count from 1e-4 (evidence/window.c), as those of g, mV and uV may: EEG in volts would be nothing. */
static int check_unit(const MtsLessons *l, MtsError *err)
{
    static const double least = 5e-3;
    const MtsSeries *first = l->series[0];
    double most = 0;
    for (size_t c = 0; c < first->channels; c++) {
        double low = HUGE_VAL, high = -HUGE_VAL;
        for (size_t i = 0; i < l->count; i++) {
            for (size_t t = 0; t < first->length; t++) {
                double v = l->series[i]->values[c * first->length + t];
                low = fmin(low, v);
                high = fmax(high, v);
            }
        }
        most = fmax(most, high - low);
    }
    return most > 0 && most < least
               ? mts_fail(
                     err, MTS_EREQUEST,
                     "evidence: all values lie within %.3g, too near for what is measured of them: write them in a "
                     "smaller unit, so that they differ by %g and more",
                     most, least)
               : MTS_OK;
}

static int check_lessons(const MtsLessons *l, const MtsWindowShape *shape, MtsError *err)
{
    const MtsSeries *first = l->series[0];
    if (l->classes < 2 || l->classes > MTS_EVIDENCE_MOST_CLASSES) {
        return mts_fail(err, MTS_EREQUEST, "evidence: %zu classes are not from 2 to %d", l->classes,
                        MTS_EVIDENCE_MOST_CLASSES);
    }
    if (l->groups < 2 || l->count > MTS_EVIDENCE_MOST_SAMPLES) {
        return mts_fail(err, MTS_EREQUEST, "evidence: %zu series in %zu groups: from 2 groups to %d series can be used",
                        l->count, l->groups, MTS_EVIDENCE_MOST_SAMPLES);
    }
    if (shape->length < MTS_WINDOW_LEAST) {
        return mts_fail(err, MTS_EREQUEST, "evidence: series of %zu values are too short: %d are the least",
                        shape->length, MTS_WINDOW_LEAST);
    }
    if (!mts_window_columns(shape)) {
        return mts_fail(err, MTS_EREQUEST, "evidence: series of %zu channels of %zu values are too large",
                        shape->channels, shape->length);
    }
    for (size_t i = 1; i < l->count; i++) {
        const MtsSeries *s = l->series[i];
        if (s->channels != first->channels || s->length != first->length || s->sampling_rate != first->sampling_rate) {
            return mts_fail(err, MTS_EREQUEST,
                            "evidence: series %zu has %zu channels of %zu values at %g Hz, the first one %zu of %zu at "
                            "%g Hz",
                            i + 1, s->channels, s->length, s->sampling_rate, first->channels, first->length,
                            first->sampling_rate);
        }
    }
    return shape->beats ? MTS_OK : check_unit(l, err);
}

static json_t *names_of(const MtsSeries *s)
{
    json_t *list = json_array();
    for (size_t c = 0; c < s->channels; c++) {
        mts_json_add_text(&list, NULL, s->names[c]);
    }
    return list;
}

static bool is_among(const json_t *names, const char *name)
{
    bool found = false;
    for (size_t c = 0; c < json_array_size(names); c++) {
        const char *own = json_string_value(json_array_get(names, c)); /* of a file, it may be no text */
        found = found || (own && strcmp(own, name) == 0);
    }
    return *name && found;
}

/* Channels of the names that were learnt stand where they stood. Of leads that differ by record, beats ask nothing. */
static int check_order(const MtsEvidence *e, const MtsSeries *s, MtsError *err)
{
    const json_t *names = json_object_get(e->about, "channels");
    size_t first = SIZE_MAX;
    for (size_t c = s->channels; c-- > 0 && !e->shape.beats && json_array_size(names) == s->channels;) {
        if (!json_is_string(json_array_get(names, c)) || !is_among(names, s->names[c])) {
            return MTS_OK;
        }
        first = strcmp(json_string_value(json_array_get(names, c)), s->names[c]) == 0 ? first : c;
    }
    return first == SIZE_MAX
               ? MTS_OK
               : mts_fail(err, MTS_EREQUEST, "evidence: channel %zu is %.40s; learnt was %.40s in its place", first + 1,
                          s->names[first], json_string_value(json_array_get(names, first)));
}

/* All that is said of the lessons as they are. False: memory ran out. */
static bool take_notes(MtsEvidence *e, const MtsLessons *l)
{
    e->labels = mts_calloc(l->classes, sizeof *e->labels);
    e->prior = mts_calloc(l->classes, sizeof *e->prior);
    e->about = json_object();
    if (l->series[0]->channels > 1) {
        mts_json_add(&e->about, "channels", names_of(l->series[0]));
    }
    if (!mts_seen_all(&e->seen, l->series, l->count) || !e->labels || !e->prior || !e->about) {
        return false;
    }
    e->classes = l->classes;
    for (size_t i = 0; i < l->count; i++) { /* one more of each: no class is impossible */
        e->prior[l->label[i]] += 1 / (double)(l->count + l->classes);
    }
    bool ok = true;
    for (size_t k = 0; k < l->classes; k++) {
        e->prior[k] += 1 / (double)(l->count + l->classes);
        ok = (e->labels[k] = mts_strdup(l->names[k])) && ok;
    }
    return ok;
}

/* ---- learning ---- */

/* The lessons as the regression sees them; lists [count] by their own widths. */
typedef struct LessonTable {
    double *rows, *targets, *mean, *scale;
    int *fold;
} LessonTable;

static int fill_table(LessonTable *t, const MtsEvidence *e, const MtsLessons *l, MtsError *err)
{
    size_t columns = mts_window_columns(&e->shape), folds = l->groups < MOST_FOLDS ? l->groups : MOST_FOLDS, cells;
    bool fits = mts_size_mul(l->count, columns, &cells);
    t->rows = fits ? mts_calloc(cells, sizeof *t->rows) : NULL;
    t->targets = mts_calloc(l->count * l->classes, sizeof *t->targets);
    t->mean = mts_calloc(columns, sizeof *t->mean);
    t->scale = mts_calloc(columns, sizeof *t->scale);
    t->fold = mts_calloc(l->count, sizeof *t->fold);
    if (!t->rows || !t->targets || !t->mean || !t->scale || !t->fold) {
        return mts_fail(err, MTS_ENOMEM, "evidence: memory ran out for %zu rows of %zu columns", l->count, columns);
    }
    for (size_t i = 0; i < l->count; i++) {
        int rc = mts_window_row(&e->shape, l->series[i], t->rows + i * columns, err);
        if (rc) {
            return rc;
        }
        t->targets[i * l->classes + (size_t)l->label[i]] = 1;
        t->fold[i] = (int)(l->group[i] * folds / l->groups);
    }
    mts_standardise(t->rows, l->count, columns, t->mean, t->scale);
    return MTS_OK;
}

/* The weights of rows as they are, from those of standardised ones. */
static void unscale(MtsEvidence *e, const MtsRidge *ridge, const LessonTable *t)
{
    for (size_t k = 0; k < e->classes; k++) {
        e->weights[k] = ridge->weights[k];
        for (size_t j = 1; j < e->columns; j++) {
            double w = ridge->weights[j * e->classes + k] / t->scale[j];
            e->weights[j * e->classes + k] = w;
            e->weights[k] -= w * t->mean[j];
        }
    }
}

static int regress(MtsEvidence *e, const MtsLessons *l, const LessonTable *t, double *held, MtsError *err)
{
    size_t columns = mts_window_columns(&e->shape);
    MtsRidge ridge = {0};
    const MtsRidgeData data = {.rows = t->rows,
                               .targets = t->targets,
                               .fold = t->fold,
                               .count = l->count,
                               .columns = columns,
                               .outputs = l->classes,
                               .folds = l->groups < MOST_FOLDS ? l->groups : MOST_FOLDS,
                               .width = {mts_window_plain(&e->shape), e->shape.beats ? 0 : columns}};
    int rc = mts_ridge(&ridge, &data, err);
    if (rc) {
        return rc;
    }
    e->columns = ridge.width;
    e->weights = mts_calloc(e->columns * e->classes, sizeof *e->weights);
    if (e->weights) {
        unscale(e, &ridge, t);
        double shift[MTS_EVIDENCE_MOST_CLASSES], gain = 0;
        e->slope = mts_calibrate(ridge.held, l->label, e->prior, l->count, e->classes, shift);
        for (size_t k = 0; k < e->classes; k++) {
            e->weights[k] += shift[k];
        }
        for (size_t i = 0; i < l->count; i++) {
            for (size_t k = 0; k < e->classes; k++) {
                ridge.held[i * e->classes + k] += shift[k];
            }
            mts_posterior(ridge.held + i * e->classes, e->prior, e->slope, e->classes, held + i * e->classes);
            size_t right = (size_t)l->label[i];
            gain += held[i * e->classes + right] - log(e->prior[right]);
        }
        e->knows = mts_knows(gain, l->count, e->classes); /* a slope and shifts, of which one is free */
        mts_json_add_real(&e->about, "penalty", ridge.penalty);
        mts_json_add_int(&e->about, "folds", (json_int_t)data.folds);
        mts_json_add_text(&e->about, "features",
                          e->shape.beats          ? "beats"
                          : e->columns == columns ? "levels, spectra, shapes"
                                                  : "levels, spectra");
    }
    mts_ridge_free(&ridge);
    return e->weights && e->about ? MTS_OK : mts_fail(err, MTS_ENOMEM, "evidence: memory ran out");
}

int mts_evidence_learn(MtsEvidence **evidence, const MtsLessons *l, double *held, MtsError *err)
{
    LessonTable t = {0};
    MtsEvidence *e = *evidence = mts_calloc(1, sizeof *e);
    int rc = MTS_ENOMEM;
    if (!e) {
        return mts_fail(err, rc, "evidence: memory ran out");
    }
    const MtsSeries *first = l->series[0];
    e->shape = (MtsWindowShape){.channels = first->channels,
                                .length = first->length,
                                .rate = first->sampling_rate,
                                .beats = l->beats && mts_beats_fit(first->length, first->sampling_rate)};
    if ((rc = check_lessons(l, &e->shape, err))) {
        goto done;
    }
    rc = take_notes(e, l) ? MTS_OK : mts_fail(err, MTS_ENOMEM, "evidence: memory ran out");
    for (size_t i = 0; !rc && i < l->count; i++) {
        rc = check_order(e, l->series[i], err);
    }
    rc = rc ? rc : mts_window_learn(&e->shape, l->series, l->count, err);
    if (rc || (rc = fill_table(&t, e, l, err)) || (rc = regress(e, l, &t, held, err))) {
        goto done;
    }
done:
    free(t.rows);
    free(t.targets);
    free(t.mean);
    free(t.scale);
    free(t.fold);
    if (rc) {
        mts_evidence_free(evidence);
    }
    return rc;
}

/* ---- judging ---- */

static int check_witness(const MtsEvidence *e, const MtsSeries *s, MtsError *err)
{
    if (s->channels != e->shape.channels || s->length != e->shape.length || s->sampling_rate != e->shape.rate) {
        return mts_fail(err, MTS_EREQUEST,
                        "evidence: the series has %zu channels of %zu values at %g Hz; learnt were %zu of %zu at %g Hz",
                        s->channels, s->length, s->sampling_rate, e->shape.channels, e->shape.length, e->shape.rate);
    }
    if (mts_seen_has(&e->seen, s)) {
        return mts_fail(err, MTS_EREQUEST, "evidence: the series is one that was learnt from; test on others");
    }
    return check_order(e, s, err);
}

int mts_evidence_judge(const MtsEvidence *e, const MtsSeries *series, double *ratio, MtsError *err)
{
    int rc = check_witness(e, series, err);
    double *row = rc ? NULL : mts_calloc(mts_window_columns(&e->shape), sizeof *row);
    if (rc) {
        return rc;
    }
    if (!row) {
        return mts_fail(err, MTS_ENOMEM, "evidence: memory ran out");
    }
    memset(ratio, 0, e->classes * sizeof *ratio);
    if (!(rc = mts_window_row(&e->shape, series, row, err)) && e->slope > 0) { /* else it says nothing, exactly */
        for (size_t j = 0; j < e->columns; j++) {
            for (size_t k = 0; k < e->classes; k++) {
                ratio[k] += row[j] * e->weights[j * e->classes + k];
            }
        }
        mts_posterior(ratio, e->prior, e->slope, e->classes, ratio);
        for (size_t k = 0; k < e->classes; k++) {
            ratio[k] -= log(e->prior[k]);
        }
    }
    free(row);
    return rc;
}
