/* constraint/schema_cases.c - a set of schemas to cases: references followed, choices made, failures turned round. */
#include "constraint/schema_cases.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

/* A number that is no integer: a type that the rewriting makes and no schema has. */
#define TYPE_BROKEN "\x01 broken"

enum { MAX_CASES = 2000, MAX_NESTING = 200, POSSIBLE_DEPTH = 3 };

void mts_cases_free(MtsCases *cases)
{
    for (size_t i = 0; i < cases->count; i++) {
        mts_schema_set_free(&cases->items[i].parts);
    }
    free(cases->items);
    *cases = (MtsCases){0};
}

/* ---- making schemas ----
 *
 * Each takes over its arguments, and a NULL among them gives NULL. */

static json_t *shared(const json_t *schema)
{
    return json_incref((json_t *)(uintptr_t)schema);
}

static json_t *with(const char *keyword, json_t *value)
{
    json_t *o = json_object();
    mts_json_add(&o, keyword, value);
    return o;
}

static json_t *and_also(json_t *o, const char *keyword, json_t *value)
{
    mts_json_add(&o, keyword, value);
    return o;
}

static json_t *list(json_t *only)
{
    json_t *l = json_array();
    mts_json_add(&l, NULL, only);
    return l;
}

static json_t *pair(json_t *a, json_t *b)
{
    json_t *l = list(a);
    mts_json_add(&l, NULL, b);
    return l;
}

static json_t *of_type(const char *type)
{
    return with("type", json_string(type));
}

static json_t * not(const json_t *schema)
{
    return with("not", shared(schema));
}

/* Keeps a made schema for as long as the work goes on. */
static int keep(MtsSchema *s, json_t *schema, const json_t **out)
{
    *out = schema;
    return schema && json_array_append_new(s->made, schema) == 0 ? MTS_OK : mts_schema_no_memory(s);
}

/* ---- not ----
 *
 * A schema fails where one of its keywords does; each keyword's failure is a schema again. */

static json_t *without_key(const char *key)
{
    return and_also(of_type("object"), "properties", with(key, json_false()));
}

static json_t *not_types(const json_t *type)
{
    static const char *const names[] = {"null", "boolean", "integer", "number", "string", "array", "object"};
    json_t *rest = json_array();
    bool integer = false, number = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bool there = json_is_string(type) && strcmp(json_string_value(type), names[i]) == 0;
        size_t at;
        json_t *one;
        json_array_foreach((json_t *)(uintptr_t)type, at, one)
        {
            there |= json_is_string(one) && strcmp(json_string_value(one), names[i]) == 0;
        }
        integer |= there && i == 2;
        number |= there && i == 3;
        if (!there && i != 2 && i != 3) {
            mts_json_add_text(&rest, NULL, names[i]);
        }
    }
    if (!number) {
        mts_json_add_text(&rest, NULL, integer ? TYPE_BROKEN : "number");
    }
    return with("type", rest);
}

/* A keyword whose schema is `true` asks nothing; uniqueItems asks nothing where it is false. */
static bool asks_nothing(const char *key, const json_t *v)
{
    return strcmp(key, "uniqueItems") == 0 ? json_is_false(v)
                                           : json_is_true(v) || (json_is_object(v) && json_object_size(v) == 0);
}

/* Keywords whose failure is no schema that can be held. */
static const char *const NEVER_TURNED[] = {"additionalProperties",
                                           "patternProperties",
                                           "oneOf",
                                           "items",
                                           "prefixItems",
                                           "contains",
                                           "uniqueItems",
                                           "propertyNames",
                                           "if",
                                           "dependencies",
                                           "dependentRequired",
                                           "$dynamicRef",
                                           "unevaluatedItems",
                                           "unevaluatedProperties",
                                           "additionalItems",
                                           "dependentSchemas",
                                           "extends",
                                           "$recursiveRef",
                                           "disallow"};

