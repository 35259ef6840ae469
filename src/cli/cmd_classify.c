/* cli/cmd_classify.c - classify: which of a few labels a series has.
 *
 * The posterior of each label is p(class | series) of what labelled series have taught (evidence/evidence.h) times
 * p(label | prompt)^(1 / lambda) of the model, over all its tokenisations (mts_engine_choose()), with the lambda of
 * eval (evidence/trained.h); with evidence that knows nothing p(label | prompt) alone, and either alone where the other
 * is missing. Nothing is drawn. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out.h"
#include "cli/posed.h"
#include "cli/train.h"
#include "core/list.h"
#include "core/mem.h"
#include "evidence/trained.h"
#include "stages/stage.h"

#define TOLERANCE 1e-3

typedef struct Labelled {
    Task task;
    MtsEvidence *evidence; /* NULL: none */
    char *list;            /* --labels, cut up */
    const char **labels;   /* [count] */
    double *model, *ratio; /* [count] nats; NULL: not asked */
    double *logp;          /* [count] the posterior */
    double left;           /* what no more than is the model's for a label that was not met, 0 to 1 */
    size_t count;
} Labelled;

static int no_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "classify: memory ran out");
}

/* --labels, or all that the evidence knows. */
static int list_labels(Labelled *c, const Args *args, MtsError *err)
{
    size_t most = args->labels ? mts_parts(args->labels, ',') : c->evidence ? c->evidence->classes : 0;
    c->list = mts_strdup(args->labels ? args->labels : "");
    c->labels = mts_calloc(most, sizeof *c->labels);
    c->logp = mts_calloc(most, sizeof *c->logp);
    if (!c->list || !c->labels || !c->logp) {
        return no_memory(err);
    }
    if (args->labels) {
        c->count = mts_cut(c->list, ',', c->labels);
    }
    for (size_t k = 0; !args->labels && c->evidence && k < c->evidence->classes; k++) {
        c->labels[c->count++] = c->evidence->labels[k];
    }
    if (c->count < 2) {
        return mts_fail(err, MTS_EREQUEST,
                        "classify: between which labels? --labels A,B or --train FILE or --evidence FILE");
    }
    return mts_check_texts(c->labels, c->count, "classify: label", err);
}

static int learn(Labelled *c, const char *path, MtsError *err)
{
    MtsStage *stage = NULL;
    int rc = mts_stage_of_labelled(&stage, path, NULL, err);
    rc = rc ? rc : train_evidence(stage, &c->evidence, err);
    mts_stage_free(&stage);
    return rc;
}

/* log p(class | series) of each label; less log p(class) where the model is to say it. */
static int ask_evidence(Labelled *c, bool model, MtsError *err)
{
    const MtsEvidence *e = c->evidence;
    bool prior = !model || e->knows;
    double *all = mts_calloc(e->classes, sizeof *all);
    if (c->task.series->sampling_rate == 1) { /* its file says none */
        c->task.series->sampling_rate = e->shape.rate;
    }
    c->ratio = mts_calloc(c->count, sizeof *c->ratio);
    int rc = all && c->ratio ? mts_evidence_judge(e, c->task.series, all, err) : no_memory(err);
    for (size_t i = 0; !rc && i < c->count; i++) {
        size_t k = 0;
        while (k < e->classes && strcmp(e->labels[k], c->labels[i]) != 0) {
            k++;
        }
        if (k == e->classes) {
            rc = mts_fail(err, MTS_EREQUEST, "classify: the evidence knows no label '%.80s'", c->labels[i]);
        } else {
            c->ratio[i] = all[k] + (prior ? log(e->prior[k]) : 0);
        }
    }
    free(all);
    return rc;
}

/* The model's posterior of "Answer: LABEL". */
static int ask_model(Labelled *c, const Args *args, MtsError *err)
{
    MtsPosterior *posterior = NULL;
    MtsBytes text = {0};
    const MtsTask asked = {.kind = MTS_TASK_CLASSIFY,
                           .points = args->points == CLI_NO_SIZE ? 0 : args->points,
                           .labels = c->labels,
                           .label_count = c->count};
    MtsTask task = asked;
    size_t *at = mts_calloc(c->count, sizeof *at);
    const char **answers = mts_calloc(c->count, sizeof *answers);
    c->model = mts_calloc(c->count, sizeof *c->model);
    bool ok = at && answers && c->model;
    for (size_t k = 0; ok && k < c->count; k++) {
        at[k] = text.len;
        ok = mts_bytes_printf(&text, "Answer: %s", c->labels[k]) && mts_bytes_append(&text, "", 1);
    }
    for (size_t k = 0; ok && k < c->count; k++) {
        answers[k] = text.data + at[k];
    }
    int rc = ok ? task_pose(&c->task, &task, err) : no_memory(err);
    if (!rc && !(rc = task_ask(&c->task, args, NULL, err))) {
        catch_interrupts();
        rc = mts_engine_choose(c->task.engine, &c->task.ask.request, answers, c->count, TOLERANCE, &posterior, err);
    }
    for (size_t k = 0; !rc && k < c->count; k++) {
        c->model[k] = log(posterior->options[k].probability);
    }
    c->left = rc ? 0 : posterior->unexplored;
    mts_posterior_free(&posterior);
    mts_bytes_free(&text);
    free(answers);
    free(at);
    return rc;
}

