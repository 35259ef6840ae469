/* constraint/constraint.c - one face for the automaton and for PCRE2, safe for threads. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "constraint/constraint.h"

#include <pcre2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "constraint/backtrack.h"
#include "constraint/mask.h"
#include "constraint/notation.h"
#include "constraint/pattern.h"
#include "constraint/schema.h"
#include "core/mem.h"

enum { DEFAULT_BUDGET = 512 << 20 };

struct MtsConstraint {
    const MtsVocabulary *vocabulary;
    char *name;
    MtsGrammar grammar;
    MtsAutomaton *automaton; /* NULL: not regular, and then */
    MtsBacktrack *backtrack;
    MtsMasker *masker;
    pthread_mutex_t lock; /* of `backtrack`; the masker has its own */
};

static size_t budget_of(const MtsConstraintSource *source)
{
    return source->budget ? source->budget : DEFAULT_BUDGET;
}

static int compile_pattern(MtsConstraint *c, const MtsConstraintSource *source, MtsError *err)
{
    MtsRe re;
    int pcre2 = mts_backtrack_new(&c->backtrack, source->text, source->size, c->vocabulary, budget_of(source), err);
    if (pcre2 && pcre2 != MTS_ECAPACITY) {
        return pcre2;
    }
    MtsError why = {0};
    int rc = mts_pattern_compile(c->grammar.exprs, c->name, source->text, source->size, MTS_PATTERN_PCRE2,
                                 MTS_PATTERN_WHOLE, mts_spell_utf8, &re, &why);
    if (rc == MTS_EUNSUPPORTED || rc == MTS_EREQUEST) { /* PCRE2 has taken it, or only its size is too much: so it is
                                                         * not regular */
        return pcre2;
    }
    if (rc) {
        return mts_fail(err, rc, "%s", why.text);
    }
    mts_backtrack_free(&c->backtrack);
    c->grammar.root = mts_node_re(&c->grammar, re);
    return mts_grammar_finish(&c->grammar, c->name, err);
}

static int compile_schema(MtsConstraint *c, const MtsConstraintSource *source, MtsError *err)
{
    json_t *schema;
    int rc = mts_json_parse_large(&schema, c->name, source->text, source->size, err);
    if (!rc) {
        const MtsSchemaOptions options = {.any_space = source->options & MTS_CONSTRAINT_ANY_SPACE,
                                          .ordered = source->options & MTS_CONSTRAINT_ORDERED,
                                          .strict = source->options & MTS_CONSTRAINT_STRICT};
        rc = mts_schema_grammar(&c->grammar, schema, c->name, &options, err);
        json_decref(schema);
    }
    return rc;
}

static int failed(const MtsConstraint *c, MtsError *err)
{
    int rc = c->masker ? mts_masker_failed(c->masker) : c->automaton ? mts_automaton_failed(c->automaton) : MTS_ENOMEM;
    return mts_fail(err, rc ? rc : MTS_ENOMEM, "%s: the constraint needs more %s than it may take", c->name,
                    c->grammar.exprs ? mts_exprs_short_of(c->grammar.exprs) : "memory");
}

/* Some text matches; but can the tokens begin it? */
static int check_start(MtsConstraint *c, const MtsConstraintSource *source, MtsError *err)
{
    uint64_t *mask = mts_calloc(c->vocabulary->words, sizeof *mask), any = 0;
    if (!mask) {
        return failed(c, err);
    }
    int rc = mts_constraint_mask(c, mts_constraint_start(c), SIZE_MAX, mask, err);
    bool ends = true;
    for (size_t i = 0; i < c->vocabulary->words; i++) {
        any |= mask[i];
    }
    free(mask);
    if (!rc && !any) {
        rc = mts_constraint_may_end(c, mts_constraint_start(c), &ends, err);
    }
    if (!rc && !ends) {
        int shown = source->size < 200 ? (int)source->size : 200;
        rc = mts_fail(err, MTS_ECONSTRAINT, "%s: no token of the model can begin a text that matches \"%.*s\"", c->name,
                      shown, source->text);
    }
    return rc;
}

int mts_constraint_new(MtsConstraint **constraint, const MtsConstraintSource *source, const MtsVocabulary *vocabulary,
                       MtsError *err)
{
    size_t budget = budget_of(source);
    MtsConstraint *c = mts_calloc(1, sizeof *c);
    *constraint = NULL;
    if (!c || pthread_mutex_init(&c->lock, NULL)) {
        free(c);
        return mts_fail(err, MTS_ENOMEM, "constraint: memory ran out");
    }
    c->vocabulary = vocabulary;
    c->name = mts_strdup(source->name ? source->name : "constraint");
    int rc = c->name ? mts_grammar_init(&c->grammar, budget / 2) : MTS_ENOMEM;
    if (rc) {
        rc = mts_fail(err, rc, "constraint: memory ran out");
        goto fail;
    }
    rc = source->form == MTS_CONSTRAINT_SCHEMA ? compile_schema(c, source, err)
         : source->form == MTS_CONSTRAINT_GRAMMAR
             ? mts_notation_grammar(&c->grammar, source->text, source->size, c->name, err)
             : compile_pattern(c, source, err);
    if (rc) {
        goto fail;
    }
    if (!c->backtrack && (!(c->automaton = mts_automaton_new(&c->grammar, budget / 2)) ||
                          !(c->masker = mts_masker_new(c->automaton, vocabulary, budget / 4)))) {
        rc = failed(c, err);
        goto fail;
    }
    if ((rc = check_start(c, source, err)) != 0) {
        goto fail;
    }
    *constraint = c;
    return MTS_OK;
fail:
    mts_constraint_free(&c);
    return rc;
}

