/* results/summary.c - what a run's records come to.
 *
 * A number of a row is a mean over samples, and its interval says how much another draw of samples from the same source
 * would move it. Seeds of one sample are no further samples: they are averaged first. Macro-F1 and kappa are no means;
 * they are computed anew on each resample of samples. Where a stage has groups (an electrocardiogram's question
 * templates), macro-F1 is computed within each and averaged, as published. */
#include "results/summary.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "results/fields.h"
#include "results/head.h"
#include "results/metrics.h"

enum { RESAMPLES = 2000, CLASS_RESAMPLES = 500, FLIPS = 9999 };

#define SEED 20260501u

/* ---- numbers ---- */

/* A mean that a row has: a member of the record, or of an object in it. */
static const struct {
    const char *name, *inside;
} means[] = {
    {MTS_F_REWARD, NULL},          {MTS_F_BEST_REWARD, NULL},
    {MTS_F_MEAN_REWARD, NULL},     {MTS_F_NFE, NULL},
    {MTS_F_REWARD_CALLS, NULL},    {MTS_F_SECONDS, NULL},
    {MTS_F_PREFILL_SECONDS, NULL}, {MTS_F_PROMPT_TOKENS, NULL},
    {MTS_F_DECODE_TOKENS, NULL},   {MTS_F_ROLLOUTS_DONE, NULL},
    {MTS_F_LOG_Z, NULL},           {MTS_F_PERPLEXITY, NULL},
    {MTS_F_LENGTH, NULL},          {MTS_F_DISTINCT_1, NULL},
    {MTS_F_DISTINCT_2, NULL},      {MTS_F_NODES, MTS_F_TREE},
    {MTS_F_MAX_DEPTH, MTS_F_TREE}, {MTS_F_BRANCHING, MTS_F_TREE},
};

enum { MEANS = sizeof means / sizeof means[0] };

static double number_of(const json_t *v)
{
    return json_is_boolean(v) ? json_is_true(v) : json_is_number(v) ? json_number_value(v) : NAN;
}

/* A record's number by the name that a row gives it; NaN where it has none. */
static double member_of(const json_t *record, const char *name)
{
    if (strcmp(name, MTS_F_ACCURACY) == 0) {
        return number_of(json_object_get(record, MTS_F_CORRECT));
    }
    for (size_t i = 0; i < MEANS; i++) {
        if (strcmp(means[i].name, name) == 0) {
            const char *inside = means[i].inside;
            return number_of(json_object_get(inside ? json_object_get(record, inside) : record, name));
        }
    }
    return number_of(json_object_get(json_object_get(record, MTS_F_SCORES), name));
}

/* The records of one row by sample. */
typedef struct Group {
    const json_t *like;    /* a record, or the row itself: whose method and variant they are of */
    const json_t **record; /* [count], those of a sample together */
    size_t count;
    size_t *first; /* [samples + 1] */
    size_t samples;
} Group;

static void group_free(Group *g)
{
    free(g->record);
    free(g->first);
    memset(g, 0, sizeof *g);
}

/* which[i]: the number of record i's sample, by appearance; SIZE_MAX: it is of another row. Counts into first[]. */
static bool number_samples(Group *g, const json_t *records, size_t *which)
{
    json_t *index = json_object(); /* sample: its number */
    bool ok = index != NULL;
    for (size_t i = 0; ok && i < json_array_size(records); i++) {
        const json_t *r = json_array_get(records, i);
        const char *sample = mts_field_text(r, MTS_F_SAMPLE);
        const json_t *known = json_object_get(index, sample);
        which[i] = SIZE_MAX;
        if (!mts_same_variant(r, g->like)) {
            continue;
        }
        ok = known || json_object_set_new(index, sample, json_integer((json_int_t)g->samples)) == 0;
        which[i] = known ? (size_t)json_integer_value(known) : g->samples++;
        g->first[which[i] + 1]++;
        g->count++;
    }
    json_decref(index);
    return ok;
}

