/* constraint/schema.c - a set of schemas to a rule, case by case and type by type. */
#include "constraint/schema.h"

#include <stdlib.h>
#include <string.h>

#include "constraint/schema_cases.h"
#include "core/mem.h"
#include "core/sort.h"

enum { MAX_NESTING = 150 };

/* ---- what keywords there are ---- */

static const char *const KNOWN[] = {
    /* held, or refused where they cannot be */
    "$ref", "$defs", "definitions", "$id", "id", "$anchor", "$schema", "type", "enum", "const", "allOf", "anyOf",
    "oneOf", "not", "if", "then", "else", "properties", "required", "additionalProperties", "patternProperties",
    "propertyNames", "minProperties", "maxProperties", "dependencies", "dependentRequired", "dependentSchemas", "items",
    "prefixItems", "additionalItems", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
    "format", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$dynamicAnchor", "$recursiveRef",
    "$recursiveAnchor",
    /* annotations of the standard */
    "title", "description", "default", "examples", "$comment", "deprecated", "readOnly", "writeOnly", "$vocabulary",
    "contentEncoding", "contentMediaType", "contentSchema",
    /* made by the rewriting */
    MTS_KEY_NOT_PATTERN, MTS_KEY_NOT_FORMAT, MTS_KEY_NOT_MULTIPLE, MTS_KEY_NOT_IN, MTS_KEY_SOME};

static int check_strict(MtsSchema *s, const MtsCase *c)
{
    for (size_t p = 0; p < c->parts.count && s->options->strict; p++) {
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)(uintptr_t)c->parts.items[p], key, value)
        {
            size_t i = 0;
            while (i < sizeof KNOWN / sizeof KNOWN[0] && strcmp(KNOWN[i], key) != 0) {
                i++;
            }
            if (i == sizeof KNOWN / sizeof KNOWN[0]) {
                return mts_schema_refuse(s, key, "is not one of JSON Schema");
            }
        }
    }
    return MTS_OK;
}

/* ---- cases ---- */

static int check_not_in(MtsSchema *s, const MtsCase *c)
{
    for (size_t p = 0; p < c->parts.count; p++) {
        size_t i;
        json_t *v;
        json_array_foreach(json_object_get(c->parts.items[p], MTS_KEY_NOT_IN), i, v)
        {
            if ((json_is_array(v) && c->types & MTS_ARRAY) || (mts_is_object(v) && c->types & MTS_OBJECT)) {
                return mts_schema_refuse(s, "not", "of a listed array or object is not held");
            }
        }
    }
    return MTS_OK;
}

static int write_case(MtsSchema *s, const MtsCase *c, MtsGrammarNode *out)
{
    MtsGrammarNode parts[7] = {0};
    MtsRe re;
    json_t *values;
    int rc;
    if ((rc = check_strict(s, c)) || (rc = mts_schema_listed(s, c, &values))) {
        return rc;
    }
    if (values) {
        rc = mts_schema_values(s, c, values, out);
        json_decref(values);
        return rc;
    }
    if ((rc = check_not_in(s, c)) != 0) {
        return rc;
    }
    if (c->types & MTS_NULL && !mts_schema_left_out(c, json_null())) {
        parts[0] = mts_node_text(s->g, "null");
    }
    if (c->types & MTS_BOOLEAN) {
        parts[1] = mts_schema_left_out(c, json_true()) ? MTS_NODE_NONE : mts_node_text(s->g, "true");
        parts[2] = mts_schema_left_out(c, json_false()) ? MTS_NODE_NONE : mts_node_text(s->g, "false");
    }
    if (c->types & (MTS_WHOLE | MTS_BROKEN)) {
        rc = mts_schema_number(s, c, &re);
        parts[3] = rc ? MTS_NODE_NONE : mts_node_re(s->g, re);
    }
    if (!rc && c->types & MTS_STRING) {
        rc = mts_schema_string(s, c, &re);
        parts[4] = rc ? MTS_NODE_NONE : mts_node_re(s->g, mts_json_quoted(&s->text, re));
    }
    if (!rc && c->types & MTS_ARRAY) {
        rc = mts_schema_array(s, c, &parts[5]);
    }
    if (!rc && c->types & MTS_OBJECT) {
        rc = mts_schema_object(s, c, &parts[6]);
    }
    *out = rc ? MTS_NODE_NONE : mts_node_alt(s->g, parts, 7);
    return rc;
}

