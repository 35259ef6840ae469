/* evidence/singly.c - see singly.h.
 *
 * A beat is told beside its own record, by what evidence/beats.h measures of it: intervals over those around, and of
 * the leads the least and the greatest of each measure of shape beside the record's median beat, since which lead is
 * which differs from record to record. Then there are the beats whose course is nearest: a ventricular ectopic focus
 * fires again and again, so how early beats like this one come, and what share of the record they are, says more than
 * one beat does. Products of these come last.
 *
 * Each of these numbers becomes six: whether it is above each of six quantiles, so that ridge regression
 * (evidence/ridge.h) bends as small trees do. Records teach with about the root of how many beats they have, since the
 * next record is another heart. A beat's score is the mean over the beats that are most like it. */
#include "evidence/singly.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/sort.h"
#include "evidence/beats.h"
#include "evidence/ridge.h"

enum { RHYTHM = 5, SHAPE = 13, OWN = 4, MIXED = 6, FEATURES = RHYTHM + 2 * SHAPE + OWN + RHYTHM + 1 + MIXED };
enum { LIKE = 12, ALIKE = 6, KNOTS = 6, COLUMNS = 1 + KNOTS * FEATURES, MOST_FOLDS = 16 };
enum { OF_VENTRICULAR = 30, OF_OTHERS = 120 }; /* n beats of a record teach as the root of so many times n */

#define TINY 1e-9

/* ---- beats like a beat ---- */

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        sum += (a[i] * b[i] + a[i + 1] * b[i + 1]) + (a[i + 2] * b[i + 2] + a[i + 3] * b[i + 3]);
    }
    for (; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* Keeps `beat` among like [LIKE], nearest first, if it is nearer than the last of them. */
static void keep_near(size_t *like, double *distance, size_t beat, double d)
{
    size_t at = LIKE;
    while (at > 0 && d < distance[at - 1]) {
        at--;
    }
    for (size_t k = LIKE - 1; k > at && at < LIKE; k--) {
        distance[k] = distance[k - 1];
        like[k] = like[k - 1];
    }
    if (at < LIKE) {
        distance[at] = d;
        like[at] = beat;
    }
}

/* Of beat i: those whose course is nearest, and the share of those of nearly the same form. */
static double find_like(const MtsBeats *b, const double *square, size_t i, size_t *like)
{
    double distance[LIKE];
    size_t same = 0;
    for (size_t k = 0; k < LIKE; k++) {
        distance[k] = HUGE_VAL;
        like[k] = i;
    }
    for (size_t j = 0; j < b->count; j++) {
        double product = dot(b->wave + i * b->wave_size, b->wave + j * b->wave_size, b->wave_size);
        keep_near(like, distance, j, square[i] + square[j] - 2 * product);
        same += product > 0.9 * sqrt(square[i] * square[j]);
    }
    return (double)same / (double)b->count;
}

/* ---- features ---- */

static double part(double x, double most)
{
    return x > 0 ? (x < most ? x : most) : 0;
}

/* All that needs no other beat: rhythm, shape, the products of beats.h. */
static void own_features(const MtsBeats *b, size_t i, double *out)
{
    const double *m = b->measure + i * b->columns;
    memcpy(out, m, RHYTHM * sizeof *out);
    for (size_t k = 0; k < SHAPE; k++) {
        double *low = out + RHYTHM + k, *high = low + SHAPE;
        *low = *high = m[RHYTHM + k];
        for (size_t c = 1; c < b->leads; c++) {
            *low = fmin(*low, m[RHYTHM + c * SHAPE + k]);
            *high = fmax(*high, m[RHYTHM + c * SHAPE + k]);
        }
    }
    memcpy(out + RHYTHM + 2 * SHAPE, m + RHYTHM + b->leads * SHAPE, OWN * sizeof *out);
}

/* And what beats like this one say: their mean rhythm, their share, and products. */
static void shared_features(const MtsBeats *b, size_t i, const size_t *like, double share, double *row)
{
    const double *m = b->measure + i * b->columns;
    double *out = row + RHYTHM + 2 * SHAPE + OWN, unlike = 1, wider = 0;
    for (size_t k = 0; k < RHYTHM; k++) {
        out[k] = 0;
        for (size_t j = 0; j < LIKE; j++) {
            out[k] += b->measure[like[j] * b->columns + k] / LIKE;
        }
    }
    for (size_t c = 0; c < b->leads; c++) {
        unlike -= m[RHYTHM + c * SHAPE] / (double)b->leads;
        wider += m[RHYTHM + c * SHAPE + 5] / (double)b->leads;
    }
    double early = part(1 - out[0], 1), pause = part(out[1] - 1, 1.5), own_pause = part(m[1] - 1, 1.5);
    wider = fmax(0, wider);
    out[RHYTHM] = share;
    const double mixed[MIXED] = {early * unlike, pause * unlike, early * wider,
                                 pause * wider,  unlike * share, part(1 - m[0], 1) * unlike * own_pause};
    memcpy(out + RHYTHM + 1, mixed, sizeof mixed);
}

static void fill_features(MtsHeartRecord *r, const MtsBeats *b, const double *square)
{
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 16)
#endif
    for (size_t i = 0; i < r->count; i++) {
        double share = find_like(b, square, i, r->like + i * LIKE);
        own_features(b, i, r->feature + i * FEATURES);
        shared_features(b, i, r->like + i * LIKE, share, r->feature + i * FEATURES);
    }
}