static bool group_make(Group *g, const json_t *records, const json_t *like)
{
    size_t all = json_array_size(records);
    size_t *which = mts_calloc(all, sizeof *which), *next = mts_calloc(all + 1, sizeof *next);
    *g = (Group){like, mts_calloc(all, sizeof *g->record), 0, mts_calloc(all + 1, sizeof *g->first), 0};
    bool ok = which && next && g->record && g->first && number_samples(g, records, which);
    for (size_t s = 0; ok && s < g->samples; s++) {
        g->first[s + 1] += g->first[s];
    }
    for (size_t i = 0; ok && i < all; i++) {
        if (which[i] != SIZE_MAX) {
            g->record[g->first[which[i]] + next[which[i]]++] = json_array_get(records, i);
        }
    }
    free(which);
    free(next);
    if (!ok) {
        group_free(g);
    }
    return ok;
}

static double sample_mean(const Group *g, size_t sample, const char *name)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = g->first[sample]; i < g->first[sample + 1]; i++) {
        double v = member_of(g->record[i], name);
        if (isfinite(v)) {
            sum += v;
            n++;
        }
    }
    return n ? sum / (double)n : NAN;
}

static json_t *interval_json(const MtsInterval *v, size_t n)
{
    bool known = n > 1;
    return json_pack("{s:o, s:o, s:o, s:I}", MTS_F_MEAN, mts_json_real(v->mean), MTS_F_LOW,
                     mts_json_real(known ? v->low : NAN), MTS_F_HIGH, mts_json_real(known ? v->high : NAN), MTS_F_N,
                     (json_int_t)n);
}

static bool add_interval(json_t *row, const char *as, const MtsInterval *v, size_t n)
{
    return json_object_set_new(row, as, interval_json(v, n)) == 0;
}

/* Adds the mean of x [n] to the row, unless there is none. */
static bool add_mean_of(json_t *row, const char *as, const double *x, size_t n)
{
    MtsInterval v;
    return n == 0 || (!mts_bootstrap(x, n, RESAMPLES, SEED, &v, NULL) && add_interval(row, as, &v, n));
}

/* Adds the mean of a member to the row, unless no record has it. A single sample's interval is over its seeds. */
static bool add_mean(json_t *row, const Group *g, const char *name)
{
    bool seeds = g->samples == 1;
    size_t n = 0, units = seeds ? g->count : g->samples;
    double *x = mts_calloc(units, sizeof *x);
    for (size_t s = 0; x && s < units; s++) {
        double mean = seeds ? member_of(g->record[s], name) : sample_mean(g, s, name);
        if (isfinite(mean)) {
            x[n++] = mean;
        }
    }
    bool ok = x && add_mean_of(row, name, x, n);
    free(x);
    return ok;
}

/* ---- classes ---- */

/* Right and given labels as numbers, which are counted anew in each group of questions. */
typedef struct Classes {
    const Group *group;
    int *truth, *given;           /* [count] by record */
    size_t *part;                 /* [count] which group of questions */
    size_t parts, labels;         /* labels: the most of any group */
    int *some_truth, *some_given; /* room for a resample of one group */
    size_t room, missing;         /* missing: records without an answer */
    bool kappa;
    bool *failed; /* by lack of memory */
} Classes;

static double class_statistic(const void *context, const size_t *index, size_t n)
{
    const Classes *c = context;
    double sum = 0;
    size_t found = 0;
    for (size_t part = 0; part < c->parts; part++) {
        size_t m = 0;
        MtsClassScores scores;
        for (size_t k = 0; k < n; k++) {
            for (size_t i = c->group->first[index[k]]; i < c->group->first[index[k] + 1]; i++) {
                if (c->part[i] == part && m < c->room) {
                    c->some_truth[m] = c->truth[i];
                    c->some_given[m++] = c->given[i];
                }
            }
        }
        if (m && mts_class_scores(c->some_truth, c->some_given, m, c->labels, &scores, NULL)) {
            *c->failed = true; /* memory ran out */
        } else if (m) {
            sum += c->kappa ? scores.kappa : scores.macro_f1;
            found++;
        }
    }
    return found ? sum / (double)found : NAN;
}

