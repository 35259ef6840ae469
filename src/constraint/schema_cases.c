/* constraint/schema_cases.c - a set of schemas to cases: references followed and choices made. */
#include "constraint/schema_cases.h"

#include <stdlib.h>
#include <string.h>

#include "constraint/schema_make.h"
#include "core/mem.h"

enum { MAX_CASES = 2000, MAX_NESTING = 200 };

void mts_cases_free(MtsCases *cases)
{
    for (size_t i = 0; i < cases->count; i++) {
        mts_schema_set_free(&cases->items[i].parts);
    }
    free(cases->items);
    *cases = (MtsCases){0};
}

/* ---- cases ---- */

typedef struct Split { /* lists of schemas of each of which one has to hold */
    const json_t **lists;
    size_t count, cap;
} Split;

static int split_by(MtsSchema *s, Split *split, const json_t *choices)
{
    if (!mts_grow(&split->lists, &split->cap, split->count + 1, sizeof *split->lists)) {
        return mts_schema_no_memory(s);
    }
    split->lists[split->count++] = choices;
    return MTS_OK;
}

static int check_list(MtsSchema *s, const char *key, const json_t *value)
{
    return json_is_array(value) && json_array_size(value) > 0
               ? MTS_OK
               : mts_fail(s->err, MTS_EREQUEST, "%s: \"%s\" must be a list of schemas", s->name, key);
}

/* oneOf as anyOf: a choice that may overlap with others holds only where they fail. */
static int one_of(MtsSchema *s, const json_t *choices, const MtsSchemaSet *with_what, const json_t **out)
{
    size_t count = json_array_size(choices);
    json_t *any = json_array();
    int rc = any ? MTS_OK : mts_schema_no_memory(s);
    for (size_t i = 0; i < count && !rc; i++) {
        json_t *all = mts_made_list(mts_made_shared(json_array_get(choices, i)));
        for (size_t k = 0; k < count && !rc; k++) {
            MtsSchemaSet both = {0};
            bool possible = true;
            if (k == i) {
                continue;
            }
            if (!mts_schema_set_copy(&both, with_what) || !mts_schema_set_add(&both, json_array_get(choices, i)) ||
                !mts_schema_set_add(&both, json_array_get(choices, k))) {
                rc = mts_schema_no_memory(s);
            }
            rc = rc ? rc : s->possible(s, &both, MTS_POSSIBLE_DEPTH, &possible);
            mts_schema_set_free(&both);
            if (!rc && possible && (!all || json_array_append_new(all, mts_made_not(json_array_get(choices, k))))) {
                rc = mts_schema_no_memory(s);
            }
        }
        if (rc ||
            json_array_append_new(any, json_array_size(all) == 1 ? mts_made_shared(json_array_get(all, 0))
                                                                 : mts_made_with("allOf", mts_made_shared(all)))) {
            rc = rc ? rc : mts_schema_no_memory(s);
        }
        json_decref(all);
    }
    if (rc) {
        json_decref(any);
        return rc;
    }
    return mts_schema_keep(s, any, out);
}

/* if, then, else as a choice. */
static int conditional(MtsSchema *s, const json_t *schema, Split *split)
{
    const json_t *condition = json_object_get(schema, "if"), *then = json_object_get(schema, "then");
    const json_t *otherwise = json_object_get(schema, "else"), *made;
    if (!then && !otherwise) {
        return MTS_OK;
    }
    json_t *yes =
        mts_made_with("allOf", mts_made_pair(mts_made_shared(condition), then ? mts_made_shared(then) : json_true()));
    json_t *no = mts_made_with(
        "allOf", mts_made_pair(mts_made_not(condition), otherwise ? mts_made_shared(otherwise) : json_true()));
    int rc = mts_schema_keep(s, mts_made_pair(yes, no), &made);
    return rc ? rc : split_by(s, split, made);
}

/* dependencies, dependentRequired, dependentSchemas: without the key, or with it and what it asks for. */
static int dependent(MtsSchema *s, const json_t *map, Split *split)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)map, key, value)
    {
        const json_t *made;
        json_t *with_key = mts_made_object_with(key), *asked;
        if (json_is_array(value) || json_is_string(value)) {
            asked = mts_made_with("required", json_is_string(value) ? mts_made_list(mts_made_shared(value))
                                                                    : mts_made_shared(value));
        } else {
            asked = mts_made_shared(value);
        }
        json_t *without = mts_made_with("properties", mts_made_with(key, json_false()));
        int rc =
            mts_schema_keep(s, mts_made_pair(without, mts_made_with("allOf", mts_made_pair(with_key, asked))), &made);
        if (rc || (rc = split_by(s, split, made)) != 0) {
            return rc;
        }
    }
    return MTS_OK;
}

/* Keywords that cannot be held at all. */
static int check_unheld(MtsSchema *s, const json_t *schema)
{
    static const char *const unheld[] = {"extends", "disallow"};
    for (size_t i = 0; i < sizeof unheld / sizeof unheld[0]; i++) {
        const json_t *v = json_object_get(schema, unheld[i]);
        if (v && !json_is_true(v)) {
            return mts_schema_refuse(s, unheld[i], "is not held");
        }
    }
    return MTS_OK;
}