/* ---- labels ---- */

/* 1 ventricular, 0 another beat, -1 one that does not say (fused, paced, unclassified, a wave of flutter), -2 none. */
static int kind_of(const MtsAnnotation *note)
{
    char sign = mts_annotation_sign(note->code);
    return !sign ? -2 : strchr("VEr", sign) ? 1 : strchr("NLRBAaJSejn", sign) ? 0 : strchr("F/fQ?!", sign) ? -1 : -2;
}

/* The beat that is nearest to a place; count where none is within `reach`. */
static size_t beat_near(const MtsHeartRecord *r, size_t sample, double reach)
{
    size_t best = r->count;
    double least = reach;
    for (size_t i = 0; i < r->count; i++) {
        double d = fabs((double)r->at[i] - (double)sample);
        if (d <= least && (best == r->count || d < least)) {
            best = i;
            least = d;
        }
    }
    return best;
}

/* Each annotated beat labels the nearest that was found within .15 s; what was found beside none is no ventricular
 * beat. */
static void label_beats(MtsHeartRecord *r, const MtsAnnotations *notes, double rate)
{
    double reach = 0.15 * rate;
    for (size_t i = 0; i < notes->count; i++) {
        int kind = kind_of(&notes->items[i]);
        size_t beat = kind >= -1 ? beat_near(r, notes->items[i].sample, reach) : r->count;
        if (beat < r->count && r->label[beat] != 1) {
            r->label[beat] = (signed char)kind;
        } else {
            r->missed += kind == 1;
        }
    }
}

/* ---- records ---- */

void mts_heart_free(MtsHeartRecord *r)
{
    free(r->at);
    free(r->feature);
    free(r->like);
    free(r->label);
    free(r->score);
    *r = (MtsHeartRecord){0};
}

static int make_record(MtsHeartRecord *r, MtsBeats *b)
{
    double *square = mts_calloc(b->count, sizeof *square);
    r->count = b->count;
    r->at = b->at;
    b->at = NULL;
    r->feature = mts_calloc(b->count * FEATURES, sizeof *r->feature);
    r->like = mts_calloc(b->count * LIKE, sizeof *r->like);
    r->label = mts_calloc(b->count, sizeof *r->label);
    r->score = mts_calloc(b->count, sizeof *r->score);
    int rc = square && r->feature && r->like && r->label && r->score ? MTS_OK : MTS_ENOMEM;
    for (size_t i = 0; !rc && i < b->count; i++) {
        const double *wave = b->wave + i * b->wave_size;
        square[i] = dot(wave, wave, b->wave_size) + TINY;
    }
    if (!rc) {
        fill_features(r, b, square);
    }
    free(square);
    return rc;
}

int mts_heart_record(MtsHeartRecord *r, const MtsSeries *series, const MtsAnnotations *notes, MtsError *err)
{
    MtsBeats b;
    *r = (MtsHeartRecord){0};
    int rc = mts_beats_fit(series->length, series->sampling_rate)
                 ? mts_beats_measure(&b, series, err)
                 : mts_fail(err, MTS_EREQUEST, "evidence: a record of %zu values at %g Hz is too short or too coarse",
                            series->length, series->sampling_rate);
    if (rc) {
        return rc;
    }
    if ((rc = make_record(r, &b))) {
        mts_fail(err, rc, "evidence: memory ran out for %zu beats", b.count);
    } else if (notes) {
        label_beats(r, notes, series->sampling_rate);
    }
    mts_beats_free(&b);
    return rc;
}