/* The failure of a keyword that needs only the one value beside it; NULL in *out: the keyword only annotates. */
static int not_simple(MtsSchema *s, const char *key, const json_t *v, json_t **out)
{
    static const struct {
        const char *key, *type, *turned;
        int step;
    } counts[] = {{"minLength", "string", "maxLength", -1},
                  {"maxLength", "string", "minLength", 1},
                  {"minItems", "array", "maxItems", -1},
                  {"maxItems", "array", "minItems", 1},
                  {"minProperties", "object", "maxProperties", -1},
                  {"maxProperties", "object", "minProperties", 1}};
    static const char *const numbers[][2] = {{"minimum", "exclusiveMaximum"},
                                             {"maximum", "exclusiveMinimum"},
                                             {"exclusiveMinimum", "maximum"},
                                             {"exclusiveMaximum", "minimum"}};
    *out = NULL;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (strcmp(key, counts[i].key) == 0) {
            double n = json_number_value(v) + counts[i].step; /* 2.0 is a count too */
            *out = n < 0 ? json_false() : and_also(of_type(counts[i].type), counts[i].turned, json_real(n));
            return MTS_OK;
        }
    }
    for (size_t i = 0; i < 4; i++) {
        if (strcmp(key, numbers[i][0]) == 0) {
            if (json_is_boolean(v)) {
                return mts_schema_refuse(s, "not", "of draft 4's exclusive limits is not held");
            }
            *out = and_also(of_type("number"), numbers[i][1], shared(v));
            return MTS_OK;
        }
    }
    if (strcmp(key, "multipleOf") == 0) {
        *out = and_also(of_type("number"), MTS_KEY_NOT_MULTIPLE, shared(v));
        return MTS_OK;
    }
    for (size_t i = 0; i < sizeof NEVER_TURNED / sizeof NEVER_TURNED[0]; i++) {
        if (strcmp(key, NEVER_TURNED[i]) == 0 && !asks_nothing(key, v)) {
            char why[96];
            snprintf(why, sizeof why, "of a schema with \"%s\" is not held", key);
            return mts_schema_refuse(s, "not", why);
        }
    }
    return MTS_OK;
}

static int add_failure(MtsSchema *s, json_t *any, json_t *failure)
{
    return failure && json_array_append_new(any, failure) == 0 ? MTS_OK : mts_schema_no_memory(s);
}

/* Appends to `any` the schemas one of which holds where `v`, the keyword's value, fails. */
static int not_keyword(MtsSchema *s, const json_t *schema, const char *key, const json_t *v, json_t *any)
{
    size_t i;
    json_t *item, *one;
    const char *name;
    int rc = MTS_OK;
    if (strcmp(key, "type") == 0) {
        return add_failure(s, any, not_types(v));
    }
    if (strcmp(key, "const") == 0 || strcmp(key, "enum") == 0) {
        return add_failure(s, any, with(MTS_KEY_NOT_IN, *key == 'c' ? list(shared(v)) : shared(v)));
    }
    if (strcmp(key, "pattern") == 0 || (strcmp(key, "format") == 0 && mts_format_pattern(json_string_value(v)))) {
        const char *turned = *key == 'p' ? MTS_KEY_NOT_PATTERN : MTS_KEY_NOT_FORMAT;
        return add_failure(s, any, and_also(of_type("string"), turned, shared(v)));
    }
    if (strcmp(key, "required") == 0 && json_is_array(v)) {
        json_array_foreach((json_t *)(uintptr_t)v, i, item)
        {
            rc = rc ? rc : add_failure(s, any, without_key(json_is_string(item) ? json_string_value(item) : ""));
        }
        return rc;
    }
    if (strcmp(key, "properties") == 0) {
        json_object_foreach((json_t *)(uintptr_t)v, name, item)
        {
            one = and_also(of_type("object"), "required", list(json_string(name)));
            rc = rc ? rc : add_failure(s, any, and_also(one, "properties", with(name, not(item))));
        }
        return rc;
    }
    if (strcmp(key, "not") == 0) {
        return add_failure(s, any, shared(v));
    }
    if (strcmp(key, "allOf") == 0 || strcmp(key, "anyOf") == 0) {
        json_t *all = json_array();
        json_array_foreach((json_t *)(uintptr_t)v, i, item)
        {
            if (!all || json_array_append_new(all, not(item))) {
                json_decref(all);
                return mts_schema_no_memory(s);
            }
        }
        return add_failure(s, any, with(key[1] == 'l' ? "anyOf" : "allOf", all));
    }
    if (strcmp(key, "$ref") == 0) {
        const json_t *target;
        rc = json_is_string(v) ? mts_schema_resolve(s, schema, json_string_value(v), &target)
                               : mts_schema_refuse(s, "$ref", "is not a string");
        return rc ? rc : add_failure(s, any, not(target));
    }
    if (strcmp(key, "items") == 0 && !json_is_array(v) && !json_object_get(schema, "prefixItems") &&
        !asks_nothing(key, v)) {
        return add_failure(s, any, and_also(of_type("array"), "contains", not(v)));
    }
    if ((rc = not_simple(s, key, v, &one)) != 0) {
        return rc;
    }
    return one ? add_failure(s, any, one) : MTS_OK;
}

