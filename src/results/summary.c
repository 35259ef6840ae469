/* What a run's records come to.
 *
 * A number of a row is a mean over samples, and its interval says how much another draw of samples from the same source
 * would move it. Seeds of one sample are no further samples: they are averaged first. Macro-F1 and kappa are no means;
 * they are computed anew on each resample of samples. Where a stage has groups (an electrocardiogram's question
 * templates), macro-F1 is computed within each and averaged, as published. */
#include "results/summary.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "results/metrics.h"

enum { MOST_BYTES = 1 << 30, RESAMPLES = 2000, CLASS_RESAMPLES = 500, FLIPS = 9999 };

#define SEED 20260501u

/* ---- reading ---- */

typedef enum Kind { NUMBER, TEXT, TRUTH, OBJECT, NUMBERS, CHANNELS, NODES } Kind;

static const struct {
    const char *name;
    Kind kind;
    bool must;
} members[] = {
    {"key", TEXT, true},
    {"sample", TEXT, true},
    {"method", TEXT, true},
    {"stage", TEXT, false},
    {"group", TEXT, false},
    {"variant", TEXT, false},
    {"seed", NUMBER, false},
    {"lambda", NUMBER, false},
    {"rollouts", NUMBER, false},
    {"max_tokens", NUMBER, false},
    {"temperature", NUMBER, false},
    {"expansion", NUMBER, false},
    {"rollouts_done", NUMBER, false},
    {"nfe", NUMBER, false},
    {"prompt_tokens", NUMBER, false},
    {"decode_tokens", NUMBER, false},
    {"seconds", NUMBER, false},
    {"prefill_seconds", NUMBER, false},
    {"reward", NUMBER, false},
    {"best_reward", NUMBER, false},
    {"mean_reward", NUMBER, false},
    {"log_z", NUMBER, false},
    {"log_z_se", NUMBER, false},
    {"stop_reason", TEXT, false},
    {"answer", TEXT, false},
    {"answer_rule", TEXT, false},
    {"correct", TRUTH, false},
    {"scores", OBJECT, false},
    {"perplexity", NUMBER, false},
    {"length", NUMBER, false},
    {"distinct_1", NUMBER, false},
    {"distinct_2", NUMBER, false},
    {"tree", OBJECT, false},
    {"series", CHANNELS, false},
    {"output", NUMBERS, false},
    {"explain", NODES, false},
};

enum { MEMBERS = sizeof members / sizeof members[0] };

static bool is_numbers(const json_t *list)
{
    bool ok = json_is_array(list);
    for (size_t i = 0; ok && i < json_array_size(list); i++) {
        ok = json_is_number(json_array_get(list, i));
    }
    return ok;
}

static bool is_kind(const json_t *v, Kind kind)
{
    bool ok = true;
    switch (kind) {
    case NUMBER:
        return json_is_number(v);
    case TEXT:
        return json_is_string(v);
    case TRUTH:
        return json_is_boolean(v);
    case OBJECT:
        return json_is_object(v);
    case NUMBERS:
        return is_numbers(v);
    case CHANNELS:
        for (size_t i = 0; ok && i < json_array_size(v); i++) {
            const json_t *channel = json_array_get(v, i);
            ok = json_is_string(json_object_get(channel, "name")) && is_numbers(json_object_get(channel, "values"));
        }
        return ok && json_is_array(v);
    default:
        for (size_t i = 0; ok && i < json_array_size(v); i++) {
            const json_t *node = json_array_get(v, i);
            ok = json_is_integer(json_object_get(node, "depth")) && json_is_string(json_object_get(node, "token"));
        }
        return ok && json_is_array(v);
    }
}

static int check_record(const char *path, size_t line, const json_t *r, MtsError *err)
{
    static const char *const words[] = {"number",          "string",           "true or false",     "object",
                                        "list of numbers", "list of channels", "list of tree nodes"};
    if (!json_is_object(r)) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu is no JSON object", path, line);
    }
    for (size_t i = 0; i < MEMBERS; i++) {
        const json_t *v = json_object_get(r, members[i].name);
        if ((!v || json_is_null(v)) ? members[i].must : !is_kind(v, members[i].kind)) {
            return mts_fail(err, MTS_EFORMAT, "%s: line %zu: \"%s\" is %s %s", path, line, members[i].name,
                            v ? "no" : "missing; it has to be a", words[members[i].kind]);
        }
    }
    return MTS_OK;
}

