#include "search/run.h"

#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"

int mts_out_of_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "search: memory ran out");
}

bool mts_run_weights(MtsRun *run, size_t n)
{
    return mts_grow(&run->weights, &run->weight_cap, n, sizeof *run->weights);
}

/* ---- the proposal: p at the rollout's temperature ---- */

/* At temperature 1 weights are probabilities; at any other they are relative to the likeliest token's, which
 * comes first, so that none overflows. */
double mts_proposal_weight(const MtsRun *run, const MtsNode *node, size_t entry)
{
    double t = run->settings.temperature, logp = node->dist.logp[entry];
    return exp(t == 1 ? logp : (logp - node->dist.logp[0]) / t);
}

double mts_proposal_log(const MtsRun *run, const MtsNode *node, size_t entry)
{
    double t = run->settings.temperature, logp = node->dist.logp[entry];
    return (t == 1 ? logp : (logp - node->dist.logp[0]) / t) - log(node->proposal_mass);
}

/* By subtraction while a good part is left, which costs it few digits; else summed up. */
double mts_proposal_rest(const MtsRun *run, const MtsNode *node, size_t from)
{
    double left = node->proposal_mass, direct = 0;
    for (size_t i = 0; i < from; i++) {
        left -= mts_proposal_weight(run, node, i);
    }
    if (left > node->proposal_mass * 0x1p-10) {
        return left;
    }
    for (size_t i = from; i < node->dist.count; i++) {
        direct += mts_proposal_weight(run, node, i);
    }
    return direct;
}

static double proposal_mass(const MtsRun *run, const MtsNode *node)
{
    if (node->dist.log_mass == -HUGE_VAL) {
        return 0;
    }
    if (run->settings.temperature == 1) {
        return exp(node->dist.log_mass);
    }
    double sum = 0;
    for (size_t i = 0; i < node->dist.count; i++) {
        sum += mts_proposal_weight(run, node, i);
    }
    return sum;
}

static bool is_known_child(const MtsRun *run, const MtsNode *node, size_t entry)
{
    const MtsNode *child = mts_nodes_find(&run->nodes, node, node->dist.tokens[entry]);
    return child && child->visits > 0;
}

/* The stream's draw stops at the entry it lands on, which is near the front: entries descend. A script is
 * shown every weight. */
static bool draw_entry(MtsRun *run, MtsRng *rng, const MtsNode *node, bool unknown_only, size_t from, double mass,
                       size_t *entry)
{
    size_t n = node->dist.count, last = 0;
    double target = 0, sum = 0;
    bool skip = unknown_only && node->children > 0;
    if (run->script) {
        if (!mts_run_weights(run, n)) {
            return false;
        }
    } else {
        target = mts_rng_uniform(rng) * mass;
    }
    for (size_t i = 0; i < n; i++) {
        double w = i < from || (skip && is_known_child(run, node, i)) ? 0 : mts_proposal_weight(run, node, i);
        if (run->script) {
            run->weights[i] = w;
        } else if (w > 0) {
            last = i;
            sum += w;
            if (sum > target) {
                break;
            }
        }
    }
    *entry = run->script ? mts_pick(run->script, rng, run->weights, n) : last;
    return true;
}

bool mts_draw_prior(MtsRun *run, MtsRng *rng, const MtsNode *node, size_t *entry)
{
    return draw_entry(run, rng, node, false, 0, node->proposal_mass, entry);
}

bool mts_draw_rest(MtsRun *run, MtsRng *rng, const MtsNode *node, size_t from, double mass, size_t *entry)
{
    return draw_entry(run, rng, node, false, from, mass, entry);
}

bool mts_draw_unknown(MtsRun *run, MtsRng *rng, const MtsNode *node, size_t from, double mass, size_t *entry)
{
    return draw_entry(run, rng, node, true, from, mass, entry);
}

/* ---- nodes and the model ---- */

MtsNode *mts_run_child(MtsRun *run, MtsNode *node, size_t entry)
{
    int32_t token = node->dist.tokens[entry];
    bool finished = node->depth + 1 >= run->model->max_tokens || run->model->is_end(run->model->context, token);
    return mts_nodes_child(&run->nodes, node, token, node->dist.logp[entry], finished);
}

static int check_dist(const MtsDist *dist, MtsError *err)
{
    if (isnan(dist->log_mass) || dist->log_mass > 1e-6 || (dist->count == 0 && dist->log_mass != -HUGE_VAL)) {
        return mts_fail(err, MTS_EFORMAT, "model: a next-token distribution of %zu tokens has log mass %g", dist->count,
                        dist->log_mass);
    }
    if (dist->count > 0 && !(dist->logp[0] <= 1e-6)) {
        return mts_fail(err, MTS_EFORMAT, "model: token %d has log-probability %g", (int)dist->tokens[0],
                        dist->logp[0]);
    }
    return MTS_OK;
}

