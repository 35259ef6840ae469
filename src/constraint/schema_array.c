/* constraint/schema_array.c - arrays: the first items by their places, the others alike; lengths, contains,
 * uniqueItems. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "constraint/schema_make.h"
#include "core/mem.h"

enum { MAX_PLACES = 1000, MAX_UNIQUE = 1000, MAX_COUNTED = 20000, MAX_WANTED = 4 };

typedef struct Wanted { /* by `contains`: that many items valid under it */
    const json_t *schema, *failing;
    uint32_t least, most;
} Wanted;

typedef struct Arrays {
    MtsSchema *s;
    const MtsCase *c;
    uint32_t min, max, places; /* items with schemas of their own */
    Wanted wanted[MAX_WANTED];
    size_t wanted_count;
    bool unique;
    MtsGrammarNode comma, open, close;
} Arrays;

static int want(Arrays *a, const json_t *schema, uint32_t least, uint32_t most)
{
    size_t i = 0;
    while (i < a->wanted_count && a->wanted[i].schema != schema) {
        i++;
    }
    if (i == MAX_WANTED) {
        return mts_schema_refuse(a->s, "contains", "is not held where more than four schemas ask for it");
    }
    Wanted *w = &a->wanted[i];
    if (i == a->wanted_count) {
        *w = (Wanted){.schema = schema, .most = MTS_NO_LIMIT};
        a->wanted_count++;
    }
    w->least = least > w->least ? least : w->least;
    w->most = most < w->most ? most : w->most;
    return w->most == MTS_NO_LIMIT || w->failing ? MTS_OK : mts_schema_keep(a->s, mts_made_not(schema), &w->failing);
}

static int read_part(Arrays *a, const json_t *part)
{
    MtsSchema *s = a->s;
    uint32_t min = 0, max = MTS_NO_LIMIT, least = 1, most = MTS_NO_LIMIT;
    const json_t *others, *first = mts_schema_first_items(part, &others), *contains = json_object_get(part, "contains");
    int rc;
    if ((rc = mts_schema_count(s, part, "minItems", &min)) || (rc = mts_schema_count(s, part, "maxItems", &max)) ||
        (rc = mts_schema_count(s, part, "minContains", &least)) ||
        (rc = mts_schema_count(s, part, "maxContains", &most))) {
        return rc;
    }
    a->min = min > a->min ? min : a->min;
    a->max = max < a->max ? max : a->max;
    a->places = json_array_size(first) > a->places ? (uint32_t)json_array_size(first) : a->places;
    a->unique |= json_is_true(json_object_get(part, "uniqueItems"));
    return contains && (least > 0 || most != MTS_NO_LIMIT) ? want(a, contains, least, most) : MTS_OK;
}

/* The schemas of the item at a place, `besides` one more where it is not NULL; from a->places on they are the same. */
static int item_set(const Arrays *a, uint32_t place, const json_t *besides, MtsSchemaSet *set)
{
    for (size_t p = 0; p < a->c->parts.count; p++) {
        const json_t *others, *first = mts_schema_first_items(a->c->parts.items[p], &others);
        const json_t *one = place < json_array_size(first) ? json_array_get(first, place) : others;
        if (one && !mts_schema_set_add(set, one)) {
            return mts_schema_no_memory(a->s);
        }
    }
    return !besides || mts_schema_set_add(set, besides) ? MTS_OK : mts_schema_no_memory(a->s);
}

/* An item that counts as those of `wanted`, a set of bits; not as others whose number has a limit. */
static int item(const Arrays *a, uint32_t place, unsigned wanted, MtsGrammarNode *out)
{
    MtsSchemaSet set = {0};
    int rc = item_set(a, place, NULL, &set);
    for (size_t i = 0; i < a->wanted_count && !rc; i++) {
        const json_t *one = wanted >> i & 1 ? a->wanted[i].schema : a->wanted[i].failing;
        rc = !one || mts_schema_set_add(&set, one) ? MTS_OK : mts_schema_no_memory(a->s);
    }
    rc = rc ? rc : a->s->node(a->s, &set, out);
    mts_schema_set_free(&set);
    return rc;
}

