/* constraint/schema_object.c - objects: each name has the schemas that speak of it.
 *
 * Of a part (a schema of the case) a name's value must satisfy `properties` and every matching pattern of
 * `patternProperties`, or where there is none of them `additionalProperties`. Names that a part names are members of a
 * bag; all others fall into classes by the patterns that they match, and a class is an expression: some patterns, the
 * complements of the others and of the names that are members.
 *
 * Where `not` asks for some member of certain names and values, it is one of those that are named, which a part more
 * asks for then, or another: a required member of the bag whose name is any of a class. */
#include <stdlib.h>
#include <string.h>

#include "constraint/schema_make.h"
#include "core/mem.h"

enum { MAX_PATTERNS = 10, MAX_SOME = 6, MAX_WAYS = 200, MAX_LISTED = 100 };

typedef struct Special { /* a member that has to be there, whose name no part names */
    MtsRe names;         /* their insides */
    MtsSchemaSet values;
    bool any; /* its value may be any */
} Special;

typedef struct Objects {
    MtsSchema *s;
    const MtsCase *c;
    const char **names; /* [name_count] that a part names */
    bool *required;     /* [name_count] */
    size_t name_count, name_cap, required_cap;
    json_t *places; /* the number of a name */
    const char *patterns[MAX_PATTERNS];
    MtsRe pattern_res[MAX_PATTERNS];
    size_t pattern_count;
    MtsRe allowed; /* the insides of names, by propertyNames */
    const Special *specials;
    size_t special_count;
} Objects;

static int add_name(Objects *o, const char *name, bool required)
{
    const json_t *known = json_object_get(o->places, name);
    size_t i = known ? (size_t)json_integer_value(known) : o->name_count;
    if (!known) {
        if (!mts_grow(&o->names, &o->name_cap, i + 1, sizeof *o->names) ||
            !mts_grow(&o->required, &o->required_cap, i + 1, sizeof *o->required) ||
            json_object_set_new(o->places, name, json_integer((json_int_t)i))) {
            return mts_schema_no_memory(o->s);
        }
        o->names[o->name_count] = name;
        o->required[o->name_count++] = false;
    }
    o->required[i] |= required;
    return MTS_OK;
}

static int add_pattern(Objects *o, const char *pattern)
{
    for (size_t i = 0; i < o->pattern_count; i++) {
        if (strcmp(o->patterns[i], pattern) == 0) {
            return MTS_OK;
        }
    }
    if (o->pattern_count == MAX_PATTERNS) {
        return mts_schema_refuse(o->s, "patternProperties", "has more than 10 patterns");
    }
    o->patterns[o->pattern_count] = pattern;
    return mts_schema_key_pattern(o->s, pattern, strlen(pattern), &o->pattern_res[o->pattern_count++]);
}

/* The names that propertyNames lists, where they are few: a list of its own, or one value. */
static int add_listed_names(Objects *o, const json_t *names)
{
    const json_t *only = json_object_get(names, "const"), *list = json_object_get(names, "enum"), *name;
    size_t count = only ? 1 : json_array_size(list);
    int rc = MTS_OK;
    for (size_t i = 0; i < count && count <= MAX_LISTED && !rc; i++) {
        name = only ? only : json_array_get(list, i);
        if (json_is_string(name) && strlen(json_string_value(name)) == json_string_length(name)) {
            rc = add_name(o, json_string_value(name), false);
        }
    }
    return rc;
}