static int take(MtsSchema *s, const json_t *schema, MtsCase *c, Split *split, int depth);

static int take_applicators(MtsSchema *s, const json_t *schema, MtsCase *c, Split *split, int depth)
{
    static const char *const maps[] = {"dependencies", "dependentRequired", "dependentSchemas"};
    const json_t *v;
    size_t i;
    json_t *one;
    int rc = MTS_OK;
    if ((v = json_object_get(schema, "allOf"))) {
        rc = check_list(s, "allOf", v);
        json_array_foreach((json_t *)(uintptr_t)v, i, one)
        {
            rc = rc ? rc : take(s, one, c, split, depth + 1);
        }
    }
    if (!rc && (v = json_object_get(schema, "anyOf"))) {
        rc = check_list(s, "anyOf", v);
        rc = rc ? rc : split_by(s, split, v);
    }
    if (!rc && (v = json_object_get(schema, "oneOf"))) {
        const json_t *any = v;
        MtsSchemaSet beside = {0};
        rc = check_list(s, "oneOf", v);
        rc = rc ? rc : one_of(s, v, &beside, &any);
        rc = rc ? rc : split_by(s, split, any);
    }
    if (!rc && json_object_get(schema, "if")) {
        rc = conditional(s, schema, split);
    }
    for (int m = 0; m < 3 && !rc; m++) {
        rc = dependent(s, json_object_get(schema, maps[m]), split);
    }
    for (int members = 0; members < 2 && !rc; members++) {
        const json_t *choices;
        rc = mts_schema_unevaluated(s, schema, members, &choices);
        rc = rc || !choices ? rc : split_by(s, split, choices);
    }
    if (!rc && (v = json_object_get(schema, "not"))) {
        const json_t *turned = NULL;
        rc = mts_schema_negate(s, v, &turned);
        rc = rc ? rc : take(s, turned, c, split, depth + 1);
    }
    return rc;
}

/* Adds one schema to the case; what it leaves open goes to `split`. A case without types has no value. */
static int take(MtsSchema *s, const json_t *schema, MtsCase *c, Split *split, int depth)
{
    int rc;
    if (depth > MAX_NESTING) {
        return mts_fail(s->err, MTS_EUNSUPPORTED, "%s: the schema nests deeper than %d", s->name, MAX_NESTING);
    }
    if (json_is_boolean(schema)) {
        c->types = json_is_true(schema) ? c->types : 0;
        return MTS_OK;
    }
    if (!json_is_object(schema)) {
        return mts_fail(s->err, MTS_EREQUEST, "%s: a schema must be an object or a boolean", s->name);
    }
    for (size_t i = 0; i < c->parts.count; i++) {
        if (c->parts.items[i] == schema) {
            return MTS_OK; /* met before on this way: it asks nothing new */
        }
    }
    if ((rc = mts_schema_check_forms(s, schema)) != 0) {
        return rc;
    }
    for (int i = 0; i < MTS_SCHEMA_REFS; i++) {
        const json_t *to;
        if ((rc = mts_schema_resolve(s, schema, mts_schema_refs[i], &to)) ||
            (to && ((rc = take(s, to, c, split, depth + 1)) || s->old_refs))) {
            return rc;
        }
    }
    if ((rc = check_unheld(s, schema)) || (rc = mts_schema_types(s, json_object_get(schema, "type"), &c->types))) {
        return rc;
    }
    return mts_schema_set_add(&c->parts, schema) ? take_applicators(s, schema, c, split, depth)
                                                 : mts_schema_no_memory(s);
}

static int add_case(MtsSchema *s, MtsCases *cases, const MtsCase *c)
{
    if (cases->count >= MAX_CASES) {
        return mts_schema_refuse(s, "anyOf", "and its like make more than 2000 cases");
    }
    if (!mts_grow(&cases->items, &cases->cap, cases->count + 1, sizeof *cases->items)) {
        return mts_schema_no_memory(s);
    }
    MtsCase copy = {.types = c->types};
    if (!mts_schema_set_copy(&copy.parts, &c->parts)) {
        return mts_schema_no_memory(s);
    }
    cases->items[cases->count++] = copy;
    return MTS_OK;
}

/* Whether `const` or `enum` of a schema, where it has them, has the value. */
static bool lists_value(const json_t *schema, const json_t *value)
{
    const json_t *only = json_object_get(schema, "const"), *list = json_object_get(schema, "enum");
    bool found = !json_is_array(list);
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)(uintptr_t)list, i, v)
    {
        found = found || mts_same_value(v, value);
    }
    return found && (!only || mts_same_value(only, value));
}

/* What a part asks of a member; beside a $ref it may count for nothing. */
static const json_t *member_schema(const MtsCase *c, size_t part, const char *name)
{
    const json_t *one = json_object_get(json_object_get(c->parts.items[part], "properties"), name);
    return json_object_get(one, "$ref") ? NULL : one;
}