/* [ i0 (, i1 (, i2 ... (, rest)* )? )? ]: written from the end, each place with what follows it. */
static int plain_array(const Arrays *a, MtsGrammarNode *out)
{
    MtsGrammar *g = a->s->g;
    MtsGrammarNode rest, node;
    uint32_t places = a->places > 0 ? a->places : 1; /* the first item has no comma before it */
    int rc = item(a, places, 0, &rest);
    if (rc || a->max < a->min) {
        *out = MTS_NODE_NONE;
        return rc;
    }
    if (places > MAX_PLACES) {
        return mts_schema_refuse(a->s, "prefixItems", "has more than 1000 items");
    }
    uint32_t least = a->min > places ? a->min - places : 0;
    uint32_t most = a->max == MTS_NO_LIMIT ? a->max : a->max > places ? a->max - places : 0;
    MtsGrammarNode tail = mts_node_repeat(g, mts_node_seq(g, a->comma, rest), least, most);
    for (uint32_t place = places; place-- > 0;) {
        if (place >= a->max) {
            tail = MTS_NODE_EMPTY;
            continue;
        }
        if ((rc = item(a, place, 0, &node)) != 0) {
            return rc;
        }
        node = mts_node_seq(g, place ? a->comma : MTS_NODE_EMPTY, mts_node_seq(g, node, tail));
        tail = place < a->min ? node : mts_node_or(g, node, MTS_NODE_EMPTY);
    }
    *out = mts_node_seq(g, a->open, mts_node_seq(g, tail, a->close));
    return MTS_OK;
}

/* Arrays whose items are counted, those that each `contains` asks for too. Those without a limit are counted up to the
 * least of them alone, and any item may pass as one that is not counted. */
typedef struct Counted {
    const Arrays *a;
    uint32_t places;           /* that are told apart */
    uint32_t most[MAX_WANTED]; /* of each, so many are told apart */
    uint32_t states;           /* the counts of all, the first the lowest digit */
} Counted;

/* The counts behind an item of `wanted`; c->states where they are not told apart, or too many. */
static uint32_t count_on(const Counted *c, uint32_t state, unsigned wanted)
{
    uint32_t step = 1, next = state;
    for (size_t i = 0; i < c->a->wanted_count; i++) {
        uint32_t own = state / step % (c->most[i] + 1);
        if (wanted >> i & 1) {
            if (own == c->most[i]) {
                return c->states;
            }
            next += step;
        }
        step *= c->most[i] + 1;
    }
    return next;
}

static bool enough(const Counted *c, uint32_t state)
{
    bool all = true;
    for (size_t i = 0; i < c->a->wanted_count; i++) {
        all &= state % (c->most[i] + 1) >= c->a->wanted[i].least;
        state /= c->most[i] + 1;
    }
    return all;
}

/* The items of a place by what they count as. */
static int items_of(const Counted *c, uint32_t place, MtsGrammarNode items[1 << MAX_WANTED])
{
    int rc = MTS_OK;
    for (unsigned wanted = 0; wanted < 1u << c->a->wanted_count && !rc; wanted++) {
        rc = item(c->a, place, wanted, &items[wanted]);
    }
    return rc;
}

/* What a counted item leads on to. */
static MtsGrammarNode counted_next(const Counted *c, uint32_t state, const MtsGrammarNode *items, MtsGrammarNode comma,
                                   const MtsGrammarNode *rest)
{
    MtsGrammar *g = c->a->s->g;
    MtsGrammarNode all = MTS_NODE_NONE;
    for (unsigned wanted = 1; wanted < 1u << c->a->wanted_count; wanted++) {
        uint32_t next = count_on(c, state, wanted);
        if (next < c->states) {
            MtsGrammarNode one = mts_node_seq(g, mts_node_seq(g, comma, items[wanted]), rest[next]);
            all = mts_node_or(g, all, one);
        }
    }
    return all;
}

/* What may follow any number of items from c->places on: others, and between them counted ones. */
static int write_rest(const Counted *c, MtsGrammarNode *rest)
{
    MtsGrammar *g = c->a->s->g;
    MtsGrammarNode items[1 << MAX_WANTED];
    int rc = items_of(c, c->places, items);
    if (rc) {
        return rc;
    }
    MtsGrammarNode other = mts_node_repeat(g, mts_node_seq(g, c->a->comma, items[0]), 0, MTS_NO_LIMIT);
    for (uint32_t k = c->states; k-- > 0;) {
        MtsGrammarNode more = counted_next(c, k, items, c->a->comma, rest);
        rest[k] = mts_node_seq(g, other, enough(c, k) ? mts_node_or(g, MTS_NODE_EMPTY, more) : more);
    }
    return MTS_OK;
}

