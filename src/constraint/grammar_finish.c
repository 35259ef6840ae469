/* constraint/grammar_finish.c - what is known of rules before the first text: their shortest texts, a least fixed
 * point, and the order in which they open. Rules that begin with themselves have no such order and are written anew
 * first. */
#include <stdlib.h>

#include "constraint/recursion.h"
#include "core/mem.h"

/* The rules that may be called before any byte of `node` is read, given to `each`; whether all of it may be empty. */
typedef struct Ranking {
    MtsGrammar *g;
    uint8_t *colour; /* [rule_count] 0 new, 1 under way, 2 done */
    uint32_t next;
    bool loop; /* a rule may begin with itself */
} Ranking;

static void rank_rule(Ranking *r, uint32_t rule);

static void rank_node(Ranking *r, MtsGrammarNode node)
{
    MtsGrammar *g = r->g;
    size_t n;
    const uint32_t *w = mts_store_get(&g->nodes, node, &n);
    while (w[0] == MTS_NODE_SEQ) { /* up to the first part that is not empty */
        uint32_t left = w[1], right = w[2];
        rank_node(r, left);
        if (mts_node_shortest(g, left) > 0) {
            return;
        }
        w = mts_store_get(&g->nodes, right, &n);
    }
    switch ((MtsGrammarNodeKind)w[0]) {
    case MTS_NODE_ALT:
        for (size_t i = 1; i < n; i++) {
            rank_node(r, w[i]);
        }
        break;
    case MTS_NODE_RULE:
        rank_rule(r, w[1]);
        break;
    case MTS_NODE_REPEAT:
        rank_node(r, w[1]);
        break;
    case MTS_NODE_BAG: { /* members begin with text of their own, but a bag of values may not */
        const MtsBag *bag = &g->bags[w[1]];
        for (size_t i = 0; i < bag->count; i++) {
            rank_node(r, bag->members[i]);
        }
        rank_node(r, bag->rest);
        break;
    }
    default:
        break;
    }
}

static void rank_rule(Ranking *r, uint32_t rule)
{
    if (r->colour[rule] == 1) {
        r->loop = true;
    }
    if (r->colour[rule]) {
        return;
    }
    r->colour[rule] = 1;
    rank_node(r, r->g->rules[rule].body);
    r->colour[rule] = 2;
    r->g->rules[rule].rank = r->next--; /* what it calls has a higher rank */
}

static void find_lengths(MtsGrammar *g)
{
    bool forwards = false;
    for (bool changed = true; changed && !mts_grammar_failed(g);) {
        changed = false;
        mts_grammar_forget_lengths(g);
        forwards = !forwards; /* rules that call the next one settle from the last on, others from the first */
        for (size_t k = 0; k < g->rule_count; k++) {
            size_t i = forwards ? k : g->rule_count - 1 - k;
            uint32_t length = mts_node_shortest(g, g->rules[i].body);
            changed |= length < g->rules[i].shortest;
            g->rules[i].shortest = length < g->rules[i].shortest ? length : g->rules[i].shortest;
        }
    }
    mts_grammar_forget_lengths(g);
}

/* Ranks all rules; *loop: some may begin with themselves. */
static bool rank_all(MtsGrammar *g, bool *loop)
{
    Ranking ranking = {.g = g, .colour = mts_calloc(g->rule_count, 1), .next = (uint32_t)g->rule_count};
    for (uint32_t i = 0; i < g->rule_count && ranking.colour; i++) {
        rank_rule(&ranking, i);
    }
    *loop = ranking.loop;
    free(ranking.colour);
    return ranking.colour != NULL;
}

/* The rules that may begin with themselves, through others too. */
static bool *find_group(MtsGrammar *g)
{
    bool *group = mts_calloc(g->rule_count, sizeof *group);
    uint8_t *colour = mts_calloc(g->rule_count, 1);
    for (uint32_t i = 0; i < g->rule_count && group && colour; i++) {
        for (size_t k = 0; k < g->rule_count; k++) {
            colour[k] = 0;
        }
        Ranking from = {.g = g, .colour = colour};
        rank_node(&from, g->rules[i].body);
        group[i] = colour[i] != 0;
    }
    bool ok = group && colour;
    free(colour);
    if (!ok) {
        free(group);
    }
    return ok ? group : NULL;
}

int mts_grammar_finish(MtsGrammar *g, const char *name, MtsError *err)
{
    bool loop = false;
    find_lengths(g);
    bool ok = !mts_grammar_failed(g) && rank_all(g, &loop);
    if (ok && loop) {
        bool *group = find_group(g);
        ok = group && mts_grammar_unwind(g, group);
        free(group);
        find_lengths(g);
        ok = ok && rank_all(g, &loop);
    }
    if (!ok || mts_grammar_failed(g)) {
        return mts_fail(err, mts_grammar_failed(g) ? mts_grammar_failed(g) : MTS_ENOMEM,
                        "%s: the constraint needs more memory than it may take", name);
    }
    return loop ? mts_fail(err, MTS_EUNSUPPORTED, "%s: a rule may begin with itself behind an empty text", name)
                : MTS_OK;
}
