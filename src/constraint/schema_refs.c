/* constraint/schema_refs.c - where a $ref points.
 *
 * A schema with `$id` (draft 4: `id`) is a resource with an address of its own, relative to that of the resource around
 * it; a reference is relative to the resource it stands in. What lies in other files is not fetched. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "constraint/schema_cases.h"
#include "core/mem.h"

enum { MAX_WALK = 256 };

const char *const mts_schema_refs[MTS_SCHEMA_REFS] = {"$ref", "$dynamicRef", "$recursiveRef"};

/* What `reference` without its fragment means where the address is `base`; malloc'ed. */
static char *resolve_address(const char *base, const char *reference, size_t size)
{
    MtsBytes out = {0};
    const char *scheme = strstr(base, "://"), *slash;
    bool absolute = memchr(reference, ':', size) != NULL;
    size_t keep = 0;
    if (size == 0) {
        keep = strlen(base);
    } else if (!absolute && *reference == '/') {
        slash = strchr(scheme ? scheme + 3 : base, '/');
        keep = scheme ? (slash ? (size_t)(slash - base) : strlen(base)) : 0;
    } else if (!absolute) {
        slash = strrchr(base, '/');
        keep = slash && !(scheme && slash < scheme + 3) ? (size_t)(slash - base) + 1 : 0;
    }
    if (!mts_bytes_append(&out, base, keep) || !mts_bytes_append(&out, reference, size)) {
        mts_bytes_free(&out);
        return NULL;
    }
    return out.data;
}

/* The address that a schema gives itself. Where old drafts have a $ref, all beside it is ignored. */
static const char *own_address(const MtsSchema *s, const json_t *schema)
{
    const json_t *id = json_object_get(schema, "$id");
    id = json_is_string(id) || !s->plain_ids ? id : json_object_get(schema, "id");
    return json_is_string(id) && !(s->old_refs && json_object_get(schema, "$ref")) ? json_string_value(id) : NULL;
}

static int add_resource(MtsSchema *s, const json_t *schema, const char *base)
{
    const char *own = own_address(s, schema);
    char *address = resolve_address(base, own ? own : "", own ? strcspn(own, "#") : 0);
    if (!address || !mts_grow(&s->resources, &s->resource_cap, s->resource_count + 1, sizeof *s->resources)) {
        free(address);
        return mts_schema_no_memory(s);
    }
    s->resources[s->resource_count++] = (struct MtsResource){schema, address};
    return MTS_OK;
}

static int add_anchor(MtsSchema *s, const json_t *schema, const char *name, uint32_t resource, bool dynamic)
{
    if (!mts_grow(&s->anchors, &s->anchor_cap, s->anchor_count + 1, sizeof *s->anchors)) {
        return mts_schema_no_memory(s);
    }
    s->anchors[s->anchor_count++] = (struct MtsAnchor){schema, name, resource, dynamic};
    return MTS_OK;
}

/* What stands at a place of the file: a schema; a map of names to schemas, or a list of them; anything else. */
typedef enum SchemaPlace { A_SCHEMA, SCHEMAS, OTHER } SchemaPlace;

static bool is_one_of(const char *key, const char *const *keys)
{
    while (*keys && strcmp(key, *keys) != 0) {
        keys++;
    }
    return *keys != NULL;
}

/* What a schema has under a keyword. `items` and `dependencies` may have either; a list of names is no harm. */
static SchemaPlace below(const char *key, const json_t *value)
{
    static const char *const maps[] = {"properties",       "patternProperties", "$defs", "definitions",
                                       "dependentSchemas", "dependencies",      NULL};
    static const char *const schemas[] = {"allOf",
                                          "anyOf",
                                          "oneOf",
                                          "prefixItems",
                                          "items",
                                          "not",
                                          "additionalItems",
                                          "contains",
                                          "additionalProperties",
                                          "propertyNames",
                                          "if",
                                          "then",
                                          "else",
                                          "contentSchema",
                                          "unevaluatedItems",
                                          "extends",
                                          "disallow",
                                          "unevaluatedProperties",
                                          NULL};
    return is_one_of(key, maps)       ? SCHEMAS
           : !is_one_of(key, schemas) ? OTHER
           : json_is_array(value)     ? SCHEMAS
                                      : A_SCHEMA;
}

