/* constraint/schema_unevaluated.c - unevaluatedProperties and unevaluatedItems as choices of closed schemas.
 *
 * They hold for the members (items) that neither their schema nor what it applies to the same value has looked at.
 * What it applies for certain ($ref, allOf) looks at members that stand in the schemas; what it applies where it holds
 * (anyOf, oneOf, if, dependentSchemas) looks at more. More that holds only lets more members be, so a value is valid
 * if for some of these schemas it is valid under them and under one that is closed but for the members that they and
 * the certain ones look at: a choice for each subset. */
#include <string.h>

#include "constraint/schema_make.h"

enum { MOST_EXTRA = 5, MOST_LOOKS = 64, DEEPEST = 50 };

/* What is looked at under some conditions. */
typedef struct Evaluated {
    json_t *conditions;       /* list: schemas that have to hold, none of what is certain */
    json_t *names, *patterns; /* objects with these keys */
    size_t items;             /* the first so many */
    bool all;
} Evaluated;

typedef struct Evaluation {
    MtsSchema *s;
    const json_t *root;
    bool members; /* of objects; false: items of arrays */
    Evaluated at[MOST_LOOKS];
    size_t count;
} Evaluation;

static int open_look(Evaluation *l, json_t *conditions, size_t *at)
{
    if (l->count == MOST_LOOKS) {
        json_decref(conditions);
        return mts_schema_refuse(l->s, l->members ? "unevaluatedProperties" : "unevaluatedItems",
                                 "beside so many other schemas is not held");
    }
    *at = l->count++;
    l->at[*at] = (Evaluated){.conditions = conditions, .names = json_object(), .patterns = json_object()};
    return conditions && l->at[*at].names && l->at[*at].patterns ? MTS_OK : mts_schema_no_memory(l->s);
}

/* Lets go of those from number `kept` on. */
static void close_from(Evaluation *l, size_t kept)
{
    for (; l->count > kept; l->count--) {
        Evaluated *last = &l->at[l->count - 1];
        json_decref(last->conditions);
        json_decref(last->names);
        json_decref(last->patterns);
    }
}

static bool add_keys(json_t *to, const json_t *from)
{
    const char *key;
    json_t *value;
    bool ok = true;
    json_object_foreach((json_t *)(uintptr_t)from, key, value)
    {
        ok = ok && json_object_set_new(to, key, json_true()) == 0;
    }
    return ok;
}

/* What the keywords of one schema look at themselves. */
static int look_here(Evaluation *l, const json_t *schema, size_t at)
{
    Evaluated *here = &l->at[at];
    if (l->members) {
        here->all |= json_object_get(schema, "additionalProperties") != NULL ||
                     (schema != l->root && json_object_get(schema, "unevaluatedProperties"));
        return add_keys(here->names, json_object_get(schema, "properties")) &&
                       add_keys(here->patterns, json_object_get(schema, "patternProperties"))
                   ? MTS_OK
                   : mts_schema_no_memory(l->s);
    }
    const json_t *others, *first = mts_schema_first_items(schema, &others);
    here->all |= others || (schema != l->root && json_object_get(schema, "unevaluatedItems"));
    here->items = json_array_size(first) > here->items ? json_array_size(first) : here->items;
    return json_object_get(schema, "contains") && !here->all
               ? mts_schema_refuse(l->s, "unevaluatedItems", "beside contains is not held")
               : MTS_OK;
}

static int look_at(Evaluation *l, const json_t *schema, size_t at, int depth);

/* A schema that looks at something where it and the conditions before it hold. `condition` is taken over. */
static int look_where(Evaluation *l, json_t *condition, const json_t *schema, size_t at, int depth)
{
    size_t more = 0;
    json_t *conditions = json_array();
    if (conditions && json_array_extend(conditions, l->at[at].conditions)) {
        json_decref(conditions);
        conditions = NULL;
    }
    mts_json_add(&conditions, NULL, condition);
    int rc = open_look(l, conditions, &more);
    return rc ? rc : look_at(l, schema, more, depth + 1);
}

static int look_into_conditional(Evaluation *l, const json_t *schema, size_t at, int depth)
{
    const json_t *condition = json_object_get(schema, "if"), *otherwise = json_object_get(schema, "else");
    const json_t *then = json_object_get(schema, "then");
    if (!condition) {
        return MTS_OK;
    }
    int rc = look_where(l, mts_made_shared(condition), condition, at, depth);
    if (!rc && then) {
        rc = look_where(l, mts_made_shared(condition), then, at, depth);
    }
    return rc || !otherwise ? rc : look_where(l, mts_made_not(condition), otherwise, at, depth);
}

static int look_into_dependent(Evaluation *l, const json_t *schema, size_t at, int depth)
{
    static const char *const maps[] = {"dependentSchemas", "dependencies"};
    int rc = MTS_OK;
    for (size_t m = 0; m < 2; m++) {
        const char *key;
        json_t *value;
        json_object_foreach(json_object_get(schema, maps[m]), key, value)
        {
            if (json_is_object(value) && !rc) {
                rc = look_where(l, mts_made_object_with(key), value, at, depth);
            }
        }
    }
    return rc;
}