static int check_head(const char *path, const json_t *head, MtsError *err)
{
    const char *what = json_string_value(json_object_get(head, "maxts"));
    const json_t *samples = json_object_get(head, "samples"), *runs = json_object_get(head, "runs"),
                 *seeds = json_object_get(head, "seeds");
    bool ok = what && strcmp(what, "eval") == 0 && json_is_string(json_object_get(head, "stage"));
    for (size_t i = 0; ok && i < json_array_size(samples); i++) {
        ok = json_is_string(json_array_get(samples, i));
    }
    for (size_t i = 0; ok && i < json_array_size(runs); i++) {
        ok = json_is_object(json_array_get(runs, i));
    }
    ok = ok && (!samples || json_is_array(samples)) && (!runs || json_is_array(runs)) &&
         (!seeds || json_is_array(seeds));
    return ok ? MTS_OK : mts_fail(err, MTS_EFORMAT, "%s: line 1 is not the head of a run of maxts eval", path);
}

int mts_eval_read(const char *path, json_t **head, json_t **records, MtsError *err)
{
    char *text = NULL;
    size_t size = 0, line = 0;
    *head = NULL;
    *records = json_array();
    json_t *seen = json_object();
    int rc = *records && seen ? mts_read_file(path, MOST_BYTES, &text, &size, err)
                              : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    for (size_t at = 0; rc == MTS_OK && at < size;) {
        const char *newline = memchr(text + at, '\n', size - at);
        if (!newline) {
            break;
        }
        size_t n = (size_t)(newline - text) - at;
        json_t *value = NULL;
        json_error_t why;
        line++;
        value = json_loadb(text + at, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
        if (!value) {
            rc = mts_fail(err, MTS_EFORMAT, "%s: line %zu is not valid JSON: %s", path, line, why.text);
        } else if (line == 1) {
            *head = value;
            rc = check_head(path, value, err);
        } else {
            rc = check_record(path, line, value, err);
            const char *key = json_string_value(json_object_get(value, "key"));
            if (rc == MTS_OK && json_object_get(seen, key)) {
                rc = mts_fail(err, MTS_EFORMAT, "%s: line %zu repeats the key \"%.80s\"", path, line, key);
            } else if (rc == MTS_OK &&
                       (json_array_append(*records, value) || json_object_set_new(seen, key, json_true()))) {
                rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out at line %zu", path, line);
            }
            json_decref(value);
        }
        at += n + 1;
    }
    if (rc == MTS_OK && !*head) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: has no head, so it is no run of maxts eval", path);
    }
    free(text);
    json_decref(seen);
    if (rc != MTS_OK) {
        json_decref(*head);
        json_decref(*records);
        *head = *records = NULL;
    }
    return rc;
}

size_t mts_eval_expected(const json_t *head)
{
    size_t samples = json_array_size(json_object_get(head, "samples")),
           seeds = json_array_size(json_object_get(head, "seeds")), each = 0;
    const json_t *runs = json_object_get(head, "runs");
    const char *shard = json_string_value(json_object_get(head, "shard"));
    size_t part, of;
    for (size_t i = 0; i < json_array_size(runs); i++) {
        each += json_is_false(json_object_get(json_array_get(runs, i), "seeded")) ? 1 : seeds;
    }
    if (shard && sscanf(shard, "%zu/%zu", &part, &of) == 2 && part < of) {
        samples = samples > part ? (samples - part - 1) / of + 1 : 0;
    }
    return samples * each;
}

/* ---- numbers ---- */

/* A mean that a row has: a member of the record, or of an object in it. */
static const struct {
    const char *name, *inside;
} means[] = {
    {"correct", NULL},       {"reward", NULL},        {"best_reward", NULL},     {"mean_reward", NULL},
    {"nfe", NULL},           {"seconds", NULL},       {"prefill_seconds", NULL}, {"prompt_tokens", NULL},
    {"decode_tokens", NULL}, {"rollouts_done", NULL}, {"log_z", NULL},           {"perplexity", NULL},
    {"length", NULL},        {"distinct_1", NULL},    {"distinct_2", NULL},      {"nodes", "tree"},
    {"max_depth", "tree"},   {"branching", "tree"},
};

enum { MEANS = sizeof means / sizeof means[0] };

static double number_of(const json_t *v)
{
    return json_is_boolean(v) ? json_is_true(v) : json_is_number(v) ? json_number_value(v) : NAN;
}