static int collect_names(Objects *o)
{
    int rc = MTS_OK;
    for (size_t p = 0; p < o->c->parts.count && !rc; p++) {
        const json_t *part = o->c->parts.items[p];
        const char *key;
        json_t *value;
        json_object_foreach(json_object_get(part, "properties"), key, value)
        {
            rc = rc ? rc : add_name(o, key, o->s->draft3 && json_is_true(json_object_get(value, "required")));
        }
        json_object_foreach(json_object_get(part, "patternProperties"), key, value)
        {
            rc = rc ? rc : add_pattern(o, key);
        }
        rc = rc ? rc : add_listed_names(o, json_object_get(part, "propertyNames"));
    }
    for (size_t p = 0; p < o->c->parts.count && !rc; p++) {
        size_t i;
        json_t *name;
        json_array_foreach(json_object_get(o->c->parts.items[p], "required"), i, name)
        {
            rc = rc ? rc
                 : json_is_string(name)
                     ? add_name(o, json_string_value(name), true)
                     : mts_fail(o->s->err, MTS_EREQUEST, "%s: \"required\" must be a list of strings", o->s->name);
        }
    }
    return rc;
}

/* The insides of strings that are valid under a schema. */
static int strings_of(MtsSchema *s, const json_t *schema, MtsRe *inside)
{
    MtsSchemaSet set = {0};
    MtsCases cases = {0};
    int rc = mts_schema_set_add(&set, schema) ? mts_schema_cases(s, &set, &cases) : mts_schema_no_memory(s);
    *inside = MTS_RE_NONE;
    for (size_t i = 0; i < cases.count && !rc; i++) {
        json_t *values = NULL, *v;
        size_t at;
        MtsRe one = MTS_RE_NONE, some = MTS_RE_NONE;
        if (!(cases.items[i].types & MTS_STRING)) {
            continue;
        }
        if ((rc = mts_schema_string(s, &cases.items[i], &one)) ||
            (rc = mts_schema_listed(s, &cases.items[i], &values))) {
            break;
        }
        json_array_foreach(values, at, v)
        {
            if (json_is_string(v)) {
                some = mts_re_or(s->g->exprs, some,
                                 mts_json_inside(&s->text, json_string_value(v), json_string_length(v)));
            }
        }
        one = values ? mts_re_and(s->g->exprs, one, some) : one;
        *inside = mts_re_or(s->g->exprs, *inside, one);
        json_decref(values);
    }
    mts_cases_free(&cases);
    mts_schema_set_free(&set);
    return rc;
}

static int read_allowed(Objects *o)
{
    MtsExprs *x = o->s->g->exprs;
    int rc = MTS_OK;
    o->allowed = o->s->text.any_text;
    for (size_t p = 0; p < o->c->parts.count && !rc; p++) {
        const json_t *names = json_object_get(o->c->parts.items[p], "propertyNames");
        MtsRe one;
        if (names && !(rc = strings_of(o->s, names, &one))) {
            o->allowed = mts_re_and(x, o->allowed, one);
        }
    }
    return rc;
}

/* Adds to the set what the parts say of a name: `name`, or NULL for one that matches the patterns of `matched` only. */
static int schemas_of(const Objects *o, const char *name, unsigned matched, MtsSchemaSet *set)
{
    mts_exprs_work(o->s->g->exprs, 4 * o->c->parts.count);
    for (size_t p = 0; p < o->c->parts.count; p++) {
        const json_t *part = o->c->parts.items[p], *patterns = json_object_get(part, "patternProperties");
        const json_t *own = name ? json_object_get(json_object_get(part, "properties"), name) : NULL;
        const json_t *rest = json_object_get(part, "additionalProperties");
        bool found = own != NULL;
        if (own && !mts_schema_set_add(set, own)) {
            return mts_schema_no_memory(o->s);
        }
        for (size_t i = 0; i < o->pattern_count; i++) {
            const json_t *one = matched >> i & 1 ? json_object_get(patterns, o->patterns[i]) : NULL;
            if (one && !mts_schema_set_add(set, one)) {
                return mts_schema_no_memory(o->s);
            }
            found |= one != NULL;
        }
        if (!found && rest && !mts_schema_set_add(set, rest)) {
            return mts_schema_no_memory(o->s);
        }
    }
    return MTS_OK;
}

