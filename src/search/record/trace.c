/* search/record/trace.c - see trace.h. */
#include "search/record/trace.h"

#include <stdlib.h>
#include <string.h>

#include "core/seal.h"
#include "search/experience.h"
#include "search/positions.h"
#include "search/rollout.h"
#include "search/settings.h"

static bool put_field(MtsBytes *b, const char *key, double x)
{
    return mts_bytes_printf(b, ",\"%s\":", key) && mts_put_real(b, x);
}

/* Sends the line off when it was put together whole. */
static int send(MtsTrace *t, bool ok, MtsError *err)
{
    return ok ? t->out.line(t->out.context, t->line.data, t->line.len, err) : mts_out_of_memory(err);
}

/* ---- events ---- */

static bool put_path(MtsTrace *t, const MtsEvent *event)
{
    MtsBytes *b = &t->line;
    const MtsNode *node = t->search->nodes.root;
    bool ok = mts_bytes_append_str(b, ",\"path\":[");
    for (size_t i = 0; ok && node; i++) {
        double known[3];
        t->search->ops->inspect(t->search, node, known);
        ok = mts_bytes_append_str(b, i ? ",[" : "[") && mts_put_real(b, known[0]) && mts_bytes_append_str(b, ",") &&
             mts_put_real(b, known[1]) && mts_bytes_append_str(b, ",") && mts_put_real(b, known[2]) &&
             mts_bytes_append_str(b, "]");
        node = i < event->count ? mts_nodes_find(&t->search->nodes, node, event->tokens[i]) : NULL;
    }
    return ok && mts_bytes_append_str(b, "]");
}

static bool put_last(MtsTrace *t)
{
    mts_node_tokens(t->search->last, t->search->tokens);
    return mts_bytes_append_str(&t->line, ",\"last\":") &&
           mts_put_tokens(&t->line, t->search->tokens, t->search->last->depth);
}

/* Which rollouts were kept out of order when a search was cut short: all behind the first one that was not
 * finished then. Empty for a search that ended by itself. */
static bool put_cut(MtsTrace *t)
{
    const MtsSearch *search = t->search;
    bool ok = mts_bytes_append_str(&t->line, ",\"cut\":["), any = false;
    for (size_t i = 0; ok && i < search->log_count; i++) {
        if (search->log[i]->index != i && search->log[i]->node != search->last) {
            ok = mts_bytes_printf(&t->line, "%s%zu", any ? "," : "", search->log[i]->index);
            any = true;
        }
    }
    ok = ok && mts_bytes_append_str(&t->line, "]");
    ok = ok && (!search->last || put_last(t));
    bool adds = ok && search->ops->write_stop && mts_search_is_cut_short(search);
    return ok && (!adds || search->ops->write_stop(search, &t->line));
}

static int compare_ids(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

typedef struct Ends {
    int32_t *tokens; /* [count] */
    size_t count, cap;
} Ends;

static bool add_ends(Ends *ends, const MtsSearch *search, const MtsDist *dist)
{
    for (size_t e = 0; e < dist->count; e++) {
        if (!search->model->is_end(search->model->context, dist->tokens[e])) {
            continue;
        }
        if (!mts_grow(&ends->tokens, &ends->cap, ends->count + 1, sizeof *ends->tokens)) {
            return false;
        }
        ends->tokens[ends->count++] = dist->tokens[e];
    }
    return true;
}

/* The tokens seen in any distribution that end a text, ascending. */
static bool put_ends(MtsTrace *t)
{
    const MtsSearch *search = t->search;
    Ends ends = {0};
    size_t distinct = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < search->nodes.count; i++) {
        ok = add_ends(&ends, search, &mts_nodes_at(&search->nodes, i)->dist);
    }
    if (ends.count) {
        qsort(ends.tokens, ends.count, sizeof *ends.tokens, compare_ids);
    }
    for (size_t i = 0; i < ends.count; i++) {
        if (i == 0 || ends.tokens[i] != ends.tokens[distinct - 1]) {
            ends.tokens[distinct++] = ends.tokens[i];
        }
    }
    ok = ok && mts_bytes_append_str(&t->line, ",\"ends\":") && mts_put_tokens(&t->line, ends.tokens, distinct);
    free(ends.tokens);
    return ok;
}

