/* constraint/schema_not.c - failures turned round.
 *
 * A schema fails where one of its keywords does; each keyword's failure is a schema again, or several one of which
 * holds. Keywords without a row annotate, or are read by the row of another. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "constraint/schema_make.h"
#include "core/mem.h"

typedef struct Turn { /* the keyword that fails */
    MtsSchema *s;
    const json_t *schema; /* that it stands in */
    const char *key;
    json_t *value;
    json_t *any; /* the failures, of which one holds */
} Turn;

static int fails(const Turn *t, json_t *failure)
{
    return failure && json_array_append_new(t->any, failure) == 0 ? MTS_OK : mts_schema_no_memory(t->s);
}

static int never(const Turn *t)
{
    char why[96];
    snprintf(why, sizeof why, "of a schema with \"%s\" is not held", t->key);
    return mts_schema_refuse(t->s, "not", why);
}

/* A schema that nothing fails. */
static bool asks_nothing(const json_t *v)
{
    return !v || json_is_true(v) || (json_is_object(v) && json_object_size(v) == 0);
}

/* ---- any value ---- */

static bool names_type(const json_t *type, const char *name)
{
    size_t i;
    json_t *one;
    bool there = json_is_string(type) && strcmp(json_string_value(type), name) == 0;
    json_array_foreach((json_t *)(uintptr_t)type, i, one)
    {
        there |= json_is_string(one) && strcmp(json_string_value(one), name) == 0;
    }
    return there;
}

static int turn_type(const Turn *t)
{
    static const char *const names[] = {"null", "boolean", "string", "array", "object"};
    json_t *rest = json_array();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!names_type(t->value, names[i])) {
            mts_json_add_text(&rest, NULL, names[i]);
        }
    }
    if (!names_type(t->value, "number")) {
        mts_json_add_text(&rest, NULL, names_type(t->value, "integer") ? MTS_TYPE_BROKEN : "number");
    }
    return fails(t, mts_made_with("type", rest));
}

static int turn_enum(const Turn *t)
{
    return fails(t, mts_made_with(MTS_KEY_NOT_IN, mts_made_shared(t->value)));
}

static int turn_const(const Turn *t)
{
    return fails(t, mts_made_with(MTS_KEY_NOT_IN, mts_made_list(mts_made_shared(t->value))));
}

static int turn_not(const Turn *t)
{
    return fails(t, mts_made_shared(t->value));
}

static int turn_ref(const Turn *t)
{
    const json_t *target;
    int rc = mts_schema_resolve(t->s, t->schema, t->key, &target);
    return rc ? rc : fails(t, mts_made_not(target));
}

/* The failures of all in a list, as a list. */
static json_t *each_failure(json_t *schemas)
{
    json_t *all = json_array(), *item;
    size_t i;
    json_array_foreach(schemas, i, item)
    {
        mts_json_add(&all, NULL, mts_made_not(item));
    }
    return all;
}

static int turn_all_of(const Turn *t)
{
    return fails(t, mts_made_with("anyOf", each_failure(t->value)));
}

static int turn_any_of(const Turn *t)
{
    return fails(t, mts_made_with("allOf", each_failure(t->value)));
}

/* None holds, or two do. */
static int turn_one_of(const Turn *t)
{
    size_t count = json_array_size(t->value);
    int rc = fails(t, mts_made_with("allOf", each_failure(t->value)));
    for (size_t i = 0; i < count && !rc; i++) {
        for (size_t k = i + 1; k < count && !rc; k++) {
            MtsSchemaSet both = {0};
            const json_t *a = json_array_get(t->value, i), *b = json_array_get(t->value, k);
            bool possible = false, added = mts_schema_set_add(&both, a) && mts_schema_set_add(&both, b);
            rc = added ? t->s->possible(t->s, &both, MTS_POSSIBLE_DEPTH, &possible) : mts_schema_no_memory(t->s);
            mts_schema_set_free(&both);
            if (!rc && possible) {
                rc = fails(t, mts_made_with("allOf", mts_made_pair(mts_made_shared(a), mts_made_shared(b))));
            }
        }
    }
    return rc;
}

static int turn_if(const Turn *t)
{
    const json_t *then = json_object_get(t->schema, "then"), *otherwise = json_object_get(t->schema, "else");
    int rc = MTS_OK;
    if (then) {
        rc = fails(t, mts_made_with("allOf", mts_made_pair(mts_made_shared(t->value), mts_made_not(then))));
    }
    if (!rc && otherwise) {
        rc = fails(t, mts_made_with("allOf", mts_made_pair(mts_made_not(t->value), mts_made_not(otherwise))));
    }
    return rc;
}