static bool never(const MtsSchemaSet *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (json_is_false(set->items[i])) {
            return true;
        }
    }
    return false;
}

/* A member whose name has this inside. */
static int member(Objects *o, MtsRe inside, const MtsSchemaSet *set, MtsGrammarNode *out)
{
    MtsGrammar *g = o->s->g;
    MtsGrammarNode value;
    *out = MTS_NODE_NONE;
    if (never(set)) {
        return MTS_OK;
    }
    MtsRe key = mts_re_seq(g->exprs, mts_json_quoted(&o->s->text, inside), o->s->text.colon);
    int rc = o->s->node(o->s, set, &value);
    *out = rc ? MTS_NODE_NONE : mts_node_seq(g, mts_node_re(g, key), value);
    return rc;
}

static unsigned patterns_of(Objects *o, const char *name)
{
    unsigned matched = 0;
    for (size_t i = 0; i < o->pattern_count; i++) {
        matched |= (unsigned)mts_json_means(&o->s->text, o->pattern_res[i], name, strlen(name)) << i;
    }
    return matched;
}

/* The members that a part names, into bag->members. */
static int named_members(Objects *o, MtsBag *bag, MtsRe *named)
{
    MtsExprs *x = o->s->g->exprs;
    MtsRe *insides = mts_calloc(o->name_count, sizeof *insides);
    int rc = insides ? MTS_OK : mts_schema_no_memory(o->s);
    for (size_t i = 0; i < o->name_count && !rc; i++) {
        MtsSchemaSet set = {0};
        insides[i] = mts_json_inside(&o->s->text, o->names[i], strlen(o->names[i]));
        if (mts_json_means(&o->s->text, o->allowed, o->names[i], strlen(o->names[i]))) {
            rc = schemas_of(o, o->names[i], patterns_of(o, o->names[i]), &set);
            rc = rc ? rc : member(o, insides[i], &set, &bag->members[i]);
        }
        bag->required[i] = o->required[i];
        mts_schema_set_free(&set);
    }
    *named = rc ? MTS_RE_NONE : mts_re_alt(x, insides, o->name_count);
    free(insides);
    return rc;
}

/* All other members, one class of names after the other; or of these the special ones. */
static int other_members(Objects *o, MtsRe named, const Special *special, MtsGrammarNode *rest)
{
    MtsExprs *x = o->s->g->exprs;
    MtsRe free = special ? mts_re_and(x, o->allowed, special->names) : o->allowed;
    *rest = MTS_NODE_NONE;
    for (unsigned matched = 0; matched < 1u << o->pattern_count; matched++) {
        MtsRe names = named ? mts_re_and(x, free, mts_re_not(x, named)) : free;
        MtsSchemaSet set = {0};
        MtsGrammarNode one;
        for (size_t i = 0; i < o->pattern_count; i++) {
            MtsRe p = o->pattern_res[i];
            names = mts_re_and(x, names, matched >> i & 1 ? p : mts_re_not(x, p));
        }
        if (!mts_re_alive(x, names)) {
            continue;
        }
        int rc = schemas_of(o, NULL, matched, &set);
        for (size_t i = 0; special && i < special->values.count && !rc; i++) {
            rc = mts_schema_set_add(&set, special->values.items[i]) ? MTS_OK : mts_schema_no_memory(o->s);
        }
        rc = rc ? rc : member(o, names, &set, &one);
        mts_schema_set_free(&set);
        if (rc) {
            return rc;
        }
        *rest = mts_node_or(o->s->g, *rest, one);
    }
    return MTS_OK;
}

/* Behind the named members of the bag. Of two members with one name readers take the last, so one that a value makes
 * special would have to be it: that is not held. */