/* All that a schema looks at, itself and by what it applies to the same value. */
static int look_at(Evaluation *l, const json_t *schema, size_t at, int depth)
{
    static const char *const lists[] = {"allOf", "anyOf", "oneOf"};
    if (!json_is_object(schema)) {
        return MTS_OK;
    }
    if (depth > DEEPEST) {
        return mts_schema_refuse(l->s, l->members ? "unevaluatedProperties" : "unevaluatedItems",
                                 "of a schema that goes on by itself is not held");
    }
    int rc = mts_schema_check_forms(l->s, schema);
    rc = rc ? rc : look_here(l, schema, at);
    for (int i = 0; i < MTS_SCHEMA_REFS && !rc; i++) {
        const json_t *to = NULL;
        rc = mts_schema_resolve(l->s, schema, mts_schema_refs[i], &to);
        rc = rc || !to ? rc : look_at(l, to, at, depth + 1);
    }
    for (size_t k = 0; k < 3 && !rc; k++) {
        size_t i;
        json_t *one;
        json_array_foreach(json_object_get(schema, lists[k]), i, one)
        {
            rc = rc       ? rc
                 : k == 0 ? look_at(l, one, at, depth + 1)
                          : look_where(l, mts_made_shared(one), one, at, depth);
        }
    }
    rc = rc ? rc : look_into_conditional(l, schema, at, depth);
    return rc ? rc : look_into_dependent(l, schema, at, depth);
}

/* The schema that is closed but for what the certain ones and those of `subset` look at, under their conditions. */
static json_t *closed(const Evaluation *l, unsigned subset, const json_t *others)
{
    json_t *all = json_array(), *names = json_object(), *patterns = json_object(), *first = json_array();
    json_t *made = json_object();
    bool ok = all && names && patterns && first && made, open = false;
    size_t items = 0;
    for (size_t i = 0; i < l->count && ok; i++) {
        const Evaluated *one = &l->at[i];
        if (i == 0 || subset >> (i - 1) & 1) {
            ok = add_keys(names, one->names) && add_keys(patterns, one->patterns) &&
                 json_array_extend(all, one->conditions) == 0;
            items = one->items > items ? one->items : items;
            open |= one->all;
        }
    }
    for (size_t i = 0; i < items && ok; i++) {
        ok = json_array_append_new(first, json_true()) == 0;
    }
    if (l->members && !open) {
        mts_json_add(&made, "properties", mts_made_shared(names));
        mts_json_add(&made, "patternProperties", mts_made_shared(patterns));
        mts_json_add(&made, "additionalProperties", mts_made_shared(others));
    } else if (!open) {
        mts_json_add(&made, "items", mts_made_shared(first));
        mts_json_add(&made, "additionalItems", mts_made_shared(others));
    }
    mts_json_add(&all, NULL, made);
    json_decref(names);
    json_decref(patterns);
    json_decref(first);
    if (!ok) {
        json_decref(all);
        return NULL;
    }
    return mts_made_with("allOf", all);
}

/* Leaves out those that look at nothing. */
static void keep_looking(Evaluation *l)
{
    size_t kept = 1;
    for (size_t i = 1; i < l->count; i++) {
        Evaluated *one = &l->at[i];
        if (one->all || one->items > 0 || json_object_size(one->names) > 0 || json_object_size(one->patterns) > 0) {
            Evaluated other = l->at[kept];
            l->at[kept++] = *one;
            *one = other;
        }
    }
    close_from(l, kept);
}

static int make_choices(Evaluation *l, const char *keyword, const json_t *others, const json_t **choices)
{
    size_t extra = l->count - 1;
    if (extra > MOST_EXTRA) {
        return mts_schema_refuse(l->s, keyword, "beside more than five schemas that may hold is not held");
    }
    json_t *list = json_array();
    for (unsigned subset = 0; subset < 1u << extra; subset++) {
        mts_json_add(&list, NULL, closed(l, subset, others));
    }
    return mts_schema_keep(l->s, list, choices);
}

int mts_schema_unevaluated(MtsSchema *s, const json_t *schema, bool members, const json_t **choices)
{
    const char *keyword = members ? "unevaluatedProperties" : "unevaluatedItems";
    const json_t *others = json_object_get(schema, keyword);
    Evaluation l = {.s = s, .root = schema, .members = members};
    size_t at = 0;
    *choices = NULL;
    if (!others || json_is_true(others)) {
        return MTS_OK;
    }
    if (!json_is_object(others) && !json_is_boolean(others)) {
        return mts_fail(s->err, MTS_EREQUEST, "%s: a schema must be an object or a boolean", s->name);
    }
    int rc = open_look(&l, json_array(), &at);
    rc = rc ? rc : look_at(&l, schema, at, 0);
    keep_looking(&l);
    if (!rc && !l.at[0].all) {
        rc = make_choices(&l, keyword, others, choices);
    }
    close_from(&l, 0);
    return rc;
}
