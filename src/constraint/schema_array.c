/* constraint/schema_array.c - arrays: the first items by their places, the others alike; lengths, contains,
 * uniqueItems. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "constraint/schema_cases.h"
#include "core/mem.h"

enum { MAX_PLACES = 1000, MAX_UNIQUE = 1000, MAX_COUNTED = 20000 };

typedef struct Arrays {
    MtsSchema *s;
    const MtsCase *c;
    uint32_t min, max, places; /* items with schemas of their own */
    const json_t *contains;
    uint32_t least, most; /* that many of them */
    bool unique;
    MtsGrammarNode comma, open, close;
} Arrays;

/* The list of a part's first items, and the schema of its others; NULL where there is none. */
static const json_t *first_items(const json_t *part, const json_t **others)
{
    const json_t *items = json_object_get(part, "items"), *prefix = json_object_get(part, "prefixItems");
    if (json_is_array(items)) {
        *others = json_object_get(part, "additionalItems");
        return items;
    }
    *others = items;
    return json_is_array(prefix) ? prefix : NULL;
}

static int read_part(Arrays *a, const json_t *part)
{
    MtsSchema *s = a->s;
    uint32_t min = 0, max = MTS_NO_LIMIT, least = 1, most = MTS_NO_LIMIT;
    const json_t *others, *first = first_items(part, &others), *contains = json_object_get(part, "contains");
    int rc;
    if ((rc = mts_schema_count(s, part, "minItems", &min)) || (rc = mts_schema_count(s, part, "maxItems", &max)) ||
        (!s->old_refs && ((rc = mts_schema_count(s, part, "minContains", &least)) ||
                          (rc = mts_schema_count(s, part, "maxContains", &most))))) { /* 2019-09's */
        return rc;
    }
    a->min = min > a->min ? min : a->min;
    a->max = max < a->max ? max : a->max;
    a->places = json_array_size(first) > a->places ? (uint32_t)json_array_size(first) : a->places;
    a->unique |= json_is_true(json_object_get(part, "uniqueItems"));
    if (contains && (least > 0 || most != MTS_NO_LIMIT)) {
        if (a->contains && a->contains != contains) {
            return mts_schema_refuse(s, "contains", "is not held where two schemas ask for it");
        }
        a->contains = contains;
        a->least = least > a->least ? least : a->least;
        a->most = most < a->most ? most : a->most;
    }
    return MTS_OK;
}

/* The schemas of the item at a place; from a->places on they are the same. */
static int item_set(const Arrays *a, uint32_t place, const json_t *besides, MtsSchemaSet *set)
{
    for (size_t p = 0; p < a->c->parts.count; p++) {
        const json_t *others, *first = first_items(a->c->parts.items[p], &others);
        const json_t *one = place < json_array_size(first) ? json_array_get(first, place) : others;
        if (one && !mts_schema_set_add(set, one)) {
            return mts_schema_no_memory(a->s);
        }
    }
    return !besides || mts_schema_set_add(set, besides) ? MTS_OK : mts_schema_no_memory(a->s);
}

static int item(const Arrays *a, uint32_t place, const json_t *besides, MtsGrammarNode *out)
{
    MtsSchemaSet set = {0};
    int rc = item_set(a, place, besides, &set);
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
    int rc = item(a, places, NULL, &rest);
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
        if ((rc = item(a, place, NULL, &node)) != 0) {
            return rc;
        }
        node = mts_node_seq(g, place ? a->comma : MTS_NODE_EMPTY, mts_node_seq(g, node, tail));
        tail = place < a->min ? node : mts_node_or(g, node, MTS_NODE_EMPTY);
    }
    *out = mts_node_seq(g, a->open, mts_node_seq(g, tail, a->close));
    return MTS_OK;
}

/* Arrays whose items are counted, those that `contains` asks for too. With a limit on these, `other` items are those
 * that it does not ask for; without one any item is, and no more than `least` are counted. */