/* ---- texts and numbers ---- */

static int turn_pattern(const Turn *t)
{
    return fails(t, mts_made_and_also(mts_made_of_type("string"), MTS_KEY_NOT_PATTERN, mts_made_shared(t->value)));
}

static int turn_format(const Turn *t)
{
    return !mts_format_pattern(json_string_value(t->value))
               ? MTS_OK
               : fails(t, mts_made_and_also(mts_made_of_type("string"), MTS_KEY_NOT_FORMAT, mts_made_shared(t->value)));
}

/* Counts of characters, items and members. */
static int turn_count(const Turn *t)
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
    size_t i = 0;
    while (strcmp(t->key, counts[i].key) != 0) {
        i++;
    }
    double n = mts_number_of(t->value) + counts[i].step; /* 2.0 is a count too */
    return fails(t, n < 0 ? json_false()
                          : mts_made_and_also(mts_made_of_type(counts[i].type), counts[i].turned, json_real(n)));
}

static int turn_limit(const Turn *t)
{
    static const char *const limits[][2] = {{"minimum", "exclusiveMaximum"},
                                            {"maximum", "exclusiveMinimum"},
                                            {"exclusiveMinimum", "maximum"},
                                            {"exclusiveMaximum", "minimum"}};
    /* draft 4's exclusive limits are flags of those beside them */
    const char *flag = strcmp(t->key, "minimum") == 0   ? "exclusiveMinimum"
                       : strcmp(t->key, "maximum") == 0 ? "exclusiveMaximum"
                                                        : "";
    bool open = json_is_true(json_object_get(t->schema, flag));
    size_t i = 0;
    if (json_is_boolean(t->value)) {
        return MTS_OK;
    }
    while (strcmp(open ? flag : t->key, limits[i][0]) != 0) {
        i++;
    }
    return fails(t, mts_made_and_also(mts_made_of_type("number"), limits[i][1], mts_made_shared(t->value)));
}

static int turn_multiple(const Turn *t)
{
    return fails(t, mts_made_and_also(mts_made_of_type("number"), MTS_KEY_NOT_MULTIPLE, mts_made_shared(t->value)));
}

/* ---- arrays ---- */

static json_t *arrays_of(double least)
{
    return mts_made_and_also(mts_made_of_type("array"), "minItems", json_real(least));
}

/* One of the first items fails, each of which has a schema of its own. */
static int turn_first_items(const Turn *t)
{
    int rc = MTS_OK;
    for (size_t i = 0; i < json_array_size(t->value) && !rc; i++) {
        json_t *one = json_array_get(t->value, i), *places = json_array();
        for (size_t k = 0; k < i; k++) {
            mts_json_add(&places, NULL, json_true());
        }
        mts_json_add(&places, NULL, mts_made_not(one));
        json_t *failure = mts_made_and_also(arrays_of((double)i + 1), "prefixItems", places);
        if (asks_nothing(one)) {
            json_decref(failure);
        } else {
            rc = fails(t, failure);
        }
    }
    return rc;
}

/* One of the items behind the first `from` fails. */
static int turn_other_items(const Turn *t, size_t from)
{
    return asks_nothing(t->value)    ? MTS_OK
           : json_is_false(t->value) ? fails(t, arrays_of((double)from + 1))
           : from == 0 ? fails(t, mts_made_and_also(mts_made_of_type("array"), "contains", mts_made_not(t->value)))
                       : never(t);
}

static int turn_items(const Turn *t)
{
    return json_is_array(t->value) ? turn_first_items(t)
                                   : turn_other_items(t, json_array_size(json_object_get(t->schema, "prefixItems")));
}

static int turn_prefix(const Turn *t)
{
    return json_is_array(json_object_get(t->schema, "items")) ? MTS_OK : turn_first_items(t);
}

static int turn_additional_items(const Turn *t)
{
    const json_t *items = json_object_get(t->schema, "items");
    return json_is_array(items) ? turn_other_items(t, json_array_size(items)) : MTS_OK;
}

/* Too few or too many of what is asked for. */
static int turn_contains(const Turn *t)
{
    uint32_t least = 1, most = MTS_NO_LIMIT;
    json_t *few, *many;
    int rc;
    if ((rc = mts_schema_count(t->s, t->schema, "minContains", &least)) ||
        (rc = mts_schema_count(t->s, t->schema, "maxContains", &most))) {
        return rc;
    }
    if (least == 1) {
        rc = fails(t, mts_made_and_also(mts_made_of_type("array"), "items", mts_made_not(t->value)));
    } else if (least > 1) {
        few = mts_made_and_also(mts_made_of_type("array"), "contains", mts_made_shared(t->value));
        few = mts_made_and_also(few, "minContains", json_integer(0));
        rc = fails(t, mts_made_and_also(few, "maxContains", json_integer((json_int_t)least - 1)));
    }
    if (!rc && most != MTS_NO_LIMIT) {
        many = mts_made_and_also(mts_made_of_type("array"), "contains", mts_made_shared(t->value));
        rc = fails(t, mts_made_and_also(many, "minContains", json_integer((json_int_t)most + 1)));
    }
    return rc;
}

