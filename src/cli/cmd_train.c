/* cli/cmd_train.c - train: a stage's labelled series to a file of evidence, and how good it is on groups held out.
 *
 * What belongs together is held out together: series of the same `id` (a person, a record, a night); where a file gives
 * none, consecutive blocks; and a series that is there twice. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/out.h"
#include "cli/train.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/sort.h"
#include "core/store.h"
#include "evidence/evidence.h"
#include "evidence/seen_series.h"
#include "results/metrics.h"
#include "stages/stage.h"
#include "stages/task.h"

enum { BLOCKS = 8, RESAMPLES = 500, BINS = 10 };

/* ---- lessons ---- */

static void free_lessons(MtsLessons *l)
{
    free(l->series);
    free(l->label);
    free(l->group);
}

/* Whose series comes first of those that are the same, in order of their hashes. */
typedef struct Twin {
    uint64_t hash;
    size_t index;
} Twin;

static int by_hash(const void *a, const void *b)
{
    const Twin *x = a, *y = b;
    return x->hash != y->hash ? (x->hash > y->hash) - (x->hash < y->hash)
                              : (x->index > y->index) - (x->index < y->index);
}

/* first [count]: the first lesson of the same series. */
static bool find_twins(const MtsLessons *l, size_t *first)
{
    Twin *twin = mts_calloc(l->count, sizeof *twin);
    for (size_t i = 0; twin && i < l->count; i++) {
        twin[i] = (Twin){mts_seen_hash(l->series[i]), i};
    }
    if (twin) {
        mts_sort(twin, l->count, sizeof *twin, by_hash);
    }
    for (size_t i = 0; twin && i < l->count; i++) {
        bool again = i > 0 && twin[i].hash == twin[i - 1].hash;
        first[twin[i].index] = again ? first[twin[i - 1].index] : twin[i].index;
    }
    free(twin);
    return twin != NULL;
}

/* Samples of one id are one group. Groups count in the order of their first samples. */
static bool group_by_id(MtsLessons *l)
{
    MtsStore ids = {0};
    uint32_t *words = NULL;
    size_t cap = 0;
    bool ok = true;
    for (size_t i = 0; i < l->count && ok; i++) {
        size_t bytes = strlen(l->series[i]->id), count = bytes / sizeof *words + 1;
        if ((ok = mts_grow(&words, &cap, count, sizeof *words))) {
            memset(words, 0, count * sizeof *words);
            memcpy(words, l->series[i]->id, bytes);
            l->group[i] = mts_store_put(&ids, words, count);
            ok = l->group[i] != MTS_STORE_FULL;
        }
    }
    l->groups = ids.count;
    free(words);
    mts_store_free(&ids);
    return ok;
}

/* Whether the series of each label follow one another: their order says the label and nothing else. */
static bool is_sorted(const MtsLessons *l)
{
    size_t runs = 0, labels = 0;
    for (size_t i = 0; i < l->count; i++) {
        runs += i == 0 || l->label[i] != l->label[i - 1];
    }
    for (size_t k = 0; k < l->classes; k++) {
        size_t i = 0;
        while (i < l->count && (size_t)l->label[i] != k) {
            i++;
        }
        labels += i < l->count;
    }
    return runs == labels;
}

/* Blocks of consecutive series; where some label would be in one alone, or they are sorted by label, blocks of each
 * label's series. The same series counts once; place [count] is scratch. */
static void split_in_blocks(MtsLessons *l, const size_t *first, size_t *place)
{
    size_t *of_label = l->group; /* first how many of its label came before */
    size_t different = 0;
    bool sorted = is_sorted(l);
    for (size_t i = 0; i < l->count; i++) {
        place[i] = first[i] == i ? different++ : place[first[i]];
    }
    l->groups = different < BLOCKS ? different : BLOCKS;
    for (size_t k = 0; k < l->classes; k++) {
        size_t total = 0, least = SIZE_MAX, most = 0;
        for (size_t i = 0; i < l->count; i++) {
            if ((size_t)l->label[i] == k && first[i] == i) {
                least = least < place[i] ? least : place[i];
                most = place[i];
                of_label[i] = total++;
            }
        }
        bool spread = !sorted && total > 0 && least * l->groups / different != most * l->groups / different;
        for (size_t i = 0; i < l->count; i++) {
            if ((size_t)l->label[i] == k && first[i] == i) {
                l->group[i] = spread ? place[i] * l->groups / different : of_label[i] * l->groups / total;
            }
        }
    }
}

/* The same series is held out with the first of it; groups that have nothing of their own are none. Returns how many
 * lessons are there before. `number` [count] is scratch. */