/* The number of a text in a dictionary, which grows; -1 when memory ran out. */
static long number_in(json_t *dictionary, const char *text)
{
    const json_t *known = json_object_get(dictionary, text);
    size_t n = json_object_size(dictionary);
    if (known) {
        return (long)json_integer_value(known);
    }
    return json_object_set_new(dictionary, text, json_integer((json_int_t)n)) == 0 ? (long)n : -1;
}

static void classes_free(Classes *c)
{
    free(c->truth);
    free(c->given);
    free(c->part);
    free(c->some_truth);
    free(c->some_given);
}

static bool classes_make(Classes *c, const Group *g)
{
    size_t most = 0; /* records of a sample */
    for (size_t s = 0; s < g->samples; s++) {
        size_t n = g->first[s + 1] - g->first[s];
        most = n > most ? n : most;
    }
    *c = (Classes){.group = g, .room = g->samples * most};
    c->truth = mts_calloc(g->count, sizeof *c->truth);
    c->given = mts_calloc(g->count, sizeof *c->given);
    c->part = mts_calloc(g->count, sizeof *c->part);
    c->some_truth = mts_calloc(c->room, sizeof *c->some_truth);
    c->some_given = mts_calloc(c->room, sizeof *c->some_given);
    return c->truth && c->given && c->part && c->some_truth && c->some_given;
}

/* Record i's labels as numbers; labels[part] is the dictionary of its group of questions. */
static bool take_labels(Classes *c, size_t i, json_t *parts, json_t *labels)
{
    const json_t *record = c->group->record[i], *scores = json_object_get(record, MTS_F_SCORES);
    const char *given = json_string_value(json_object_get(scores, MTS_F_PREDICTED));
    long part = number_in(parts, mts_field_text(record, MTS_F_GROUP));
    if (part < 0 || ((size_t)part == json_array_size(labels) && json_array_append_new(labels, json_object()) != 0)) {
        return false;
    }
    json_t *own = json_array_get(labels, (size_t)part);
    long truth = number_in(own, mts_field_text(scores, MTS_F_LABEL));
    long answer = given ? number_in(own, given) : MTS_NO_LABEL;
    c->truth[i] = (int)truth;
    c->given[i] = (int)answer;
    c->part[i] = (size_t)part;
    c->missing += !given;
    c->labels = json_object_size(own) > c->labels ? json_object_size(own) : c->labels;
    return truth >= 0 && (!given || answer >= 0);
}

static bool add_class_scores(json_t *row, Classes *c)
{
    size_t n = c->group->samples;
    MtsInterval f1, kappa;
    bool failed = false;
    c->failed = &failed;
    if (mts_bootstrap_of(class_statistic, c, n, CLASS_RESAMPLES, SEED, &f1, NULL)) {
        return false;
    }
    c->kappa = true;
    return !mts_bootstrap_of(class_statistic, c, n, CLASS_RESAMPLES, SEED, &kappa, NULL) && !failed &&
           add_interval(row, MTS_F_MACRO_F1, &f1, n) &&
           (isnan(kappa.mean) || add_interval(row, MTS_F_KAPPA, &kappa, n)) &&
           json_object_set_new(row, MTS_F_MISSING, json_integer((json_int_t)c->missing)) == 0;
}

/* Where every record has a right label. */
static bool add_classes(json_t *row, const Group *g)
{
    Classes c;
    json_t *parts = json_object(), *labels = json_array();
    bool ok = classes_make(&c, g) && parts && labels, classes = g->count > 0;
    for (size_t i = 0; i < g->count; i++) {
        classes = classes && json_is_string(json_object_get(json_object_get(g->record[i], MTS_F_SCORES), MTS_F_LABEL));
    }
    for (size_t i = 0; ok && classes && i < g->count; i++) {
        ok = take_labels(&c, i, parts, labels);
    }
    c.parts = json_object_size(parts);
    ok = ok && (!classes || add_class_scores(row, &c));
    json_decref(parts);
    json_decref(labels);
    classes_free(&c);
    return ok;
}

/* ---- what is no mean ---- */

