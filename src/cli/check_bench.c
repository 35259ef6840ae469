/* cli/check_bench.c - check --bench: a file of schemas with instances, as JSONSchemaBench and MaskBench have them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check.h"
#include "cli/command.h"
#include "cli/out.h"
#include "core/file.h"
#include "series/gzip.h"

#define MAX_FILE ((size_t)1 << 30)

typedef struct Times {
    double *us;
    size_t count, cap;
} Times;

typedef struct Bench {
    const MtsEngine *engine;
    const MtsVocabulary *vocabulary;
    const Args *args;
    size_t schemas, compiled, passing, valid_refused, invalid_accepted, instances;
    Times masks, compiles;
    json_t *failures;
} Bench;

static int add_time(Times *t, double us, MtsError *err)
{
    if (!mts_grow(&t->us, &t->cap, t->count + 1, sizeof *t->us)) {
        return mts_fail(err, MTS_ENOMEM, "no memory for %zu times", t->count);
    }
    t->us[t->count++] = us;
    return MTS_OK;
}

static void add_failure(Bench *b, const json_t *id, const char *why)
{
    json_t *o = json_object();
    mts_json_add(&o, "id", id ? json_incref((json_t *)(uintptr_t)id) : json_null());
    mts_json_add_text(&o, "why", why);
    mts_json_add(&b->failures, NULL, o);
}

/* One instance; *right: it was taken for what it is. */
static int run_instance(Bench *b, MtsConstraint *c, const json_t *id, size_t index, const json_t *test, bool *right,
                        MtsError *err)
{
    bool valid = json_is_true(json_object_get(test, "valid"));
    const json_t *data = json_object_get(test, "data");
    MtsBytes text = {0};
    Checked checked = {0};
    char why[160];
    int rc = data && python_json(&text, data) ? MTS_OK : mts_fail(err, MTS_EFORMAT, "--bench: an instance has no data");
    rc = rc ? rc : check_text(c, b->engine, b->vocabulary, text.data, text.len, &checked, err);
    for (size_t i = 0; i < checked.mask_count && !rc; i++) {
        rc = add_time(&b->masks, checked.mask_us[i], err);
    }
    b->instances++;
    *right = checked.accepted == valid;
    if (!rc && !*right) {
        size_t at = checked.failed_at, from = at > 20 ? at - 20 : 0;
        b->valid_refused += valid;
        b->invalid_accepted += !valid;
        snprintf(why, sizeof why,
                 valid ? "valid instance %zu refused at byte %zu: ...%.*s" : "invalid instance %zu accepted", index, at,
                 (int)(text.len - from < 40 ? text.len - from : 40), text.data + from);
        add_failure(b, id, why);
    }
    checked_free(&checked);
    mts_bytes_free(&text);
    return rc;
}

static int run_schema(Bench *b, const json_t *line, MtsError *err)
{
    const json_t *id = json_object_get(line, "id"), *schema = json_object_get(line, "schema"), *test;
    char *text = schema ? mts_json_text(schema) : NULL;
    MtsConstraint *c = NULL;
    MtsError why = {0};
    bool all = true;
    size_t i;
    if (!text) {
        return mts_fail(err, MTS_EFORMAT, "--bench: line %zu has no schema", b->schemas + 1);
    }
    b->schemas++;
    MtsConstraintSource source = {.form = MTS_CONSTRAINT_SCHEMA, .text = text, .size = strlen(text), .name = "schema"};
    source.options = constraint_options(b->args);
    source.budget = constraint_memory(b->args);
    double began = mts_thread_seconds();
    int rc = mts_constraint_new(&c, &source, b->vocabulary, &why);
    double took = (mts_thread_seconds() - began) * 1e6;
    free(text);
    if (rc) {
        add_failure(b, id, why.text);
        return MTS_OK;
    }
    b->compiled++;
    rc = add_time(&b->compiles, took, err);
    const json_t *tests = json_object_get(line, "tests");
    json_array_foreach((json_t *)(uintptr_t)tests, i, test)
    {
        bool right = true;
        if (!rc && (rc = run_instance(b, c, id, i, test, &right, &why)) != 0) {
            add_failure(b, id, why.text); /* its budget is spent: no answer is a wrong answer */
            rc = MTS_OK;
            right = false;
        }
        all &= right;
    }
    b->passing += all;
    mts_constraint_free(&c);
    return rc;
}

