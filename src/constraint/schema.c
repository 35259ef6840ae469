/* constraint/schema.c - from a JSON schema to the regular expression of what it allows. */
#include "constraint/schema.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

#define STRING_CHAR "(?:[^\"\\\\\\x00-\\x1f]|\\\\(?:[\"\\\\/bfnrt]|u[0-9a-fA-F]{4}))"
#define INTEGER "-?(?:0|[1-9][0-9]*)"
#define NUMBER INTEGER "(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"

enum {
    MAX_DEPTH = 64,        /* of nested schemas */
    MAX_PATTERN = 1 << 20, /* bytes: PCRE2 compiles no more anyway */
    MAX_REPEAT = 65535     /* PCRE2's largest {n} */
};

typedef struct Writer {
    const json_t *root;
    const char *name;
    MtsBytes out;
    MtsError *err;
} Writer;

static int put(Writer *w, const char *text)
{
    if (w->out.len > MAX_PATTERN) {
        return mts_fail(w->err, MTS_EUNSUPPORTED, "%s: the schema makes a pattern of over %d bytes", w->name,
                        MAX_PATTERN);
    }
    if (!mts_bytes_append_str(&w->out, text)) {
        return mts_fail(w->err, MTS_ENOMEM, "%s: memory ran out", w->name);
    }
    return MTS_OK;
}

/* Bytes that must appear as they are; what PCRE2 might take for syntax is escaped. */
static int put_literal(Writer *w, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        char one[8] = {(char)c, 0};
        if (strchr("\\^$.[|()?*+{}-# ", c)) {
            one[0] = '\\';
            one[1] = (char)c;
        } else if (c < 0x20) {
            snprintf(one, sizeof one, "\\x%02x", c);
        }
        int rc = put(w, one);
        if (rc) {
            return rc;
        }
    }
    return MTS_OK;
}

/* A JSON value as one exact text. */
static int put_constant(Writer *w, const json_t *value)
{
    char *text = mts_json_text(value);
    if (!text) {
        return mts_fail(w->err, MTS_ENOMEM, "%s: memory ran out", w->name);
    }
    int rc = put_literal(w, text);
    free(text);
    return rc;
}

static int put_schema(Writer *w, const json_t *schema, int depth);

static int known_keywords(Writer *w, const json_t *schema)
{
    static const char *const known[] = {"type",     "properties",  "required",    "additionalProperties",
                                        "items",    "minItems",    "maxItems",    "enum",
                                        "const",    "minLength",   "maxLength",   "pattern",
                                        "anyOf",    "oneOf",       "$ref",        "$defs",
                                        "title",    "description", "definitions", "default",
                                        "examples", "$comment",    "$schema",     "$id"};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)schema, key, value)
    {
        size_t i = 0;
        while (i < sizeof known / sizeof known[0] && strcmp(known[i], key) != 0) {
            i++;
        }
        if (i == sizeof known / sizeof known[0]) {
            return mts_fail(w->err, MTS_EUNSUPPORTED, "%s: the keyword \"%s\" is not supported", w->name, key);
        }
    }
    return MTS_OK;
}

/* {min,max} of what stands before it; max < 0: no limit. */
static int put_repeat(Writer *w, json_int_t min, json_int_t max)
{
    char text[64];
    if (min == 0 && max < 0) {
        return put(w, "*");
    }
    if (max < 0) {
        snprintf(text, sizeof text, "{%lld,}", (long long)min);
    } else {
        snprintf(text, sizeof text, "{%lld,%lld}", (long long)min, (long long)max);
    }
    return put(w, text);
}

/* Reads a pair of limits; an absent upper one is -1. */
static int limits(Writer *w, const json_t *schema, const char *low, const char *high, json_int_t *min, json_int_t *max)
{
    const char *keys[2] = {low, high};
    json_int_t *out[2] = {min, max};
    *min = 0;
    *max = -1;
    for (int i = 0; i < 2; i++) {
        const json_t *v = json_object_get(schema, keys[i]);
        if (!v) {
            continue;
        }
        if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > MAX_REPEAT) {
            return mts_fail(w->err, MTS_EREQUEST, "%s: \"%s\" must be an integer from 0 to %d", w->name, keys[i],
                            MAX_REPEAT);
        }
        *out[i] = json_integer_value(v);
    }
    if (*max >= 0 && *max < *min) {
        return mts_fail(w->err, MTS_ECONSTRAINT, "%s: \"%s\" %lld is below \"%s\" %lld: no text can satisfy it",
                        w->name, high, (long long)*max, low, (long long)*min);
    }
    return MTS_OK;
}

static int put_string(Writer *w, const json_t *schema)
{
    const json_t *pattern = json_object_get(schema, "pattern");
    json_int_t min, max;
    int rc = limits(w, schema, "minLength", "maxLength", &min, &max);
    if (!rc && pattern && (!json_is_string(pattern) || min > 0 || max >= 0)) {
        rc = mts_fail(w->err, MTS_EUNSUPPORTED, "%s: \"pattern\" must be a string and stand without length limits",
                      w->name);
    }
    if (rc || (rc = put(w, "\""))) {
        return rc;
    }
    if (pattern) {
        if ((rc = put(w, "(?:")) || (rc = put(w, json_string_value(pattern)))) {
            return rc;
        }
        rc = put(w, ")");
    } else if (!(rc = put(w, STRING_CHAR))) {
        rc = put_repeat(w, min, max);
    }
    return rc ? rc : put(w, "\"");
}