typedef struct Ratio {
    double *over, *under; /* [samples] */
} Ratio;

static double ratio_of(const void *context, const size_t *index, size_t n)
{
    const Ratio *r = context;
    double over = 0, under = 0;
    for (size_t k = 0; k < n; k++) {
        over += r->over[index[k]];
        under += r->under[index[k]];
    }
    return under > 0 ? over / under : NAN;
}

/* True claims of all that could be checked, over all texts. */
static bool add_claims(json_t *row, const Group *g)
{
    Ratio r = {mts_calloc(g->samples, sizeof(double)), mts_calloc(g->samples, sizeof(double))};
    MtsInterval share;
    bool ok = r.over && r.under, any = false;
    for (size_t s = 0; ok && s < g->samples; s++) {
        double right = sample_mean(g, s, MTS_F_CLAIMS_TRUE), wrong = sample_mean(g, s, MTS_F_CLAIMS_FALSE);
        if (isfinite(right) && isfinite(wrong)) {
            r.over[s] = right;
            r.under[s] = right + wrong;
            any = any || right + wrong > 0;
        }
    }
    if (ok && any) {
        ok = !mts_bootstrap_of(ratio_of, &r, g->samples, RESAMPLES, SEED, &share, NULL) &&
             add_interval(row, MTS_F_CLAIMS_TRUE_SHARE, &share, g->samples);
    }
    free(r.over);
    free(r.under);
    return ok;
}

/* What two seeds of a sample agree in: the option they give, or the text. */
static const char *said(const json_t *record)
{
    const json_t *scores = json_object_get(record, MTS_F_SCORES);
    bool option = json_object_get(scores, MTS_F_PREDICTED) != NULL;
    return option ? mts_field_text(scores, MTS_F_PREDICTED) : mts_field_text(record, MTS_F_ANSWER);
}

/* The share of pairs of a sample's seeds that agree; NaN where there is one seed. */
static double agreement(const Group *g, size_t sample)
{
    double pairs = 0, equal = 0;
    for (size_t i = g->first[sample]; i < g->first[sample + 1]; i++) {
        for (size_t j = i + 1; j < g->first[sample + 1]; j++) {
            pairs++;
            equal += strcmp(said(g->record[i]), said(g->record[j])) == 0;
        }
    }
    return pairs > 0 ? equal / pairs : NAN;
}

static bool add_consistency(json_t *row, const Group *g)
{
    double *x = mts_calloc(g->samples, sizeof *x);
    size_t n = 0;
    for (size_t s = 0; x && s < g->samples; s++) {
        double share = agreement(g, s);
        if (!isnan(share)) {
            x[n++] = share;
        }
    }
    bool ok = x && add_mean_of(row, MTS_F_CONSISTENCY, x, n);
    free(x);
    return ok;
}

/* ---- rows ---- */

static bool add_settings(json_t *row, const json_t *record)
{
    static const char *const settings[] = {MTS_F_LAMBDA, MTS_F_ROLLOUTS, MTS_F_MAX_TOKENS, MTS_F_TEMPERATURE,
                                           MTS_F_EXPANSION};
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof settings / sizeof settings[0]; i++) {
        json_t *v = json_object_get(record, settings[i]);
        ok = !json_is_number(v) || json_object_set(row, settings[i], v) == 0;
    }
    return ok;
}

/* Every score that any record has. */
static bool add_scores(json_t *row, const Group *g)
{
    bool ok = true;
    for (size_t i = 0; ok && i < g->count; i++) {
        const char *name;
        json_t *value;
        json_object_foreach((json_t *)(uintptr_t)json_object_get(g->record[i], MTS_F_SCORES), name, value)
        {
            ok = ok && (!json_is_number(value) || json_object_get(row, name) || add_mean(row, g, name));
        }
    }
    return ok;
}

static bool add_total_seconds(json_t *row, const Group *g)
{
    double seconds = 0;
    for (size_t i = 0; i < g->count; i++) {
        double v = mts_field_number(g->record[i], MTS_F_SECONDS);
        seconds += isfinite(v) ? v : 0;
    }
    return json_object_set_new(row, MTS_F_TOTAL_SECONDS, json_real(seconds)) == 0;
}