static size_t join_twins(MtsLessons *l, const size_t *first, size_t *number)
{
    size_t again = 0, groups = 0;
    for (size_t g = 0; g < l->groups; g++) {
        number[g] = SIZE_MAX;
    }
    for (size_t i = 0; i < l->count; i++) {
        if (first[i] != i) {
            l->group[i] = l->group[first[i]];
            again++;
            continue;
        }
        size_t g = l->group[i];
        number[g] = number[g] == SIZE_MAX ? groups++ : number[g];
        l->group[i] = number[g];
    }
    l->groups = groups;
    return again;
}

/* Whether no label is there in two groups: what is held out would be of labels that nothing else teaches. */
static bool nothing_to_hold_out(const MtsLessons *l)
{
    for (size_t k = 0; k < l->classes; k++) {
        size_t group = SIZE_MAX;
        for (size_t i = 0; i < l->count; i++) {
            if ((size_t)l->label[i] == k) {
                if (group != SIZE_MAX && l->group[i] != group) {
                    return false;
                }
                group = l->group[i];
            }
        }
    }
    return l->classes > 1;
}

static int group_lessons(MtsLessons *l, size_t *again, MtsError *err)
{
    size_t *first = mts_calloc(l->count, sizeof *first), *scratch = mts_calloc(l->count, sizeof *scratch);
    int rc = MTS_OK;
    if (!first || !scratch || !find_twins(l, first) || !group_by_id(l)) {
        rc = mts_fail(err, MTS_ENOMEM, "train: memory ran out");
    } else {
        if (l->groups < 2) {
            split_in_blocks(l, first, scratch);
        }
        *again = join_twins(l, first, scratch);
    }
    free(first);
    free(scratch);
    return rc || !nothing_to_hold_out(l)
               ? rc
               : mts_fail(err, MTS_EREQUEST,
                          "train: no label has series in two groups, so that none can be held out and told by others");
}

/* *again: how many lessons are of a series that was there before. */
static int take_lessons(MtsLessons *l, const MtsStage *stage, size_t *again, MtsError *err)
{
    const MtsSample *first = &stage->samples[0];
    *l = (MtsLessons){.count = stage->count,
                      .classes = first->option_count,
                      .beats = stage->kind->beats,
                      .names = (const char *const *)first->options,
                      .series = mts_calloc(stage->count, sizeof *l->series),
                      .label = mts_calloc(stage->count, sizeof *l->label),
                      .group = mts_calloc(stage->count, sizeof *l->group)};
    if (!l->series || !l->label || !l->group) {
        return mts_fail(err, MTS_ENOMEM, "train: memory ran out");
    }
    for (size_t i = 0; i < stage->count; i++) {
        const MtsSample *s = &stage->samples[i];
        if (!mts_sample_same_options(first, s) || stage->kind->lettered || s->truth.option < 0) {
            return mts_fail(err, MTS_EREQUEST, "train: the answers of stage %s are no classes that all samples share",
                            stage->kind->name);
        }
        l->series[i] = s->series;
        l->label[i] = s->truth.option;
    }
    return group_lessons(l, again, err);
}

/* ---- scores on what was held out ---- */

typedef enum Score { ACCURACY, MACRO_F1, KAPPA, CALIBRATION_ERROR, LOG_LOSS, SCORES } Score;

static const char *const score_names[SCORES] = {"accuracy", "macro_f1", "kappa", "calibration_error", "log_loss"};

/* All that a score of some groups is made from. */
typedef struct HeldOut {
    const MtsLessons *l;
    const double *log_p; /* [count][classes] */
    Score score;
    size_t *member, *first; /* group g has samples member[first[g]] .. member[first[g + 1] - 1] */
    int *truth, *said;      /* [room] scratch */
    double *sure;           /* [room] scratch: p of what is said; of log loss -log p(truth) */
    size_t room;
} HeldOut;

static int said(const double *log_p, size_t classes)
{
    int best = 0;
    for (size_t k = 1; k < classes; k++) {
        best = log_p[k] > log_p[best] ? (int)k : best;
    }
    return best;
}

/* Expected calibration error: |how sure - how often right|, over ten bins of how sure, by their share. */
static double calibration_error(const HeldOut *h, size_t n)
{
    double sure[BINS] = {0}, right[BINS] = {0}, sum = 0;
    for (size_t i = 0; i < n; i++) {
        int bin = (int)(h->sure[i] * BINS);
        bin = bin < BINS ? bin : BINS - 1;
        sure[bin] += h->sure[i];
        right[bin] += h->said[i] == h->truth[i];
    }
    for (int b = 0; b < BINS; b++) {
        sum += fabs(sure[b] - right[b]);
    }
    return sum / (double)n;
}

