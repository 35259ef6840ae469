/* constraint/grammar.c - the nodes of a grammar, and what is known of them before the first text: their shortest texts,
 * the order in which rules open. */
#include "constraint/grammar.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/sort.h"

#define NOT_KNOWN (MTS_NO_LIMIT - 1)

int mts_grammar_init(MtsGrammar *g, size_t budget)
{
    *g = (MtsGrammar){.exprs = mts_exprs_new(budget), .budget = budget};
    static const uint32_t nothing = MTS_NODE_NOTHING, no_byte = MTS_NODE_NO_BYTE;
    if (!g->exprs || mts_store_put(&g->nodes, &nothing, 1) != MTS_NODE_NONE ||
        mts_store_put(&g->nodes, &no_byte, 1) != MTS_NODE_EMPTY) {
        mts_grammar_free(g);
        return MTS_ENOMEM;
    }
    return MTS_OK;
}

void mts_grammar_free(MtsGrammar *g)
{
    mts_exprs_free(&g->exprs);
    mts_store_free(&g->nodes);
    for (size_t i = 0; i < g->bag_count; i++) {
        free(g->bags[i].members);
        free(g->bags[i].required);
    }
    free(g->bags);
    free(g->rules);
    free(g->lengths);
    *g = (MtsGrammar){0};
}

int mts_grammar_failed(const MtsGrammar *g)
{
    return g->failed ? g->failed : mts_exprs_failed(g->exprs);
}

/* ---- nodes ---- */

static MtsGrammarNode put(MtsGrammar *g, const uint32_t *words, size_t count)
{
    uint32_t number = mts_store_put(&g->nodes, words, count);
    bool over = mts_store_bytes(&g->nodes) > g->budget;
    if (number == MTS_STORE_FULL || over) {
        g->failed = g->failed ? g->failed : over ? MTS_ECAPACITY : MTS_ENOMEM;
        return MTS_NODE_NONE;
    }
    return mts_exprs_work(g->exprs, 1 + count / 8) ? number : MTS_NODE_NONE;
}

MtsGrammarNode mts_node_re(MtsGrammar *g, MtsRe re)
{
    if (re == MTS_RE_EMPTY) {
        return MTS_NODE_EMPTY;
    }
    return mts_re_alive(g->exprs, re) ? put(g, (uint32_t[]){MTS_NODE_RE, re}, 2) : MTS_NODE_NONE;
}

MtsGrammarNode mts_node_text(MtsGrammar *g, const char *text)
{
    return mts_node_re(g, mts_re_literal(g->exprs, text, strlen(text)));
}

/* The expression that the node is, or MTS_RE_NONE. */
static MtsRe as_re(const MtsGrammar *g, MtsGrammarNode node)
{
    size_t n;
    const uint32_t *w = mts_store_get(&g->nodes, node, &n);
    return w[0] == MTS_NODE_RE ? w[1] : w[0] == MTS_NODE_NO_BYTE ? MTS_RE_EMPTY : MTS_RE_NONE;
}

/* Sequences lean to the right: (x y z) b = x (y (z b)), from the last on. They may be long: no recursion. */
static MtsGrammarNode join_sequences(MtsGrammar *g, MtsGrammarNode a, MtsGrammarNode b)
{
    MtsGrammarNode *parts = NULL;
    size_t count = 0, cap = 0, n;
    for (const uint32_t *w; a != MTS_NODE_EMPTY; count++) {
        w = mts_store_get(&g->nodes, a, &n);
        if (!mts_grow(&parts, &cap, count + 1, sizeof *parts)) {
            g->failed = MTS_ENOMEM;
            free(parts);
            return MTS_NODE_NONE;
        }
        parts[count] = w[0] == MTS_NODE_SEQ ? w[1] : a;
        a = w[0] == MTS_NODE_SEQ ? w[2] : MTS_NODE_EMPTY;
    }
    while (count > 0) {
        b = mts_node_seq(g, parts[--count], b);
    }
    free(parts);
    return b;
}

