/* The one answer that a search's many come to.
 *
 * Classes: each option gets the probability of the answers that give it; the largest sum is the answer (the first of
 * equals), and texts that give no option do not vote. Where none does, there is no answer, and that is wrong.
 * Forecasts: each step is the median of the well-formed answers' values, weighted by their probability; of all answers
 * that have a number where none is well formed. Captions: the text of largest reward. */
#include "eval/answer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "eval/ask.h"
#include "results/metrics.h"
#include "reward/claims.h"
#include "series/format.h"
#include "core/number.h"

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
static json_t *option_json(const MtsEvalPlan *plan, const MtsSample *s, int option)
{
    MtsBytes label = {0};
    json_t *name = NULL;
    if (option < 0) {
        return json_null();
    }
    if (mts_stage_label(&label, plan->stage->kind, s, (size_t)option)) {
        name = mts_json_string(label.data, label.len);
    }
    mts_bytes_free(&label);
    return name;
}

static int vote(MtsEvalAnswer *a, const MtsEvalPlan *plan, const MtsSample *s, const MtsTextResult *result,
                MtsError *err)
{
    const MtsSearchResult *r = result ? result->search : NULL;
    double *share = mts_calloc(s->option_count, sizeof *share), formed = 0;
    int *given = mts_calloc(r ? r->answer_count : 0, sizeof *given), winner = MTS_NO_LABEL, best = MTS_NO_LABEL,
        rc = MTS_OK;
    a->rule = "vote";
    if (!share || !given) {
        rc = no_memory(err);
        goto done;
    }
    for (size_t i = 0; r && i < r->answer_count; i++) {
        given[i] = mts_stage_answer(plan->stage, s, result->texts[i], strlen(result->texts[i]));
        if (given[i] >= 0) {
            share[given[i]] += r->answers[i].probability;
            formed += r->answers[i].probability;
        }
    }
    for (size_t k = 0; k < s->option_count; k++) {
        winner = share[k] > (winner >= 0 ? share[winner] : 0) ? (int)k : winner;
    }
    best = r ? given[r->best] : best;
    for (size_t i = 0; r && winner >= 0 && i < r->answer_count; i++) {
        if (given[i] == winner &&
            (a->index == SIZE_MAX || r->answers[i].probability > r->answers[a->index].probability)) {
            a->index = i;
        }
    }
    if (r) { /* no option: the text that would have been given */
        rc = take_text(a, result, winner >= 0 ? a->index : r->best, err);
    }
    a->correct = winner >= 0 && winner == s->truth.option;
    a->scores = json_pack("{s:o, s:o, s:o, s:f, s:f}", "label", option_json(plan, s, s->truth.option), "predicted",
                          option_json(plan, s, winner), "predicted_best", option_json(plan, s, best), "share",
                          winner >= 0 ? share[winner] : 0.0, "well_formed", formed);
done:
    free(share);
    free(given);
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
    if (result) {
        rc = take_text(a, result, result->search->best, err);
        rc = rc == MTS_OK ? mts_subject_init(&subject, s->series->values, s->series->length, err) : rc;
        rc = rc == MTS_OK ? mts_claims_find(&subject, a->text, strlen(a->text), true, &claims, err) : rc;
    }
    for (size_t i = 0; i < claims.count; i++) {
        right += claims.items[i].right;
    }
    a->scores = json_pack("{s:I, s:I, s:I, s:o}", "claims", (json_int_t)claims.count, "claims_true", (json_int_t)right,
                          "claims_false", (json_int_t)(claims.count - right), "claims_share",
                          claims.count ? json_real((double)right / (double)claims.count) : json_null());
    mts_claims_free(&claims);
    mts_subject_free(&subject);
    return rc;
}

/* ---- forecasts ---- */