static int turn_unique(const Turn *t)
{
    return json_is_true(t->value) ? never(t) : MTS_OK;
}

/* ---- objects ---- */

static json_t *objects_with(const char *name)
{
    return mts_made_and_also(mts_made_of_type("object"), "required", mts_made_list(json_string(name)));
}

static int turn_required(const Turn *t)
{
    size_t i;
    json_t *item;
    int rc = MTS_OK;
    json_array_foreach(t->value, i, item)
    {
        const char *name = json_is_string(item) ? json_string_value(item) : "";
        json_t *without = mts_made_with("properties", mts_made_with(name, json_false()));
        without = mts_made_and_also(without, "type", json_string("object"));
        if (rc) {
            json_decref(without);
        } else {
            rc = fails(t, without);
        }
    }
    return rc;
}

static int turn_properties(const Turn *t)
{
    const char *name;
    json_t *item;
    json_object_foreach(t->value, name, item)
    {
        int rc = fails(t, mts_made_and_also(objects_with(name), "properties", mts_made_with(name, mts_made_not(item))));
        if (rc) {
            return rc;
        }
    }
    return MTS_OK;
}

static int some_member(const Turn *t, json_t *names, const json_t *failing)
{
    json_t *value = json_is_false(failing) ? json_true() : mts_made_not(failing);
    json_t *some = mts_made_and_also(mts_made_with("names", names), "value", value);
    return fails(t, mts_made_and_also(mts_made_of_type("object"), MTS_KEY_SOME, some));
}

static int turn_other_members(const Turn *t)
{
    json_t *value, *listed = json_array(), *patterns = json_array();
    const char *key;
    json_object_foreach(json_object_get(t->schema, "properties"), key, value)
    {
        mts_json_add(&listed, NULL, json_string(key));
    }
    json_object_foreach(json_object_get(t->schema, "patternProperties"), key, value)
    {
        mts_json_add(&patterns, NULL, mts_made_with(MTS_KEY_NOT_PATTERN, json_string(key)));
    }
    bool memory = listed && patterns;
    if (!memory || asks_nothing(t->value)) {
        json_decref(listed);
        json_decref(patterns);
        return memory ? MTS_OK : mts_schema_no_memory(t->s);
    }
    bool any = json_array_size(patterns) > 0;
    json_t *names = any ? mts_made_with("allOf", patterns) : json_object();
    if (!any) {
        json_decref(patterns);
    }
    return some_member(t, mts_made_and_also(names, MTS_KEY_NOT_IN, listed), t->value);
}

static int turn_pattern_members(const Turn *t)
{
    const char *pattern;
    json_t *value;
    int rc = MTS_OK;
    json_object_foreach(t->value, pattern, value)
    {
        rc = rc || asks_nothing(value) ? rc : some_member(t, mts_made_with("pattern", json_string(pattern)), value);
    }
    return rc;
}

static int turn_names(const Turn *t)
{
    return asks_nothing(t->value) ? MTS_OK : some_member(t, mts_made_not(t->value), json_false());
}

/* A key is there, and what it asks for fails. Since 2019-09 `dependencies` is no keyword, and yet held where it is
 * asked: so its failure is not. */
static int turn_dependent(const Turn *t)
{
    const char *key;
    json_t *value, *asked;
    int rc = strcmp(t->key, "dependencies") == 0 && t->s->draft >= 8 && json_object_size(t->value) ? never(t) : MTS_OK;
    json_object_foreach(t->value, key, value)
    {
        if (rc) {
            return rc;
        }
        asked = json_is_string(value) ? mts_made_list(mts_made_shared(value)) : mts_made_shared(value);
        asked = json_is_array(asked) ? mts_made_with("required", asked) : asked;
        rc = fails(t, mts_made_and_also(objects_with(key), "not", asked));
    }
    return rc;
}

static int turn_unheld(const Turn *t)
{
    return json_is_true(t->value) ? MTS_OK : never(t);
}

/* ---- the whole ---- */

enum { NUMBER = MTS_WHOLE | MTS_BROKEN };

