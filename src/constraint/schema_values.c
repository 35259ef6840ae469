/* constraint/schema_values.c - values that enum and const list, and those that `not` leaves out. */
#include <stdlib.h>
#include <string.h>

#include "constraint/schema_cases.h"
#include "core/mem.h"

static bool is_in(const json_t *values, const json_t *value)
{
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)(uintptr_t)values, i, v)
    {
        if (mts_same_value(v, value)) {
            return true;
        }
    }
    return false;
}

/* Texts are looked up by what they are; those with a NUL, like other values, one by one. */
static bool is_key(const json_t *v)
{
    return json_is_string(v) && strlen(json_string_value(v)) == json_string_length(v);
}

static bool note_key(json_t *keys, const json_t *v)
{
    return !is_key(v) || json_object_set_new(keys, json_string_value(v), json_true()) == 0;
}

static bool is_listed(MtsSchema *s, const json_t *values, const json_t *keys, const json_t *v)
{
    if (is_key(v)) {
        return json_object_get(keys, json_string_value(v)) != NULL;
    }
    mts_exprs_work(s->g->exprs, json_array_size(values));
    return is_in(values, v);
}

static int cut_list(MtsSchema *s, json_t **values, const json_t *by)
{
    json_t *both = json_array(), *before = json_object(), *after = json_object(), *v;
    size_t i;
    bool ok = before && after;
    json_array_foreach(*values, i, v)
    {
        ok = ok && note_key(before, v);
    }
    json_array_foreach((json_t *)(uintptr_t)by, i, v)
    {
        if (ok && (!*values || is_listed(s, *values, before, v)) && !is_listed(s, both, after, v)) {
            mts_json_add(&both, NULL, json_incref(v));
            ok = note_key(after, v);
        }
    }
    json_decref(before);
    json_decref(after);
    json_decref(*values);
    *values = both;
    return both && ok ? MTS_OK : mts_schema_no_memory(s);
}

int mts_schema_listed(MtsSchema *s, const MtsCase *c, json_t **values)
{
    int rc = MTS_OK;
    *values = NULL;
    for (size_t p = 0; p < c->parts.count && !rc; p++) {
        const json_t *list = json_object_get(c->parts.items[p], "enum");
        const json_t *only = json_object_get(c->parts.items[p], "const");
        rc = !list                  ? MTS_OK
             : !json_is_array(list) ? mts_fail(s->err, MTS_EREQUEST, "%s: \"enum\" must be a list", s->name)
                                    : cut_list(s, values, list);
        if (!rc && only) {
            json_t *one = json_array();
            mts_json_add(&one, NULL, json_incref((json_t *)(uintptr_t)only));
            rc = one ? cut_list(s, values, one) : mts_schema_no_memory(s);
            json_decref(one);
        }
    }
    if (rc) {
        json_decref(*values);
        *values = NULL;
    }
    return rc;
}

bool mts_schema_left_out(const MtsCase *c, const json_t *value)
{
    for (size_t p = 0; p < c->parts.count; p++) {
        if (is_in(json_object_get(c->parts.items[p], MTS_KEY_NOT_IN), value)) {
            return true;
        }
    }
    return false;
}

/* A listed array or object beside keywords about its inside would have to be validated here. */
static int check_alone(MtsSchema *s, const MtsCase *c, bool array)
{
    static const char *const inner[2][12] = {
        {"properties", "required", "additionalProperties", "patternProperties", "minProperties", "maxProperties",
         "propertyNames", MTS_KEY_SOME},
        {"items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"}};
    for (size_t p = 0; p < c->parts.count; p++) {
        for (const char *const *k = inner[array]; *k; k++) {
            if (json_object_get(c->parts.items[p], *k)) {
                return mts_schema_refuse(s, "enum", "of arrays or objects is not held beside keywords about them");
            }
        }
    }
    return MTS_OK;
}

/* One listed value, as far as the case's other keywords allow it. */
int mts_schema_value(MtsSchema *s, const MtsCase *c, const json_t *v, MtsGrammarNode *out)
{
    MtsExprs *x = s->g->exprs;
    MtsDecimal d;
    MtsRe one;
    int rc = MTS_OK;
    *out = MTS_NODE_NONE;
    if (json_is_string(v) && c->types & MTS_STRING && !(rc = mts_schema_string(s, c, &one))) {
        const char *text = json_string_value(v);
        size_t size = json_string_length(v);
        if (mts_json_means(&s->text, one, text, size)) {
            *out = mts_node_re(s->g, mts_json_quoted(&s->text, mts_json_inside(&s->text, text, size)));
        }
    } else if (mts_is_number(v) && c->types & (MTS_WHOLE | MTS_BROKEN) && !(rc = mts_schema_number(s, c, &one))) {
        mts_decimal_of(v, &d);
        *out = mts_node_re(s->g, mts_re_and(x, one, mts_json_equal(&s->text, &d)));
    } else if ((json_is_boolean(v) && c->types & MTS_BOOLEAN) || (json_is_null(v) && c->types & MTS_NULL)) {
        *out = mts_json_value(&s->text, v);
    } else if ((json_is_array(v) && c->types & MTS_ARRAY) || (mts_is_object(v) && c->types & MTS_OBJECT)) {
        rc = check_alone(s, c, json_is_array(v));
        *out = rc ? MTS_NODE_NONE : mts_json_value(&s->text, v);
    }
    return rc;
}

int mts_schema_values(MtsSchema *s, const MtsCase *c, const json_t *values, MtsGrammarNode *out)
{
    MtsGrammarNode *all = mts_calloc(json_array_size(values), sizeof *all);
    int rc = all ? MTS_OK : mts_schema_no_memory(s);
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)(uintptr_t)values, i, v)
    {
        if (!rc && !mts_schema_left_out(c, v)) {
            rc = mts_schema_value(s, c, v, &all[i]);
        }
    }
    *out = rc ? MTS_NODE_NONE : mts_node_alt(s->g, all, json_array_size(values));
    free(all);
    return rc;
}