static int run_lines(Bench *b, const char *text, size_t size, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t at = 0; at < size && !rc;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end ? (size_t)(end - (text + at)) : size - at;
        json_t *line;
        if (length > 0 && !(rc = mts_json_parse_large(&line, b->args->instances, text + at, length, err))) {
            rc = run_schema(b, line, err);
            json_decref(line);
        }
        at += length + 1;
    }
    return rc;
}

/* ---- the table ---- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Of sorted times: the value that a share of them does not exceed. */
static double quantile(const Times *t, double share)
{
    return t->count ? t->us[(size_t)(share * (double)(t->count - 1) + 0.5)] : 0;
}

static double mean(const Times *t)
{
    double sum = 0;
    for (size_t i = 0; i < t->count; i++) {
        sum += t->us[i];
    }
    return t->count ? sum / (double)t->count : 0;
}

static json_t *describe_bench(const Bench *b)
{
    json_t *o = json_object(), *masks = json_object(), *compiles = json_object();
    mts_json_add_int(&o, "schemas", (json_int_t)b->schemas);
    mts_json_add_int(&o, "compiled", (json_int_t)b->compiled);
    mts_json_add_int(&o, "passing", (json_int_t)b->passing);
    mts_json_add_int(&o, "valid_refused", (json_int_t)b->valid_refused);
    mts_json_add_int(&o, "invalid_accepted", (json_int_t)b->invalid_accepted);
    mts_json_add_real(&masks, "mean", mean(&b->masks));
    mts_json_add_real(&masks, "p50", quantile(&b->masks, 0.5));
    mts_json_add_real(&masks, "p99", quantile(&b->masks, 0.99));
    mts_json_add_real(&masks, "max", quantile(&b->masks, 1));
    mts_json_add(&o, "mask_us", masks);
    mts_json_add_real(&compiles, "p50", quantile(&b->compiles, 0.5));
    mts_json_add_real(&compiles, "p99", quantile(&b->compiles, 0.99));
    mts_json_add(&o, "compile_us", compiles);
    mts_json_add(&o, "failures", json_incref(b->failures));
    return o;
}

/* As MaskBench prints it. */
static void print_table(const Bench *b)
{
    double all = b->schemas ? (double)b->schemas : 1;
    out_printf("schemas          %zu, with %zu instances and %zu masks\n", b->schemas, b->instances, b->masks.count);
    out_printf("compiled         %zu (%.1f %%)\n", b->compiled, 100 * (double)b->compiled / all);
    out_printf("passing          %zu (%.1f %%)\n", b->passing, 100 * (double)b->passing / all);
    out_printf("valid refused    %zu\ninvalid accepted %zu\n", b->valid_refused, b->invalid_accepted);
    out_printf("mask, us         mean %.1f, p50 %.1f, p99 %.1f, max %.1f\n", mean(&b->masks), quantile(&b->masks, 0.5),
               quantile(&b->masks, 0.99), quantile(&b->masks, 1));
    out_printf("compile, us      p50 %.0f, p99 %.0f\n", quantile(&b->compiles, 0.5), quantile(&b->compiles, 0.99));
    for (size_t i = 0; i < json_array_size(b->failures); i++) {
        const json_t *f = json_array_get(b->failures, i), *id = json_object_get(f, "id");
        out_printf("  %s: %s\n", json_is_string(id) ? json_string_value(id) : "?",
                   json_string_value(json_object_get(f, "why")));
    }
}

int check_bench(const MtsEngine *engine, const MtsVocabulary *vocabulary, const Args *args, MtsError *err)
{
    Bench b = {.engine = engine, .vocabulary = vocabulary, .args = args, .failures = json_array()};
    char *data = NULL, *text = NULL;
    size_t size, text_size;
    int rc = b.failures ? mts_read_file(args->instances, MAX_FILE, &data, &size, err)
                        : mts_fail(err, MTS_ENOMEM, "no memory for a bench");
    if (!rc && mts_is_gzip(data, size)) {
        rc = mts_gunzip(args->instances, data, size, MAX_FILE, &text, &text_size, err);
    }
    rc = rc ? rc : run_lines(&b, text ? text : data, text ? text_size : size, err);
    if (!rc) {
        qsort(b.masks.us, b.masks.count, sizeof *b.masks.us, by_size);
        qsort(b.compiles.us, b.compiles.count, sizeof *b.compiles.us, by_size);
        if (out_is_json(args)) {
            rc = out_print(args, describe_bench(&b), err);
        } else {
            print_table(&b);
            rc = out_flush(err);
        }
    }
    free(data);
    free(text);
    free(b.masks.us);
    free(b.compiles.us);
    json_decref(b.failures);
    return rc;
}