static void conclude(Labelled *c)
{
    double largest = -HUGE_VAL, sum = 0;
    double weight = c->evidence && c->evidence->knows ? 1.0 / MTS_TRAINED_LAMBDA : 1;
    for (size_t k = 0; k < c->count; k++) {
        c->logp[k] = (c->model ? weight * fmax(c->model[k], log(c->left)) : 0) + (c->ratio ? c->ratio[k] : 0);
        largest = fmax(largest, c->logp[k]);
    }
    for (size_t k = 0; k < c->count; k++) {
        sum += exp(c->logp[k] - largest);
    }
    for (size_t k = 0; k < c->count; k++) {
        c->logp[k] -= largest + log(sum);
    }
}

static json_t *describe(const Labelled *c, const Args *args)
{
    json_t *o = json_object(), *list = json_array();
    size_t best = 0;
    for (size_t k = 0; k < c->count; k++) {
        json_t *one = json_object();
        mts_json_add(&one, "label", out_string(c->labels[k]));
        mts_json_add_real(&one, "probability", exp(c->logp[k]));
        if (c->model) {
            mts_json_add_real(&one, "model", exp(c->model[k]));
        }
        if (c->ratio) {
            mts_json_add_real(&one, "evidence", c->ratio[k]);
        }
        mts_json_add(&list, NULL, one);
        best = c->logp[k] > c->logp[best] ? k : best;
    }
    mts_json_add(&o, "file", out_string(args->operands[0]));
    mts_json_add(&o, "best", out_string(c->labels[best]));
    mts_json_add(&o, "labels", list);
    return o;
}

/* ---- beats one by one ---- */

static json_t *describe_beats(const MtsHeartRecord *r, const Args *args, double rate)
{
    json_t *o = json_object(), *list = json_array();
    json_int_t ventricular = 0;
    for (size_t i = 0; i < r->count; i++) {
        json_t *one = json_object();
        mts_json_add_int(&one, "at", (json_int_t)r->at[i]);
        mts_json_add_real(&one, "seconds", (double)r->at[i] / rate);
        mts_json_add_flag(&one, "ventricular", r->score[i] > 0);
        mts_json_add_real(&one, "score", r->score[i]);
        mts_json_add(&list, NULL, one);
        ventricular += r->score[i] > 0;
    }
    mts_json_add(&o, "file", out_string(args->operands[0]));
    mts_json_add_int(&o, "count", (json_int_t)r->count);
    mts_json_add_int(&o, "ventricular", ventricular);
    mts_json_add(&o, "beats", list);
    return o;
}

static int tell_beats(const Labelled *c, const Args *args, MtsError *err)
{
    MtsHeartRecord r = {0};
    if (args->model || args->labels || !c->evidence || !c->evidence->heart.weight) {
        return mts_fail(err, MTS_EREQUEST,
                        args->model || args->labels
                            ? "classify: --beats are told by --evidence alone, without --model and --labels"
                            : "classify: --beats: needs --evidence of annotated records (maxts train --stage ecg)");
    }
    int rc = mts_heart_record(&r, c->task.series, NULL, err);
    if (!rc && !(rc = mts_heart_judge(&c->evidence->heart, &r, err))) {
        rc = out_print(args, describe_beats(&r, args, c->task.series->sampling_rate), err);
    }
    mts_heart_free(&r);
    return rc;
}

static int work(Labelled *c, const Args *args, MtsError *err)
{
    int rc = task_open(&c->task, args, "classify", err);
    if (rc) {
        return rc;
    }
    if (args->train && args->evidence) {
        return mts_fail(err, MTS_EREQUEST, "classify: --train and --evidence: only one of them can be what was learnt");
    }
    if ((args->train && (rc = learn(c, args->train, err))) ||
        (args->evidence && (rc = mts_evidence_read(&c->evidence, args->evidence, err)))) {
        return rc;
    }
    if (args->beats) {
        return tell_beats(c, args, err);
    }
    if ((rc = list_labels(c, args, err))) {
        return rc;
    }
    if (!args->model && !c->evidence) {
        return mts_fail(err, MTS_EREQUEST, "classify: nothing tells the labels apart: --model, --train or --evidence");
    }
    if ((c->evidence && (rc = ask_evidence(c, args->model, err))) || (args->model && (rc = ask_model(c, args, err)))) {
        return rc;
    }
    conclude(c);
    return out_print(args, describe(c, args), err);
}

int cmd_classify(const Args *args, MtsError *err)
{
    Labelled c = {0};
    int rc = work(&c, args, err);
    mts_evidence_free(&c.evidence);
    free(c.list);
    free(c.labels);
    free(c.model);
    free(c.ratio);
    free(c.logp);
    task_close(&c.task);
    return rc;
}