/* A record's number by the name that a row gives it; NaN where it has none. */
static double member_of(const json_t *record, const char *name)
{
    if (strcmp(name, "accuracy") == 0) {
        name = "correct";
    }
    for (size_t i = 0; i < MEANS; i++) {
        if (strcmp(means[i].name, name) == 0) {
            return number_of(
                json_object_get(means[i].inside ? json_object_get(record, means[i].inside) : record, name));
        }
    }
    return number_of(json_object_get(json_object_get(record, "scores"), name));
}

/* The records of one row by sample. */
typedef struct Group {
    const char *method, *variant;
    const json_t **record; /* [count], those of a sample together */
    size_t count;
    size_t *first; /* [samples + 1] */
    size_t samples;
} Group;

static const char *variant_of(const json_t *record)
{
    const char *variant = json_string_value(json_object_get(record, "variant"));
    return variant ? variant : "";
}

static bool belongs(const json_t *record, const char *method, const char *variant)
{
    return strcmp(json_string_value(json_object_get(record, "method")), method) == 0 &&
           strcmp(variant_of(record), variant) == 0;
}

static void group_free(Group *g)
{
    free(g->record);
    free(g->first);
    memset(g, 0, sizeof *g);
}

static bool group_make(Group *g, const json_t *records, const char *method, const char *variant)
{
    size_t all = json_array_size(records), samples = 0, at = 0;
    json_t *index = json_object(); /* sample: its number */
    size_t *which = mts_calloc(all, sizeof *which), *next = NULL;
    *g = (Group){method, variant, mts_calloc(all, sizeof *g->record), 0, mts_calloc(all + 1, sizeof *g->first), 0};
    bool ok = index && which && g->record && g->first;
    for (size_t i = 0; ok && i < all; i++) {
        const json_t *r = json_array_get(records, i);
        which[i] = all;
        if (!belongs(r, method, variant)) {
            continue;
        }
        const char *sample = json_string_value(json_object_get(r, "sample"));
        const json_t *known = json_object_get(index, sample);
        ok = known || json_object_set_new(index, sample, json_integer((json_int_t)samples)) == 0;
        which[i] = known ? (size_t)json_integer_value(known) : samples++;
        g->first[which[i] + 1]++;
        g->count++;
    }
    for (size_t s = 0; ok && s < samples; s++) {
        g->first[s + 1] += g->first[s];
    }
    next = ok ? mts_calloc(samples + 1, sizeof *next) : NULL;
    ok = ok && next;
    for (; ok && at < all; at++) {
        if (which[at] < all) {
            g->record[g->first[which[at]] + next[which[at]]++] = json_array_get(records, at);
        }
    }
    g->samples = samples;
    json_decref(index);
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
    return json_pack("{s:o, s:o, s:o, s:I}", "mean", mts_json_real(v->mean), "low", mts_json_real(known ? v->low : NAN),
                     "high", mts_json_real(known ? v->high : NAN), "n", (json_int_t)n);
}