/* Notes a schema's own resource, its anchors, and in which resource its $ref stands. */
static int note(MtsSchema *s, const json_t *value, SchemaPlace place, uint32_t *resource, int depth)
{
    const char *own = place == A_SCHEMA ? own_address(s, value) : NULL;
    const json_t *anchor = place == A_SCHEMA ? json_object_get(value, "$anchor") : NULL;
    const json_t *dynamic = place == A_SCHEMA && s->draft >= 9 ? json_object_get(value, "$dynamicAnchor") : NULL;
    int rc = MTS_OK;
    if (own && *own != '#' && depth > 0) {
        char *base = mts_strdup(s->resources[*resource].address);
        rc = base ? add_resource(s, value, base) : mts_schema_no_memory(s);
        free(base);
        *resource = (uint32_t)s->resource_count - 1;
    }
    if (!rc && own && strchr(own, '#') && strchr(own, '#')[1]) {
        rc = add_anchor(s, value, strchr(own, '#') + 1, *resource, false);
    }
    if (!rc && json_is_string(anchor)) {
        rc = add_anchor(s, value, json_string_value(anchor), *resource, false);
    }
    if (!rc && json_is_string(dynamic)) {
        rc = add_anchor(s, value, json_string_value(dynamic), *resource, true);
    }
    bool refers = false;
    for (int i = 0; i < MTS_SCHEMA_REFS; i++) {
        refers |= json_object_get(value, mts_schema_refs[i]) != NULL;
    }
    if (rc || !refers) {
        return rc;
    }
    if (!mts_grow(&s->homes, &s->home_cap, s->home_count + 1, sizeof *s->homes)) {
        return mts_schema_no_memory(s);
    }
    s->homes[s->home_count++] = (struct MtsHome){value, *resource};
    return MTS_OK;
}

/* A keyword that is younger than the schema's draft is none: it goes, or --strict refuses it. */
static int drop_younger(MtsSchema *s, json_t *schema)
{
    static const struct {
        const char *key;
        int draft;
    } since[] = {{"const", 6},         {"contains", 6},    {"propertyNames", 6},     {"if", 7},
                 {"then", 7},          {"else", 7},        {"dependentRequired", 8}, {"dependentSchemas", 8},
                 {"minContains", 8},   {"maxContains", 8}, {"unevaluatedItems", 8},  {"unevaluatedProperties", 8},
                 {"$recursiveRef", 8}, {"prefixItems", 9}, {"$dynamicRef", 9}};
    for (size_t i = 0; i < sizeof since / sizeof since[0]; i++) {
        if (s->draft < since[i].draft && json_object_get(schema, since[i].key)) {
            if (s->options->strict) {
                return mts_schema_refuse(s, since[i].key, "is not one of the draft that \"$schema\" names");
            }
            json_object_del(schema, since[i].key);
        }
    }
    return MTS_OK;
}

/* Goes through the file; what stands under keywords that have no schemas has no addresses either. */
static int walk(MtsSchema *s, json_t *value, SchemaPlace place, uint32_t resource, int depth)
{
    const char *key;
    json_t *member;
    size_t i;
    if (depth > MAX_WALK) {
        return mts_fail(s->err, MTS_EUNSUPPORTED, "%s: the schema nests deeper than %d", s->name, MAX_WALK);
    }
    int rc = json_is_object(value) ? note(s, value, place, &resource, depth) : MTS_OK;
    rc = rc || place != A_SCHEMA ? rc : drop_younger(s, value);
    json_object_foreach(value, key, member)
    {
        SchemaPlace there = place == A_SCHEMA ? below(key, member) : place == SCHEMAS ? A_SCHEMA : OTHER;
        rc = rc ? rc : walk(s, member, there, resource, depth + 1);
    }
    json_array_foreach(value, i, member)
    {
        rc = rc ? rc : walk(s, member, place == SCHEMAS ? A_SCHEMA : OTHER, resource, depth + 1);
    }
    return rc;
}

static bool mentions(const json_t *schema, const char *draft)
{
    const json_t *uri = json_object_get(schema, "$schema");
    return json_is_string(uri) && strstr(json_string_value(uri), draft);
}

int mts_schema_open(MtsSchema *s)
{
    static const struct {
        const char *name;
        int draft;
    } drafts[] = {{"draft-03", 3}, {"draft-04", 4}, {"draft-06", 6}, {"draft-07", 7}, {"draft/2019-09", 8}};
    s->draft = 9;
    for (size_t i = 0; i < sizeof drafts / sizeof drafts[0]; i++) {
        s->draft = mentions(s->root, drafts[i].name) ? drafts[i].draft : s->draft;
    }
    s->old_refs = s->draft < 8;
    s->draft3 = s->draft == 3;
    s->plain_ids = !json_object_get(s->root, "$schema") || s->draft < 6;
    s->plain_integers = s->draft < 6;
    int rc = add_resource(s, s->root, "");
    return rc ? rc : walk(s, s->root, A_SCHEMA, 0, 0);
}