void mts_constraint_free(MtsConstraint **constraint)
{
    MtsConstraint *c = *constraint;
    if (c) {
        mts_masker_free(&c->masker);
        mts_automaton_free(&c->automaton);
        mts_backtrack_free(&c->backtrack);
        mts_grammar_free(&c->grammar);
        pthread_mutex_destroy(&c->lock);
        free(c->name);
        free(c);
        *constraint = NULL;
    }
}

bool mts_constraint_regular(const MtsConstraint *c)
{
    return c->automaton != NULL;
}

MtsConstraintPlace mts_constraint_start(const MtsConstraint *c)
{
    return c->automaton ? mts_automaton_start(c->automaton) : mts_backtrack_start();
}

/* ---- texts ---- */

static int read_places(MtsConstraint *c, MtsConstraintPlace place, const char *bytes, size_t size,
                       MtsConstraintPlace *next, MtsError *err)
{
    mts_masker_read(c->masker, &place, bytes, size);
    *next = place;
    return place == MTS_PLACE_DEAD && mts_masker_failed(c->masker) ? failed(c, err) : MTS_OK;
}

int mts_constraint_read(MtsConstraint *c, MtsConstraintPlace place, const char *bytes, size_t size,
                        MtsConstraintPlace *next, MtsError *err)
{
    if (c->automaton) {
        return read_places(c, place, bytes, size, next, err);
    }
    pthread_mutex_lock(&c->lock);
    int rc = mts_backtrack_read(c->backtrack, place, bytes, size, next, err);
    pthread_mutex_unlock(&c->lock);
    return rc;
}

int mts_constraint_advance(MtsConstraint *c, MtsConstraintPlace place, int32_t token, MtsConstraintPlace *next,
                           MtsError *err)
{
    size_t size = 0;
    const char *bytes = c->vocabulary->bytes(c->vocabulary->context, token, &size);
    *next = MTS_PLACE_DEAD;
    return bytes && size ? mts_constraint_read(c, place, bytes, size, next, err) : MTS_OK;
}

int mts_constraint_may_end(MtsConstraint *c, MtsConstraintPlace place, bool *ends, MtsError *err)
{
    if (c->automaton) { /* a place knows it from the beginning */
        *ends = mts_masker_accepts(c->masker, place);
        return MTS_OK;
    }
    pthread_mutex_lock(&c->lock);
    int rc = mts_backtrack_may_end(c->backtrack, place, ends, err);
    pthread_mutex_unlock(&c->lock);
    return rc;
}

/* ---- masks ---- */

int mts_constraint_mask(MtsConstraint *c, MtsConstraintPlace place, size_t left, uint64_t *mask, MtsError *err)
{
    if (c->automaton) {
        return mts_mask(c->masker, place, left, mask) ? MTS_OK : failed(c, err);
    }
    pthread_mutex_lock(&c->lock);
    int rc = mts_backtrack_mask(c->backtrack, place, left == 0, mask, err);
    pthread_mutex_unlock(&c->lock);
    return rc;
}

enum { MOST_BEGINNINGS = 24 };

/* The longest of the mask's tokens, where all of them are its beginnings; -1 where they are not, or there is none. */
static int32_t only_thing(const MtsConstraint *c, const uint64_t *mask)
{
    int32_t tokens[MOST_BEGINNINGS], token = -1;
    size_t count = 0, longest = 0, size, n;
    for (size_t w = 0; w < c->vocabulary->words; w++) {
        for (uint64_t bits = mask[w]; bits; bits &= bits - 1) {
            if (count == MOST_BEGINNINGS) {
                return -1;
            }
            tokens[count++] = (int32_t)(64 * w) + (int32_t)__builtin_ctzll(bits);
        }
    }
    for (size_t i = 0; i < count; i++) {
        c->vocabulary->bytes(c->vocabulary->context, tokens[i], &size);
        token = size > longest ? tokens[i] : token;
        longest = size > longest ? size : longest;
    }
    const char *whole = count ? c->vocabulary->bytes(c->vocabulary->context, token, &size) : NULL;
    for (size_t i = 0; i < count; i++) {
        const char *one = c->vocabulary->bytes(c->vocabulary->context, tokens[i], &n);
        if (memcmp(one, whole, n) != 0 || (n == size && tokens[i] != token)) {
            return -1;
        }
    }
    return token;
}

int mts_constraint_says(MtsConstraint *c, MtsConstraintPlace place, const uint64_t *mask, int32_t *token, MtsError *err)
{
    bool ends = false;
    int32_t only = only_thing(c, mask);
    int rc = only < 0 ? MTS_OK : mts_constraint_may_end(c, place, &ends, err);
    *token = rc || ends ? -1 : only;
    return rc;
}

int mts_constraint_next_bytes(MtsConstraint *c, MtsConstraintPlace place, uint64_t bytes[4], MtsError *err)
{
    memset(bytes, 0, 4 * sizeof *bytes);
    for (unsigned b = 0; b < 256; b++) {
        char byte = (char)b;
        MtsConstraintPlace next;
        int rc = mts_constraint_read(c, place, &byte, 1, &next, err);
        if (rc) {
            return rc;
        }
        bytes[b >> 6] |= (uint64_t)(next != MTS_PLACE_DEAD) << (b & 63);
    }
    return MTS_OK;
}