static const struct {
    const char *key;
    int (*turn)(const Turn *t);
    unsigned types; /* of the values that it speaks of */
} TURNS[] = {{"type", turn_type, MTS_ANY_TYPE},
             {"enum", turn_enum, MTS_ANY_TYPE},
             {"const", turn_const, MTS_ANY_TYPE},
             {"not", turn_not, MTS_ANY_TYPE},
             {"$ref", turn_ref, MTS_ANY_TYPE},
             {"allOf", turn_all_of, MTS_ANY_TYPE},
             {"anyOf", turn_any_of, MTS_ANY_TYPE},
             {"oneOf", turn_one_of, MTS_ANY_TYPE},
             {"if", turn_if, MTS_ANY_TYPE},
             {"pattern", turn_pattern, MTS_STRING},
             {"format", turn_format, MTS_STRING},
             {"minLength", turn_count, MTS_STRING},
             {"maxLength", turn_count, MTS_STRING},
             {"minItems", turn_count, MTS_ARRAY},
             {"maxItems", turn_count, MTS_ARRAY},
             {"minProperties", turn_count, MTS_OBJECT},
             {"maxProperties", turn_count, MTS_OBJECT},
             {"minimum", turn_limit, NUMBER},
             {"maximum", turn_limit, NUMBER},
             {"exclusiveMinimum", turn_limit, NUMBER},
             {"exclusiveMaximum", turn_limit, NUMBER},
             {"multipleOf", turn_multiple, NUMBER},
             {"items", turn_items, MTS_ARRAY},
             {"prefixItems", turn_prefix, MTS_ARRAY},
             {"additionalItems", turn_additional_items, MTS_ARRAY},
             {"contains", turn_contains, MTS_ARRAY},
             {"uniqueItems", turn_unique, MTS_ARRAY},
             {"required", turn_required, MTS_OBJECT},
             {"properties", turn_properties, MTS_OBJECT},
             {"additionalProperties", turn_other_members, MTS_OBJECT},
             {"patternProperties", turn_pattern_members, MTS_OBJECT},
             {"propertyNames", turn_names, MTS_OBJECT},
             {"dependencies", turn_dependent, MTS_OBJECT},
             {"dependentRequired", turn_dependent, MTS_OBJECT},
             {"dependentSchemas", turn_dependent, MTS_OBJECT},
             {"unevaluatedItems", turn_unheld, MTS_ARRAY},
             {"unevaluatedProperties", turn_unheld, MTS_OBJECT},
             {"$dynamicRef", turn_ref, MTS_ANY_TYPE},
             {"$recursiveRef", turn_ref, MTS_ANY_TYPE},
             {"extends", turn_unheld, MTS_ANY_TYPE},
             {"disallow", turn_unheld, MTS_ANY_TYPE}};

/* Where `type` allows no value that the keyword speaks of, all of these fail by their type. */
static int turn_keyword(const Turn *t)
{
    const json_t *type = json_object_get(t->schema, "type");
    for (size_t i = 0; i < sizeof TURNS / sizeof TURNS[0]; i++) {
        if (strcmp(TURNS[i].key, t->key) == 0) {
            unsigned types = MTS_ANY_TYPE;
            int rc = mts_schema_types(t->s, type, &types);
            return rc || !(types & TURNS[i].types) ? rc : TURNS[i].turn(t);
        }
    }
    return MTS_OK;
}

int mts_schema_negate(MtsSchema *s, const json_t *schema, const json_t **out)
{
    Turn t = {.s = s, .schema = schema};
    if (json_is_boolean(schema)) {
        return mts_schema_keep(s, json_boolean(!json_is_true(schema)), out);
    }
    if (!json_is_object(schema)) {
        return mts_fail(s->err, MTS_EREQUEST, "%s: a schema must be an object or a boolean", s->name);
    }
    int wrong = mts_schema_check_forms(s, schema);
    if (wrong || !(t.any = json_array())) {
        return wrong ? wrong : mts_schema_no_memory(s);
    }
    bool only_ref = s->old_refs && json_object_get(schema, "$ref");
    json_object_foreach((json_t *)(uintptr_t)schema, t.key, t.value)
    {
        int rc = only_ref && strcmp(t.key, "$ref") != 0 ? MTS_OK : turn_keyword(&t);
        if (rc) {
            json_decref(t.any);
            return rc;
        }
    }
    if (json_array_size(t.any) == 0) { /* nothing in it can fail */
        json_decref(t.any);
        return mts_schema_keep(s, json_false(), out);
    }
    return mts_schema_keep(s, mts_made_with("anyOf", t.any), out);
}