static int special_members(Objects *o, MtsBag *bag, MtsRe named)
{
    for (size_t i = 0; i < o->special_count; i++) {
        MtsGrammarNode *node = &bag->members[o->name_count + i];
        int rc = other_members(o, named, &o->specials[i], node);
        if (!rc && *node != MTS_NODE_NONE && !o->specials[i].any) {
            rc = mts_schema_refuse(o->s, "not", "of values of members that no schema names is not held");
        }
        if (rc) {
            return rc;
        }
        bag->required[o->name_count + i] = true;
    }
    return MTS_OK;
}

static int limits(Objects *o, MtsBag *bag)
{
    uint32_t required = 0;
    bag->max = MTS_NO_LIMIT;
    for (size_t p = 0; p < o->c->parts.count; p++) {
        uint32_t min = 0, max = MTS_NO_LIMIT;
        int rc;
        if ((rc = mts_schema_count(o->s, o->c->parts.items[p], "minProperties", &min)) ||
            (rc = mts_schema_count(o->s, o->c->parts.items[p], "maxProperties", &max))) {
            return rc;
        }
        bag->min = min > bag->min ? min : bag->min;
        bag->max = max < bag->max ? max : bag->max;
    }
    for (size_t i = 0; i < o->name_count; i++) { /* a special member may have the name of a free one */
        required += bag->required[i];
    }
    if (bag->rest != MTS_NODE_NONE && bag->min > required + 1) {
        return mts_schema_refuse(o->s, "minProperties", "is not held where more than one name is free");
    }
    return MTS_OK;
}

static void free_objects(Objects *o)
{
    json_decref(o->places);
    free(o->names);
    free(o->required);
}

static int write_objects(MtsSchema *s, const MtsCase *c, const Special *specials, size_t special_count,
                         MtsGrammarNode *out)
{
    Objects o = {.s = s, .c = c, .places = json_object(), .specials = specials, .special_count = special_count};
    MtsBag bag = {0};
    MtsRe named = MTS_RE_NONE;
    int rc;
    *out = MTS_NODE_NONE;
    if ((rc = o.places ? MTS_OK : mts_schema_no_memory(s)) || (rc = collect_names(&o)) || (rc = read_allowed(&o))) {
        goto done;
    }
    bag.count = o.name_count + special_count;
    bag.members = mts_calloc(bag.count, sizeof *bag.members);
    bag.required = mts_calloc(bag.count, sizeof *bag.required);
    bag.ordered = s->options->ordered;
    if (!bag.members || !bag.required) {
        rc = mts_schema_no_memory(s);
        goto done;
    }
    if ((rc = named_members(&o, &bag, &named)) || (rc = special_members(&o, &bag, named)) ||
        (rc = other_members(&o, named, NULL, &bag.rest)) || (rc = limits(&o, &bag))) {
        goto done;
    }
    MtsExprs *x = s->g->exprs;
    bag.comma = mts_node_re(s->g, s->text.comma);
    bag.close = mts_node_re(s->g, mts_re_seq(x, s->text.space, mts_re_literal(x, "}", 1)));
    MtsGrammarNode open = mts_node_re(s->g, mts_re_seq(x, mts_re_literal(x, "{", 1), s->text.space));
    *out = mts_node_seq(s->g, open, mts_node_bag(s->g, bag));
    bag = (MtsBag){0};
done:
    free(bag.members);
    free(bag.required);
    free_objects(&o);
    return rc;
}

/* ---- members that have to be there ---- */

typedef struct Some {
    MtsSchema *s;
    const Objects *named; /* with the names of all parts */
    const json_t *values[MAX_SOME];
    MtsRe names[MAX_SOME];
    size_t count, ways;
    Special specials[MAX_SOME];
    size_t special_count;
    MtsGrammarNode all;
} Some;

static int collect_some(Some *some, const MtsCase *c)
{
    for (size_t p = 0; p < c->parts.count; p++) {
        const json_t *one = json_object_get(c->parts.items[p], MTS_KEY_SOME);
        if (one && some->count == MAX_SOME) {
            return mts_schema_refuse(some->s, "not", "of more than 6 schemas about members at once is not held");
        }
        if (one) {
            int rc = strings_of(some->s, json_object_get(one, "names"), &some->names[some->count]);
            if (rc) {
                return rc;
            }
            some->values[some->count++] = json_object_get(one, "value");
        }
    }
    return MTS_OK;
}

