/* search/record/rollout_line.c - see rollout_line.h. */
#include "search/record/rollout_line.h"

#include <stdlib.h>

#include "search/record/spot_check.h"

/* ---- reading ---- */

/* NULL, or the name of what is missing or out of range among the numbers of a choice. */
static const char *read_choice(const MtsMethodOps *ops, const json_t *line, size_t i, double *logp, MtsChoice *choice)
{
    if (!mts_field_real(json_object_get(line, "logp"), i, -HUGE_VAL, 1e-6, logp)) {
        return "logp";
    }
    if (!mts_field_real(json_object_get(line, "log_q"), i, -HUGE_VAL, 1e-6, &choice->log_q)) {
        return "log_q";
    }
    for (size_t k = 0; k < MTS_CHOICE_KEPT && ops->choice_fields[k]; k++) {
        const json_t *kept = json_object_get(line, ops->choice_fields[k]);
        if (!mts_field_real(kept, i, 0, HUGE_VAL, &choice->kept[k])) {
            return ops->choice_fields[k];
        }
    }
    return NULL;
}

static int read_path(MtsSearch *search, MtsRollout *r, const json_t *line, MtsError *err)
{
    const json_t *tokens = json_object_get(line, "tokens");
    size_t n = json_array_size(tokens);
    bool dead = json_is_true(json_object_get(line, "dead"));
    if (n > search->model->max_tokens || (n == 0 && !dead)) {
        return mts_checkpoint_bad(search->checkpoint, r->index, "tokens", err);
    }
    for (size_t i = 0; i < n; i++) {
        size_t token;
        double logp;
        MtsChoice choice = {0};
        if (!mts_field_whole(tokens, i, 0, INT32_MAX, &token) || r->node->finished) {
            return mts_checkpoint_bad(search->checkpoint, r->index, "tokens", err);
        }
        const char *lacking = read_choice(search->ops, line, i, &logp, &choice);
        if (lacking) {
            return mts_checkpoint_bad(search->checkpoint, r->index, lacking, err);
        }
        bool finished = mts_search_ends(search, i + 1, (int32_t)token);
        MtsNode *child = mts_nodes_child(&search->nodes, r->node, (int32_t)token, logp, finished);
        if (!child || !mts_rollout_append(r, child, choice)) {
            return mts_out_of_memory(err);
        }
    }
    r->dead = dead;
    return r->dead == r->node->finished ? mts_checkpoint_bad(search->checkpoint, r->index, "dead", err) : MTS_OK;
}

/* Its reward, and what the method wrote. */
static int read_rest(MtsSearch *search, MtsRollout *r, const json_t *line, MtsError *err)
{
    if (!r->dead) {
        double reward;
        if (!mts_field_log(json_object_get(line, "reward"), &reward)) {
            return mts_checkpoint_bad(search->checkpoint, r->index, "reward", err);
        }
        r->node->reward = reward;
        r->node->scored = true;
    }
    int rc = MTS_OK;
    const char *lacking = search->ops->read_rollout ? search->ops->read_rollout(search, r, line, &rc) : NULL;
    return rc        ? mts_out_of_memory(err)
           : lacking ? mts_checkpoint_bad(search->checkpoint, r->index, lacking, err)
                     : MTS_OK;
}

int mts_rollout_read(MtsSearch *search, MtsRollout *r, MtsError *err)
{
    const json_t *line = mts_checkpoint_line(search->checkpoint, r->index), *index = json_object_get(line, "rollout");
    if (!json_is_integer(index) || (uint64_t)json_integer_value(index) != r->index) {
        return mts_checkpoint_bad(search->checkpoint, r->index, "rollout", err);
    }
    r->recorded = true;
    int rc = read_path(search, r, line, err);
    rc = rc ? rc : read_rest(search, r, line, err);
    return rc || r->dead ? rc : mts_spot_check(search, r->node, r->index, err);
}

/* ---- writing ---- */

/* A list with a number for each token: one of its doubles at `offset` in MtsChoice. */
static bool put_choices(MtsBytes *b, const char *key, const MtsRollout *r, size_t offset)
{
    bool ok = mts_bytes_printf(b, ",\"%s\":[", key);
    for (size_t i = 0; ok && i < r->node->depth; i++) {
        const char *choice = (const char *)&r->choices[i];
        ok = mts_bytes_printf(b, "%s%.17g", i ? "," : "", *(const double *)(const void *)(choice + offset));
    }
    return ok && mts_bytes_append_str(b, "]");
}

static bool put_path(MtsBytes *b, const MtsRollout *r)
{
    size_t n = r->node->depth;
    int32_t *tokens = mts_calloc(n, sizeof *tokens);
    double *logp = mts_calloc(n, sizeof *logp);
    bool ok = tokens && logp;
    if (ok) {
        mts_node_tokens(r->node, tokens);
    }
    for (const MtsNode *node = r->node; ok && node->parent; node = node->parent) {
        logp[node->depth - 1] = node->logp;
    }
    ok = ok && mts_put_tokens(b, tokens, n) && mts_bytes_append_str(b, ",\"logp\":[");
    for (size_t i = 0; ok && i < n; i++) {
        ok = mts_bytes_printf(b, "%s%.17g", i ? "," : "", logp[i]);
    }
    free(tokens);
    free(logp);
    return ok && mts_bytes_append_str(b, "]");
}

static bool put_rollout(MtsBytes *b, const MtsMethodOps *ops, const MtsRollout *r)
{
    bool ok = mts_bytes_printf(b, "{\"rollout\":%zu,\"dead\":%s,\"tokens\":", r->index, r->dead ? "true" : "false") &&
              put_path(b, r) && put_choices(b, "log_q", r, offsetof(MtsChoice, log_q));
    for (size_t k = 0; ok && k < MTS_CHOICE_KEPT && ops->choice_fields[k]; k++) {
        ok = put_choices(b, ops->choice_fields[k], r, offsetof(MtsChoice, kept) + k * sizeof(double));
    }
    return ok && mts_bytes_append_str(b, ",\"reward\":") && mts_put_real(b, r->dead ? -HUGE_VAL : r->node->reward) &&
           (!ops->write_rollout || ops->write_rollout(r, b)) && mts_bytes_append_str(b, "}\n");
}

int mts_rollout_write(MtsSearch *search, const MtsRollout *r, MtsError *err)
{
    if (!mts_checkpoint_writes(search->checkpoint) || r->recorded) {
        return MTS_OK;
    }
    MtsBytes b = {0};
    int rc =
        put_rollout(&b, search->ops, r) ? mts_checkpoint_append(search->checkpoint, &b, err) : mts_out_of_memory(err);
    mts_bytes_free(&b);
    return rc;
}
