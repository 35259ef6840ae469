/* eval/answer.c - the one answer that a search's many come to.
 *
 * Classes: each option gets the probability of the answers that give it; the largest sum is the answer (the first of
 * equals), and texts that give no option do not vote. Where none does, there is no answer, and that is wrong.
 * Forecasts: each step is the median of the well-formed answers' values, weighted by their probability; of all answers
 * that have a number where none is well formed. Captions: the text of largest reward. */
#include "eval/answer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <maxts/reward.h>

#include "core/mem.h"
#include "core/number.h"
#include "evidence/forecaster.h"
#include "results/fields.h"
#include "results/metrics.h"
#include "series/smape.h"
#include "reward/claims.h"
#include "reward/files.h"
#include "series/format.h"

static int no_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "memory ran out");
}

static int take_text(MtsEvalAnswer *a, const MtsTextResult *result, size_t index, MtsError *err)
{
    a->index = index;
    a->text = mts_strdup(result->texts[index]);
    return a->text ? MTS_OK : no_memory(err);
}

/* ---- classes ---- */

/* An option as the scores name it: itself, or its letter where the options are sentences of the question's own. */
static void add_option(json_t **scores, const char *member, const MtsStageKind *kind, const MtsSample *s, int option)
{
    MtsBytes label = {0};
    if (option < 0) {
        mts_json_add(scores, member, json_null());
    } else {
        bool ok = mts_stage_label(&label, kind, s, (size_t)option);
        mts_json_add(scores, member, ok ? mts_json_string(label.data, label.len) : NULL);
    }
    mts_bytes_free(&label);
}

/* What the answers of a search give. */
typedef struct Votes {
    int *given;    /* [answers]: an option, or MTS_NO_LABEL */
    double *share; /* [options]: the probability of the answers that give it */
    double formed; /* of all that give one */
} Votes;

static int count_votes(Votes *v, const MtsStage *stage, const MtsSample *s, const MtsTextResult *result, MtsError *err)
{
    size_t n = result ? result->search->answer_count : 0;
    *v = (Votes){mts_calloc(n, sizeof *v->given), mts_calloc(s->option_count, sizeof *v->share), 0};
    if (!v->given || !v->share) {
        return no_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        double probability = result->search->answers[i].probability;
        v->given[i] = mts_stage_answer(stage, s, result->texts[i], strlen(result->texts[i]));
        if (v->given[i] >= 0) {
            v->share[v->given[i]] += probability;
            v->formed += probability;
        }
    }
    return MTS_OK;
}

/* The option of the largest share, the first of equals; MTS_NO_LABEL: none has any. */
static int winner_of(const Votes *v, size_t options)
{
    int winner = MTS_NO_LABEL;
    for (size_t k = 0; k < options; k++) {
        winner = v->share[k] > (winner >= 0 ? v->share[winner] : 0) ? (int)k : winner;
    }
    return winner;
}

/* The likeliest text that gives the winner; without one the text that would have been given. */
static size_t text_of(const Votes *v, const MtsSearchResult *r, int winner)
{
    size_t index = SIZE_MAX;
    for (size_t i = 0; winner >= 0 && i < r->answer_count; i++) {
        if (v->given[i] == winner && (index == SIZE_MAX || r->answers[i].probability > r->answers[index].probability)) {
            index = i;
        }
    }
    return winner >= 0 ? index : r->best;
}

/* What every answer of a class says of itself. */
static void add_choice(MtsEvalAnswer *a, const MtsStageKind *kind, const MtsSample *s, int winner, int best,
                       double share, double formed)
{
    a->correct = winner >= 0 && winner == s->truth.option;
    add_option(&a->scores, MTS_F_LABEL, kind, s, s->truth.option);
    add_option(&a->scores, MTS_F_PREDICTED, kind, s, winner);
    add_option(&a->scores, MTS_F_PREDICTED_BEST, kind, s, best);
    mts_json_add_real(&a->scores, MTS_F_SHARE, share);
    mts_json_add_real(&a->scores, MTS_F_WELL_FORMED, formed);
}

