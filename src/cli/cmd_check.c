/* cli/cmd_check.c - check: whether texts match a constraint, where they first do not, and what could stand there. */
#include <stdlib.h>
#include <string.h>

#include "cli/check.h"
#include "cli/command.h"
#include "cli/out.h"
#include "core/file.h"
#include "engine/trie.h"

void checked_free(Checked *checked)
{
    free(checked->mask_us);
    *checked = (Checked){0};
}

/* The mask at a place, timed. */
static int timed_mask(MtsConstraint *c, MtsConstraintPlace place, uint64_t *mask, Checked *checked, MtsError *err)
{
    if (!mts_grow(&checked->mask_us, &checked->mask_cap, checked->mask_count + 1, sizeof *checked->mask_us)) {
        return mts_fail(err, MTS_ENOMEM, "no memory for %zu masks", checked->mask_count);
    }
    double began = mts_thread_seconds();
    int rc = mts_constraint_mask(c, place, SIZE_MAX, mask, err);
    checked->mask_us[checked->mask_count++] = (mts_thread_seconds() - began) * 1e6;
    return rc;
}

/* The first byte from `at` on that cannot be read at the place. */
static int find_failure(MtsConstraint *c, MtsConstraintPlace place, const char *text, size_t at, size_t size,
                        size_t *failed_at, MtsError *err)
{
    int rc = MTS_OK;
    while (at < size && !rc) {
        MtsConstraintPlace next;
        rc = mts_constraint_read(c, place, text + at, 1, &next, err);
        if (next == MTS_PLACE_DEAD) {
            break;
        }
        place = next;
        at++;
    }
    *failed_at = at;
    return rc;
}

int check_text(MtsConstraint *c, const MtsEngine *engine, const MtsVocabulary *vocabulary, const char *text,
               size_t size, Checked *checked, MtsError *err)
{
    MtsTokens tokens = {0};
    MtsConstraintPlace place = mts_constraint_start(c);
    uint64_t *mask = mts_calloc(vocabulary->words, sizeof *mask);
    size_t at = 0;
    int rc = mask ? MTS_OK : mts_fail(err, MTS_ENOMEM, "no memory for a mask");
    if (!rc && size > 0) {
        rc = mts_tokenize(mts_engine_tokenizer(engine), text, size, false, false, &tokens, err);
    }
    checked->tokens = tokens.count;
    for (size_t i = 0; i <= tokens.count && !rc; i++) {
        if ((rc = timed_mask(c, place, mask, checked, err)) != 0) {
            break;
        }
        if (i == tokens.count) {
            rc = mts_constraint_may_end(c, place, &checked->accepted, err);
            checked->failed_at = at;
            break;
        }
        int32_t token = tokens.ids[i];
        size_t bytes;
        mts_token_bytes(mts_engine_tokenizer(engine), token, false, &bytes);
        if (!(mask[token >> 6] >> (token & 63) & 1)) {
            rc = find_failure(c, place, text, at, size, &checked->failed_at, err);
            break;
        }
        rc = mts_constraint_advance(c, place, token, &place, err);
        at += bytes;
    }
    free(mask);
    mts_tokens_free(&tokens);
    return rc;
}

/* ---- what could stand there ---- */

static void add_range(json_t **list, unsigned from, unsigned to)
{
    char text[16], ends[2][8];
    for (int i = 0; i < 2; i++) {
        unsigned b = i ? to : from;
        snprintf(ends[i], sizeof ends[i], b > 0x20 && b < 0x7F ? "%c" : "0x%02x", b);
    }
    snprintf(text, sizeof text, from == to ? "%s" : "%s-%s", ends[0], ends[1]);
    mts_json_add_text(list, NULL, text);
}

/* The bytes that may follow at the place as characters and ranges of them, and "end" where the text may end. */
static int expected_at(MtsConstraint *c, MtsConstraintPlace place, json_t **list, MtsError *err)
{
    uint64_t bytes[4];
    int rc = mts_constraint_next_bytes(c, place, bytes, err);
    *list = json_array();
    for (unsigned b = 0; b < 256 && !rc; b++) {
        unsigned from = b;
        if (!(bytes[b >> 6] >> (b & 63) & 1)) {
            continue;
        }
        while (b < 255 && bytes[(b + 1) >> 6] >> ((b + 1) & 63) & 1) {
            b++;
        }
        add_range(list, from, b);
    }
    bool ends = false;
    if (!rc && !(rc = mts_constraint_may_end(c, place, &ends, err)) && ends) {
        mts_json_add_text(list, NULL, "end");
    }
    return rc;
}

