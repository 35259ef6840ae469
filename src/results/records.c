/* results/records.c - journals read back. Nothing of a file is trusted: a member that is there has the type that
 * docs/stages.md says, so whoever reads records later needs no further check. */
#include "results/records.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/seal.h"
#include "results/fields.h"
#include "results/head.h"
#include "results/journal.h"

enum { MOST_BYTES = 1 << 30 };

/* ---- types ---- */

typedef enum MemberType { NUMBER, TEXT, TRUTH, OBJECT, NUMBERS, CHANNELS, NODES } MemberType;

static const char *const type_names[] = {"number",          "string",           "true or false",     "object",
                                         "list of numbers", "list of channels", "list of tree nodes"};

static const struct {
    const char *name;
    MemberType type;
    bool must;
} members[] = {
    {MTS_F_KEY, TEXT, true},
    {MTS_F_SAMPLE, TEXT, true},
    {MTS_F_METHOD, TEXT, true},
    {MTS_F_STAGE, TEXT, false},
    {MTS_F_GROUP, TEXT, false},
    {MTS_F_VARIANT, TEXT, false},
    {MTS_F_SEED, NUMBER, false},
    {MTS_F_LAMBDA, NUMBER, false},
    {MTS_F_ROLLOUTS, NUMBER, false},
    {MTS_F_MAX_TOKENS, NUMBER, false},
    {MTS_F_TEMPERATURE, NUMBER, false},
    {MTS_F_EXPANSION, NUMBER, false},
    {MTS_F_ROLLOUTS_DONE, NUMBER, false},
    {MTS_F_NFE, NUMBER, false},
    {MTS_F_REWARD_CALLS, NUMBER, false},
    {MTS_F_PROMPT_TOKENS, NUMBER, false},
    {MTS_F_DECODE_TOKENS, NUMBER, false},
    {MTS_F_SECONDS, NUMBER, false},
    {MTS_F_PREFILL_SECONDS, NUMBER, false},
    {MTS_F_REWARD, NUMBER, false},
    {MTS_F_BEST_REWARD, NUMBER, false},
    {MTS_F_MEAN_REWARD, NUMBER, false},
    {MTS_F_LOG_Z, NUMBER, false},
    {MTS_F_LOG_Z_SE, NUMBER, false},
    {MTS_F_STOP_REASON, TEXT, false},
    {MTS_F_ANSWER, TEXT, false},
    {MTS_F_ANSWER_RULE, TEXT, false},
    {MTS_F_CORRECT, TRUTH, false},
    {MTS_F_SCORES, OBJECT, false},
    {MTS_F_PERPLEXITY, NUMBER, false},
    {MTS_F_LENGTH, NUMBER, false},
    {MTS_F_DISTINCT_1, NUMBER, false},
    {MTS_F_DISTINCT_2, NUMBER, false},
    {MTS_F_TREE, OBJECT, false},
    {MTS_F_SERIES, CHANNELS, false},
    {MTS_F_OUTPUT, NUMBERS, false},
    {MTS_F_EXPLAIN, NODES, false},
};

enum { MEMBERS = sizeof members / sizeof members[0] };

static bool is_channel(const json_t *v)
{
    return json_is_string(json_object_get(v, MTS_F_NAME)) && mts_all_numbers(json_object_get(v, MTS_F_VALUES));
}

static bool is_node(const json_t *v)
{
    return json_is_integer(json_object_get(v, MTS_F_DEPTH)) && json_is_string(json_object_get(v, MTS_F_TOKEN));
}

static bool is_list_of(const json_t *v, bool is(const json_t *item))
{
    bool ok = json_is_array(v);
    for (size_t i = 0; ok && i < json_array_size(v); i++) {
        ok = is(json_array_get(v, i));
    }
    return ok;
}

static bool is_type(const json_t *v, MemberType type)
{
    switch (type) {
    case NUMBER:
        return json_is_number(v);
    case TEXT:
        return json_is_string(v);
    case TRUTH:
        return json_is_boolean(v);
    case OBJECT:
        return json_is_object(v);
    case NUMBERS:
        return mts_all_numbers(v);
    case CHANNELS:
        return is_list_of(v, is_channel);
    case NODES:
        return is_list_of(v, is_node);
    }
    return false;
}