/* ---- sets ---- */

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* The number of the set, whatever the order of its schemas; schemas that are `true` have no part in it. */
static uint32_t set_number(MtsSchema *s, const MtsSchemaSet *set)
{
    uint32_t *numbers = mts_calloc(set->count, sizeof *numbers), number = MTS_STORE_FULL;
    size_t count = 0;
    for (size_t i = 0; i < set->count && numbers; i++) {
        uintptr_t p = (uintptr_t)set->items[i];
        if (!json_is_true(set->items[i])) {
            numbers[count] = mts_store_put(&s->numbers, (uint32_t[]){(uint32_t)p, (uint32_t)((uint64_t)p >> 32)}, 2);
            count++;
        }
    }
    if (numbers) {
        mts_sort(numbers, count, sizeof *numbers, by_number);
        number = mts_store_put(&s->sets, numbers, count);
    }
    free(numbers);
    return number;
}

static int write_set(MtsSchema *s, const MtsSchemaSet *set, MtsGrammarNode *out)
{
    MtsCases cases;
    int rc = mts_schema_cases(s, set, &cases);
    *out = MTS_NODE_NONE;
    for (size_t i = 0; i < cases.count && !rc; i++) {
        MtsGrammarNode one;
        rc = write_case(s, &cases.items[i], &one);
        *out = rc ? MTS_NODE_NONE : mts_node_or(s->g, *out, one);
    }
    mts_cases_free(&cases);
    return rc ? rc
           : mts_grammar_failed(s->g)
               ? mts_fail(s->err, mts_grammar_failed(s->g), "%s: the schema needs more %s than it may take", s->name,
                          mts_exprs_short_of(s->g->exprs))
               : MTS_OK;
}

static int set_node(MtsSchema *s, const MtsSchemaSet *set, MtsGrammarNode *node)
{
    uint32_t number = set_number(s, set);
    if (number == MTS_STORE_FULL || !mts_grow(&s->rules, &s->rule_cap, number + 1, sizeof *s->rules)) {
        return mts_schema_no_memory(s);
    }
    for (; s->rule_count < s->rule_cap; s->rule_count++) {
        s->rules[s->rule_count] = MTS_STORE_FULL;
    }
    if (s->rules[number] != MTS_STORE_FULL) {
        *node = mts_node_rule(s->g, s->rules[number]);
        return MTS_OK;
    }
    uint32_t rule = mts_grammar_rule(s->g);
    if (rule == MTS_STORE_FULL) {
        return mts_schema_no_memory(s);
    }
    s->rules[number] = rule;
    if (++s->depth > MAX_NESTING) {
        return mts_fail(s->err, MTS_EUNSUPPORTED, "%s: the schema nests deeper than %d", s->name, MAX_NESTING);
    }
    MtsGrammarNode body;
    int rc = write_set(s, set, &body);
    s->depth--;
    if (!rc) {
        s->g->rules[rule].body = body;
        *node = mts_node_rule(s->g, rule);
    }
    return rc;
}

/* ---- possible ---- */

static int object_possible(MtsSchema *s, const MtsCase *c, int depth, bool *possible)
{
    *possible = true;
    for (size_t p = 0; p < c->parts.count; p++) {
        size_t i;
        json_t *name;
        json_array_foreach(json_object_get(c->parts.items[p], "required"), i, name)
        {
            MtsSchemaSet set = {0};
            int rc = MTS_OK;
            for (size_t q = 0; q < c->parts.count && json_is_string(name) && !rc; q++) {
                const json_t *properties = json_object_get(c->parts.items[q], "properties");
                const json_t *one = json_object_get(properties, json_string_value(name));
                const json_t *others = json_object_get(c->parts.items[q], "additionalProperties");
                bool plain = !json_object_get(c->parts.items[q], "patternProperties");
                one = one ? one : plain ? others : NULL;
                rc = !one || mts_schema_set_add(&set, one) ? MTS_OK : mts_schema_no_memory(s);
            }
            rc = rc ? rc : s->possible(s, &set, depth - 1, possible);
            mts_schema_set_free(&set);
            if (rc || !*possible) {
                return rc;
            }
        }
    }
    return MTS_OK;
}