static int put_array(Writer *w, const json_t *schema, int depth)
{
    const json_t *items = json_object_get(schema, "items");
    json_int_t min, max;
    int rc = limits(w, schema, "minItems", "maxItems", &min, &max);
    if (rc) {
        return rc;
    }
    if (!items) {
        return mts_fail(w->err, MTS_EUNSUPPORTED, "%s: an array needs \"items\"", w->name);
    }
    if (max == 0) {
        return put(w, "\\[\\]");
    }
    /* [ (item (, item){min-1,max-1})? ] */
    if ((rc = put(w, min == 0 ? "\\[(?:" : "\\[")) || (rc = put_schema(w, items, depth + 1)) ||
        (rc = put(w, "(?:, ?")) || (rc = put_schema(w, items, depth + 1)) || (rc = put(w, ")")) ||
        (rc = put_repeat(w, min > 0 ? min - 1 : 0, max < 0 ? -1 : max - 1))) {
        return rc;
    }
    return put(w, min == 0 ? ")?\\]" : "\\]");
}

static bool is_required(const json_t *required, const char *key)
{
    size_t i;
    json_t *name;
    json_array_foreach((json_t *)(uintptr_t)required, i, name)
    {
        if (json_is_string(name) && strcmp(json_string_value(name), key) == 0) {
            return true;
        }
    }
    return false;
}

static int put_member(Writer *w, const char *key, const json_t *schema, int depth)
{
    json_t *name = json_string(key);
    int rc = name ? put_constant(w, name) : mts_fail(w->err, MTS_ENOMEM, "%s: memory ran out", w->name);
    json_decref(name);
    if (!rc && !(rc = put(w, ": ?"))) {
        rc = put_schema(w, schema, depth + 1);
    }
    return rc;
}

/* Members in order; an optional one may be missing, and only then does the comma before the next one go.
 * With the first member that is present at place f, everything after it carries its own comma:
 *     f_0 (, m_1)? ... | f_1 (, m_2)? ... | ...      up to the first required one. */
static int put_object(Writer *w, const json_t *schema, int depth)
{
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *required = json_object_get(schema, "required");
    const json_t *additional = json_object_get(schema, "additionalProperties");
    const char *key;
    json_t *value;
    size_t i, count = properties ? json_object_size(properties) : 0;
    int rc;
    if ((properties && !json_is_object(properties)) || (required && !json_is_array(required))) {
        return mts_fail(w->err, MTS_EREQUEST, "%s: \"properties\" must be an object and \"required\" an array",
                        w->name);
    }
    if (additional && !json_is_false(additional)) {
        return mts_fail(w->err, MTS_EUNSUPPORTED, "%s: \"additionalProperties\" can only be false", w->name);
    }
    json_array_foreach((json_t *)(uintptr_t)required, i, value)
    {
        if (!json_is_string(value) || !json_object_get(properties, json_string_value(value))) {
            return mts_fail(w->err, MTS_EREQUEST, "%s: \"required\" names what \"properties\" does not have", w->name);
        }
    }
    if ((rc = put(w, "\\{(?:"))) {
        return rc;
    }
    bool optional_so_far = true;
    for (size_t first = 0; first < count && optional_so_far; first++) {
        size_t at = 0;
        json_object_foreach((json_t *)(uintptr_t)properties, key, value)
        {
            bool must = is_required(required, key);
            if (at == first) {
                if ((first > 0 && (rc = put(w, "|"))) || (rc = put_member(w, key, value, depth))) {
                    return rc;
                }
                optional_so_far = !must;
            } else if (at > first) {
                if ((rc = put(w, must ? ", ?" : "(?:, ?")) || (rc = put_member(w, key, value, depth)) ||
                    (!must && (rc = put(w, ")?")))) {
                    return rc;
                }
            }
            at++;
        }
    }
    return put(w, optional_so_far ? ")?\\}" : ")\\}");
}

/* The definitions live in a (?(DEFINE)...) group as d0, d1, ...; a $ref is a call of one. */
static int find_definition(const json_t *root, const char *ref)
{
    static const char *const places[] = {"$defs", "definitions"};
    int index = 0;
    for (int p = 0; p < 2; p++) {
        const json_t *defs = json_object_get(root, places[p]);
        size_t len = strlen(places[p]);
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)(uintptr_t)defs, key, value)
        {
            if (strncmp(ref, "#/", 2) == 0 && strncmp(ref + 2, places[p], len) == 0 && ref[2 + len] == '/' &&
                strcmp(ref + 3 + len, key) == 0) {
                return index;
            }
            index++;
        }
    }
    return -1;
}