static int negate(MtsSchema *s, const json_t *schema, const json_t **out)
{
    const char *key;
    json_t *value, *any;
    if (json_is_boolean(schema)) {
        return keep(s, json_boolean(!json_is_true(schema)), out);
    }
    if (!json_is_object(schema)) {
        return mts_fail(s->err, MTS_EREQUEST, "%s: a schema must be an object or a boolean", s->name);
    }
    if (!(any = json_array())) {
        return mts_schema_no_memory(s);
    }
    bool only_ref = s->old_refs && json_object_get(schema, "$ref");
    json_object_foreach((json_t *)(uintptr_t)schema, key, value)
    {
        int rc = only_ref && strcmp(key, "$ref") != 0 ? MTS_OK : not_keyword(s, schema, key, value, any);
        if (rc) {
            json_decref(any);
            return rc;
        }
    }
    if (json_array_size(any) == 0) { /* nothing in it can fail */
        json_decref(any);
        return keep(s, json_false(), out);
    }
    return keep(s, with("anyOf", any), out);
}

/* ---- cases ---- */

typedef struct Split { /* lists of schemas of each of which one has to hold */
    const json_t **lists;
    size_t count, cap;
} Split;

static unsigned type_bits(const char *name)
{
    static const struct {
        const char *name;
        unsigned bits;
    } types[] = {{"null", MTS_NULL},     {"boolean", MTS_BOOLEAN}, {"integer", MTS_WHOLE},
                 {"string", MTS_STRING}, {"array", MTS_ARRAY},     {"number", MTS_WHOLE | MTS_BROKEN},
                 {"object", MTS_OBJECT}, {"any", MTS_ANY_TYPE},    {TYPE_BROKEN, MTS_BROKEN}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].name, name) == 0) {
            return types[i].bits;
        }
    }
    return 0;
}