static int some_from(Some *some, const MtsCase *c, size_t at);

/* The member that is asked for has one of the names that parts name. */
static int some_named(Some *some, const MtsCase *c, size_t at, const char *name)
{
    const json_t *made;
    MtsCase more = {.types = c->types};
    json_t *asked = mts_made_with("required", mts_made_list(json_string(name)));
    asked = mts_made_and_also(asked, "properties", mts_made_with(name, mts_made_shared(some->values[at])));
    int rc = mts_schema_keep(some->s, asked, &made);
    if (!rc && (!mts_schema_set_copy(&more.parts, &c->parts) || !mts_schema_set_add(&more.parts, made))) {
        rc = mts_schema_no_memory(some->s);
    }
    rc = rc ? rc : some_from(some, &more, at + 1);
    mts_schema_set_free(&more.parts);
    return rc;
}

/* It has another name: it is one of the special members before it, or one more. */
static int some_special(Some *some, const MtsCase *c, size_t at)
{
    MtsExprs *x = some->s->g->exprs;
    int rc = MTS_OK;
    for (size_t i = 0; i <= some->special_count && !rc; i++) {
        Special before = some->specials[i], *now = &some->specials[i];
        bool fresh = i == some->special_count;
        *now = fresh ? (Special){.names = some->names[at], .any = true} : before;
        now->values = (MtsSchemaSet){0};
        now->names = fresh ? now->names : mts_re_and(x, now->names, some->names[at]);
        now->any &= json_is_true(some->values[at]);
        if ((!fresh && !mts_schema_set_copy(&now->values, &before.values)) ||
            !mts_schema_set_add(&now->values, some->values[at])) {
            rc = mts_schema_no_memory(some->s);
        }
        some->special_count += fresh;
        rc = rc ? rc : some_from(some, c, at + 1);
        some->special_count -= fresh;
        mts_schema_set_free(&now->values);
        *now = before;
        if (fresh) {
            break;
        }
    }
    return rc;
}

/* All ways in which the members that are asked for from number `at` on may be there. */
static int some_from(Some *some, const MtsCase *c, size_t at)
{
    MtsSchema *s = some->s;
    const Objects *o = some->named;
    int rc = MTS_OK;
    if (at == some->count) {
        MtsGrammarNode one;
        if (++some->ways > MAX_WAYS) {
            return mts_schema_refuse(s, "not", "of schemas about members makes more than 200 cases");
        }
        rc = write_objects(s, c, some->specials, some->special_count, &one);
        some->all = rc ? MTS_NODE_NONE : mts_node_or(s->g, some->all, one);
        return rc;
    }
    for (size_t i = 0; i < o->name_count && !rc; i++) {
        if (mts_json_means(&s->text, some->names[at], o->names[i], strlen(o->names[i]))) {
            rc = some_named(some, c, at, o->names[i]);
        }
    }
    return rc ? rc : some_special(some, c, at);
}

int mts_schema_object(MtsSchema *s, const MtsCase *c, MtsGrammarNode *out)
{
    Objects o = {.s = s, .c = c, .places = json_object()};
    Some some = {.s = s, .named = &o, .all = MTS_NODE_NONE};
    int rc = o.places ? collect_some(&some, c) : mts_schema_no_memory(s);
    *out = MTS_NODE_NONE;
    if (!rc && some.count == 0) {
        rc = write_objects(s, c, NULL, 0, out);
    } else if (!rc && !(rc = collect_names(&o)) && !(rc = some_from(&some, c, 0))) {
        *out = some.all;
    }
    free_objects(&o);
    return rc;
}