typedef struct Counted {
    const Arrays *a;
    const json_t *other;   /* what other items are besides; NULL: nothing */
    uint32_t places, most; /* items, and of these counted ones, that are told apart */
} Counted;

/* What may follow any number of items from c->places on, k of them counted: others, and between them counted ones. */
static int write_rest(const Counted *c, MtsGrammarNode *rest)
{
    const Arrays *a = c->a;
    MtsGrammar *g = a->s->g;
    MtsGrammarNode other, it;
    int rc;
    if ((rc = item(a, c->places, c->other, &other)) || (rc = item(a, c->places, a->contains, &it))) {
        return rc;
    }
    other = mts_node_repeat(g, mts_node_seq(g, a->comma, other), 0, MTS_NO_LIMIT);
    for (uint32_t k = c->most + 1; k-- > 0;) {
        MtsGrammarNode more = k < c->most ? mts_node_seq(g, mts_node_seq(g, a->comma, it), rest[k + 1]) : MTS_NODE_NONE;
        rest[k] = mts_node_seq(g, other, k >= a->least ? mts_node_or(g, MTS_NODE_EMPTY, more) : more);
    }
    return MTS_OK;
}

/* What may follow `place` items, k of them counted, from what may follow one more; in place, the fewest k first. */
static int write_place(const Counted *c, uint32_t place, MtsGrammarNode *rest)
{
    const Arrays *a = c->a;
    MtsGrammar *g = a->s->g;
    MtsGrammarNode other, it, comma = place ? a->comma : MTS_NODE_EMPTY;
    int rc;
    if ((rc = item(a, place, c->other, &other)) || (rc = item(a, place, a->contains, &it))) {
        return rc;
    }
    for (uint32_t k = 0; k <= c->most; k++) {
        MtsGrammarNode next = mts_node_seq(g, comma, mts_node_seq(g, other, rest[k]));
        if (k < c->most) {
            next = mts_node_or(g, next, mts_node_seq(g, comma, mts_node_seq(g, it, rest[k + 1])));
        }
        rest[k] = place >= a->min && k >= a->least ? mts_node_or(g, MTS_NODE_EMPTY, next) : next;
    }
    return MTS_OK;
}

static int containing_array(const Arrays *a, MtsGrammarNode *out)
{
    MtsGrammar *g = a->s->g;
    uint32_t places = a->places > a->min ? a->places : a->min;
    Counted c = {.a = a, .most = a->most == MTS_NO_LIMIT ? a->least : a->most};
    c.places = a->max != MTS_NO_LIMIT ? a->max : places ? places : 1;
    if (a->most != MTS_NO_LIMIT) {
        json_t *not = json_pack("{s:O}", "not", a->contains);
        if (json_array_append_new(a->s->made, not)) {
            return mts_schema_no_memory(a->s);
        }
        c.other = not;
    }
    if (((uint64_t)c.places + 1) * ((uint64_t)c.most + 1) > MAX_COUNTED) {
        return mts_schema_refuse(a->s, "contains", "is not held beside that many items");
    }
    MtsGrammarNode *rest = mts_calloc(c.most + 1, sizeof *rest);
    int rc = rest ? MTS_OK : mts_schema_no_memory(a->s);
    for (uint32_t k = 0; k <= c.most && rest; k++) {
        rest[k] = k >= a->least && c.places >= a->min ? MTS_NODE_EMPTY : MTS_NODE_NONE;
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
            if (json_is_number(v)) {
                double x = json_number_value(v);
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
    if (!values || a->places || a->contains || json_array_size(values) > MAX_UNIQUE) {
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
            const json_t *o = json_array_get(values, k);
            again = json_equal(o, v) ||
                    (json_is_number(o) && json_is_number(v) && json_number_value(o) == json_number_value(v));
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
    Arrays a = {.s = s, .c = c, .max = MTS_NO_LIMIT, .most = MTS_NO_LIMIT};
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
    return a.contains ? containing_array(&a, out) : plain_array(&a, out);
}