static int vote(MtsEvalAnswer *a, const MtsStage *stage, const MtsSample *s, const MtsTextResult *result, MtsError *err)
{
    Votes v;
    int rc = count_votes(&v, stage, s, result, err);
    if (rc) {
        goto done;
    }
    int winner = winner_of(&v, s->option_count), best = result ? v.given[result->search->best] : MTS_NO_LABEL;
    if (result && (rc = take_text(a, result, text_of(&v, result->search, winner), err))) {
        goto done;
    }
    a->rule = "vote";
    add_choice(a, stage->kind, s, winner, best, winner >= 0 ? v.share[winner] : 0, v.formed);
done:
    free(v.share);
    free(v.given);
    return rc;
}

/* value [options]: what the reward says of the answer that is an option and nothing else. */
static int value_options(double *value, const MtsEvalPlan *plan, const MtsSample *s, const char *spec, MtsError *err)
{
    const MtsRewardInput input = {.prompt = s->prompt, .series = s->series, .files = plan->files};
    MtsReward *reward = NULL;
    int rc = mts_reward_new(&reward, spec, &input, err);
    for (size_t k = 0; !rc && k < s->option_count; k++) {
        MtsBytes text = {0};
        bool ok = mts_bytes_append_str(&text, "Answer: ") && mts_stage_label(&text, plan->kind, s, k);
        rc = ok ? mts_reward_score(reward, text.data, text.len, 0, 1, true, &value[k], err) : no_memory(err);
        mts_bytes_free(&text);
    }
    rc = rc ? rc : mts_reward_finish(reward, err);
    mts_reward_free(&reward);
    return rc;
}

/* The option that the reward likes best (the first of equals); its share is exp(reward) among all options'. */
static int reward_alone(MtsEvalAnswer *a, const MtsEvalPlan *plan, const MtsSample *s, const char *spec, MtsError *err)
{
    MtsBytes text = {0};
    double sum = 0, *value = mts_calloc(s->option_count, sizeof *value);
    int rc = value ? value_options(value, plan, s, spec, err) : no_memory(err), best = 0;
    if (rc) {
        goto done;
    }
    for (size_t k = 1; k < s->option_count; k++) {
        best = value[k] > value[best] ? (int)k : best;
    }
    for (size_t k = 0; k < s->option_count; k++) {
        sum += exp(value[k] - value[best]);
    }
    rc = mts_bytes_append_str(&text, "Answer: ") && mts_stage_label(&text, plan->kind, s, (size_t)best)
             ? MTS_OK
             : no_memory(err);
    a->rule = "reward";
    a->composed = true;
    a->text = text.data;
    add_choice(a, plan->kind, s, best, best, 1 / sum, 1);
done:
    free(value);
    return rc;
}

/* ---- captions ---- */

static int caption(MtsEvalAnswer *a, const MtsSample *s, const MtsTextResult *result, MtsError *err)
{
    MtsSubject subject = {0};
    MtsClaims claims = {0};
    size_t right = 0;
    int rc = MTS_OK;
    a->rule = "best";
    if (result && ((rc = take_text(a, result, result->search->best, err)) ||
                   (rc = mts_subject_init(&subject, s->series->values, s->series->length, err)) ||
                   (rc = mts_claims_find(&subject, a->text, strlen(a->text), true, &claims, err)))) {
        goto done;
    }
    for (size_t i = 0; i < claims.count; i++) {
        right += claims.items[i].right;
    }
    mts_json_add_int(&a->scores, MTS_F_CLAIMS, (json_int_t)claims.count);
    mts_json_add_int(&a->scores, MTS_F_CLAIMS_TRUE, (json_int_t)right);
    mts_json_add_int(&a->scores, MTS_F_CLAIMS_FALSE, (json_int_t)(claims.count - right));
    mts_json_add_real(&a->scores, MTS_F_CLAIMS_SHARE, claims.count ? (double)right / (double)claims.count : NAN);
done:
    mts_claims_free(&claims);
    mts_subject_free(&subject);
    return rc;
}