/* A fragment of an address with %XX read, malloc'ed; that comes before anything else is made of it. */
static char *read_fragment(const char *fragment)
{
    size_t size = strlen(fragment), n = 0;
    char *out = mts_strndup(fragment, size);
    for (size_t i = 0; out && i < size; i++) {
        bool escaped =
            fragment[i] == '%' && isxdigit((unsigned char)fragment[i + 1]) && isxdigit((unsigned char)fragment[i + 2]);
        out[n++] = escaped ? (char)strtol((char[]){fragment[i + 1], fragment[i + 2], 0}, NULL, 16) : fragment[i];
        i += escaped ? 2 : 0;
    }
    if (out) {
        out[n] = '\0';
    }
    return out;
}

/* One step of a JSON pointer, behind its '/' and up to the next, with ~0 and ~1 read. */
static char *pointer_step(const char **pointer)
{
    size_t size = strcspn(++*pointer, "/"), n = 0;
    char *step = mts_strndup(*pointer, size);
    for (size_t i = 0; step && i < size; i++) {
        char c = step[i];
        if (c == '~' && i + 1 < size && (step[i + 1] == '0' || step[i + 1] == '1')) {
            c = step[++i] == '0' ? '~' : '/';
        }
        step[n++] = c;
    }
    if (step) {
        step[n] = '\0';
    }
    *pointer += size;
    return step;
}

static const json_t *follow_pointer(const json_t *at, const char *pointer)
{
    while (at && *pointer) {
        char *step = pointer_step(&pointer);
        if (!step) {
            return NULL;
        }
        if (json_is_array(at)) { /* RFC 6901: digits, without zeros before */
            bool index = *step && !step[strspn(step, "0123456789")] && (*step != '0' || !step[1]);
            at = index ? json_array_get(at, strtoul(step, NULL, 10)) : NULL;
        } else {
            at = json_object_get(at, step);
        }
        free(step);
    }
    return at;
}

/* The schema of a resource with this `$anchor`, or `$id`/`id` "#anchor". */
static const json_t *find_anchor(const MtsSchema *s, const json_t *resource, const char *name)
{
    for (size_t i = 0; i < s->anchor_count; i++) {
        const struct MtsAnchor *a = &s->anchors[i];
        if (s->resources[a->resource].schema == resource && strcmp(a->name, name) == 0) {
            return a->schema;
        }
    }
    return NULL;
}

static int resolve(MtsSchema *s, const json_t *from, const char *ref, const json_t **to)
{
    size_t size = strcspn(ref, "#");
    uint32_t home = 0;
    for (size_t i = 0; i < s->home_count; i++) {
        home = s->homes[i].schema == from ? s->homes[i].resource : home;
    }
    const json_t *base = size == 0 ? s->resources[home].schema : NULL;
    char *address = resolve_address(s->resources[home].address, ref, size);
    char *fragment = read_fragment(ref[size] ? ref + size + 1 : "");
    if (!address || !fragment) {
        free(address);
        free(fragment);
        return mts_schema_no_memory(s);
    }
    for (size_t i = 0; i < s->resource_count && !base; i++) {
        base = strcmp(s->resources[i].address, address) == 0 ? s->resources[i].schema : NULL;
    }
    free(address);
    *to = !base              ? NULL
          : !*fragment       ? base
          : *fragment == '/' ? follow_pointer(base, fragment)
                             : find_anchor(s, base, fragment);
    if (!*to && *fragment == '/' && base) { /* what stands in a resource may be pointed at from the root as well */
        *to = follow_pointer(s->root, fragment);
    }
    free(fragment);
    if (!*to) {
        return mts_fail(s->err, MTS_EUNSUPPORTED, "%s: \"$ref\" %s points at nothing in this file", s->name, ref);
    }
    return MTS_OK;
}

/* What $dynamicRef and $recursiveRef point at depends on the way that led to them only where several resources have
 * such an anchor; else they are $ref. */
static bool one_meaning(const MtsSchema *s, const char *keyword, const char *ref)
{
    const char *name = strchr(ref, '#');
    size_t dynamic = 0;
    if (strcmp(keyword, "$recursiveRef") == 0) {
        return s->resource_count == 1 && strcmp(ref, "#") == 0;
    }
    for (size_t i = 0; i < s->anchor_count && name && strcmp(keyword, "$dynamicRef") == 0; i++) {
        dynamic += s->anchors[i].dynamic && strcmp(s->anchors[i].name, name + 1) == 0;
    }
    return dynamic <= 1;
}

int mts_schema_resolve(MtsSchema *s, const json_t *from, const char *keyword, const json_t **to)
{
    const json_t *ref = json_object_get(from, keyword);
    *to = NULL;
    return !json_is_string(ref) ? MTS_OK
           : one_meaning(s, keyword, json_string_value(ref))
               ? resolve(s, from, json_string_value(ref), to)
               : mts_schema_refuse(s, keyword, "is not held where several schemas may be meant");
}