static int evaluate_batch(MtsRun *run, size_t n, MtsError *err)
{
    for (size_t i = 0; i < n; i++) {
        run->steps[i] = (MtsSearchStep){.state = run->stepped[i]->parent->state, .token = run->stepped[i]->token};
    }
    int rc = run->model->extend(run->model->context, run->steps, n, err);
    if (rc != MTS_OK) {
        return rc;
    }
    for (size_t i = 0; i < n; i++) {
        MtsNode *node = run->stepped[i];
        node->state = run->steps[i].next;
        node->dist = run->steps[i].dist;
        node->evaluated = true;
    }
    for (size_t i = 0; i < n; i++) {
        MtsNode *node = run->stepped[i];
        rc = check_dist(&node->dist, err);
        if (rc != MTS_OK) {
            return rc;
        }
        node->proposal_mass = proposal_mass(run, node);
        if (!node->counted) {
            node->counted = true;
            run->nfe++;
        }
    }
    MtsEvent event = {.kind = MTS_EVENT_PROGRESS};
    return mts_run_emit(run, &event, err);
}

int mts_run_evaluate(MtsRun *run, MtsNode *const *nodes, size_t n, MtsError *err)
{
    for (size_t from = 0; from < n;) {
        size_t count = 0;
        for (; from < n && count < run->settings.batch; from++) {
            MtsNode *node = nodes[from];
            bool there = node->evaluated;
            for (size_t i = 0; i < count && !there; i++) {
                there = run->stepped[i] == node;
            }
            if (!there) {
                run->stepped[count++] = node;
            }
        }
        int rc = count ? evaluate_batch(run, count, err) : MTS_OK;
        if (rc != MTS_OK) {
            return rc;
        }
    }
    return MTS_OK;
}

int mts_run_need(MtsRun *run, MtsNode *node, MtsError *err)
{
    while (!node->evaluated) {
        MtsNode *highest = node;
        while (!highest->parent->evaluated) {
            highest = highest->parent;
        }
        int rc = mts_run_evaluate(run, &highest, 1, err);
        if (rc != MTS_OK) {
            return rc;
        }
    }
    return MTS_OK;
}

/* ---- rewards and answers ---- */

int mts_run_ask(MtsRun *run, MtsNode *node, MtsError *err)
{
    if (node->scored || node->question) {
        return MTS_OK;
    }
    mts_node_tokens(node, run->tokens);
    MtsCandidate candidate = {run->tokens, node->depth, node->path_logp, node->finished};
    node->question = mts_ask(run->asker, &candidate);
    return node->question ? MTS_OK : mts_out_of_memory(err);
}

int mts_run_await(MtsRun *run, MtsNode *node, MtsError *err)
{
    if (node->scored) {
        return MTS_OK;
    }
    int rc = mts_ask_take(run->asker, &node->question, &node->reward, err);
    if (rc != MTS_OK) {
        return rc;
    }
    double tilt = mts_run_tilt(run, node);
    if (tilt != -HUGE_VAL && !isfinite(tilt)) {
        return mts_fail(err, MTS_EREWARD, "reward: %g times lambda %g is no finite number", node->reward,
                        run->settings.lambda);
    }
    node->scored = true;
    return MTS_OK;
}

int mts_run_score(MtsRun *run, MtsNode *const *nodes, size_t n, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t i = 0; i < n && rc == MTS_OK; i++) {
        rc = mts_run_ask(run, nodes[i], err);
    }
    for (size_t i = 0; i < n && rc == MTS_OK; i++) {
        rc = mts_run_await(run, nodes[i], err);
    }
    return rc;
}

int mts_run_answer(MtsRun *run, MtsNode *node, double log_weight, MtsError *err)
{
    if (node->answer) {
        MtsRunAnswer *known = &run->answers[node->answer - 1];
        known->log_weight = mts_log_add(known->log_weight, log_weight);
        return MTS_OK;
    }
    if (!mts_grow(&run->answers, &run->answer_cap, run->answer_count + 1, sizeof *run->answers)) {
        return mts_out_of_memory(err);
    }
    run->answers[run->answer_count++] = (MtsRunAnswer){node, log_weight};
    node->answer = run->answer_count;
    if (!run->best || node->reward > run->best->reward) {
        run->best = node;
    }
    return MTS_OK;
}

/* ---- stopping and telling ---- */

bool mts_run_stopped(MtsRun *run)
{
    const MtsSearchSettings *s = &run->settings;
    if (s->stop && s->stop(s->stop_context)) {
        run->stop_reason = "interrupted";
        return true;
    }
    if (s->max_seconds > 0 && mts_seconds() - run->began >= s->max_seconds) {
        run->stop_reason = "seconds";
        return true;
    }
    return false;
}

int mts_run_emit(MtsRun *run, MtsEvent *event, MtsError *err)
{
    if (!run->sink) {
        return MTS_OK;
    }
    event->best_reward = run->best ? run->best->reward : (double)NAN;
    event->nfe = event->kind == MTS_EVENT_PROGRESS ? run->nfe : run->charged;
    event->rollouts_done = run->done;
    event->rollouts = run->settings.rollouts;
    event->log_z = event->log_z_se = (double)NAN;
    if (run->ops->estimate) {
        run->ops->estimate(run, &event->log_z, &event->log_z_se);
    }
    return run->sink->event(run->sink->context, event, err);
}