/* What may follow `place` items from what may follow one more; in place, for a state leads to higher ones. */
static int write_place(const Counted *c, uint32_t place, MtsGrammarNode *rest)
{
    MtsGrammar *g = c->a->s->g;
    MtsGrammarNode items[1 << MAX_WANTED], comma = place ? c->a->comma : MTS_NODE_EMPTY;
    int rc = items_of(c, place, items);
    for (uint32_t k = 0; k < c->states && !rc; k++) {
        MtsGrammarNode next = mts_node_seq(g, comma, mts_node_seq(g, items[0], rest[k]));
        next = mts_node_or(g, next, counted_next(c, k, items, comma, rest));
        rest[k] = place >= c->a->min && enough(c, k) ? mts_node_or(g, MTS_NODE_EMPTY, next) : next;
    }
    return rc;
}

static int containing_array(const Arrays *a, MtsGrammarNode *out)
{
    MtsGrammar *g = a->s->g;
    uint32_t places = a->places > a->min ? a->places : a->min;
    Counted c = {.a = a, .states = 1};
    uint64_t states = 1;
    c.places = a->max != MTS_NO_LIMIT ? a->max : places ? places : 1;
    for (size_t i = 0; i < a->wanted_count; i++) {
        const Wanted *w = &a->wanted[i];
        c.most[i] = w->most == MTS_NO_LIMIT ? w->least : w->most;
        states = states > MAX_COUNTED ? states : states * (2 * ((uint64_t)c.most[i] + 1));
    }
    if (states > MAX_COUNTED || states * ((uint64_t)c.places + 1) > 2 * MAX_COUNTED) {
        return mts_schema_refuse(a->s, "contains", "is not held beside that many items");
    }
    c.states = (uint32_t)(states >> a->wanted_count);
    MtsGrammarNode *rest = mts_calloc(c.states, sizeof *rest);
    int rc = rest ? MTS_OK : mts_schema_no_memory(a->s);
    for (uint32_t k = 0; k < c.states && rest; k++) {
        rest[k] = enough(&c, k) && c.places >= a->min ? MTS_NODE_EMPTY : MTS_NODE_NONE;
    }
    rc = rc || a->max != MTS_NO_LIMIT ? rc : write_rest(&c, rest);
    for (uint32_t place = c.places; place-- > 0 && !rc;) {
        rc = write_place(&c, place, rest);
    }
    *out = rc ? MTS_NODE_NONE : mts_node_seq(g, a->open, mts_node_seq(g, rest[0], a->close));
    free(rest);
    return rc;
}

/* The integers of a case between its limits, as far as they are no more than can be told apart; NULL: they are. */
static json_t *whole_numbers(const MtsCase *c)
{
    static const char *const limits[2][2] = {{"minimum", "exclusiveMinimum"}, {"maximum", "exclusiveMaximum"}};
    double ends[2] = {-HUGE_VAL, HUGE_VAL};
    for (size_t p = 0; p < c->parts.count; p++) {
        for (int i = 0; i < 4; i++) {
            const json_t *v = json_object_get(c->parts.items[p], limits[i / 2][i % 2]);
            if (mts_is_number(v)) {
                double x = mts_number_of(v);
                ends[i / 2] = i < 2 ? fmax(ends[0], x) : fmin(ends[1], x);
            }
        }
    }
    if (!(ends[1] - ends[0] < MAX_UNIQUE) || fabs(ends[0]) > 0x1p52) {
        return NULL;
    }
    json_t *all = json_array();
    for (double x = ceil(ends[0]); x <= ends[1]; x++) {
        mts_json_add(&all, NULL, json_integer((json_int_t)x));
    }
    return all;
}