/* ---- forecasts ---- */

enum { NO_FORECAST = 200 }; /* sMAPE of none */

static bool only_separators(const char *text, size_t from, size_t to)
{
    bool plain = true;
    for (size_t i = from; i < to; i++) {
        plain = plain && strchr(" ,;\n\t\r", text[i]) && text[i];
    }
    return plain;
}

/* A text's first `horizon` numbers, the last one repeated where there are fewer; false where there is none.
 * *well_formed: exactly so many, with nothing but separators between them. */
static bool read_forecast(const char *text, size_t size, double *numbers, size_t horizon, bool *well_formed)
{
    MtsNumber n;
    size_t at = 0, count = 0, end = 0;
    bool plain = true;
    while (mts_number_next(text, size, MTS_NUMBERS_LIST, &at, &n)) {
        plain = plain && only_separators(text, end, n.begin);
        if (count < horizon) {
            numbers[count] = n.value;
        }
        count++;
        end = n.end;
    }
    for (size_t t = count; count > 0 && t < horizon; t++) {
        numbers[t] = numbers[count - 1];
    }
    *well_formed = plain && only_separators(text, end, size) && count == horizon;
    return count > 0;
}

/* The forecasts of a search's answers. */
typedef struct Forecasts {
    size_t n, horizon, formed; /* answers, of these well formed */
    double *values;            /* [n][horizon] */
    bool *has, *well;          /* [n]: any number; exactly those asked for */
    double *draws, *weights;   /* [drawn][horizon], [drawn]: those that the answer is made of */
    size_t drawn;
    double *step; /* [n], room for one step's values */
} Forecasts;

static void forecasts_free(Forecasts *f)
{
    free(f->values);
    free(f->has);
    free(f->well);
    free(f->draws);
    free(f->weights);
    free(f->step);
}

static bool forecasts_make(Forecasts *f, const MtsTextResult *result, size_t horizon)
{
    size_t n = result ? result->search->answer_count : 0;
    *f = (Forecasts){.n = n, .horizon = horizon};
    f->values = mts_calloc(n * horizon, sizeof *f->values);
    f->has = mts_calloc(n, sizeof *f->has);
    f->well = mts_calloc(n, sizeof *f->well);
    f->draws = mts_calloc(n * horizon, sizeof *f->draws);
    f->weights = mts_calloc(n, sizeof *f->weights);
    f->step = mts_calloc(n, sizeof *f->step);
    if (!f->values || !f->has || !f->well || !f->draws || !f->weights || !f->step) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const char *text = result->texts[i];
        f->has[i] = read_forecast(text, strlen(text), f->values + i * horizon, horizon, &f->well[i]);
        f->formed += f->well[i];
    }
    return true;
}

/* The well-formed ones by their probability; where there are none the others; then whatever their probability. */
static void choose_draws(Forecasts *f, const MtsSearchResult *r)
{
    for (int pass = 0; pass < 3 && f->drawn == 0; pass++) {
        for (size_t i = 0; i < f->n; i++) {
            double w = pass < 2 ? r->answers[i].probability : 1;
            if (w > 0 && f->has[i] && (pass > 0 || f->well[i])) {
                memcpy(f->draws + f->drawn * f->horizon, f->values + i * f->horizon, f->horizon * sizeof *f->draws);
                f->weights[f->drawn++] = w;
            }
        }
    }
}

/* out [horizon]: each step's weighted median of x [count][horizon]; `step` is room for count values. */
static int step_medians(const double *x, const double *weights, size_t count, size_t horizon, double *step, double *out,
                        MtsError *err)
{
    int rc = MTS_OK;
    for (size_t t = 0; t < horizon && !rc; t++) {
        for (size_t i = 0; i < count; i++) {
            step[i] = x[i * horizon + t];
        }
        rc = mts_weighted_median(step, weights, count, &out[t], err);
    }
    return rc;
}