bool mts_forecast_read(const char *text, size_t size, double *numbers, size_t horizon, bool *well_formed)
{
    MtsNumber n;
    size_t at = 0, count = 0, end = 0;
    bool plain = true;
    while (mts_number_next(text, size, MTS_NUMBERS_LIST, &at, &n)) {
        for (size_t i = end; i < n.begin; i++) {
            plain = plain && strchr(" ,;\n\t\r", text[i]) && text[i];
        }
        if (count < horizon) {
            numbers[count] = n.value;
        }
        count++;
        end = n.end;
    }
    for (size_t i = end; i < size; i++) {
        plain = plain && strchr(" ,;\n\t\r", text[i]) && text[i];
    }
    for (size_t t = count; count > 0 && t < horizon; t++) {
        numbers[t] = numbers[count - 1];
    }
    *well_formed = plain && count == horizon;
    return count > 0;
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

/* l1 between the logs of the two periodograms. */
static int spectral_distance(const double *x, const double *y, size_t n, double *distance, MtsError *err)
{
    size_t bins = mts_psd_bins(MTS_PSD_PERIODOGRAM, n, 0);
    double *f = mts_calloc(bins, sizeof *f), *p = mts_calloc(bins, sizeof *p), *q = mts_calloc(bins, sizeof *q);
    int rc = f && p && q ? MTS_OK : no_memory(err);
    *distance = NAN;
    if (rc == MTS_OK && bins > 0) {
        rc = mts_psd(MTS_PSD_PERIODOGRAM, x, n, 0, 1, f, p, err);
        rc = rc == MTS_OK ? mts_psd(MTS_PSD_PERIODOGRAM, y, n, 0, 1, f, q, err) : rc;
        *distance = rc == MTS_OK ? mts_spectral_distance(MTS_SPECTRAL_L1, f, p, q, bins) : NAN;
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
    double crps = count ? 0 : NAN, distance, *step = mts_calloc(count, sizeof *step);
    int rc = step ? spectral_distance(a->output, s->truth.future, s->horizon, &distance, err) : no_memory(err);
    for (size_t t = 0; rc == MTS_OK && count && t < s->horizon; t++) {
        for (size_t i = 0; i < count; i++) {
            step[i] = draws[i * s->horizon + t];
        }
        crps += mts_crps(step, weights, count, s->truth.future[t]) / (double)s->horizon;
    }
    if (rc == MTS_OK) {
        json_object_set_new(a->scores, "smape", json_real(mts_smape(s->truth.future, a->output, s->horizon)));
        json_object_set_new(a->scores, "mase", mts_json_real(scaled_error(s, a->output)));
        json_object_set_new(a->scores, "crps", mts_json_real(crps));
        json_object_set_new(a->scores, "crps_scaled", mts_json_real(crps / s->truth.scale));
        json_object_set_new(a->scores, "spectral", mts_json_real(distance));
    }
    free(step);
    return rc;
}

static int no_forecast(MtsEvalAnswer *a)
{
    static const char *const none[] = {"mase", "crps", "crps_scaled", "spectral", "mase_best", "mase_equal"};
    json_object_set_new(a->scores, "smape", json_real(200));
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        json_object_set_new(a->scores, none[i], json_null());
    }
    json_object_set_new(a->scores, "smape_best", json_real(200));
    json_object_set_new(a->scores, "smape_equal", json_real(200));
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
    size_t n = r ? r->answer_count : 0, h = s->horizon, count = 0, formed = 0;
    double *read = mts_calloc(n * h, sizeof *read), *draws = mts_calloc(n * h, sizeof *draws),
           *weights = mts_calloc(n, sizeof *weights), *step = mts_calloc(n, sizeof *step);
    bool *has = mts_calloc(n, sizeof *has), *well = mts_calloc(n, sizeof *well);
    int rc = MTS_OK;
    a->rule = "median";
    a->scores = json_object();
    if (!read || !draws || !weights || !step || !has || !well) {
        rc = no_memory(err);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        has[i] = mts_forecast_read(result->texts[i], strlen(result->texts[i]), read + i * h, h, &well[i]);
        formed += well[i];
    }
    for (int pass = 0; pass < 3 && count == 0; pass++) { /* well-formed ones; others; then whatever their probability */
        for (size_t i = 0; i < n; i++) {
            double w = pass < 2 ? r->answers[i].probability : 1;
            if (w > 0 && has[i] && (pass > 0 || well[i])) {
                memcpy(draws + count * h, read + i * h, h * sizeof *draws);
                weights[count++] = w;
            }
        }
    }
    json_object_set_new(a->scores, "well_formed", json_real(n ? (double)formed / (double)n : 0));
    if (count == 0) {
        rc = no_forecast(a);
        goto done;
    }
    a->output = mts_calloc(h, sizeof *a->output);
    if (!a->output) {
        rc = no_memory(err);
        goto done;
    }
    for (size_t t = 0; t < h; t++) {
        for (size_t i = 0; i < count; i++) {
            step[i] = draws[i * h + t];
        }
        a->output[t] = mts_weighted_median(step, weights, count);
    }
    a->index = r->best;
    rc = write_forecast(a, h, err);
    rc = rc == MTS_OK ? judge_forecast(a, s, draws, weights, count, err) : rc;
    if (rc == MTS_OK) {
        const double *best = read + r->best * h;
        for (size_t i = 0; i < n; i++) {
            weights[i] = has[i] && well[i] == (formed > 0) ? 1 : 0;
        }
        for (size_t t = 0; t < h; t++) {
            for (size_t i = 0; i < n; i++) {
                step[i] = read[i * h + t];
            }
            draws[t] = mts_weighted_median(step, weights, n);
        }
        json_object_set_new(a->scores, "smape_equal", json_real(mts_smape(s->truth.future, draws, h)));
        json_object_set_new(a->scores, "mase_equal", mts_json_real(scaled_error(s, draws)));
        json_object_set_new(a->scores, "smape_best",
                            json_real(has[r->best] ? mts_smape(s->truth.future, best, h) : 200));
        json_object_set_new(a->scores, "mase_best", has[r->best] ? mts_json_real(scaled_error(s, best)) : json_null());
    }
done:
    free(read);
    free(draws);
    free(weights);
    free(step);
    free(has);
    free(well);
    return rc;
}

/* The last value, or the last season, again and again. */
static int naive(MtsEvalAnswer *a, const MtsSample *s, bool seasonal, MtsError *err)
{
    const MtsSeries *x = s->series;
    size_t season = seasonal && s->season <= x->length ? s->season : 1;
    const double weight = 1;
    a->rule = "naive";
    a->scores = json_object();
    a->output = mts_calloc(s->horizon, sizeof *a->output);
    if (!a->output) {
        return no_memory(err);
    }
    for (size_t t = 0; t < s->horizon; t++) {
        a->output[t] = x->values[x->length - season + t % season];
    }
    json_object_set_new(a->scores, "well_formed", json_real(1));
    int rc = write_forecast(a, s->horizon, err);
    return rc == MTS_OK ? judge_forecast(a, s, a->output, &weight, 1, err) : rc;
}

/* ---- tables ---- */

/* Total variation of the answers' probabilities to pi*: half of the sum of |differences|, and half of what of pi* was
 * not found. */
static int table_scores(MtsEvalAnswer *a, const MtsEngine *engine, const MtsTextResult *result, MtsError *err)
{
    const MtsSearchResult *r = result->search;
    MtsTableExact exact;
    a->rule = "best";
    int rc = mts_table_exact(mts_engine_table(engine), r->lambda, &exact, err);
    rc = rc == MTS_OK ? take_text(a, result, r->best, err) : rc;
    if (rc != MTS_OK) {
        return rc;
    }
    double variation = 0, found = 0, given = 0;
    for (size_t i = 0; i < r->answer_count; i++) {
        double p = exp(r->answers[i].logp + (r->lambda > 0 ? r->lambda * r->answers[i].reward : 0) - exact.log_z);
        variation += fabs(p - r->answers[i].probability);
        found += p;
        given += r->answers[i].probability;
    }
    double error = r->log_z - exact.log_z;
    variation += fmax(0, 1 - found) + fmax(0, 1 - given);
    a->scores = json_pack("{s:o, s:o, s:f, s:f}", "log_z_error", mts_json_real(error), "value_error",
                          mts_json_real(r->lambda > 0 ? error / r->lambda : NAN), "tv", variation / 2,
                          "expected_reward", exact.expected_reward);
    return MTS_OK;
}

int mts_eval_answer(MtsEvalAnswer *a, const MtsEvalPlan *plan, const MtsEngine *engine, const MtsSample *s,
                    const MtsEvalRun *run, const MtsTextResult *result, MtsError *err)
{
    memset(a, 0, sizeof *a);
    a->index = SIZE_MAX;
    a->correct = -1;
    int rc;
    if (!s) {
        rc = result ? table_scores(a, engine, result, err)
                    : mts_fail(err, MTS_ECONSTRAINT, "no text of the table was found");
    } else if (run->naive) {
        rc = naive(a, s, run->method[0] == 's', err);
    } else if (s->option_count) {
        rc = vote(a, plan, s, result, err);
    } else {
        rc = s->horizon ? median(a, s, result, err) : caption(a, s, result, err);
    }
    return rc == MTS_OK && !a->scores ? no_memory(err) : rc;
}

void mts_eval_answer_free(MtsEvalAnswer *a)
{
    free(a->text);
    free(a->output);
    json_decref(a->scores);
    memset(a, 0, sizeof *a);
}
