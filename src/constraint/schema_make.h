/* constraint/schema_make.h - schemas that the rewriting makes.
 *
 * Each function takes over its arguments, and a NULL among them gives NULL. */
#ifndef MTS_CONSTRAINT_SCHEMA_MAKE_H
#define MTS_CONSTRAINT_SCHEMA_MAKE_H

#include "constraint/schema_cases.h"

static inline json_t *mts_made_shared(const json_t *schema)
{
    return json_incref((json_t *)(uintptr_t)schema);
}

static inline json_t *mts_made_and_also(json_t *o, const char *keyword, json_t *value)
{
    mts_json_add(&o, keyword, value);
    return o;
}

static inline json_t *mts_made_with(const char *keyword, json_t *value)
{
    return mts_made_and_also(json_object(), keyword, value);
}

static inline json_t *mts_made_list(json_t *only)
{
    json_t *l = json_array();
    mts_json_add(&l, NULL, only);
    return l;
}

static inline json_t *mts_made_pair(json_t *a, json_t *b)
{
    json_t *l = mts_made_list(a);
    mts_json_add(&l, NULL, b);
    return l;
}

static inline json_t *mts_made_of_type(const char *type)
{
    return mts_made_with("type", json_string(type));
}

static inline json_t *mts_made_not(const json_t *schema)
{
    return mts_made_with("not", mts_made_shared(schema));
}

/* An object that has the member. */
static inline json_t *mts_made_object_with(const char *key)
{
    return mts_made_and_also(mts_made_with("required", mts_made_list(json_string(key))), "type", json_string("object"));
}

/* Keeps a made schema for as long as the work goes on. */
static inline int mts_schema_keep(MtsSchema *s, json_t *schema, const json_t **out)
{
    *out = schema;
    return schema && json_array_append_new(s->made, schema) == 0 ? MTS_OK : mts_schema_no_memory(s);
}

#endif