/* Mean absolute error in units of the training series' own. */
static double scaled_error(const MtsSample *s, const double *forecast)
{
    double error = 0;
    for (size_t t = 0; t < s->horizon; t++) {
        error += fabs(s->truth.future[t] - forecast[t]) / (double)s->horizon;
    }
    return error / s->truth.scale;
}

/* l1 between the logs of the two periodograms; left as it is where they have no bins. */
static int spectral_distance(const double *x, const double *y, size_t n, double *distance, MtsError *err)
{
    size_t bins = mts_psd_bins(MTS_PSD_PERIODOGRAM, n, 0);
    double *f = mts_calloc(bins, sizeof *f), *p = mts_calloc(bins, sizeof *p), *q = mts_calloc(bins, sizeof *q);
    int rc = f && p && q ? MTS_OK : no_memory(err);
    if (!rc && bins > 0 && !(rc = mts_psd(MTS_PSD_PERIODOGRAM, x, n, 0, 1, f, p, err)) &&
        !(rc = mts_psd(MTS_PSD_PERIODOGRAM, y, n, 0, 1, f, q, err))) {
        *distance = mts_spectral_distance(MTS_SPECTRAL_L1, f, p, q, bins);
    }
    free(f);
    free(p);
    free(q);
    return rc;
}

/* The scores of the forecast a->output; of `draws` [count][horizon] with their weights the CRPS. */
static int judge_forecast(MtsEvalAnswer *a, const MtsSample *s, const double *draws, const double *weights,
                          size_t count, MtsError *err)
{
    double crps = count ? 0 : NAN, one, distance = NAN, *step = mts_calloc(count, sizeof *step);
    int rc = step ? spectral_distance(a->output, s->truth.future, s->horizon, &distance, err) : no_memory(err);
    for (size_t t = 0; !rc && count && t < s->horizon; t++) {
        for (size_t i = 0; i < count; i++) {
            step[i] = draws[i * s->horizon + t];
        }
        rc = mts_crps(step, weights, count, s->truth.future[t], &one, err);
        crps += rc ? 0 : one / (double)s->horizon;
    }
    free(step);
    if (rc) {
        return rc;
    }
    mts_json_add_real(&a->scores, MTS_F_SMAPE, mts_smape(s->truth.future, a->output, s->horizon));
    mts_json_add_real(&a->scores, MTS_F_MASE, scaled_error(s, a->output));
    mts_json_add_real(&a->scores, MTS_F_CRPS, crps);
    mts_json_add_real(&a->scores, MTS_F_CRPS_SCALED, crps / s->truth.scale);
    mts_json_add_real(&a->scores, MTS_F_SPECTRAL, distance);
    return MTS_OK;
}

/* Every method's records have the same scores. */
static void add_no_forecast(json_t **scores)
{
    static const char *const none[] = {MTS_F_MASE,     MTS_F_CRPS,      MTS_F_CRPS_SCALED,
                                       MTS_F_SPECTRAL, MTS_F_MASE_BEST, MTS_F_MASE_EQUAL};
    mts_json_add_real(scores, MTS_F_SMAPE, NO_FORECAST);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        mts_json_add(scores, none[i], json_null());
    }
    mts_json_add_real(scores, MTS_F_SMAPE_BEST, NO_FORECAST);
    mts_json_add_real(scores, MTS_F_SMAPE_EQUAL, NO_FORECAST);
}

/* How good the forecast would be in which all well-formed answers (all that are one, where none is) count alike, and
 * the text of largest reward. */