MtsHeartCounts mts_heart_counts(const MtsHeartRecord *r)
{
    MtsHeartCounts n = {.missed = r->missed};
    for (size_t i = 0; i < r->count; i++) {
        n.right += r->label[i] == 1 && r->score[i] > 0;
        n.wrong += r->label[i] == 0 && r->score[i] > 0;
        n.missed += r->label[i] == 1 && !(r->score[i] > 0);
    }
    return n;
}

/* ---- learning ---- */

/* The beats that teach, as the regression sees them. */
typedef struct HeartTable {
    size_t *record, *beat, count, cap;
    double *rows, *targets, mean[COLUMNS], scale[COLUMNS], threshold[KNOTS * FEATURES];
    int *fold;
    size_t folds;
} HeartTable;

/* Evenly, so many of a record's beats of a label as the root of `of` times how many there are. */
static void take_beats(HeartTable *t, const MtsHeartRecord *records, size_t r, int label, double of)
{
    const MtsHeartRecord *it = &records[r];
    size_t all = 0, seen = 0;
    for (size_t i = 0; i < it->count; i++) {
        all += it->label[i] == label;
    }
    size_t some = (size_t)ceil(sqrt(of * (double)all));
    some = some < all ? some : all;
    for (size_t i = 0; i < it->count; i++) {
        if (it->label[i] == label) {
            if (seen * some / all != (seen + 1) * some / all) {
                t->record[t->count] = r;
                t->beat[t->count++] = i;
            }
            seen++;
        }
    }
}

static const double *features_of(const HeartTable *t, const MtsHeartRecord *records, size_t i)
{
    return records[t->record[i]].feature + t->beat[i] * FEATURES;
}

static double knot(const double *sorted, size_t n, size_t k)
{
    return sorted[(k + 1) * (n - 1) / (KNOTS + 1)];
}

static void set_row(const double *threshold, const double *feature, double *row)
{
    row[0] = 1;
    for (size_t j = 0; j < KNOTS * FEATURES; j++) {
        row[1 + j] = feature[j / KNOTS] > threshold[j];
    }
}

static void fill_rows(HeartTable *t, const MtsHeartRecord *records, double *one)
{
    for (size_t f = 0; f < FEATURES; f++) {
        for (size_t i = 0; i < t->count; i++) {
            one[i] = features_of(t, records, i)[f];
        }
        mts_sort_doubles(one, t->count);
        for (size_t k = 0; k < KNOTS; k++) {
            t->threshold[f * KNOTS + k] = knot(one, t->count, k);
        }
    }
    for (size_t i = 0; i < t->count; i++) {
        set_row(t->threshold, features_of(t, records, i), t->rows + i * COLUMNS);
        t->targets[i] = records[t->record[i]].label[t->beat[i]] ? 1 : -1;
        t->fold[i] = (int)(t->record[i] % t->folds);
    }
    mts_standardise(t->rows, t->count, COLUMNS, t->mean, t->scale);
}

static int make_table(HeartTable *t, const MtsHeartRecord *records, size_t count)
{
    size_t beats = 0, cells;
    for (size_t r = 0; r < count; r++) {
        beats += records[r].count;
    }
    t->folds = count < MOST_FOLDS ? count : MOST_FOLDS;
    t->record = mts_calloc(beats, sizeof *t->record);
    t->beat = mts_calloc(beats, sizeof *t->beat);
    if (!t->record || !t->beat) {
        return MTS_ENOMEM;
    }
    for (size_t r = 0; r < count; r++) {
        take_beats(t, records, r, 1, OF_VENTRICULAR);
        take_beats(t, records, r, 0, OF_OTHERS);
    }
    double *one = mts_calloc(t->count, sizeof *one);
    t->rows = mts_size_mul(t->count, COLUMNS, &cells) ? mts_calloc(cells, sizeof *t->rows) : NULL;
    t->targets = mts_calloc(t->count, sizeof *t->targets);
    t->fold = mts_calloc(t->count, sizeof *t->fold);
    bool ok = one && t->rows && t->targets && t->fold;
    if (ok && t->count) {
        fill_rows(t, records, one);
    }
    free(one);
    return ok ? MTS_OK : MTS_ENOMEM;
}

