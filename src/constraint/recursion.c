/* constraint/recursion.c - rules that begin with themselves, written anew.
 *
 * Of each rule of the group the texts that are not empty, A_i, get a rule of their own. Such a text begins with one of
 * another rule of the group or not, so the A_i are a system of linear equations over languages,
 *     A_i = B_i + sum_j A_j C_ij,
 * and it is solved as such: A = B + A C has the solution B C*, what is found goes into the equations behind it, and
 *     A_k = (B_k + sum_{j > k} A_j C_kj) C_kk*
 * begins only with later ones. */
#include "constraint/recursion.h"

#include <stdlib.h>

#include "core/mem.h"

typedef struct Equations {
    MtsGrammar *g;
    const bool *group;
    size_t rules;     /* there were before */
    uint32_t *place;  /* [rules] of a rule in the group */
    uint32_t *filled; /* [rules] the rule of a rule's texts that are not empty; MTS_STORE_FULL: not made */
    size_t count;     /* of the group */
} Equations;

typedef struct Shape { /* a node, its parts held by value */
    uint32_t kind, a, b, c;
    size_t words;
} Shape;

static Shape shape_of(const MtsGrammar *g, MtsGrammarNode node)
{
    size_t n;
    const uint32_t *w = mts_store_get(&g->nodes, node, &n);
    return (Shape){w[0], n > 1 ? w[1] : 0, n > 2 ? w[2] : 0, n > 3 ? w[3] : 0, n};
}

static MtsGrammarNode choice_at(const MtsGrammar *g, MtsGrammarNode node, size_t i)
{
    size_t n;
    return mts_store_get(&g->nodes, node, &n)[i];
}

/* What may stand behind the first of a repeat's texts that is not empty. */
static MtsGrammarNode repeats_left(MtsGrammar *g, const Shape *s)
{
    uint32_t min = s->b > 0 && mts_node_shortest(g, s->a) > 0 ? s->b - 1 : 0;
    return mts_node_repeat(g, s->a, min, s->c == MTS_NO_LIMIT ? s->c : s->c - 1);
}

static MtsGrammarNode re_not_empty(MtsGrammar *g, MtsRe re)
{
    if (!mts_re_nullable(g->exprs, re)) {
        return mts_node_re(g, re);
    }
    return mts_node_re(g, mts_re_and(g->exprs, re, mts_re_not(g->exprs, MTS_RE_EMPTY)));
}

static MtsGrammarNode not_empty(Equations *e, MtsGrammarNode node);

/* The rule of a rule's texts that are not empty; those of the group get their bodies in the end. */
static MtsGrammarNode rule_not_empty(Equations *e, uint32_t rule)
{
    MtsGrammar *g = e->g;
    if (e->filled[rule] == MTS_STORE_FULL && !e->group[rule] && g->rules[rule].shortest > 0) {
        return mts_node_rule(g, rule);
    }
    if (e->filled[rule] == MTS_STORE_FULL) {
        uint32_t fresh = mts_grammar_rule(g);
        if (fresh == MTS_STORE_FULL) {
            return MTS_NODE_NONE;
        }
        e->filled[rule] = fresh;
        if (!e->group[rule]) {
            MtsGrammarNode body = not_empty(e, g->rules[rule].body);
            g->rules[fresh].body = body;
        }
    }
    return mts_node_rule(g, e->filled[rule]);
}

/* The node's texts that are not empty. */
static MtsGrammarNode not_empty(Equations *e, MtsGrammarNode node)
{
    MtsGrammar *g = e->g;
    const Shape s = shape_of(g, node);
    MtsGrammarNode all = MTS_NODE_NONE;
    switch ((MtsGrammarNodeKind)s.kind) {
    case MTS_NODE_RE:
        return re_not_empty(g, s.a);
    case MTS_NODE_SEQ:
        all = mts_node_seq(g, not_empty(e, s.a), s.b);
        return mts_node_shortest(g, s.a) == 0 ? mts_node_or(g, all, not_empty(e, s.b)) : all;
    case MTS_NODE_ALT:
        for (size_t i = 1; i < s.words; i++) {
            all = mts_node_or(g, all, not_empty(e, choice_at(g, node, i)));
        }
        return all;
    case MTS_NODE_RULE:
        return rule_not_empty(e, s.a);
    case MTS_NODE_REPEAT:
        return mts_node_seq(g, not_empty(e, s.a), repeats_left(g, &s));
    case MTS_NODE_BAG:
        return node;
    default:
        return MTS_NODE_NONE;
    }
}