/* Whether all parts let a member have the value, as far as they list values or leave some out. */
static bool may_have(const MtsCase *c, const char *name, const json_t *value)
{
    for (size_t p = 0; p < c->parts.count; p++) {
        const json_t *one = member_schema(c, p, name), *not = json_object_get(one, "not");
        bool only_listed =
            json_object_size(not) == 1 && (json_object_get(not, "const") || json_object_get(not, "enum"));
        if (!lists_value(one, value) || (only_listed && lists_value(not, value))) {
            return false;
        }
    }
    return true;
}

/* Whether a member has no value left: two parts list others. Conditions on one member, `if` after `if`, end so, all but
 * one of each. */
static bool nothing_left(const MtsCase *c, const char *name)
{
    enum { FEW = 64 };
    for (size_t p = 0; p < c->parts.count; p++) {
        const json_t *one = member_schema(c, p, name), *only = json_object_get(one, "const");
        const json_t *list = json_object_get(one, "enum");
        size_t count = only ? 1 : json_array_size(list);
        bool any = count == 0 || count > FEW;
        for (size_t i = 0; i < count && !any; i++) {
            any = may_have(c, name, only ? only : json_array_get(list, i));
        }
        if (count > 0) {
            return !any;
        }
    }
    return false;
}

static bool is_wanted(const MtsCase *c, const char *name)
{
    for (size_t p = 0; p < c->parts.count; p++) {
        size_t i;
        json_t *one;
        json_array_foreach(json_object_get(c->parts.items[p], "required"), i, one)
        {
            if (json_is_string(one) && strcmp(json_string_value(one), name) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Whether the parts from one on leave a member that must be there without a value. */
static bool run_out(const MtsCase *c, size_t from)
{
    for (size_t p = from; p < c->parts.count; p++) {
        const char *name;
        json_t *value;
        json_object_foreach(json_object_get(c->parts.items[p], "properties"), name, value)
        {
            if (is_wanted(c, name) && nothing_left(c, name)) {
                return true;
            }
        }
    }
    return false;
}

/* Whether some part wants a member that another forbids: no object is valid then. */
static bool wants_forbidden(const MtsCase *c)
{
    for (size_t p = 0; p < c->parts.count; p++) {
        size_t i;
        json_t *name;
        json_array_foreach(json_object_get(c->parts.items[p], "required"), i, name)
        {
            for (size_t q = 0; q < c->parts.count && json_is_string(name); q++) {
                const json_t *part = c->parts.items[q], *others = json_object_get(part, "additionalProperties");
                const json_t *one = json_object_get(json_object_get(part, "properties"), json_string_value(name));
                if (json_is_false(one) ||
                    (!one && json_is_false(others) && !json_object_get(part, "patternProperties"))) {
                    return true;
                }
            }
        }
    }
    return false;
}

/* Goes through the choices of the first list that is open, each with all that is open behind it. */
static int resolve(MtsSchema *s, const MtsCase *c, const Split *split, size_t at, MtsCases *cases, int depth)
{
    size_t i;
    json_t *choice;
    if (c->types == 0) {
        return MTS_OK;
    }
    if (depth > MAX_NESTING) {
        return mts_fail(s->err, MTS_EUNSUPPORTED, "%s: the schema nests deeper than %d", s->name, MAX_NESTING);
    }
    if (at == split->count) {
        return add_case(s, cases, c);
    }
    json_array_foreach((json_t *)(uintptr_t)split->lists[at], i, choice)
    {
        MtsCase longer = {.types = c->types};
        Split more = {0};
        int rc = mts_schema_set_copy(&longer.parts, &c->parts) ? MTS_OK : mts_schema_no_memory(s);
        for (size_t k = at + 1; k < split->count && !rc; k++) {
            rc = split_by(s, &more, split->lists[k]);
        }
        rc = rc ? rc : take(s, choice, &longer, &more, depth);
        if (!rc && longer.types & MTS_OBJECT && longer.parts.count > c->parts.count &&
            (run_out(&longer, c->parts.count) || wants_forbidden(&longer))) {
            longer.types &= ~(unsigned)MTS_OBJECT;
        }
        rc = rc ? rc : resolve(s, &longer, &more, 0, cases, depth + 1);
        mts_schema_set_free(&longer.parts);
        free(more.lists);
        if (rc) {
            return rc;
        }
    }
    return MTS_OK;
}

int mts_schema_cases(MtsSchema *s, const MtsSchemaSet *set, MtsCases *cases)
{
    MtsCase c = {.types = MTS_ANY_TYPE};
    Split split = {0};
    *cases = (MtsCases){0};
    int rc = mts_schema_work(s, 64);
    for (size_t i = 0; i < set->count && !rc; i++) {
        rc = take(s, set->items[i], &c, &split, s->depth);
    }
    rc = rc ? rc : resolve(s, &c, &split, 0, cases, 0);
    mts_schema_set_free(&c.parts);
    free(split.lists);
    if (rc) {
        mts_cases_free(cases);
    }
    return rc;
}
