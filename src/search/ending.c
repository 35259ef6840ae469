/* search/ending.c - the leading text of a search that was cut short before any was finished.
 *
 * It leads that is finished and only waits for its reward; else the longest prefix; of equals the one of the largest
 * log p, plus lambda times its reward where that is there. It goes on with the likeliest token each time. What turns
 * out to lead nowhere (nothing may follow, a reward of minus infinity) is given up for the next. It ends when it is
 * whole, when the grace is over, or when the limit on positions is reached, and is then what it is.
 *
 * No rollout drew it, so it has no part in an estimate of Z. The clock is asked here and nowhere else; a replay is told
 * by the trace which text it became. */
#include "search/ending.h"

#include "core/file.h"
#include "search/methods/population.h"
#include "search/positions.h"
#include "search/rollouts.h"

typedef struct Ending {
    MtsSearch *search;
    double until; /* mts_seconds() */
} Ending;

/* ---- which one ---- */

static bool is_spent(const MtsSearch *search, const MtsNode *node)
{
    return node->spent || mts_node_is_dead(node) || (node->scored && mts_search_tilt(search, node) == -HUGE_VAL);
}

/* What led to nothing, and its whole way: there are too many texts beside it to try them one by one. */
static void give_up(MtsNode *node)
{
    for (; node->parent; node = node->parent) {
        node->spent = true;
    }
}

static bool is_ahead(const MtsSearch *search, const MtsNode *a, const MtsNode *b)
{
    if (a->finished != b->finished) {
        return a->finished;
    }
    if (!a->finished && a->depth != b->depth) {
        return a->depth > b->depth;
    }
    double x = a->path_logp + (a->scored ? mts_search_tilt(search, a) : 0);
    double y = b->path_logp + (b->scored ? mts_search_tilt(search, b) : 0);
    return x > y;
}

/* NULL: all are spent. */
static MtsNode *find_leading(const Ending *e)
{
    MtsNode *best = NULL;
    for (size_t i = 0; i < e->search->nodes.count; i++) {
        MtsNode *node = mts_nodes_at(&e->search->nodes, i);
        if (!is_spent(e->search, node) && (!best || is_ahead(e->search, node, best))) {
            best = node;
        }
    }
    return best;
}

/* ---- to its end ---- */

/* What the root is followed by is known, and a text has a token at least. */
static bool may_go_on(const Ending *e, const MtsNode *node)
{
    const MtsSearchSettings *s = &e->search->settings;
    bool fits = node->evaluated || s->max_nfe == 0 || e->search->nfe < s->max_nfe;
    return !node->parent || (fits && mts_seconds() < e->until);
}

/* One token on; *node is NULL where none is left to try. */
static int take_step(MtsSearch *search, MtsNode **node, MtsError *err)
{
    int rc = mts_search_need(search, *node, err);
    const MtsDist *dist = &(*node)->dist;
    for (size_t i = 0; !rc && i < dist->count && dist->logp[i] != -HUGE_VAL; i++) {
        MtsNode *child = mts_search_child(search, *node, i);
        if (!child) {
            return mts_out_of_memory(err);
        }
        if (!is_spent(search, child)) {
            *node = child;
            return MTS_OK;
        }
    }
    if (!rc) {
        give_up(*node);
        (*node)->spent = true;
        *node = NULL;
    }
    return rc;
}

/* The reward of what it has become: of an unfinished text that of the prefix where there is one, else as of a text. */
static int score(MtsSearch *search, MtsNode *node, MtsError *err)
{
    if (node->finished || search->reward->prefixes) {
        return mts_search_score(search, &node, 1, err);
    }
    mts_node_tokens(node, search->tokens);
    MtsCandidate candidate = {search->tokens, node->depth, node->path_logp, true};
    node->question = mts_ask(search->asker, &candidate);
    return node->question ? mts_search_await(search, node, err) : mts_out_of_memory(err);
}

static int finish(const Ending *e, MtsNode **text, MtsError *err)
{
    int rc = MTS_OK;
    while (!rc && *text && !(*text)->finished && may_go_on(e, *text)) {
        rc = take_step(e->search, text, err);
    }
    return rc || !*text ? rc : score(e->search, *text, err);
}

/* *text stays NULL where there is none of any weight. */
static int find_text(const Ending *e, MtsNode **text, MtsError *err)
{
    MtsNode *node;
    while ((node = find_leading(e))) {
        int rc = finish(e, &node, err);
        if (rc) {
            return rc;
        }
        if (node && (!is_spent(e->search, node) || mts_seconds() >= e->until)) {
            *text = node;
            return MTS_OK;
        }
        if (node) {
            give_up(node);
        }
    }
    return MTS_OK;
}

/* ---- in a replay ---- */

/* The text of the trace, `path` its tokens. */
static int follow(MtsSearch *search, const json_t *path, MtsNode **text, MtsError *err)
{
    MtsNode *node = search->nodes.root;
    for (size_t i = 0; i < json_array_size(path); i++) {
        int32_t token = (int32_t)json_integer_value(json_array_get(path, i));
        size_t entry = 0;
        int rc = mts_search_need(search, node, err);
        if (rc) {
            return rc;
        }
        while (entry < node->dist.count && node->dist.tokens[entry] != token) {
            entry++;
        }
        if (entry == node->dist.count || node->finished) {
            return mts_fail(err, MTS_EFORMAT, "trace: `last` holds token %d, which cannot follow there", (int)token);
        }
        if (!(node = mts_search_child(search, node, entry))) {
            return mts_out_of_memory(err);
        }
    }
    *text = node->parent ? node : NULL;
    return *text ? score(search, node, err) : MTS_OK;
}

/* ---- all of it ---- */

int mts_search_finish_leading(MtsSearch *search, MtsError *err)
{
    Ending e = {.search = search, .until = mts_seconds() + search->settings.grace_seconds};
    MtsNode *text = NULL;
    if (!mts_search_is_cut_short(search)) {
        e.until = HUGE_VAL; /* the limit on positions: the clock has no say */
    }
    int rc = search->cut ? follow(search, json_object_get(search->cut->line, "last"), &text, err)
                         : find_text(&e, &text, err);
    if (rc || !text) {
        return rc;
    }
    search->last = text;
    double log_weight = text->path_logp + mts_search_tilt(search, text);
    return search->ops->lead ? mts_population_back_up(search, text, 0, log_weight, err)
                             : mts_rollouts_take(search, text, err);
}
