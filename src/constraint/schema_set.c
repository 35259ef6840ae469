/* constraint/schema_set.c - sets of schemas, sentences about them, counts, types and first items. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "constraint/schema_cases.h"
#include "core/mem.h"

enum { LEAST_MOST = 1 << 24 }; /* of minimal counts */

int mts_schema_no_memory(MtsSchema *s)
{
    return mts_fail(s->err, MTS_ENOMEM, "%s: memory ran out for the schema", s->name);
}

int mts_schema_refuse(MtsSchema *s, const char *keyword, const char *why)
{
    return mts_fail(s->err, MTS_EUNSUPPORTED, "%s: the keyword \"%s\" %s", s->name, keyword, why);
}

int mts_schema_work(MtsSchema *s, size_t steps)
{
    return mts_exprs_work(s->g->exprs, steps)
               ? MTS_OK
               : mts_fail(s->err, mts_exprs_failed(s->g->exprs), "%s: the schema needs more %s than it may take",
                          s->name, mts_exprs_short_of(s->g->exprs));
}

bool mts_schema_set_add(MtsSchemaSet *set, const json_t *schema)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i] == schema) {
            return true;
        }
    }
    if (!mts_grow(&set->items, &set->cap, set->count + 1, sizeof *set->items)) {
        return false;
    }
    set->items[set->count++] = schema;
    return true;
}

void mts_schema_set_free(MtsSchemaSet *set)
{
    free(set->items);
    *set = (MtsSchemaSet){0};
}

bool mts_schema_set_copy(MtsSchemaSet *to, const MtsSchemaSet *from)
{
    *to = (MtsSchemaSet){0};
    for (size_t i = 0; i < from->count; i++) {
        if (!mts_schema_set_add(to, from->items[i])) {
            mts_schema_set_free(to);
            return false;
        }
    }
    return true;
}

int mts_schema_count(MtsSchema *s, const json_t *schema, const char *keyword, uint32_t *value)
{
    const json_t *v = json_object_get(schema, keyword);
    double number = mts_number_of(v);
    if (!v) {
        return MTS_OK;
    }
    bool most = strncmp(keyword, "max", 3) == 0; /* 2147483647 stands for none */
    if (!mts_is_number(v) || !(number >= 0) || number != floor(number) || (!most && number > LEAST_MOST)) {
        char to[32];
        snprintf(to, sizeof to, "to %d", LEAST_MOST);
        return mts_fail(s->err, MTS_EREQUEST, "%s: \"%s\" must be an integer from 0 %s", s->name, keyword,
                        most ? "on" : to);
    }
    *value = number < MTS_NO_LIMIT - 2 ? (uint32_t)number : MTS_NO_LIMIT - 2; /* no text has as many */
    return MTS_OK;
}

/* A keyword that is passed over where it does not have its form would leave the schema weaker than it was meant. */
int mts_schema_check_forms(MtsSchema *s, const json_t *schema)
{
    static const struct {
        const char *key, *form;
        json_type type;
    } forms[] = {{"required", "a list of strings", JSON_ARRAY},
                 {"prefixItems", "a list of schemas", JSON_ARRAY},
                 {"properties", "an object of schemas", JSON_OBJECT},
                 {"patternProperties", "an object of schemas", JSON_OBJECT},
                 {"dependencies", "an object", JSON_OBJECT},
                 {"dependentRequired", "an object of lists", JSON_OBJECT},
                 {"dependentSchemas", "an object of schemas", JSON_OBJECT},
                 {"uniqueItems", "true or false", JSON_TRUE},
                 {"format", "a string", JSON_STRING},
                 {"$ref", "a string", JSON_STRING},
                 {"$dynamicRef", "a string", JSON_STRING},
                 {"$recursiveRef", "a string", JSON_STRING}};
    const char *key = NULL;
    json_t *member;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const json_t *v = json_object_get(schema, forms[i].key);
        if (s->old_refs && json_object_get(schema, "$ref") && strcmp(forms[i].key, "$ref") != 0) {
            continue; /* beside it nothing counts */
        }
        bool flag = json_is_boolean(v) && (forms[i].type == JSON_TRUE || (i == 0 && s->draft3));
        if (v && !flag && json_typeof(v) != forms[i].type) {
            return mts_fail(s->err, MTS_EREQUEST, "%s: \"%s\" must be %s", s->name, forms[i].key, forms[i].form);
        }
    }
    json_object_foreach(json_object_get(schema, "dependentRequired"), key, member)
    {
        if (!json_is_array(member)) {
            return mts_fail(s->err, MTS_EREQUEST, "%s: \"dependentRequired\" must be an object of lists", s->name);
        }
    }
    json_object_foreach(json_object_get(schema, "dependentSchemas"), key, member)
    {
        if (!json_is_object(member) && !json_is_boolean(member)) {
            return mts_fail(s->err, MTS_EREQUEST, "%s: \"dependentSchemas\" must be an object of schemas", s->name);
        }
    }
    return MTS_OK;
}

static unsigned type_bits(const char *name)
{
    static const struct {
        const char *name;
        unsigned bits;
    } types[] = {{"null", MTS_NULL},     {"boolean", MTS_BOOLEAN}, {"integer", MTS_WHOLE},
                 {"string", MTS_STRING}, {"array", MTS_ARRAY},     {"number", MTS_WHOLE | MTS_BROKEN},
                 {"object", MTS_OBJECT}, {"any", MTS_ANY_TYPE},    {MTS_TYPE_BROKEN, MTS_BROKEN}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].name, name) == 0) {
            return types[i].bits;
        }
    }
    return 0;
}

int mts_schema_types(MtsSchema *s, const json_t *type, unsigned *types)
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

const json_t *mts_schema_first_items(const json_t *part, const json_t **others)
{
    const json_t *items = json_object_get(part, "items"), *prefix = json_object_get(part, "prefixItems");
    if (json_is_array(items)) {
        *others = json_object_get(part, "additionalItems");
        return items;
    }
    *others = items;
    return json_is_array(prefix) ? prefix : NULL;
}