/* The score over the groups of a resample. */
static double score_of(const void *context, const size_t *index, size_t groups)
{
    const HeldOut *h = context;
    const MtsLessons *l = h->l;
    MtsClassScores scores;
    size_t n = 0;
    double loss = 0;
    for (size_t g = 0; g < groups; g++) {
        for (size_t m = h->first[index[g]]; m < h->first[index[g] + 1] && n < h->room; m++, n++) {
            size_t i = h->member[m];
            const double *log_p = h->log_p + i * l->classes;
            h->truth[n] = l->label[i];
            h->said[n] = said(log_p, l->classes);
            h->sure[n] = exp(log_p[h->said[n]]);
            loss -= log_p[l->label[i]];
        }
    }
    if (h->score == LOG_LOSS || h->score == CALIBRATION_ERROR) {
        return h->score == LOG_LOSS ? loss / (double)n : calibration_error(h, n);
    }
    if (mts_class_scores(h->truth, h->said, n, l->classes, &scores, NULL)) {
        return NAN;
    }
    return h->score == ACCURACY ? scores.accuracy : h->score == MACRO_F1 ? scores.macro_f1 : scores.kappa;
}

/* Members by group, and room for the largest resample. */
static void list_members(HeldOut *h)
{
    const MtsLessons *l = h->l;
    size_t n = 0;
    for (size_t g = 0; g < l->groups; g++) {
        h->first[g] = n;
        for (size_t i = 0; i < l->count; i++) {
            if (l->group[i] == g) {
                h->member[n++] = i;
            }
        }
    }
    h->first[l->groups] = n;
}

json_t *train_interval(const MtsInterval *v)
{
    json_t *o = json_object();
    mts_json_add_real(&o, "mean", v->mean);
    mts_json_add_real(&o, "low", v->low);
    mts_json_add_real(&o, "high", v->high);
    return o;
}

/* Each score with its 95 % interval, groups resampled. */
static int score_held(const MtsLessons *l, const double *log_p, json_t **scores, MtsError *err)
{
    HeldOut h = {.l = l, .log_p = log_p, .room = 4 * l->count};
    h.member = mts_calloc(l->count, sizeof *h.member);
    h.first = mts_calloc(l->groups + 1, sizeof *h.first);
    h.truth = mts_calloc(h.room, sizeof *h.truth);
    h.said = mts_calloc(h.room, sizeof *h.said);
    h.sure = mts_calloc(h.room, sizeof *h.sure);
    bool ok = h.member && h.first && h.truth && h.said && h.sure;
    int rc = ok ? MTS_OK : mts_fail(err, MTS_ENOMEM, "train: memory ran out");
    if (ok) {
        list_members(&h);
    }
    *scores = json_object();
    for (Score s = 0; !rc && s < SCORES; s++) {
        MtsInterval v;
        h.score = s;
        if (!(rc = mts_bootstrap_of(score_of, &h, l->groups, RESAMPLES, 0, &v, err))) {
            mts_json_add(scores, score_names[s], train_interval(&v));
        }
    }
    free(h.member);
    free(h.first);
    free(h.truth);
    free(h.said);
    free(h.sure);
    return rc;
}

/* ---- the file ---- */

static json_t *hash_of(const MtsLessons *l)
{
    uint64_t h = MTS_HASH_BEGIN;
    char digits[MTS_HASH_DIGITS + 1];
    for (size_t i = 0; i < l->count; i++) {
        h = mts_hash_doubles(h, l->series[i]->values, l->series[i]->channels * l->series[i]->length);
        h = mts_hash(h, l->names[l->label[i]], strlen(l->names[l->label[i]]));
    }
    return mts_json_string(mts_hash_text(h, digits), MTS_HASH_DIGITS);
}

static json_t *labels_of(const MtsLessons *l)
{
    json_t *o = json_object();
    for (size_t k = 0; k < l->classes; k++) {
        json_int_t n = 0;
        for (size_t i = 0; i < l->count; i++) {
            n += (size_t)l->label[i] == k;
        }
        mts_json_add_int(&o, l->names[k], n);
    }
    return o;
}