/* ---- one search ---- */

static bool prepare(MtsRun *run)
{
    const MtsSearchSettings *s = &run->settings;
    bool ok = mts_nodes_init(&run->nodes, run->ops->node_bytes);
    run->own = mts_calloc(1, run->ops->run_bytes);
    run->steps = mts_calloc(s->batch, sizeof *run->steps);
    run->stepped = mts_calloc(s->batch, sizeof *run->stepped);
    run->tokens = mts_calloc(run->model->max_tokens, sizeof *run->tokens);
    if (!ok || !run->own || !run->steps || !run->stepped || !run->tokens) {
        return false;
    }
    MtsNode *root = run->nodes.root;
    root->state = run->model->root;
    run->model->retain(run->model->context, root->state);
    root->dist = run->model->root_dist;
    root->evaluated = root->counted = root->charged = true;
    root->proposal_mass = proposal_mass(run, root);
    return true;
}

int mts_run_new(MtsRun **out, const MtsSearchModel *model, const MtsSearchReward *reward,
                const MtsSearchSettings *settings, const MtsEventSink *sink, MtsError *err)
{
    MtsRun *run = *out = mts_calloc(1, sizeof *run);
    if (!run) {
        return mts_out_of_memory(err);
    }
    run->model = model;
    run->reward = reward;
    run->settings = *settings;
    json_t *kept = mts_checkpoint_settings(settings->resume);
    mts_settings_resolve(&run->settings, reward, kept);
    json_decref(kept);
    run->sink = sink;
    run->ops = mts_method_ops(settings->method);
    run->began = mts_seconds();
    if (!run->ops) {
        return mts_fail(err, MTS_EUNSUPPORTED, "method: this build has no %s", mts_method_name(settings->method));
    }
    if (!prepare(run)) {
        return mts_out_of_memory(err);
    }
    return mts_asker_new(&run->asker, reward, err);
}

bool mts_run_is_cut_short(const MtsRun *run)
{
    return strcmp(run->stop_reason, "interrupted") == 0 || strcmp(run->stop_reason, "seconds") == 0;
}

/* With the probability of the texts not seen, one of them. */
static int draw_unseen(MtsRun *run, MtsError *err)
{
    double unseen = run->ops->unseen(run);
    double weights[2] = {unseen, 1 - unseen};
    MtsRng rng = mts_run_rng(run, MTS_SAMPLE_STREAM, 0);
    if (!(unseen > 0) || (unseen < 1 && mts_pick(run->script, &rng, weights, 2) == 1)) {
        return MTS_OK;
    }
    int rc = mts_run_one_more(run, err);
    return rc == MTS_OK && run->ops->finish ? run->ops->finish(run, err) : rc;
}

int mts_run_go(MtsRun *run, MtsError *err)
{
    int rc = check_dist(&run->nodes.root->dist, err);
    if (rc == MTS_OK && mts_node_is_dead(run->nodes.root)) {
        rc = mts_fail(err, MTS_ECONSTRAINT, "constraint: no token may follow the prompt");
    }
    if (rc == MTS_OK) {
        rc = mts_checkpoint_open(&run->checkpoint, run, err);
    }
    if (rc == MTS_OK) {
        rc = run->ops->run ? run->ops->run(run, err) : mts_run_rollouts(run, err);
    }
    if (rc == MTS_OK && run->ops->finish) {
        rc = run->ops->finish(run, err);
    }
    if (rc == MTS_OK && run->settings.complete_sample && run->ops->unseen && !mts_run_is_cut_short(run)) {
        rc = draw_unseen(run, err);
    }
    if (rc == MTS_OK) {
        MtsEvent event = {.kind = MTS_EVENT_STOPPED, .reason = run->stop_reason};
        rc = mts_run_emit(run, &event, err);
    }
    return rc;
}

int mts_run(MtsRun **out, const MtsSearchModel *model, const MtsSearchReward *reward, const MtsSearchSettings *settings,
            const MtsEventSink *sink, const MtsScript *script, MtsError *err)
{
    int rc = mts_run_new(out, model, reward, settings, sink, err);
    if (rc == MTS_OK) {
        (*out)->script = script;
        rc = mts_run_go(*out, err);
    }
    return rc;
}

void mts_run_free(MtsRun **out)
{
    MtsRun *run = *out;
    if (!run) {
        return;
    }
    mts_asker_free(&run->asker);
    mts_checkpoint_free(&run->checkpoint);
    if (run->ops && run->ops->end && run->own) {
        run->ops->end(run);
    }
    mts_nodes_free(&run->nodes, run->model);
    for (size_t i = 0; i < run->log_count; i++) {
        mts_rollout_free(run->log[i]);
    }
    free(run->log);
    free(run->wave_log_z);
    free(run->answers);
    free(run->weights);
    free(run->own);
    free(run->steps);
    free(run->stepped);
    free(run->tokens);
    free(run);
    *out = NULL;
}