static bool put_event(MtsTrace *t, const MtsEvent *e)
{
    MtsBytes *b = &t->line;
    switch (e->kind) {
    case MTS_EVENT_SELECTED:
    case MTS_EVENT_EXTENDED:
        return mts_bytes_printf(b, "{\"event\":\"%s\",\"rollout\":%zu,\"depth\":%zu,\"token\":%d",
                                e->kind == MTS_EVENT_SELECTED ? "selected" : "extended", e->rollout, e->count,
                                (int)e->tokens[e->count - 1]) &&
               put_field(b, "logp", e->logp) && put_field(b, "log_q", e->log_q) && mts_bytes_append_str(b, "}");
    case MTS_EVENT_SCORED:
        return mts_bytes_printf(b, "{\"event\":\"scored\",\"rollout\":%zu,\"tokens\":", e->rollout) &&
               mts_put_tokens(b, e->tokens, e->count) && put_field(b, "logp", e->logp) &&
               put_field(b, "log_q", e->log_q) && put_field(b, "reward", e->reward) && mts_bytes_append_str(b, "}");
    case MTS_EVENT_BACKED_UP:
        return mts_bytes_printf(b, "{\"event\":\"backed-up\",\"rollout\":%zu", e->rollout) &&
               put_field(b, "log_z_rollout", e->log_z_rollout) && put_field(b, "log_z", e->log_z) &&
               put_field(b, "log_z_se", e->log_z_se) && put_field(b, "best_reward", e->best_reward) &&
               mts_bytes_printf(b, ",\"nfe\":%llu,\"done\":%zu", (unsigned long long)e->nfe, e->rollouts_done) &&
               (!t->search->ops->inspect || put_path(t, e)) && mts_bytes_append_str(b, "}");
    case MTS_EVENT_STOPPED:
        return mts_bytes_printf(b, "{\"event\":\"stopped\",\"reason\":\"%s\"", e->reason) &&
               put_field(b, "log_z", e->log_z) && put_field(b, "log_z_se", e->log_z_se) &&
               mts_bytes_printf(b, ",\"nfe\":%llu,\"done\":%zu", (unsigned long long)e->nfe, e->rollouts_done) &&
               put_cut(t) && put_ends(t) && mts_bytes_append_str(b, "}");
    default:
        return true;
    }
}

static int on_event(void *context, const MtsEvent *event, MtsError *err)
{
    MtsTrace *t = context;
    int rc = MTS_OK;
    if (event->kind != MTS_EVENT_PROGRESS) {
        t->line.len = 0;
        rc = send(t, put_event(t, event), err);
    }
    return !rc && t->next ? t->next->event(t->next->context, event, err) : rc;
}

int mts_trace_begin(MtsTrace *t, MtsSearch *search, MtsLines out, MtsError *err)
{
    *t = (MtsTrace){.out = out, .search = search, .next = search->sink};
    t->sink = (MtsEventSink){t, on_event};
    search->sink = &t->sink;
    json_t *settings = mts_settings_json(&search->settings, search->model->max_tokens, true);
    bool ok = settings && json_object_set_new(settings, "prefixes", json_boolean(search->reward->prefixes)) == 0;
    char *text = ok ? mts_json_text(settings) : NULL;
    ok = text && mts_bytes_printf(&t->line, "{\"maxts_trace\":%s}", text);
    free(text);
    json_decref(settings);
    return send(t, ok, err);
}

void mts_trace_free(MtsTrace *t)
{
    mts_bytes_free(&t->line);
}

/* ---- what the search had from outside ---- */

static int send_prior(MtsTrace *t, const MtsNode *node, MtsError *err)
{
    MtsBytes *b = &t->line;
    b->len = 0;
    mts_node_tokens(node, t->search->tokens);
    bool ok = mts_bytes_append_str(b, "{\"prior\":") && mts_put_tokens(b, t->search->tokens, node->depth) &&
              put_field(b, "log_mass", node->dist.log_mass) && mts_bytes_append_str(b, ",\"ids\":") &&
              mts_put_tokens(b, node->dist.tokens, node->dist.count) && mts_bytes_append_str(b, ",\"logp\":[");
    for (size_t i = 0; ok && i < node->dist.count; i++) {
        ok = mts_bytes_append_str(b, i ? "," : "") && mts_put_real(b, node->dist.logp[i]);
    }
    return send(t, ok && mts_bytes_append_str(b, "]}"), err);
}

