/* A small vocabulary, and texts read under a constraint: what the tests of the room share. */
#ifndef TESTS_CONSTRAINT_TOY_H
#define TESTS_CONSTRAINT_TOY_H

#include "../test.h"

#include "constraint/constraint.h"

/* Shared beginnings, parts of characters, a control token, a duplicate, and every byte once. */
static const char *const toy_words[] = {"",   "0",  "1",        "12",   "123",  "12,",    ",",    ", ",       "-",
                                        ".",  "a",  "ab",       "abc",  "b",    "\xC3",   "\xA9", "\xC3\xA9", "e",
                                        "\"", "12", "\xE2\x82", "\xAC", "\xFF", "\", \"", "\": "};
enum { TOY_WORDS = sizeof toy_words / sizeof toy_words[0], TOY_VOCAB = TOY_WORDS + 256 };

static const char *toy_bytes(const void *context, int32_t token, size_t *size)
{
    static char bytes[256];
    (void)context;
    if (token >= TOY_WORDS) {
        bytes[token - TOY_WORDS] = (char)(token - TOY_WORDS);
        *size = 1;
        return &bytes[token - TOY_WORDS];
    }
    *size = strlen(toy_words[token]);
    return *size ? toy_words[token] : NULL;
}

static MtsVocabulary *toy_vocabulary(void)
{
    MtsError err = {0};
    MtsVocabulary *v;
    assert_ok(mts_vocabulary_new(&v, TOY_VOCAB, toy_bytes, NULL, &err), &err);
    return v;
}

static int toy_open(MtsConstraint **c, MtsConstraintForm form, unsigned options, const char *text,
                    const MtsVocabulary *v, MtsError *err)
{
    MtsConstraintSource source = {.form = form, .text = text, .size = strlen(text), .options = options};
    return mts_constraint_new(c, &source, v, err);
}

static bool toy_ends(MtsConstraint *c, MtsConstraintPlace place)
{
    MtsError err = {0};
    bool ends;
    assert_ok(mts_constraint_may_end(c, place, &ends, &err), &err);
    return ends;
}

/* Whether the whole text is accepted. */
static bool toy_accepts(MtsConstraint *c, const char *text, size_t size)
{
    MtsError err = {0};
    MtsConstraintPlace place;
    assert_ok(mts_constraint_read(c, mts_constraint_start(c), text, size, &place, &err), &err);
    return toy_ends(c, place);
}

#endif