/* Adds the mean of a member to the row, unless no record has it. A single sample's interval is over its seeds. */
static bool add_mean(json_t *row, const char *as, const Group *g, const char *name)
{
    bool seeds = g->samples == 1;
    size_t n = 0, units = seeds ? g->count : g->samples;
    double *x = mts_calloc(units, sizeof *x);
    MtsInterval v;
    bool ok = x != NULL;
    for (size_t s = 0; ok && s < units; s++) {
        double mean = seeds ? member_of(g->record[s], name) : sample_mean(g, s, name);
        if (isfinite(mean)) {
            x[n++] = mean;
        }
    }
    if (ok && n) {
        ok = mts_bootstrap(x, n, RESAMPLES, SEED, &v, NULL) == MTS_OK &&
             json_object_set_new(row, as, interval_json(&v, n)) == 0;
    }
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
    size_t room;
    bool kappa;
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
        if (m && mts_class_scores(c->some_truth, c->some_given, m, c->labels, &scores, NULL) == MTS_OK) {
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

static bool add_classes(json_t *row, const Group *g)
{
    size_t most = 0, missing = 0;
    json_t *parts = json_object(), *labels = json_array();
    MtsInterval f1, kappa;
    for (size_t s = 0; s < g->samples; s++) {
        size_t n = g->first[s + 1] - g->first[s];
        most = n > most ? n : most;
    }
    Classes c = {g,
                 mts_calloc(g->count, sizeof(int)),
                 mts_calloc(g->count, sizeof(int)),
                 mts_calloc(g->count, sizeof(size_t)),
                 0,
                 0,
                 mts_calloc(g->samples * most, sizeof(int)),
                 mts_calloc(g->samples * most, sizeof(int)),
                 g->samples * most,
                 false};
    bool ok = parts && labels && c.truth && c.given && c.part && c.some_truth && c.some_given, classes = true;
    for (size_t i = 0; ok && classes && i < g->count; i++) {
        const json_t *scores = json_object_get(g->record[i], "scores");
        const char *label = json_string_value(json_object_get(scores, "label")),
                   *given = json_string_value(json_object_get(scores, "predicted"));
        const char *group = json_string_value(json_object_get(g->record[i], "group"));
        classes = label != NULL;
        long part = classes ? number_in(parts, group ? group : "") : 0;
        if (classes && part >= 0 && (size_t)part == json_array_size(labels)) {
            ok = json_array_append_new(labels, json_object()) == 0;
        }
        json_t *own = json_array_get(labels, (size_t)part);
        if (classes && ok) {
            long truth = number_in(own, label), answer = given ? number_in(own, given) : MTS_NO_LABEL;
            ok = part >= 0 && truth >= 0 && (!given || answer >= 0);
            c.truth[i] = (int)truth;
            c.given[i] = (int)answer;
            c.part[i] = (size_t)part;
            missing += !given;
            c.labels = json_object_size(own) > c.labels ? json_object_size(own) : c.labels;
        }
    }
    c.parts = json_object_size(parts);
    if (ok && classes && g->count) {
        ok = mts_bootstrap_of(class_statistic, &c, g->samples, CLASS_RESAMPLES, SEED, &f1, NULL) == MTS_OK;
        c.kappa = true;
        ok = ok && mts_bootstrap_of(class_statistic, &c, g->samples, CLASS_RESAMPLES, SEED, &kappa, NULL) == MTS_OK &&
             json_object_set_new(row, "macro_f1", interval_json(&f1, g->samples)) == 0 &&
             (isnan(kappa.mean) || json_object_set_new(row, "kappa", interval_json(&kappa, g->samples)) == 0) &&
             json_object_set_new(row, "missing", json_integer((json_int_t)missing)) == 0;
    }
    json_decref(parts);
    json_decref(labels);
    free(c.truth);
    free(c.given);
    free(c.part);
    free(c.some_truth);
    free(c.some_given);
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
        double right = sample_mean(g, s, "claims_true"), wrong = sample_mean(g, s, "claims_false");
        if (isfinite(right) && isfinite(wrong)) {
            r.over[s] = right;
            r.under[s] = right + wrong;
            any = any || right + wrong > 0;
        }
    }
    if (ok && any) {
        ok = mts_bootstrap_of(ratio_of, &r, g->samples, RESAMPLES, SEED, &share, NULL) == MTS_OK &&
             json_object_set_new(row, "claims_true_share", interval_json(&share, g->samples)) == 0;
    }
    free(r.over);
    free(r.under);
    return ok;
}

/* What two seeds of a sample agree in: the option they give, or the text. */
static const char *said(const json_t *record)
{
    const json_t *scores = json_object_get(record, "scores");
    const json_t *predicted = json_object_get(scores, "predicted");
    const char *text = json_string_value(predicted ? predicted : json_object_get(record, "answer"));
    return text ? text : "";
}

/* The share of pairs of seeds that agree. */
static bool add_consistency(json_t *row, const Group *g)
{
    double *x = mts_calloc(g->samples, sizeof *x);
    size_t n = 0;
    MtsInterval v;
    bool ok = x != NULL;
    for (size_t s = 0; ok && s < g->samples; s++) {
        double pairs = 0, equal = 0;
        for (size_t i = g->first[s]; i < g->first[s + 1]; i++) {
            for (size_t j = i + 1; j < g->first[s + 1]; j++) {
                pairs++;
                equal += strcmp(said(g->record[i]), said(g->record[j])) == 0;
            }
        }
        if (pairs > 0) {
            x[n++] = equal / pairs;
        }
    }
    if (ok && n) {
        ok = mts_bootstrap(x, n, RESAMPLES, SEED, &v, NULL) == MTS_OK &&
             json_object_set_new(row, "consistency", interval_json(&v, n)) == 0;
    }
    free(x);
    return ok;
}

/* ---- rows ---- */

static json_t *row_of(const Group *g)
{
    static const char *const settings[] = {"lambda", "rollouts", "max_tokens", "temperature", "expansion"};
    json_t *row = json_pack("{s:s, s:s, s:I, s:I}", "method", g->method, "variant", g->variant, "records",
                            (json_int_t)g->count, "samples", (json_int_t)g->samples);
    bool ok = row && add_mean(row, "accuracy", g, "correct") && add_classes(row, g) && add_claims(row, g) &&
              add_consistency(row, g);
    for (size_t i = 0; ok && i < sizeof settings / sizeof settings[0]; i++) {
        json_t *v = json_object_get(g->record[0], settings[i]);
        ok = !json_is_number(v) || json_object_set(row, settings[i], v) == 0;
    }
    for (size_t i = 1; ok && i < MEANS; i++) { /* all but "correct" */
        ok = add_mean(row, means[i].name, g, means[i].name);
    }
    for (size_t i = 0; ok && i < g->count; i++) { /* every score that any record has */
        const char *name;
        json_t *value;
        json_object_foreach((json_t *)(uintptr_t)json_object_get(g->record[i], "scores"), name, value)
        {
            if (ok && json_is_number(value) && !json_object_get(row, name)) {
                ok = add_mean(row, name, g, name);
            }
        }
    }
    double seconds = 0;
    for (size_t i = 0; i < g->count; i++) {
        double v = member_of(g->record[i], "seconds");
        seconds += isfinite(v) ? v : 0;
    }
    ok = ok && json_object_set_new(row, "total_seconds", json_real(seconds)) == 0;
    if (!ok) {
        json_decref(row);
        return NULL;
    }
    return row;
}

static bool has_row(const json_t *rows, const json_t *record)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (belongs(record, json_string_value(json_object_get(row, "method")),
                    json_string_value(json_object_get(row, "variant")))) {
            return true;
        }
    }
    return false;
}