static int put_ref(Writer *w, const json_t *ref)
{
    int index = json_is_string(ref) ? find_definition(w->root, json_string_value(ref)) : -1;
    if (index < 0) {
        return mts_fail(w->err, MTS_EUNSUPPORTED, "%s: \"$ref\" %s is not one of the schema's own definitions", w->name,
                        json_is_string(ref) ? json_string_value(ref) : "(not a string)");
    }
    char call[32];
    snprintf(call, sizeof call, "(?&d%d)", index);
    return put(w, call);
}

static int put_choice(Writer *w, const json_t *list, bool constants, int depth)
{
    size_t i;
    json_t *value;
    int rc;
    if (!json_is_array(list) || json_array_size(list) == 0) {
        return mts_fail(w->err, MTS_EREQUEST, "%s: a list of choices is empty or no array", w->name);
    }
    json_array_foreach((json_t *)(uintptr_t)list, i, value)
    {
        if ((rc = put(w, i ? "|" : "(?:")) ||
            (rc = constants ? put_constant(w, value) : put_schema(w, value, depth + 1))) {
            return rc;
        }
    }
    return put(w, ")");
}

static int put_type(Writer *w, const json_t *schema, const char *type, int depth)
{
    if (strcmp(type, "object") == 0) {
        return put_object(w, schema, depth);
    }
    if (strcmp(type, "array") == 0) {
        return put_array(w, schema, depth);
    }
    if (strcmp(type, "string") == 0) {
        return put_string(w, schema);
    }
    static const char *const plain[][2] = {
        {"integer", INTEGER}, {"number", NUMBER}, {"boolean", "(?:true|false)"}, {"null", "null"}};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strcmp(type, plain[i][0]) == 0) {
            return put(w, plain[i][1]);
        }
    }
    return mts_fail(w->err, MTS_EREQUEST, "%s: \"type\" is \"%s\", which is no JSON type", w->name, type);
}

static int put_schema(Writer *w, const json_t *schema, int depth)
{
    int rc;
    if (depth > MAX_DEPTH) {
        return mts_fail(w->err, MTS_EUNSUPPORTED, "%s: the schema nests deeper than %d", w->name, MAX_DEPTH);
    }
    if (!json_is_object(schema)) {
        return mts_fail(w->err, MTS_EREQUEST, "%s: a schema must be an object", w->name);
    }
    if ((rc = known_keywords(w, schema))) {
        return rc;
    }
    const json_t *v;
    if ((v = json_object_get(schema, "$ref"))) {
        return put_ref(w, v);
    }
    if ((v = json_object_get(schema, "const"))) {
        return put_constant(w, v);
    }
    if ((v = json_object_get(schema, "enum"))) {
        return put_choice(w, v, true, depth);
    }
    if ((v = json_object_get(schema, "anyOf")) || (v = json_object_get(schema, "oneOf"))) {
        return put_choice(w, v, false, depth);
    }
    v = json_object_get(schema, "type");
    if (json_is_string(v)) {
        return put_type(w, schema, json_string_value(v), depth);
    }
    if (!json_is_array(v) || json_array_size(v) == 0) {
        return mts_fail(w->err, MTS_EUNSUPPORTED,
                        "%s: a schema needs \"type\", \"enum\", \"const\", \"anyOf\" or \"$ref\"", w->name);
    }
    size_t i;
    json_t *type;
    json_array_foreach((json_t *)(uintptr_t)v, i, type)
    {
        if (!json_is_string(type)) {
            return mts_fail(w->err, MTS_EREQUEST, "%s: \"type\" must be a string or a list of strings", w->name);
        }
        if ((rc = put(w, i ? "|" : "(?:")) || (rc = put_type(w, schema, json_string_value(type), depth))) {
            return rc;
        }
    }
    return put(w, ")");
}

static int put_definitions(Writer *w)
{
    static const char *const places[] = {"$defs", "definitions"};
    int index = 0, rc;
    for (int p = 0; p < 2; p++) {
        const json_t *defs = json_object_get(w->root, places[p]);
        const char *key;
        json_t *value;
        if (defs && !json_is_object(defs)) {
            return mts_fail(w->err, MTS_EREQUEST, "%s: \"%s\" must be an object", w->name, places[p]);
        }
        json_object_foreach((json_t *)(uintptr_t)defs, key, value)
        {
            char open[40];
            snprintf(open, sizeof open, "(?(DEFINE)(?<d%d>", index++);
            if ((rc = put(w, open)) || (rc = put_schema(w, value, 1)) || (rc = put(w, "))"))) {
                return rc;
            }
        }
    }
    return MTS_OK;
}

int mts_schema_pattern(const json_t *schema, const char *name, char **pattern, MtsError *err)
{
    Writer w = {.root = schema, .name = name, .err = err};
    *pattern = NULL;
    int rc = MTS_OK;
    if (json_is_object(schema)) {
        rc = put_definitions(&w);
    }
    if (!rc) {
        rc = put_schema(&w, schema, 0);
    }
    if (rc) {
        mts_bytes_free(&w.out);
        return rc;
    }
    *pattern = w.out.data;
    return MTS_OK;
}