static int describe(MtsConstraint *c, double compile_us, const char *text, const Checked *checked, json_t **out,
                    MtsError *err)
{
    MtsConstraintPlace place;
    json_t *o = json_object(), *expected = json_null(), *masks = json_array();
    int rc = MTS_OK;
    if (!checked->accepted &&
        !(rc = mts_constraint_read(c, mts_constraint_start(c), text, checked->failed_at, &place, err))) {
        rc = expected_at(c, place, &expected, err);
    }
    for (size_t i = 0; i < checked->mask_count; i++) {
        mts_json_add_real(&masks, NULL, checked->mask_us[i]);
    }
    mts_json_add_real(&o, "compile_us", compile_us);
    mts_json_add_flag(&o, "regular", mts_constraint_regular(c));
    mts_json_add_flag(&o, "accepted", checked->accepted);
    mts_json_add(&o, "failed_at", checked->accepted ? json_null() : json_integer((json_int_t)checked->failed_at));
    mts_json_add(&o, "expected", expected);
    mts_json_add_int(&o, "tokens", (json_int_t)checked->tokens);
    mts_json_add(&o, "mask_us", masks);
    *out = o;
    return rc;
}

/* ---- the command ---- */

static int open_constraint(MtsConstraint **c, const MtsVocabulary *vocabulary, const Args *args, double *compile_us,
                           MtsError *err)
{
    MtsConstraintForm form;
    char *text;
    int rc = read_constraint(args, &form, &text, err);
    if (rc) {
        return rc;
    }
    if (!text) {
        return mts_fail(err, MTS_EREQUEST, "check: --schema, --grammar or --constraint says what texts must match");
    }
    MtsConstraintSource source = {.form = form,
                                  .text = text,
                                  .size = strlen(text),
                                  .name = args->schema ? args->schema : args->grammar,
                                  .options = constraint_options(args),
                                  .budget = constraint_memory(args)};
    double began = mts_thread_seconds();
    rc = mts_constraint_new(c, &source, vocabulary, err);
    *compile_us = (mts_thread_seconds() - began) * 1e6;
    free(text);
    return rc;
}

static int check_one(MtsConstraint *c, double compile_us, const MtsEngine *engine, const MtsVocabulary *vocabulary,
                     const char *text, size_t size, json_t **out, MtsError *err)
{
    Checked checked = {0};
    int rc = check_text(c, engine, vocabulary, text, size, &checked, err);
    rc = rc ? rc : describe(c, compile_us, text, &checked, out, err);
    checked_free(&checked);
    return rc;
}

static int check_all(MtsConstraint *c, double compile_us, const MtsEngine *engine, const MtsVocabulary *vocabulary,
                     const Args *args, MtsError *err)
{
    json_t *texts = json_array(), *one = NULL;
    int rc = MTS_OK;
    if (!args->operands[0]) {
        char *text;
        size_t size;
        if (!(rc = mts_read_file("-", (size_t)1 << 30, &text, &size, err))) {
            rc = check_one(c, compile_us, engine, vocabulary, text, size, &one, err);
            free(text);
        }
    }
    for (size_t i = 0; args->operands[i] && !rc; i++) {
        json_decref(one);
        one = NULL;
        rc = check_one(c, compile_us, engine, vocabulary, args->operands[i], strlen(args->operands[i]), &one, err);
        mts_json_add(&texts, NULL, json_incref(one));
    }
    if (!rc && args->operands[0] && args->operands[1]) {
        json_t *all = json_object();
        mts_json_add(&all, "texts", json_incref(texts));
        rc = out_print(args, all, err);
    } else if (!rc) {
        rc = out_print(args, json_incref(one), err);
    }
    json_decref(one);
    json_decref(texts);
    return rc;
}

int cmd_check(const Args *args, MtsError *err)
{
    MtsEngine *engine;
    const MtsVocabulary *vocabulary;
    MtsConstraint *constraint = NULL;
    double compile_us = 0;
    int rc = open_engine(&engine, args, MTS_ENGINE_TEXT, err);
    if (rc) {
        return rc;
    }
    if (!mts_engine_tokenizer(engine)) {
        rc = mts_fail(err, MTS_EREQUEST, "%s: a table's texts are numbers and take no constraint", args->model);
        goto done;
    }
    if ((rc = mts_engine_vocabulary(engine, &vocabulary, err))) {
        goto done;
    }
    if (args->instances) {
        rc = check_bench(engine, vocabulary, args, err);
    } else if (!(rc = open_constraint(&constraint, vocabulary, args, &compile_us, err))) {
        rc = check_all(constraint, compile_us, engine, vocabulary, args, err);
    }
done:
    mts_constraint_free(&constraint);
    mts_engine_free(&engine);
    return rc;
}