static int case_possible(MtsSchema *s, const MtsCase *c, int depth, bool *possible)
{
    json_t *values;
    MtsGrammarNode node;
    MtsRe re;
    int rc = mts_schema_listed(s, c, &values);
    if (rc) {
        return rc;
    }
    if (values) {
        size_t i;
        json_t *v;
        *possible = false;
        json_array_foreach(values, i, v)
        {
            bool deep = json_is_array(v) || mts_is_object(v);
            rc = rc || *possible ? rc : deep ? MTS_OK : mts_schema_value(s, c, v, &node);
            *possible |= !rc && (deep || node != MTS_NODE_NONE);
        }
        json_decref(values);
        return rc;
    }
    *possible = (c->types & (MTS_NULL | MTS_BOOLEAN | MTS_ARRAY)) != 0;
    if (!*possible && c->types & (MTS_WHOLE | MTS_BROKEN) && !(rc = mts_schema_number(s, c, &re))) {
        *possible = mts_re_alive(s->g->exprs, re);
    }
    if (!rc && !*possible && c->types & MTS_STRING && !(rc = mts_schema_string(s, c, &re))) {
        *possible = mts_re_alive(s->g->exprs, re);
    }
    if (!rc && !*possible && c->types & MTS_OBJECT) {
        rc = object_possible(s, c, depth, possible);
    }
    return rc;
}

static int set_possible(MtsSchema *s, const MtsSchemaSet *set, int depth, bool *possible)
{
    MtsCases cases = {0};
    *possible = true;
    if (depth <= 0) {
        return MTS_OK;
    }
    s->depth += 20; /* cases ask for possible ones again: not without end */
    int rc = s->depth > MAX_NESTING ? MTS_OK : mts_schema_cases(s, set, &cases);
    bool any = s->depth > MAX_NESTING;
    for (size_t i = 0; i < cases.count && !rc && !any; i++) {
        rc = case_possible(s, &cases.items[i], depth, &any);
    }
    s->depth -= 20;
    mts_cases_free(&cases);
    if (rc == MTS_EUNSUPPORTED) { /* what is not understood may overlap */
        any = true;
        rc = MTS_OK;
    }
    *possible = any;
    return rc;
}

/* ---- the whole ---- */

int mts_schema_grammar(MtsGrammar *g, json_t *schema, const char *name, const MtsSchemaOptions *options, MtsError *err)
{
    MtsSchema s = {.g = g, .options = options, .root = schema, .name = name, .made = json_array(), .err = err};
    s.node = set_node;
    s.possible = set_possible;
    MtsSchemaSet all = {0};
    int rc = s.made ? MTS_OK : mts_schema_no_memory(&s);
    mts_json_text_init(&s.text, g, options->any_space);
    if (!rc && !mts_schema_set_add(&all, schema)) {
        rc = mts_schema_no_memory(&s);
    }
    if (!rc && !(rc = mts_schema_open(&s)) && !(rc = set_node(&s, &all, &g->root))) {
        MtsGrammarNode space = mts_node_re(g, s.text.space);
        g->root = mts_node_seq(g, space, mts_node_seq(g, g->root, space));
        rc = mts_grammar_finish(g, name, err);
    }
    if (!rc && mts_node_shortest(g, g->root) == MTS_NO_LIMIT) {
        rc = mts_fail(err, MTS_ECONSTRAINT, "%s: no JSON text is valid under the schema", name);
    }
    mts_schema_set_free(&all);
    mts_store_free(&s.numbers);
    mts_store_free(&s.sets);
    free(s.rules);
    free(s.homes);
    free(s.anchors);
    for (size_t i = 0; i < s.resource_count; i++) {
        free(s.resources[i].address);
    }
    free(s.resources);
    json_decref(s.made);
    return rc;
}