json_t *mts_eval_summary(const json_t *head, const json_t *records)
{
    json_t *rows = json_array();
    bool ok = rows != NULL;
    for (size_t i = 0; ok && i < json_array_size(records); i++) {
        const json_t *r = json_array_get(records, i);
        Group g;
        if (has_row(rows, r)) {
            continue;
        }
        ok = group_make(&g, records, json_string_value(json_object_get(r, "method")), variant_of(r));
        if (ok) {
            ok = json_array_append_new(rows, row_of(&g)) == 0;
            group_free(&g);
        }
    }
    json_t *stage = json_object_get(head, "stage");
    json_t *summary =
        ok ? json_pack("{s:O?, s:I, s:I, s:O}", "stage", stage, "records", (json_int_t)json_array_size(records),
                       "expected", (json_int_t)mts_eval_expected(head), "rows", rows)
           : NULL;
    json_decref(rows);
    return summary;
}

json_t *mts_eval_compare(const json_t *records, const json_t *row_a, const json_t *row_b, const char *member)
{
    Group a = {0}, b = {0};
    json_t *result = NULL;
    bool ok = group_make(&a, records, json_string_value(json_object_get(row_a, "method")),
                         json_string_value(json_object_get(row_a, "variant"))) &&
              group_make(&b, records, json_string_value(json_object_get(row_b, "method")),
                         json_string_value(json_object_get(row_b, "variant")));
    double *x = ok ? mts_calloc(3 * a.samples + 1, sizeof *x) : NULL;
    size_t n = 0;
    for (size_t i = 0; x && i < a.samples; i++) {
        const char *sample = json_string_value(json_object_get(a.record[a.first[i]], "sample"));
        double va = sample_mean(&a, i, member);
        for (size_t j = 0; j < b.samples; j++) {
            if (strcmp(sample, json_string_value(json_object_get(b.record[b.first[j]], "sample"))) == 0) {
                double vb = sample_mean(&b, j, member);
                if (isfinite(va) && isfinite(vb)) {
                    x[n] = va;
                    x[a.samples + n] = vb;
                    x[2 * a.samples + n++] = va - vb;
                }
                break;
            }
        }
    }
    MtsInterval v;
    if (x && n < 2) {
        result = json_null();
    } else if (x && mts_bootstrap(x + 2 * a.samples, n, RESAMPLES, SEED, &v, NULL) == MTS_OK) {
        result = json_pack("{s:o, s:f}", "difference", interval_json(&v, n), "p",
                           mts_paired_test(x, x + a.samples, n, FLIPS, SEED));
    }
    free(x);
    group_free(&a);
    group_free(&b);
    return result;
}
