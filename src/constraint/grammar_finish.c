/* constraint/grammar_finish.c - what is known of rules before the first text: their shortest texts, a least fixed
 * point, and the order in which they open. Rules that begin with themselves have no such order and are written anew
 * first. */
#include <stdlib.h>

#include "constraint/recursion.h"
#include "core/mem.h"

enum { MOST_LOOPS = 400 /* of rules that begin with each other: solving takes the cube of their number */ };

/* The walk that ranks: rules by those that they may call before any byte. Those that may call themselves, through
 * others too, are the strongly connected parts of what it walks over, found by the way (Tarjan). */
#define NO_RULE UINT32_MAX
typedef struct Ranking {
    MtsGrammar *g;
    uint32_t *order, *low; /* [rule_count] when it was met, 0: not yet; the first one met that it leads back to */
    uint32_t *waiting;     /* [waiting_count] rules whose part is not complete */
    bool *waits, *group;   /* [rule_count]; group: it may begin with itself */
    size_t waiting_count;
    uint32_t met, next, at; /* at: the rule under way */
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

static void lead_back(Ranking *r, uint32_t from, uint32_t met)
{
    r->low[from] = met < r->low[from] ? met : r->low[from];
}

/* The part that ends with this rule: all that wait from it on. */
static void close_part(Ranking *r, uint32_t rule)
{
    bool several = r->waiting[r->waiting_count - 1] != rule;
    uint32_t one;
    do {
        one = r->waiting[--r->waiting_count];
        r->waits[one] = false;
        r->group[one] |= several;
    } while (one != rule);
}

static void rank_rule(Ranking *r, uint32_t rule)
{
    uint32_t from = r->at;
    if (r->order[rule]) {
        if (r->waits[rule] && from != NO_RULE) {
            lead_back(r, from, r->order[rule]);
            r->group[rule] |= rule == from;
        }
        return;
    }
    r->order[rule] = r->low[rule] = ++r->met;
    r->waiting[r->waiting_count++] = rule;
    r->waits[rule] = true;
    r->at = rule;
    rank_node(r, r->g->rules[rule].body);
    r->at = from;
    r->g->rules[rule].rank = r->next--; /* what it calls has a higher rank */
    if (r->low[rule] == r->order[rule]) {
        close_part(r, rule);
    }
    if (from != NO_RULE) {
        lead_back(r, from, r->low[rule]);
    }
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

/* Ranks all rules; in *group how many may begin with themselves, and which: an array of as many as there are rules, the
 * caller's. NULL when memory ran out. */
static bool *rank_all(MtsGrammar *g, size_t *count)
{
    Ranking r = {.g = g, .next = (uint32_t)g->rule_count, .at = NO_RULE};
    r.order = mts_calloc(g->rule_count, sizeof *r.order);
    r.low = mts_calloc(g->rule_count, sizeof *r.low);
    r.waiting = mts_calloc(g->rule_count, sizeof *r.waiting);
    r.waits = mts_calloc(g->rule_count, sizeof *r.waits);
    r.group = mts_calloc(g->rule_count, sizeof *r.group);
    bool ok = r.order && r.low && r.waiting && r.waits && r.group;
    *count = 0;
    for (uint32_t i = 0; i < g->rule_count && ok; i++) {
        rank_rule(&r, i);
    }
    for (size_t i = 0; i < g->rule_count && ok; i++) {
        *count += r.group[i];
    }
    free(r.order);
    free(r.low);
    free(r.waiting);
    free(r.waits);
    if (!ok) {
        free(r.group);
    }
    return ok ? r.group : NULL;
}

static int spent(const MtsGrammar *g, const char *name, MtsError *err)
{
    int rc = mts_grammar_failed(g);
    return mts_fail(err, rc ? rc : MTS_ENOMEM, "%s: the constraint needs more %s than it may take", name,
                    mts_exprs_short_of(g->exprs));
}

/* Once more after rules that begin with themselves have been written anew. */
static int unwind(MtsGrammar *g, const bool *group, size_t count, const char *name, MtsError *err)
{
    if (count > MOST_LOOPS) {
        return mts_fail(err, MTS_EUNSUPPORTED, "%s: %zu rules may begin with themselves, more than %d are not held",
                        name, count, MOST_LOOPS);
    }
    if (!mts_grammar_unwind(g, group)) {
        return spent(g, name, err);
    }
    find_lengths(g);
    bool *rest = mts_grammar_failed(g) ? NULL : rank_all(g, &count);
    free(rest);
    if (!rest || mts_grammar_failed(g)) {
        return spent(g, name, err);
    }
    return count ? mts_fail(err, MTS_EUNSUPPORTED, "%s: a rule may begin with itself behind an empty text", name)
                 : MTS_OK;
}

int mts_grammar_finish(MtsGrammar *g, const char *name, MtsError *err)
{
    size_t count = 0;
    find_lengths(g);
    bool *group = mts_grammar_failed(g) ? NULL : rank_all(g, &count);
    int rc = !group ? spent(g, name, err) : count ? unwind(g, group, count, name, err) : MTS_OK;
    free(group);
    return rc;
}
