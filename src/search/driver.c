/* search/driver.c - see driver.h; and mts_search() itself. */
#include "search/driver.h"

#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "search/positions.h"
#include "search/proposal.h"
#include "search/ending.h"
#include "search/record/trace.h"
#include "search/result.h"
#include "search/rollout.h"
#include "search/rollouts.h"
#include "search/settings.h"

/* ---- its making ---- */

/* As many as there are run fastest; where what a rollout does lies wholly in what it learns from those before it, the
 * method has fewer, for all in flight at once would be plain samples. Of waves (search/maxent/waves.c) large ones find
 * more, but a single one may be lured away as a whole, and has no standard error: the first has three quarters. */
size_t mts_search_in_flight(const MtsMethodOps *ops, size_t rollouts, bool prefixes)
{
    enum { MOST = 16 };
    bool waves = prefixes && ops->most_in_a_wave > 0;
    size_t most = waves ? ops->most_in_a_wave : ops->most_in_flight > 0 ? ops->most_in_flight : MOST;
    size_t enough = waves && rollouts > 1 ? rollouts - (rollouts + 3) / 4 : rollouts;
    return enough < most ? enough : most;
}

static bool prepare(MtsSearch *search)
{
    const MtsSearchSettings *s = &search->settings;
    bool ok = mts_nodes_init(&search->nodes, search->ops->node_bytes);
    search->own = mts_calloc(1, search->ops->search_bytes);
    search->steps = mts_calloc(s->batch, sizeof *search->steps);
    search->stepped = mts_calloc(s->batch, sizeof *search->stepped);
    search->tokens = mts_calloc(search->model->max_tokens, sizeof *search->tokens);
    if (!ok || !search->own || !search->steps || !search->stepped || !search->tokens) {
        return false;
    }
    MtsNode *root = search->nodes.root;
    root->state = search->model->root;
    search->model->retain(search->model->context, root->state);
    root->dist = search->model->root_dist;
    root->evaluated = root->counted = root->charged = true;
    root->proposal_mass = mts_proposal_mass(search, root);
    return true;
}

int mts_search_new(MtsSearch **out, const MtsSearchModel *model, const MtsSearchReward *reward,
                   const MtsSearchSettings *settings, const MtsEventSink *sink, MtsError *err)
{
    MtsSearch *search = *out = mts_calloc(1, sizeof *search);
    if (!search) {
        return mts_out_of_memory(err);
    }
    search->model = model;
    search->reward = reward;
    search->settings = *settings;
    search->ops = mts_method_ops(settings->method);
    search->sink = sink;
    search->began = mts_seconds();
    if (!search->ops) {
        return mts_fail(err, MTS_EUNSUPPORTED, "method: this build has no %s", mts_method_name(settings->method));
    }
    json_t *kept;
    int rc = mts_checkpoint_settings(&kept, settings->resume, err);
    if (rc) {
        return rc;
    }
    size_t in_flight = mts_search_in_flight(search->ops, settings->rollouts, mts_search_is_led_by_prefixes(search));
    mts_settings_resolve(&search->settings, reward, in_flight, kept);
    json_decref(kept);
    return prepare(search) ? mts_asker_new(&search->asker, reward, err) : mts_out_of_memory(err);
}

void mts_search_free(MtsSearch **out)
{
    MtsSearch *search = *out;
    if (!search) {
        return;
    }
    mts_asker_free(&search->asker);
    mts_checkpoint_free(&search->checkpoint);
    for (size_t i = 0; i < search->log_count; i++) {
        mts_rollout_free(search, search->log[i]);
    }
    if (search->ops && search->ops->end && search->own) {
        search->ops->end(search);
    }
    mts_nodes_free(&search->nodes, search->model);
    free((void *)search->log);
    free(search->answers);
    free(search->weights);
    free(search->own);
    free(search->steps);
    free((void *)search->stepped);
    free(search->tokens);
    free(search);
    *out = NULL;
}

/* ---- its course ---- */

/* With the probability of the texts not seen, one of them. */
static int draw_unseen(MtsSearch *search, MtsError *err)
{
    double unseen = search->ops->unseen(search);
    double weights[2] = {unseen, 1 - unseen};
    MtsRng rng = mts_search_rng(search, MTS_SAMPLE_STREAM, 0);
    if (!(unseen > 0) || (unseen < 1 && mts_pick(search->script, &rng, weights, 2) == 1)) {
        return MTS_OK;
    }
    int rc = mts_rollouts_one_more(search, err);
    return !rc && search->ops->finish ? search->ops->finish(search, err) : rc;
}

static int check_root(const MtsSearch *search, MtsError *err)
{
    const MtsNode *root = search->nodes.root;
    int rc = mts_search_check_dist(&root->dist, err);
    return !rc && mts_node_is_dead(root) ? mts_fail(err, MTS_ECONSTRAINT, "constraint: no token may follow the prompt")
                                         : rc;
}

static int open_checkpoint(MtsSearch *search, MtsError *err)
{
    const MtsSearchSettings *s = &search->settings;
    if (!s->save && !s->resume) {
        return MTS_OK;
    }
    json_t *identity = mts_settings_json(s, search->model->max_tokens, false);
    int rc =
        identity ? mts_checkpoint_open(&search->checkpoint, s->resume, s->save, identity, err) : mts_out_of_memory(err);
    json_decref(identity);
    return rc;
}

/* Whether the time, the caller or the limit on positions came before the first text. */
static bool is_without_text(const MtsSearch *search)
{
    bool spent = search->done == 0 && strcmp(search->stop_reason, "nfe") == 0;
    return search->answer_count == 0 && (spent || mts_search_is_cut_short(search));
}

int mts_search_lead(MtsSearch *search, MtsError *err)
{
    const MtsMethodOps *ops = search->ops;
    int rc;
    if ((rc = check_root(search, err)) || (rc = open_checkpoint(search, err)) ||
        (rc = ops->lead ? ops->lead(search, err) : mts_rollouts_lead(search, err)) ||
        (is_without_text(search) && (rc = mts_search_finish_leading(search, err))) ||
        (ops->finish && (rc = ops->finish(search, err)))) {
        return rc;
    }
    bool complete = search->settings.complete_sample && ops->unseen && !mts_search_is_cut_short(search);
    if (complete && (rc = draw_unseen(search, err))) {
        return rc;
    }
    MtsEvent event = {.kind = MTS_EVENT_STOPPED, .reason = search->stop_reason};
    return mts_search_emit(search, &event, err);
}

/* ---- all of it ---- */

int mts_search(const MtsSearchModel *model, const MtsSearchReward *reward, const MtsSearchSettings *settings,
               const MtsEventSink *sink, MtsSearchResult **result, MtsError *err)
{
    MtsSearch *search = NULL;
    MtsTrace trace = {0};
    MtsTraceFile file = {0};
    *result = NULL;
    int rc;
    (void)((rc = mts_search_check(model, settings, err)) ||
           (rc = mts_search_new(&search, model, reward, settings, sink, err)) ||
           (settings->trace && (rc = mts_trace_open(&file, &trace, search, err))) ||
           (rc = mts_search_lead(search, err)) || (rc = mts_search_result(search, result, err)) ||
           (settings->trace && (rc = mts_trace_end(&trace, *result, err))));
    rc = mts_trace_close(&file, rc, err);
    if (rc) {
        mts_search_result_free(result);
    }
    mts_trace_free(&trace);
    mts_search_free(&search);
    return rc;
}
