#include "search/record/trace.h"

#include <stdlib.h>

#include "core/mem.h"

static bool put_real(MtsBytes *b, double x)
{
    return isfinite(x) ? mts_bytes_printf(b, "%.17g", x) : mts_bytes_append_str(b, "null");
}

static bool put_field(MtsBytes *b, const char *key, double x)
{
    return mts_bytes_printf(b, ",\"%s\":", key) && put_real(b, x);
}

static bool put_tokens(MtsBytes *b, const int32_t *tokens, size_t count)
{
    bool ok = mts_bytes_append_str(b, "[");
    for (size_t i = 0; ok && i < count; i++) {
        ok = mts_bytes_printf(b, "%s%d", i ? "," : "", (int)tokens[i]);
    }
    return ok && mts_bytes_append_str(b, "]");
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
    const MtsNode *node = t->run->nodes.root;
    bool ok = mts_bytes_append_str(b, ",\"path\":[");
    for (size_t i = 0; ok && node; i++) {
        double known[3];
        t->run->ops->inspect(t->run, node, known);
        ok = mts_bytes_append_str(b, i ? ",[" : "[") && put_real(b, known[0]) && mts_bytes_append_str(b, ",") &&
             put_real(b, known[1]) && mts_bytes_append_str(b, ",") && put_real(b, known[2]) &&
             mts_bytes_append_str(b, "]");
        node = i < event->count ? mts_nodes_find(&t->run->nodes, node, event->tokens[i]) : NULL;
    }
    return ok && mts_bytes_append_str(b, "]");
}

/* Which rollouts were kept out of order when a search was cut short: all behind the first one that was not
 * finished then. Empty for a search that ended by itself. */
static bool put_cut(MtsTrace *t)
{
    const MtsRun *run = t->run;
    bool ok = mts_bytes_append_str(&t->line, ",\"cut\":["), any = false;
    for (size_t i = 0; ok && i < run->log_count; i++) {
        if (run->log[i]->index != i) {
            ok = mts_bytes_printf(&t->line, "%s%zu", any ? "," : "", run->log[i]->index);
            any = true;
        }
    }
    ok = ok && mts_bytes_append_str(&t->line, "]");
    bool in_waves = run->ops->waves && run->reward->prefixes && mts_run_is_cut_short(run);
    return ok && (!in_waves || mts_bytes_printf(&t->line, ",\"waves\":%zu,\"steps\":%zu", run->waves, run->wave_steps));
}

static int compare_ids(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* The tokens seen in any distribution that end a text. */
static bool put_ends(MtsTrace *t)
{
    const MtsRun *run = t->run;
    int32_t *ends = NULL;
    size_t count = 0, cap = 0, distinct = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < run->nodes.count; i++) {
        const MtsDist *dist = &mts_nodes_at(&run->nodes, i)->dist;
        for (size_t e = 0; ok && e < dist->count; e++) {
            if (run->model->is_end(run->model->context, dist->tokens[e])) {
                ok = mts_grow(&ends, &cap, count + 1, sizeof *ends);
                if (ok) {
                    ends[count++] = dist->tokens[e];
                }
            }
        }
    }
    if (count) {
        qsort(ends, count, sizeof *ends, compare_ids);
    }
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || ends[i] != ends[distinct - 1]) {
            ends[distinct++] = ends[i];
        }
    }
    ok = ok && mts_bytes_append_str(&t->line, ",\"ends\":") && put_tokens(&t->line, ends, distinct);
    free(ends);
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
               put_tokens(b, e->tokens, e->count) && put_field(b, "logp", e->logp) && put_field(b, "log_q", e->log_q) &&
               put_field(b, "reward", e->reward) && mts_bytes_append_str(b, "}");
    case MTS_EVENT_BACKED_UP:
        return mts_bytes_printf(b, "{\"event\":\"backed-up\",\"rollout\":%zu", e->rollout) &&
               put_field(b, "log_z_rollout", e->log_z_rollout) && put_field(b, "log_z", e->log_z) &&
               put_field(b, "log_z_se", e->log_z_se) && put_field(b, "best_reward", e->best_reward) &&
               mts_bytes_printf(b, ",\"nfe\":%llu,\"done\":%zu", (unsigned long long)e->nfe, e->rollouts_done) &&
               (!t->run->ops->inspect || put_path(t, e)) && mts_bytes_append_str(b, "}");
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
    return rc == MTS_OK && t->next ? t->next->event(t->next->context, event, err) : rc;
}

int mts_trace_begin(MtsTrace *t, MtsRun *run, MtsLines out, MtsError *err)
{
    *t = (MtsTrace){.out = out, .run = run, .next = run->sink};
    t->sink = (MtsEventSink){t, on_event};
    run->sink = &t->sink;
    json_t *settings = mts_settings_json(run, true);
    bool ok = settings && json_object_set_new(settings, "prefixes", json_boolean(run->reward->prefixes)) == 0;
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
    mts_node_tokens(node, t->run->tokens);
    bool ok = mts_bytes_append_str(b, "{\"prior\":") && put_tokens(b, t->run->tokens, node->depth) &&
              put_field(b, "log_mass", node->dist.log_mass) && mts_bytes_append_str(b, ",\"ids\":") &&
              put_tokens(b, node->dist.tokens, node->dist.count) && mts_bytes_append_str(b, ",\"logp\":[");
    for (size_t i = 0; ok && i < node->dist.count; i++) {
        ok = mts_bytes_append_str(b, i ? "," : "") && put_real(b, node->dist.logp[i]);
    }
    return send(t, ok && mts_bytes_append_str(b, "]}"), err);
}

static int send_reward(MtsTrace *t, const MtsNode *node, MtsError *err)
{
    MtsBytes *b = &t->line;
    b->len = 0;
    mts_node_tokens(node, t->run->tokens);
    return send(t,
                mts_bytes_append_str(b, "{\"reward\":") && put_tokens(b, t->run->tokens, node->depth) &&
                    mts_bytes_printf(b, ",\"finished\":%s", node->finished ? "true" : "false") &&
                    put_field(b, "value", node->reward) && mts_bytes_append_str(b, "}"),
                err);
}

static int send_answer(MtsTrace *t, const MtsAnswer *answer, MtsError *err)
{
    MtsBytes *b = &t->line;
    b->len = 0;
    return send(t,
                mts_bytes_append_str(b, "{\"answer\":") && put_tokens(b, answer->tokens, answer->count) &&
                    put_field(b, "reward", answer->reward) && put_field(b, "logp", answer->logp) &&
                    put_field(b, "log_weight", answer->log_weight) &&
                    put_field(b, "probability", answer->probability) && put_field(b, "policy", answer->policy) &&
                    mts_bytes_append_str(b, "}"),
                err);
}

int mts_trace_end(MtsTrace *t, const MtsSearchResult *result, MtsError *err)
{
    MtsRun *run = t->run;
    int rc = MTS_OK;
    for (size_t i = 0; i < result->answer_count && rc == MTS_OK; i++) {
        rc = send_answer(t, &result->answers[i], err);
    }
    for (size_t i = 0; i < run->nodes.count && rc == MTS_OK; i++) {
        MtsNode *node = mts_nodes_at(&run->nodes, i);
        if (node->counted) {
            rc = mts_run_need(run, node, err);
            rc = rc == MTS_OK ? send_prior(t, node, err) : rc;
        }
    }
    for (size_t i = 0; i < run->nodes.count && rc == MTS_OK; i++) {
        const MtsNode *node = mts_nodes_at(&run->nodes, i);
        rc = node->scored ? send_reward(t, node, err) : MTS_OK;
    }
    return rc;
}