static int send_reward(MtsTrace *t, const MtsNode *node, MtsError *err)
{
    MtsBytes *b = &t->line;
    b->len = 0;
    mts_node_tokens(node, t->search->tokens);
    return send(t,
                mts_bytes_append_str(b, "{\"reward\":") && mts_put_tokens(b, t->search->tokens, node->depth) &&
                    mts_bytes_printf(b, ",\"finished\":%s", node->finished ? "true" : "false") &&
                    put_field(b, "value", node->reward) && mts_bytes_append_str(b, "}"),
                err);
}

static int send_answer(MtsTrace *t, const MtsAnswer *answer, MtsError *err)
{
    MtsBytes *b = &t->line;
    b->len = 0;
    return send(t,
                mts_bytes_append_str(b, "{\"answer\":") && mts_put_tokens(b, answer->tokens, answer->count) &&
                    put_field(b, "reward", answer->reward) && put_field(b, "logp", answer->logp) &&
                    put_field(b, "log_weight", answer->log_weight) &&
                    put_field(b, "probability", answer->probability) && put_field(b, "policy", answer->policy) &&
                    mts_bytes_append_str(b, "}"),
                err);
}

static int send_priors(MtsTrace *t, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t i = 0; i < t->search->nodes.count && !rc; i++) {
        MtsNode *node = mts_nodes_at(&t->search->nodes, i);
        if (node->counted && !(rc = mts_search_need(t->search, node, err))) {
            rc = send_prior(t, node, err);
        }
    }
    return rc;
}

static int send_turn(MtsTrace *t, const MtsTurn *turn, MtsError *err)
{
    MtsBytes *b = &t->line;
    b->len = 0;
    return send(t,
                mts_bytes_append_str(b, "{\"outlook\":") && mts_put_tokens(b, turn->tokens, turn->count) &&
                    mts_bytes_printf(b, ",\"n\":%lld,\"sum\":%lld}", (long long)turn->n, (long long)turn->sum),
                err);
}

static int send_experience(MtsTrace *t, MtsError *err)
{
    const MtsExperience *e = t->search->settings.experience;
    int rc = MTS_OK;
    for (size_t i = 0; e && i < mts_experience_count(e) && !rc; i++) {
        rc = send_turn(t, mts_experience_at(e, i), err);
    }
    return rc;
}

int mts_trace_end(MtsTrace *t, const MtsSearchResult *result, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t i = 0; i < result->answer_count && !rc; i++) {
        rc = send_answer(t, &result->answers[i], err);
    }
    if (rc || (rc = send_priors(t, err))) {
        return rc;
    }
    for (size_t i = 0; i < t->search->nodes.count && !rc; i++) {
        const MtsNode *node = mts_nodes_at(&t->search->nodes, i);
        rc = node->scored ? send_reward(t, node, err) : MTS_OK;
    }
    return rc ? rc : send_experience(t, err);
}

/* ---- a file ---- */

static int write_line(void *context, const char *text, size_t size, MtsError *err)
{
    MtsTraceFile *t = context;
    t->line.len = 0;
    if (!mts_bytes_append(&t->line, text, size) || !mts_seal(&t->line, 0) || !mts_bytes_append(&t->line, "\n", 1)) {
        return mts_fail(err, MTS_ENOMEM, "trace: memory ran out");
    }
    return mts_output_append(t->out, t->line.data, t->line.len, false, err);
}

int mts_trace_open(MtsTraceFile *t, MtsTrace *trace, MtsSearch *search, MtsError *err)
{
    int rc;
    if ((rc = mts_output_open(&t->out, search->settings.trace, err)) || (rc = mts_output_replace(t->out, "", 0, err))) {
        return rc;
    }
    return mts_trace_begin(trace, search, (MtsLines){t, write_line}, err);
}

int mts_trace_close(MtsTraceFile *t, int rc, MtsError *err)
{
    rc = !rc && t->out ? mts_output_sync(t->out, err) : rc;
    mts_output_close(&t->out);
    mts_bytes_free(&t->line);
    return rc;
}