MtsGrammarNode mts_node_seq(MtsGrammar *g, MtsGrammarNode a, MtsGrammarNode b)
{
    if (a == MTS_NODE_NONE || b == MTS_NODE_NONE) {
        return MTS_NODE_NONE;
    }
    if (a == MTS_NODE_EMPTY || b == MTS_NODE_EMPTY) {
        return a == MTS_NODE_EMPTY ? b : a;
    }
    size_t n;
    const uint32_t *w = mts_store_get(&g->nodes, a, &n);
    if (w[0] == MTS_NODE_SEQ) {
        return join_sequences(g, a, b);
    }
    MtsRe left = as_re(g, a), right = as_re(g, b);
    if (left && right) {
        return mts_node_re(g, mts_re_seq(g->exprs, left, right));
    }
    w = mts_store_get(&g->nodes, b, &n);
    if (left && w[0] == MTS_NODE_SEQ && as_re(g, w[1])) {
        MtsGrammarNode rest = w[2];
        return put(g, (uint32_t[]){MTS_NODE_SEQ, mts_node_re(g, mts_re_seq(g->exprs, left, as_re(g, w[1]))), rest}, 3);
    }
    return put(g, (uint32_t[]){MTS_NODE_SEQ, a, b}, 3);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

MtsGrammarNode mts_node_alt(MtsGrammar *g, const MtsGrammarNode *list, size_t count)
{
    size_t cap = 0, used = 1, n, regular = 0;
    uint32_t *words = NULL;
    MtsGrammarNode out = MTS_NODE_NONE;
    MtsRe *res = mts_calloc(count, sizeof *res); /* the regular ones together are one expression */
    for (size_t i = 0; i < count && res; i++) {
        res[regular] = as_re(g, list[i]);
        regular += res[regular] != MTS_RE_NONE;
    }
    MtsRe together = res ? mts_re_alt(g->exprs, res, regular) : MTS_RE_NONE;
    g->failed = res ? g->failed : MTS_ENOMEM;
    free(res);
    for (size_t i = 0; i <= count; i++) {
        MtsGrammarNode node = i < count ? list[i] : together ? mts_node_re(g, together) : MTS_NODE_NONE;
        const uint32_t *w = mts_store_get(&g->nodes, node, &n);
        if (i < count && as_re(g, node)) {
            continue;
        }
        bool nested = w[0] == MTS_NODE_ALT;
        size_t more = node == MTS_NODE_NONE ? 0 : nested ? n - 1 : 1;
        if (!mts_grow(&words, &cap, used + more + 1, sizeof *words)) {
            g->failed = MTS_ENOMEM;
            goto done;
        }
        if (more) {
            memcpy(words + used, nested ? w + 1 : &node, more * sizeof *words);
        }
        used += more;
    }
    mts_sort(words + 1, used - 1, sizeof *words, by_number);
    n = 1;
    for (size_t i = 1; i < used; i++) {
        if (i == 1 || words[i] != words[n - 1]) {
            words[n++] = words[i];
        }
    }
    words[0] = MTS_NODE_ALT;
    out = n == 1 ? MTS_NODE_NONE : n == 2 ? words[1] : put(g, words, n);
done:
    free(words);
    return out;
}

MtsGrammarNode mts_node_or(MtsGrammar *g, MtsGrammarNode a, MtsGrammarNode b)
{
    return mts_node_alt(g, (MtsGrammarNode[]){a, b}, 2);
}

MtsGrammarNode mts_node_repeat(MtsGrammar *g, MtsGrammarNode a, uint32_t min, uint32_t max)
{
    if (max == 0 || a == MTS_NODE_EMPTY || (a == MTS_NODE_NONE && min == 0)) {
        return MTS_NODE_EMPTY;
    }
    if (a == MTS_NODE_NONE || (min == 1 && max == 1)) {
        return a;
    }
    if (as_re(g, a)) {
        return mts_node_re(g, mts_re_repeat(g->exprs, as_re(g, a), min, max));
    }
    return put(g, (uint32_t[]){MTS_NODE_REPEAT, a, min, max}, 4);
}

MtsGrammarNode mts_node_rule(MtsGrammar *g, uint32_t rule)
{
    return put(g, (uint32_t[]){MTS_NODE_RULE, rule}, 2);
}

uint32_t mts_grammar_rule(MtsGrammar *g)
{
    if (!mts_grow(&g->rules, &g->rule_cap, g->rule_count + 1, sizeof *g->rules)) {
        g->failed = MTS_ENOMEM;
        return MTS_STORE_FULL;
    }
    g->rules[g->rule_count] = (MtsRule){.shortest = MTS_NO_LIMIT};
    return (uint32_t)g->rule_count++;
}

/* ---- bags ---- */

MtsGrammarNode mts_node_bag_at(MtsGrammar *g, const uint32_t *words, size_t count)
{
    return put(g, words, count);
}

MtsGrammarNode mts_node_bag(MtsGrammar *g, MtsBag bag)
{
    size_t words = 5 + (bag.count + 31) / 32;
    uint32_t *start = mts_calloc(words, sizeof *start);
    if (!start || !mts_grow(&g->bags, &g->bag_cap, g->bag_count + 1, sizeof *g->bags)) {
        free(start);
        free(bag.members);
        free(bag.required);
        g->failed = MTS_ENOMEM;
        return MTS_NODE_NONE;
    }
    g->bags[g->bag_count] = bag;
    start[0] = MTS_NODE_BAG;
    start[1] = (uint32_t)g->bag_count++;
    start[2] = MTS_BAG_FIRST;
    MtsGrammarNode node = put(g, start, words);
    free(start);
    return node;
}

static bool seen(const uint32_t *words, size_t member)
{
    return words[4 + member / 32] >> (member & 31) & 1;
}

MtsBagTally mts_bag_tally(const MtsGrammar *g, const uint32_t *words)
{
    const MtsBag *bag = &g->bags[words[1]];
    MtsBagTally t = {.count = words[3], .first_missing = bag->count};
    uint32_t passed = words[MTS_BAG_PASSED(bag)];
    for (size_t i = 0; i < bag->count; i++) {
        bool missing = bag->required[i] && !seen(words, i);
        t.count += seen(words, i);
        t.first_missing = missing && t.missing == 0 ? i : t.first_missing;
        t.missing += missing;
    }
    t.count -= passed;
    return t;
}

bool mts_bag_may_close(const MtsGrammar *g, const uint32_t *words, const MtsBagTally *t)
{
    const MtsBag *bag = &g->bags[words[1]];
    return t->missing == 0 && t->count >= bag->min && t->count <= bag->max;
}

/* Whether an ordered bag with `count` members, the last of them `member`, can still come to have enough. */
static bool enough_behind(MtsGrammar *g, const MtsBag *bag, size_t member, uint32_t count)
{
    for (size_t i = member + 1; i <= bag->count && count < bag->min; i++) {
        count += mts_node_shortest(g, i < bag->count ? bag->members[i] : bag->rest) != MTS_NO_LIMIT;
    }
    return count >= bag->min;
}

/* Members of an ordered bag that are passed over count as seen when a later one is taken, so `seen` alone says where it
 * is; how many they are stands in its last word. */
bool mts_bag_may_take(MtsGrammar *g, const uint32_t *words, const MtsBagTally *t, size_t member)
{
    const MtsBag *bag = &g->bags[words[1]];
    uint32_t missing = t->missing, count = t->count;
    if (member == bag->count) {
        return mts_node_shortest(g, bag->rest) != MTS_NO_LIMIT &&
               (bag->max == MTS_NO_LIMIT || count + missing < bag->max) && !(bag->ordered && missing);
    }
    if (seen(words, member) || mts_node_shortest(g, bag->members[member]) == MTS_NO_LIMIT ||
        (bag->ordered && (words[3] || t->first_missing < member || !enough_behind(g, bag, member, count + 1)))) {
        return false;
    }
    return bag->max == MTS_NO_LIMIT || count + missing < bag->max + bag->required[member];
}

/* ---- lengths ---- */

static uint32_t plus(uint32_t a, uint32_t b)
{
    uint64_t sum = (uint64_t)a + b;
    return a == MTS_NO_LIMIT || b == MTS_NO_LIMIT ? MTS_NO_LIMIT : sum > NOT_KNOWN - 1 ? NOT_KNOWN - 1 : (uint32_t)sum;
}

/* The shortest way from here to behind the closing text: what is required, then the shortest others while members are
 * too few. */
static uint32_t bag_shortest(MtsGrammar *g, const uint32_t *words)
{
    const MtsBag bag = g->bags[words[1]];
    const MtsBagTally tally = mts_bag_tally(g, words);
    uint32_t count = tally.count, comma = mts_node_shortest(g, bag.comma);
    mts_exprs_work(g->exprs, bag.count / 8);
    uint32_t length = mts_node_shortest(g, bag.close), more = 0;
    for (size_t i = 0; i < bag.count; i++) {
        if (bag.required[i] && !seen(words, i)) {
            length = plus(length, mts_node_shortest(g, bag.members[i]));
            more++;
        }
    }
    count += tally.missing;
    if (count > bag.max) {
        return MTS_NO_LIMIT;
    }
    uint32_t last = 0; /* the optional ones in the order of their lengths, each length with as many as have it */
    for (; count < bag.min; last++) {
        uint32_t best = mts_node_shortest(g, bag.rest), same = 0;
        best = best < last ? MTS_NO_LIMIT : best;
        for (size_t i = 0; i < bag.count; i++) {
            uint32_t one = bag.required[i] || seen(words, i) ? MTS_NO_LIMIT : mts_node_shortest(g, bag.members[i]);
            same = one < last || one > best ? same : one == best ? same + 1 : 1;
            best = one < last || one > best ? best : one;
        }
        if (best == MTS_NO_LIMIT) {
            return MTS_NO_LIMIT;
        }
        same = best == mts_node_shortest(g, bag.rest) ? MTS_NO_LIMIT : same;
        for (; same > 0 && count < bag.min; same--, count++, more++) {
            length = plus(length, best);
        }
        last = best;
    }
    uint32_t commas = more - (more > 0 && words[2] != MTS_BAG_AFTER);
    for (uint32_t i = 0; i < commas; i++) {
        length = plus(length, comma);
    }
    if (words[2] == MTS_BAG_NEXT && more == 0) { /* behind a comma something has to come */
        uint32_t best = mts_bag_may_take(g, words, &tally, bag.count) ? mts_node_shortest(g, bag.rest) : MTS_NO_LIMIT;
        for (size_t i = 0; i < bag.count; i++) {
            uint32_t one = mts_bag_may_take(g, words, &tally, i) ? mts_node_shortest(g, bag.members[i]) : MTS_NO_LIMIT;
            best = one < best ? one : best;
        }
        length = plus(length, best);
    }
    return length;
}

/* Of a sequence and of all its ends, which may be as many: from the last part on, without recursion. */
static uint32_t sequence_shortest(MtsGrammar *g, MtsGrammarNode node)
{
    MtsGrammarNode *ends = NULL;
    size_t count = 0, cap = 0, n;
    const uint32_t *w;
    for (; (w = mts_store_get(&g->nodes, node, &n))[0] == MTS_NODE_SEQ && g->lengths[node] == NOT_KNOWN; node = w[2]) {
        if (!mts_grow(&ends, &cap, count + 1, sizeof *ends)) {
            g->failed = MTS_ENOMEM;
            free(ends);
            return MTS_NO_LIMIT;
        }
        ends[count++] = node;
    }
    uint32_t sum = mts_node_shortest(g, node);
    while (count > 0) {
        w = mts_store_get(&g->nodes, ends[--count], &n);
        sum = plus(mts_node_shortest(g, w[1]), sum);
        g->lengths[ends[count]] = sum;
    }
    free(ends);
    return sum;
}

static uint32_t compute_shortest(MtsGrammar *g, MtsGrammarNode node)
{
    size_t n;
    const uint32_t *w = mts_store_get(&g->nodes, node, &n);
    uint32_t best = MTS_NO_LIMIT;
    switch ((MtsGrammarNodeKind)w[0]) {
    case MTS_NODE_NOTHING:
        return MTS_NO_LIMIT;
    case MTS_NODE_NO_BYTE:
        return 0;
    case MTS_NODE_RE:
        return mts_re_shortest(g->exprs, w[1]);
    case MTS_NODE_SEQ:
        return sequence_shortest(g, node);
    case MTS_NODE_ALT:
        for (size_t i = 1; i < n; i++) {
            uint32_t one = mts_node_shortest(g, w[i]);
            best = one < best ? one : best;
        }
        return best;
    case MTS_NODE_RULE:
        return g->rules[w[1]].shortest;
    case MTS_NODE_REPEAT: {
        uint32_t count = w[2];
        uint64_t all = count ? (uint64_t)mts_node_shortest(g, w[1]) * count : 0;
        return count && mts_node_shortest(g, w[1]) == MTS_NO_LIMIT ? MTS_NO_LIMIT
               : all > NOT_KNOWN - 1                               ? NOT_KNOWN - 1
                                                                   : (uint32_t)all;
    }
    case MTS_NODE_BAG:
        return bag_shortest(g, w);
    }
    return best;
}

void mts_grammar_forget_lengths(MtsGrammar *g)
{
    for (size_t i = 0; i < g->length_count; i++) {
        g->lengths[i] = NOT_KNOWN;
    }
}

uint32_t mts_node_shortest(MtsGrammar *g, MtsGrammarNode node)
{
    if (node >= g->length_count) {
        if (!mts_grow(&g->lengths, &g->length_cap, g->nodes.count, sizeof *g->lengths)) {
            g->failed = MTS_ENOMEM;
            return MTS_NO_LIMIT;
        }
        for (size_t i = g->length_count; i < g->length_cap; i++) {
            g->lengths[i] = NOT_KNOWN;
        }
        g->length_count = g->length_cap;
    }
    if (g->lengths[node] == NOT_KNOWN) {
        uint32_t length = compute_shortest(g, node);
        g->lengths[node] = length;
    }
    return g->lengths[node];
}