static json_t *row_of(const Group *g)
{
    json_t *row = json_pack("{s:s, s:s, s:I, s:I}", MTS_F_METHOD, mts_field_text(g->like, MTS_F_METHOD), MTS_F_VARIANT,
                            mts_field_text(g->like, MTS_F_VARIANT), MTS_F_RECORDS, (json_int_t)g->count, MTS_F_SAMPLES,
                            (json_int_t)g->samples);
    bool ok = row && add_mean(row, g, MTS_F_ACCURACY) && add_classes(row, g) && add_claims(row, g) &&
              add_consistency(row, g) && add_settings(row, g->record[0]);
    for (size_t i = 0; ok && i < MEANS; i++) {
        ok = add_mean(row, g, means[i].name);
    }
    if (!ok || !add_scores(row, g) || !add_total_seconds(row, g)) {
        json_decref(row);
        return NULL;
    }
    return row;
}

const json_t *mts_results_row(const json_t *summary, const json_t *record)
{
    const json_t *rows = json_object_get(summary, MTS_F_ROWS), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        if (mts_same_variant(row, record)) {
            return row;
        }
    }
    return NULL;
}

json_t *mts_results_summary(const json_t *head, const json_t *records)
{
    json_t *rows = json_array(), *stage = json_object_get(head, MTS_F_STAGE);
    json_t *summary =
        json_pack("{s:O?, s:I, s:I, s:o}", MTS_F_STAGE, stage, MTS_F_RECORDS, (json_int_t)json_array_size(records),
                  MTS_F_EXPECTED, (json_int_t)mts_results_expected(head), MTS_F_ROWS, rows);
    bool ok = summary != NULL;
    for (size_t i = 0; ok && i < json_array_size(records); i++) {
        const json_t *r = json_array_get(records, i);
        Group g;
        if (mts_results_row(summary, r)) {
            continue;
        }
        ok = group_make(&g, records, r);
        if (ok) {
            ok = json_array_append_new(rows, row_of(&g)) == 0;
            group_free(&g);
        }
    }
    if (!ok) {
        json_decref(summary);
        return NULL;
    }
    return summary;
}

/* ---- differences ---- */

/* Sample means of two rows over the samples that both have: x, y, x - y, each [n], one behind the other with room for
 * all of a's samples. */
static size_t shared_means(const Group *a, const Group *b, const char *member, double *x)
{
    size_t n = 0;
    for (size_t i = 0; i < a->samples; i++) {
        const char *sample = mts_field_text(a->record[a->first[i]], MTS_F_SAMPLE);
        size_t j = 0;
        while (j < b->samples && strcmp(sample, mts_field_text(b->record[b->first[j]], MTS_F_SAMPLE)) != 0) {
            j++;
        }
        double va = sample_mean(a, i, member), vb = j < b->samples ? sample_mean(b, j, member) : NAN;
        if (isfinite(va) && isfinite(vb)) {
            x[n] = va;
            x[a->samples + n] = vb;
            x[2 * a->samples + n++] = va - vb;
        }
    }
    return n;
}

json_t *mts_results_compare(const json_t *records, const json_t *row_a, const json_t *row_b, const char *member)
{
    Group a = {0}, b = {0};
    json_t *result = NULL;
    bool ok = group_make(&a, records, row_a) && group_make(&b, records, row_b);
    double *x = ok ? mts_calloc(3 * a.samples + 1, sizeof *x) : NULL;
    size_t n = x ? shared_means(&a, &b, member, x) : 0;
    MtsInterval v;
    if (x && n < 2) {
        result = json_null();
    } else if (x && !mts_bootstrap(x + 2 * a.samples, n, RESAMPLES, SEED, &v, NULL)) {
        result = json_pack("{s:o, s:f}", MTS_F_DIFFERENCE, interval_json(&v, n), MTS_F_P,
                           mts_paired_test(x, x + a.samples, n, FLIPS, SEED));
    }
    free(x);
    group_free(&a);
    group_free(&b);
    return result;
}