static void describe(json_t **about, const Args *args, const MtsLessons *l, json_t *scores)
{
    json_t *data = json_array();
    mts_json_add(&data, NULL, out_string(args->data));
    if (args->more) {
        mts_json_add(&data, NULL, out_string(args->more));
    }
    if (args->label_column) {
        mts_json_add(about, "label_column", out_string(args->label_column));
    } else {
        mts_json_add_text(about, "stage", args->stage);
    }
    if (args->group_column) {
        mts_json_add(about, "group_column", out_string(args->group_column));
    }
    mts_json_add(about, "data", data);
    mts_json_add(about, "hash", hash_of(l));
    mts_json_add_int(about, "samples", (json_int_t)l->count);
    mts_json_add_int(about, "groups", (json_int_t)l->groups);
    mts_json_add(about, "labels", labels_of(l));
    mts_json_add(about, "held_out", scores);
}

static int learn(const Args *args, const MtsStage *stage, json_t **about, MtsError *err)
{
    MtsEvidence *evidence = NULL;
    MtsLessons lessons;
    json_t *scores = NULL, *singly = NULL;
    double *held = NULL;
    size_t again = 0;
    int rc = take_lessons(&lessons, stage, &again, err);
    if (rc) {
        goto done;
    }
    if (!(held = mts_calloc(lessons.count * lessons.classes, sizeof *held))) {
        rc = mts_fail(err, MTS_ENOMEM, "train: memory ran out");
        goto done;
    }
    if ((rc = mts_evidence_learn(&evidence, &lessons, held, err)) || (rc = score_held(&lessons, held, &scores, err))) {
        goto done;
    }
    if (args->stage && lessons.beats && (rc = train_beats(args->data, &evidence->heart, &singly, err))) {
        goto done;
    }
    describe(&evidence->about, args, &lessons, json_incref(scores));
    if (again) {
        mts_json_add_int(&evidence->about, "repeated", (json_int_t)again);
    }
    if (singly) {
        mts_json_add(&evidence->about, "single_beats_held_out", json_incref(singly));
    }
    rc = evidence->about ? mts_evidence_write(evidence, args->out, err)
                         : mts_fail(err, MTS_ENOMEM, "train: memory ran out");
    *about = json_incref(evidence->about);
done:
    json_decref(scores);
    json_decref(singly);
    free(held);
    free_lessons(&lessons);
    mts_evidence_free(&evidence);
    return rc;
}

int train_evidence(const MtsStage *stage, MtsEvidence **evidence, MtsError *err)
{
    MtsLessons lessons;
    double *held = NULL;
    size_t again = 0;
    int rc = take_lessons(&lessons, stage, &again, err);
    if (!rc && !(held = mts_calloc(lessons.count * lessons.classes, sizeof *held))) {
        rc = mts_fail(err, MTS_ENOMEM, "train: memory ran out");
    }
    rc = rc ? rc : mts_evidence_learn(evidence, &lessons, held, err);
    free(held);
    free_lessons(&lessons);
    return rc;
}

static int check_asked(const Args *args, MtsError *err)
{
    if (args->stage && args->label_column) {
        return mts_fail(err, MTS_EREQUEST, "train: --labels: stage %s says itself where its labels are", args->stage);
    }
    if (!args->label_column && args->group_column) {
        return mts_fail(err, MTS_EREQUEST, "train: --group goes with --labels");
    }
    if (args->label_column && args->more) {
        return mts_fail(err, MTS_EREQUEST, "train: --more: a labelled table takes no second file");
    }
    if (!args->stage && !args->label_column) {
        return mts_fail(err, MTS_EREQUEST, "train: --stage is missing (or, of a table of one's own, --labels)");
    }
    return args->data && args->out ? MTS_OK
                                   : mts_fail(err, MTS_EREQUEST, "train: --%s is missing", args->data ? "out" : "data");
}

int cmd_train(const Args *args, MtsError *err)
{
    const MtsLabelColumns columns = {args->label_column, args->group_column};
    MtsStage *stage = NULL;
    json_t *about = NULL;
    int rc = check_asked(args, err);
    if (rc) {
        return rc;
    }
    if (args->stage && mts_stage_kind(args->stage) && mts_stage_kind(args->stage)->answer == MTS_ANSWER_NUMBERS) {
        return train_forecasts(args, err);
    }
    rc = args->label_column ? mts_stage_of_labelled(&stage, args->data, &columns, err)
                            : mts_stage_open(&stage, args->stage, args->data, args->more, NULL, err);
    bool questions = !rc && stage->kind->lettered;
    rc = rc ? rc : (questions ? train_questions : learn)(args, stage, &about, err);
    if (!rc) {
        rc = out_print(args, json_incref(about), err);
    }
    json_decref(about);
    mts_stage_free(&stage);
    return rc;
}