/* ---- lines ---- */

static int check_record(const char *path, size_t line, const json_t *r, MtsError *err)
{
    if (!json_is_object(r)) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu is no JSON object", path, line);
    }
    for (size_t i = 0; i < MEMBERS; i++) {
        const json_t *v = json_object_get(r, members[i].name);
        if ((!v || json_is_null(v)) ? members[i].must : !is_type(v, members[i].type)) {
            return mts_fail(err, MTS_EFORMAT, "%s: line %zu: \"%s\" is %s %s", path, line, members[i].name,
                            v ? "no" : "missing; it has to be a", type_names[members[i].type]);
        }
    }
    return MTS_OK;
}

static bool is_string(const json_t *v)
{
    return json_is_string(v);
}

static bool is_object(const json_t *v)
{
    return json_is_object(v);
}

static int check_head(const char *path, const json_t *head, MtsError *err)
{
    const json_t *samples = json_object_get(head, MTS_F_SAMPLES), *runs = json_object_get(head, MTS_F_RUNS),
                 *seeds = json_object_get(head, MTS_F_SEEDS);
    bool ok = strcmp(mts_field_text(head, MTS_F_MAXTS), "eval") == 0 &&
              json_is_string(json_object_get(head, MTS_F_STAGE)) && (!samples || is_list_of(samples, is_string)) &&
              (!runs || is_list_of(runs, is_object)) && (!seeds || json_is_array(seeds));
    return ok ? MTS_OK : mts_fail(err, MTS_EFORMAT, "%s: line 1 is not the head of a run of maxts eval", path);
}

/* seen: an object of the keys so far. */
static int take_record(const MtsSealLines *at, json_t *record, json_t *records, json_t *seen, MtsError *err)
{
    int rc = check_record(at->name, at->number, record, err);
    if (rc) {
        return rc;
    }
    const char *key = json_string_value(json_object_get(record, MTS_F_KEY));
    if (json_object_get(seen, key)) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu repeats the key \"%.80s\"", at->name, at->number, key);
    }
    if (json_array_append(records, record) || json_object_set_new(seen, key, json_true())) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out at line %zu", at->name, at->number);
    }
    return MTS_OK;
}

/* *head stays NULL where the file has no line. */
static int read_lines(MtsSealLines *lines, json_t **head, json_t *records, MtsError *err)
{
    json_t *seen = json_object(), *line;
    int rc = seen ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", lines->name);
    while (!rc && !(rc = mts_seal_next(lines, &line, err)) && line) {
        if (lines->number == 1) {
            *head = json_incref(line);
            rc = check_head(lines->name, line, err);
        } else {
            rc = take_record(lines, line, records, seen, err);
        }
        json_decref(line);
    }
    json_decref(seen);
    return rc;
}

int mts_results_read(const char *path, json_t **head, json_t **records, MtsError *err)
{
    MtsSealLines lines = {.name = path};
    char *text = NULL;
    *head = NULL;
    *records = json_array();
    int rc = *records ? mts_read_file(path, MOST_BYTES, &text, &lines.size, err)
                      : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    lines.text = text;
    if (!rc && !(rc = read_lines(&lines, head, *records, err)) && !*head) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: has no head, so it is no run of maxts eval", path);
    }
    free(text);
    if (rc) {
        json_decref(*head);
        json_decref(*records);
        *head = *records = NULL;
    }
    return rc;
}

int mts_results_merge(const char *out, const char *const *in, size_t n, MtsError *err)
{
    json_t *head = NULL, *records = NULL, *keys = NULL;
    MtsError why = {0};
    if (!n) {
        return mts_fail(err, MTS_EREQUEST, "eval: --merge %s: which journals?", out);
    }
    int rc = mts_results_read(in[0], &head, &records, err);
    if (rc) {
        return rc;
    }
    json_object_del(head, MTS_F_SHARD); /* all keys of the whole run */
    keys = mts_results_keys(head, &why);
    rc = keys ? mts_journal_merge(in, n, keys, false, out, err) : mts_fail(err, MTS_EFORMAT, "%s: %s", in[0], why.text);
    json_decref(head);
    json_decref(records);
    json_decref(keys);
    return rc;
}