/* The values that an item may have, where all its cases list them; NULL in *values otherwise. */
static int listed_items(const Arrays *a, json_t **values)
{
    MtsSchemaSet set = {0};
    MtsCases cases = {0};
    int rc = item_set(a, 0, NULL, &set);
    *values = json_array();
    rc = rc ? rc : *values ? mts_schema_cases(a->s, &set, &cases) : mts_schema_no_memory(a->s);
    for (size_t i = 0; i < cases.count && !rc && *values; i++) {
        json_t *some = NULL;
        MtsCase *c = &cases.items[i];
        if (!(c->types & ~(unsigned)(MTS_NULL | MTS_BOOLEAN))) {
            some = json_array();
            if (c->types & MTS_NULL) {
                mts_json_add(&some, NULL, json_null());
            }
            if (c->types & MTS_BOOLEAN) {
                mts_json_add(&some, NULL, json_true());
                mts_json_add(&some, NULL, json_false());
            }
            rc = some ? MTS_OK : mts_schema_no_memory(a->s);
        } else {
            rc = mts_schema_listed(a->s, c, &some);
            some = rc || some || c->types != MTS_WHOLE ? some : whole_numbers(c);
        }
        bool none = !rc && !some; /* they are not listed */
        if (!rc && some && json_array_extend(*values, some)) {
            rc = mts_schema_no_memory(a->s);
        }
        json_decref(some);
        if (none) {
            json_decref(*values);
            *values = NULL;
        }
    }
    mts_cases_free(&cases);
    mts_schema_set_free(&set);
    if (rc) {
        json_decref(*values);
        *values = NULL;
    }
    return rc;
}

/* Items that differ are a bag of the values that they may have. */
static int unique_array(const Arrays *a, MtsGrammarNode *out)
{
    MtsGrammar *g = a->s->g;
    json_t *values, *v;
    size_t i, used = 0;
    int rc = listed_items(a, &values);
    if (rc) {
        return rc;
    }
    if (!values || a->places || a->wanted_count || json_array_size(values) > MAX_UNIQUE) {
        json_decref(values);
        return mts_schema_refuse(a->s, "uniqueItems", "is held only for items from a list of values");
    }
    MtsBag bag = {.count = json_array_size(values), .comma = a->comma, .close = a->close, .min = a->min, .max = a->max};
    bag.members = mts_calloc(bag.count, sizeof *bag.members);
    bag.required = mts_calloc(bag.count, sizeof *bag.required);
    rc = bag.members && bag.required ? MTS_OK : mts_schema_no_memory(a->s);
    json_array_foreach(values, i, v)
    {
        MtsSchemaSet set = {0};
        json_t *only = rc ? NULL : json_pack("{s:O}", "const", v);
        if (!rc && json_array_append_new(a->s->made, only)) {
            rc = mts_schema_no_memory(a->s);
        }
        rc = rc ? rc : item_set(a, 0, only, &set);
        rc = rc ? rc : a->s->node(a->s, &set, &bag.members[used]);
        mts_schema_set_free(&set);
        bool again = false; /* 1 and 1.0, or one value from two cases */
        for (size_t k = 0; k < i && !again; k++) {
            again = mts_same_value(json_array_get(values, k), v);
        }
        used += !again;
    }
    bag.count = used;
    json_decref(values);
    if (rc) {
        free(bag.members);
        free(bag.required);
        return rc;
    }
    *out = mts_node_seq(g, a->open, mts_node_bag(g, bag));
    return MTS_OK;
}

int mts_schema_array(MtsSchema *s, const MtsCase *c, MtsGrammarNode *out)
{
    MtsExprs *x = s->g->exprs;
    Arrays a = {.s = s, .c = c, .max = MTS_NO_LIMIT};
    a.comma = mts_node_re(s->g, s->text.comma);
    a.open = mts_node_re(s->g, mts_re_seq(x, mts_re_literal(x, "[", 1), s->text.space));
    a.close = mts_node_re(s->g, mts_re_seq(x, s->text.space, mts_re_literal(x, "]", 1)));
    for (size_t p = 0; p < c->parts.count; p++) {
        int rc = read_part(&a, c->parts.items[p]);
        if (rc) {
            return rc;
        }
    }
    if (a.unique && a.max > 1) {
        return unique_array(&a, out);
    }
    return a.wanted_count ? containing_array(&a, out) : plain_array(&a, out);
}