static int add_others(json_t **scores, const MtsSample *s, Forecasts *f, size_t best, MtsError *err)
{
    double *equal = f->draws; /* no longer needed */
    const double *own = f->values + best * f->horizon;
    for (size_t i = 0; i < f->n; i++) {
        f->weights[i] = f->has[i] && f->well[i] == (f->formed > 0) ? 1 : 0;
    }
    int rc = step_medians(f->values, f->weights, f->n, f->horizon, f->step, equal, err);
    if (rc) {
        return rc;
    }
    mts_json_add_real(scores, MTS_F_SMAPE_EQUAL, mts_smape(s->truth.future, equal, f->horizon));
    mts_json_add_real(scores, MTS_F_MASE_EQUAL, scaled_error(s, equal));
    mts_json_add_real(scores, MTS_F_SMAPE_BEST,
                      f->has[best] ? mts_smape(s->truth.future, own, f->horizon) : NO_FORECAST);
    mts_json_add_real(scores, MTS_F_MASE_BEST, f->has[best] ? scaled_error(s, own) : NAN);
    return MTS_OK;
}

static int write_forecast(MtsEvalAnswer *a, size_t n, MtsError *err)
{
    MtsBytes text = {0};
    bool ok = mts_format_values(&text, MTS_FORMAT_PLAIN, a->output, n);
    a->text = text.data;
    a->composed = true;
    return ok ? MTS_OK : no_memory(err);
}

static int median(MtsEvalAnswer *a, const MtsSample *s, const MtsTextResult *result, MtsError *err)
{
    const MtsSearchResult *r = result ? result->search : NULL;
    size_t h = s->horizon;
    Forecasts f;
    int rc = forecasts_make(&f, result, h) ? MTS_OK : no_memory(err);
    if (rc) {
        goto done;
    }
    a->rule = "median";
    choose_draws(&f, r);
    mts_json_add_real(&a->scores, MTS_F_WELL_FORMED, f.n ? (double)f.formed / (double)f.n : 0);
    if (f.drawn == 0) {
        add_no_forecast(&a->scores);
        goto done;
    }
    if (!(a->output = mts_calloc(h, sizeof *a->output))) {
        rc = no_memory(err);
        goto done;
    }
    a->index = r->best;
    (void)((rc = step_medians(f.draws, f.weights, f.drawn, h, f.step, a->output, err)) ||
           (rc = write_forecast(a, h, err)) || !s->truth.future ||
           (rc = judge_forecast(a, s, f.draws, f.weights, f.drawn, err)) ||
           (rc = add_others(&a->scores, s, &f, r->best, err)));
done:
    forecasts_free(&f);
    return rc;
}

/* a->output as the one forecast there is. */
static int judge_output(MtsEvalAnswer *a, const MtsSample *s, MtsError *err)
{
    const double weight = 1;
    mts_json_add_real(&a->scores, MTS_F_WELL_FORMED, 1);
    int rc = write_forecast(a, s->horizon, err);
    return rc ? rc : judge_forecast(a, s, a->output, &weight, 1, err);
}

/* The last value, or the last season, again and again. */
static int naive(MtsEvalAnswer *a, const MtsSample *s, bool seasonal, MtsError *err)
{
    const MtsSeries *x = s->series;
    MtsBaseline baseline = seasonal && s->season <= x->length ? MTS_SEASONAL : MTS_LAST;
    a->rule = "naive";
    a->output = mts_calloc(s->horizon, sizeof *a->output);
    if (!a->output) {
        return no_memory(err);
    }
    int rc = mts_forecaster_baseline(baseline, x->values, x->length, s->season, s->horizon, a->output, err);
    return rc ? rc : judge_output(a, s, err);
}

/* What evidence about forecasts expects. */
static int expected(MtsEvalAnswer *a, const MtsEvalPlan *plan, const MtsSample *s, MtsError *err)
{
    const MtsTrained *trained = NULL;
    int rc = plan->train ? mts_reward_trained(plan->files, plan->train, &trained, err) : MTS_OK;
    if (rc) {
        return rc;
    }
    const MtsForecaster *o = trained ? trained->forecasts : NULL;
    if (!o || s->horizon > o->horizon) {
        return o ? mts_fail(err, MTS_EREQUEST, "%s: a horizon of %zu was learnt, which %zu is beyond", plan->train,
                            o->horizon, s->horizon)
                 : mts_fail(err, MTS_EREQUEST, "reward-alone: forecasts need --train FILE.evidence, of forecasts");
    }
    double *path = mts_calloc(2 * o->horizon, sizeof *path);
    a->rule = "reward";
    a->output = mts_calloc(s->horizon, sizeof *a->output);
    if (!path || !a->output) {
        rc = no_memory(err);
    } else if (!(rc = mts_forecaster_path(o, s->series->values, s->series->length, path, path + o->horizon, err))) {
        memcpy(a->output, path, s->horizon * sizeof *path);
        rc = judge_output(a, s, err);
    }
    free(path);
    return rc;
}