/* ---- judging ---- */

const size_t mts_heart_thresholds = KNOTS * FEATURES, mts_heart_weights = COLUMNS;

void mts_heart_model_free(MtsHeartModel *m)
{
    free(m->threshold);
    free(m->weight);
    *m = (MtsHeartModel){0};
}

/* Weights of rows as they are, from those of standardised ones. False: memory ran out. */
static bool make_model(MtsHeartModel *m, const HeartTable *t, const double *weights)
{
    *m = (MtsHeartModel){mts_calloc(mts_heart_thresholds, sizeof *m->threshold),
                         mts_calloc(mts_heart_weights, sizeof *m->weight)};
    if (!m->threshold || !m->weight) {
        return false;
    }
    memcpy(m->threshold, t->threshold, sizeof t->threshold);
    m->weight[0] = weights[0];
    for (size_t j = 1; j < COLUMNS; j++) {
        m->weight[j] = weights[j] / t->scale[j];
        m->weight[0] -= m->weight[j] * t->mean[j];
    }
    return true;
}

/* Each beat by itself; then the mean over the beats that are most alike. */
int mts_heart_judge(const MtsHeartModel *m, MtsHeartRecord *r, MtsError *err)
{
    double *single = mts_calloc(r->count, sizeof *single), row[COLUMNS];
    if (!single) {
        return mts_fail(err, MTS_ENOMEM, "evidence: memory ran out for %zu beats", r->count);
    }
    for (size_t i = 0; i < r->count; i++) {
        set_row(m->threshold, r->feature + i * FEATURES, row);
        for (size_t j = 0; j < COLUMNS; j++) {
            single[i] += m->weight[j] * row[j];
        }
    }
    for (size_t i = 0; i < r->count; i++) {
        r->score[i] = 0;
        for (size_t k = 0; k < ALIKE; k++) {
            r->score[i] += single[r->like[i * LIKE + k]] / ALIKE;
        }
    }
    free(single);
    return MTS_OK;
}

/* A record by the weights without its fold. */
static int judge_held(const HeartTable *t, const double *weights, MtsHeartRecord *r, MtsError *err)
{
    MtsHeartModel m;
    int rc = make_model(&m, t, weights) ? mts_heart_judge(&m, r, err)
                                        : mts_fail(err, MTS_ENOMEM, "evidence: memory ran out");
    mts_heart_model_free(&m);
    return rc;
}

bool mts_heart_enough(const MtsHeartRecord *records, size_t count)
{
    size_t with[2] = {0};
    for (size_t r = 0; r < count; r++) {
        for (int label = 0; label < 2; label++) {
            with[label] += records[r].count && memchr(records[r].label, label, records[r].count) != NULL;
        }
    }
    return with[0] >= 2 && with[1] >= 2;
}

int mts_heart_hold_out(MtsHeartRecord *records, size_t count, double *penalty, MtsHeartModel *model, MtsError *err)
{
    HeartTable t = {0};
    *model = (MtsHeartModel){0};
    MtsRidge ridge = {0};
    int rc = make_table(&t, records, count);
    if (rc) {
        mts_fail(err, rc, "evidence: memory ran out for beats of %zu records", count);
        goto done;
    }
    const MtsRidgeData data = {.rows = t.rows,
                               .targets = t.targets,
                               .fold = t.fold,
                               .count = t.count,
                               .columns = COLUMNS,
                               .outputs = 1,
                               .folds = t.folds,
                               .width = {COLUMNS, 0},
                               .apart = true};
    if ((rc = mts_ridge(&ridge, &data, err))) {
        goto done;
    }
    *penalty = ridge.penalty;
    for (size_t r = 0; !rc && r < count; r++) {
        rc = judge_held(&t, ridge.without + (r % t.folds) * COLUMNS, &records[r], err);
    }
    if (!rc && !make_model(model, &t, ridge.weights)) {
        rc = mts_fail(err, MTS_ENOMEM, "evidence: memory ran out");
    }
done:
    mts_ridge_free(&ridge);
    free(t.record);
    free(t.beat);
    free(t.rows);
    free(t.targets);
    free(t.fold);
    return rc;
}