/* Adds the node's texts that are not empty, with `rest` behind them, to an equation: row[0] is B, row[1 + j] is C_j. */
static void take_apart(Equations *e, MtsGrammarNode node, MtsGrammarNode rest, MtsGrammarNode *row)
{
    MtsGrammar *g = e->g;
    const Shape s = shape_of(g, node);
    switch ((MtsGrammarNodeKind)s.kind) {
    case MTS_NODE_SEQ:
        take_apart(e, s.a, mts_node_seq(g, s.b, rest), row);
        if (mts_node_shortest(g, s.a) == 0) {
            take_apart(e, s.b, rest, row);
        }
        break;
    case MTS_NODE_ALT:
        for (size_t i = 1; i < s.words; i++) {
            take_apart(e, choice_at(g, node, i), rest, row);
        }
        break;
    case MTS_NODE_REPEAT:
        take_apart(e, s.a, mts_node_seq(g, repeats_left(g, &s), rest), row);
        break;
    default:
        if (s.kind == MTS_NODE_RULE && e->group[s.a]) {
            uint32_t j = 1 + e->place[s.a];
            row[j] = mts_node_or(g, row[j], rest);
        } else {
            row[0] = mts_node_or(g, row[0], mts_node_seq(g, not_empty(e, node), rest));
        }
    }
}

static void add_product(MtsGrammar *g, MtsGrammarNode *sum, MtsGrammarNode a, MtsGrammarNode b)
{
    *sum = mts_node_or(g, *sum, mts_node_seq(g, a, b));
}

/* rows [count][1 + count] */
static void solve(MtsGrammar *g, MtsGrammarNode *rows, size_t count)
{
    size_t width = count + 1;
    for (size_t k = 0; k < count; k++) {
        MtsGrammarNode *row = rows + k * width, star = mts_node_repeat(g, row[1 + k], 0, MTS_NO_LIMIT);
        row[1 + k] = MTS_NODE_NONE;
        for (size_t j = 0; j < width; j++) {
            row[j] = mts_node_seq(g, row[j], star);
        }
        for (size_t i = k + 1; i < count; i++) {
            MtsGrammarNode *later = rows + i * width, factor = later[1 + k];
            later[1 + k] = MTS_NODE_NONE;
            for (size_t j = 0; j < width; j++) {
                add_product(g, &later[j], row[j], factor);
            }
        }
    }
}

/* The bodies that the solution gives. */
static void write_back(Equations *e, const uint32_t *rules, const MtsGrammarNode *rows)
{
    MtsGrammar *g = e->g;
    for (size_t k = 0; k < e->count; k++) {
        const MtsGrammarNode *row = rows + k * (e->count + 1);
        MtsGrammarNode body = row[0], own = rule_not_empty(e, rules[k]);
        bool nullable = g->rules[rules[k]].shortest == 0;
        for (size_t j = k + 1; j < e->count; j++) {
            add_product(g, &body, rule_not_empty(e, rules[j]), row[1 + j]);
        }
        if (!mts_grammar_failed(g)) {
            g->rules[e->filled[rules[k]]].body = body;
            g->rules[rules[k]].body = nullable ? mts_node_or(g, own, MTS_NODE_EMPTY) : own;
        }
    }
}

bool mts_grammar_unwind(MtsGrammar *g, const bool *group)
{
    Equations e = {.g = g, .group = group, .rules = g->rule_count};
    e.place = mts_calloc(e.rules, sizeof *e.place);
    e.filled = mts_calloc(e.rules, sizeof *e.filled);
    uint32_t *rules = mts_calloc(e.rules, sizeof *rules);
    size_t cells;
    for (uint32_t i = 0; i < e.rules && e.place && e.filled && rules; i++) {
        e.filled[i] = MTS_STORE_FULL;
        if (group[i]) {
            rules[e.count] = i;
            e.place[i] = (uint32_t)e.count++;
        }
    }
    MtsGrammarNode *rows = mts_size_mul(e.count, e.count + 1, &cells) ? mts_calloc(cells, sizeof *rows) : NULL;
    bool ok = e.place && e.filled && rules && rows;
    for (size_t k = 0; k < e.count && ok; k++) {
        take_apart(&e, g->rules[rules[k]].body, MTS_NODE_EMPTY, rows + k * (e.count + 1));
    }
    if (ok) {
        solve(g, rows, e.count);
        write_back(&e, rules, rows);
    }
    free(e.place);
    free(e.filled);
    free(rules);
    free(rows);
    return ok && !mts_grammar_failed(g);
}