/* ---- tables ---- */

/* Total variation of the answers' probabilities to pi*: half of the sum of |differences|, and half of what of pi* was
 * not found. */
static double variation_of(const MtsSearchResult *r, const MtsTableExact *exact)
{
    double variation = 0, found = 0, given = 0;
    for (size_t i = 0; i < r->answer_count; i++) {
        double p = exp(r->answers[i].logp + (r->lambda > 0 ? r->lambda * r->answers[i].reward : 0) - exact->log_z);
        variation += fabs(p - r->answers[i].probability);
        found += p;
        given += r->answers[i].probability;
    }
    variation += fmax(0, 1 - found) + fmax(0, 1 - given);
    return variation / 2;
}

static int table_scores(MtsEvalAnswer *a, const MtsEngine *engine, const MtsTextResult *result, MtsError *err)
{
    MtsTableExact exact;
    int rc;
    a->rule = "best";
    if (!result) {
        return mts_fail(err, MTS_ECONSTRAINT, "no text of the table was found");
    }
    const MtsSearchResult *r = result->search;
    if ((rc = mts_table_exact(mts_engine_table(engine), r->lambda, &exact, err)) ||
        (rc = take_text(a, result, r->best, err))) {
        return rc;
    }
    double error = r->log_z - exact.log_z;
    mts_json_add_real(&a->scores, MTS_F_LOG_Z_ERROR, error);
    mts_json_add_real(&a->scores, MTS_F_VALUE_ERROR, r->lambda > 0 ? error / r->lambda : NAN);
    mts_json_add_real(&a->scores, MTS_F_TV, variation_of(r, &exact));
    mts_json_add_real(&a->scores, MTS_F_EXPECTED_REWARD, exact.expected_reward);
    return MTS_OK;
}

/* By the form that the stage's answers have. */
static int answer_sample(MtsEvalAnswer *a, const MtsStage *stage, const MtsSample *s, const MtsTextResult *result,
                         MtsError *err)
{
    switch (stage->kind->answer) {
    case MTS_ANSWER_OPTION:
        return vote(a, stage, s, result, err);
    case MTS_ANSWER_TEXT:
        return caption(a, s, result, err);
    case MTS_ANSWER_NUMBERS:
        return median(a, s, result, err);
    }
    return MTS_OK;
}

int mts_eval_answer(MtsEvalAnswer *a, const MtsEvalPlan *plan, const MtsEngine *engine, const MtsSample *s,
                    const MtsEvalSetup *setup, const char *reward, const MtsTextResult *result, MtsError *err)
{
    int rc;
    *a = (MtsEvalAnswer){.index = SIZE_MAX, .correct = -1, .scores = json_object()};
    if (!s) {
        rc = table_scores(a, engine, result, err);
    } else if (setup->naive && strcmp(setup->method, "reward-alone") == 0) {
        rc = s->option_count ? reward_alone(a, plan, s, reward, err) : expected(a, plan, s, err);
    } else if (setup->naive) {
        rc = naive(a, s, setup->method[0] == 's', err);
    } else {
        rc = answer_sample(a, plan->stage, s, result, err);
    }
    return rc || a->scores ? rc : no_memory(err);
}

void mts_eval_answer_free(MtsEvalAnswer *a)
{
    free(a->text);
    free(a->output);
    json_decref(a->scores);
    memset(a, 0, sizeof *a);
}