static int read_types(MtsSchema *s, const json_t *type, unsigned *types)
{
    unsigned bits = 0;
    size_t i;
    json_t *one;
    if (!type) {
        return MTS_OK;
    }
    if (json_is_string(type)) {
        bits = type_bits(json_string_value(type));
        if (!bits) {
            return mts_fail(s->err, MTS_EREQUEST, "%s: \"type\" is \"%s\", which is no JSON type", s->name,
                            json_string_value(type));
        }
    } else if (!json_is_array(type)) {
        return mts_fail(s->err, MTS_EREQUEST, "%s: \"type\" must be a string or a list of strings", s->name);
    }
    json_array_foreach((json_t *)(uintptr_t)type, i, one)
    {
        unsigned more = json_is_string(one) ? type_bits(json_string_value(one)) : 0;
        if (!more) {
            return mts_fail(s->err, MTS_EREQUEST, "%s: \"type\" must be a string or a list of strings", s->name);
        }
        bits |= more;
    }
    *types &= bits;
    return MTS_OK;
}

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
        json_t *all = list(shared(json_array_get(choices, i)));
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
            rc = rc ? rc : s->possible(s, &both, POSSIBLE_DEPTH, &possible);
            mts_schema_set_free(&both);
            if (!rc && possible && (!all || json_array_append_new(all, not(json_array_get(choices, k))))) {
                rc = mts_schema_no_memory(s);
            }
        }
        if (rc || json_array_append_new(any, json_array_size(all) == 1 ? shared(json_array_get(all, 0))
                                                                       : with("allOf", shared(all)))) {
            rc = rc ? rc : mts_schema_no_memory(s);
        }
        json_decref(all);
    }
    if (rc) {
        json_decref(any);
        return rc;
    }
    return keep(s, any, out);
}

/* if, then, else as a choice. */
static int conditional(MtsSchema *s, const json_t *schema, Split *split)
{
    const json_t *condition = json_object_get(schema, "if"), *then = json_object_get(schema, "then");
    const json_t *otherwise = json_object_get(schema, "else"), *made;
    if (!then && !otherwise) {
        return MTS_OK;
    }
    json_t *yes = with("allOf", pair(shared(condition), then ? shared(then) : json_true()));
    json_t *no = with("allOf", pair(not(condition), otherwise ? shared(otherwise) : json_true()));
    int rc = keep(s, pair(yes, no), &made);
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
        json_t *with_key = with("required", list(json_string(key))), *asked;
        with_key = and_also(with_key, "type", json_string("object"));
        if (json_is_array(value) || json_is_string(value)) {
            asked = with("required", json_is_string(value) ? list(shared(value)) : shared(value));
        } else {
            asked = shared(value);
        }
        json_t *without = with("properties", with(key, json_false()));
        int rc = keep(s, pair(without, with("allOf", pair(with_key, asked))), &made);
        if (rc || (rc = split_by(s, split, made)) != 0) {
            return rc;
        }
    }
    return MTS_OK;
}

/* Keywords that cannot be held at all. */
static int check_unheld(MtsSchema *s, const json_t *schema)
{
    static const char *const unheld[] = {"unevaluatedProperties", "unevaluatedItems", "$dynamicRef",
                                         "$recursiveRef",         "extends",          "disallow"};
    for (size_t i = 0; i < sizeof unheld / sizeof unheld[0]; i++) {
        const json_t *v = json_object_get(schema, unheld[i]);
        if (v && !json_is_true(v) && !(s->old_refs && *unheld[i] != 'e' && *unheld[i] != 'd')) { /* 2019-09's */
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
    if (!rc && json_object_get(schema, "if") && !s->without_if) {
        rc = conditional(s, schema, split);
    }
    for (int m = 0; m < 3 && !rc; m++) {
        rc = dependent(s, json_object_get(schema, maps[m]), split);
    }
    if (!rc && (v = json_object_get(schema, "not"))) {
        const json_t *turned = NULL;
        rc = negate(s, v, &turned);
        rc = rc ? rc : take(s, turned, c, split, depth + 1);
    }
    return rc;
}

/* Adds one schema to the case; what it leaves open goes to `split`. A case without types has no value. */
static int take(MtsSchema *s, const json_t *schema, MtsCase *c, Split *split, int depth)
{
    int rc;
    const json_t *target = json_object_get(schema, "$ref");
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
    if (json_is_string(target)) {
        const json_t *to;
        if ((rc = mts_schema_resolve(s, schema, json_string_value(target), &to)) ||
            (rc = take(s, to, c, split, depth + 1)) || s->old_refs) {
            return rc;
        }
    }
    if ((rc = check_unheld(s, schema)) || (rc = read_types(s, json_object_get(schema, "type"), &c->types))) {
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
