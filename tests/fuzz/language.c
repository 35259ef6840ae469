/* tests/fuzz/language.c - see language.h. What must hold, whatever the constraint is:
 *
 *   a token is in a place's mask exactly when its bytes lead to a place that is alive;
 *   tokens that suffice within n more are among those that suffice within n + 1, and those among all;
 *   a place that is alive may end, or some token goes on from it (all bytes are tokens here);
 *   where a text can be finished within n tokens, any token of the mask for n - 1 more leads to where it still can. */
#include "language.h"

#include <stdlib.h>
#include <string.h>

#include "constraint/charset.h"
#include "core/mem.h"

enum { MOST_READ = 64, MOST_TOKENS = 24, FEWEST_TOKENS = 8, MOST_WORD = 4, ONE_IN = 4, STRIDE = 4, BETWEEN = 16 };

/* Most inputs get little: what is too much for it takes as long as the budget has steps, at each token anew. */
static const size_t budgets[8] = {1 << 18, 1 << 18, 1 << 17, 1 << 16, 1 << 19, 1 << 20, 1 << 18, 8 << 20};

static const char *const words[LANGUAGE_WORDS] = {"\"", "\":",  "\", \"", "{\"",      "\"}",  "12",
                                                  "0.", "true", "ab",     "\xC3\xA9", "\\u00"};

typedef struct Language {
    MtsConstraint *c;
    bool regular, counts; /* whether tokens to come are counted: that is most of the time, so for one input in four */
    int32_t phase;        /* of the tokens that are looked at */
    uint64_t hash;
    MtsError *err;
} Language;

static const char *bytes_of(const void *context, int32_t token, size_t *size)
{
    static char bytes[256];
    (void)context;
    if (token >= 256) {
        *size = strlen(words[token - 256]);
        return words[token - 256];
    }
    bytes[token] = (char)token;
    *size = 1;
    return &bytes[token];
}

const MtsVocabulary *language_vocabulary(void)
{
    static MtsVocabulary *v;
    MtsError err = {0};
    fuzz_require(v || mts_vocabulary_new(&v, LANGUAGE_TOKENS, bytes_of, NULL, &err) == 0, err.text);
    return v;
}

/* ---- classes that PCRE2 was asked for ----
 *
 * It looks at a million characters, which is most of the time that an input with such a class takes; so what it said is
 * kept, and asked anew one time in ASKED_AGAIN. The linker sends the library's question here (--wrap, meson.build). */

int __real_mts_chars_ask(MtsChars *set, const char *class_text, bool caseless, bool properties, MtsError *err);
int __wrap_mts_chars_ask(MtsChars *set, const char *class_text, bool caseless, bool properties, MtsError *err);

enum { KEPT = 1 << 14, ASKED_AGAIN = 1024 };

typedef struct Asked {
    char *text;
    bool caseless, properties;
    MtsChars set;
} Asked;

int __wrap_mts_chars_ask(MtsChars *set, const char *class_text, bool caseless, bool properties, MtsError *err)
{
    static Asked kept[KEPT];
    static unsigned count;
    uint64_t hash = fuzz_hash(FUZZ_HASH, class_text, strlen(class_text));
    Asked *one = &kept[(hash + 2 * caseless + properties) % KEPT];
    if (one->text && strcmp(one->text, class_text) == 0 && one->caseless == caseless && one->properties == properties &&
        ++count % ASKED_AGAIN) {
        mts_chars_add_all(set, &one->set);
        return set->broken ? mts_fail(err, MTS_ENOMEM, "constraint: memory ran out") : 0;
    }
    int rc = __real_mts_chars_ask(set, class_text, caseless, properties, err);
    if (!rc) {
        fuzz_judge();
        mts_chars_free(&one->set);
        free(one->text);
        *one = (Asked){mts_strdup(class_text), caseless, properties, {0}};
        mts_chars_add_all(&one->set, set);
        fuzz_judged();
    }
    return rc;
}

/* ---- places ---- */

static bool has(const uint64_t *mask, int32_t token)
{
    return mask[token >> 6] >> (token & 63) & 1;
}

/* Whether the mask of a place is what advancing says of every STRIDE-th token, other ones at each place; a negative
 * code where one of them is refused. */
static int check_mask(Language *l, MtsConstraintPlace place, const uint64_t *mask)
{
    bool any;
    int rc = mts_constraint_may_end(l->c, place, &any, l->err);
    if (rc || !l->regular) { /* PCRE2's partial matches promise nothing */
        return rc;
    }
    for (size_t i = 0; i < LANGUAGE_MASK; i++) {
        any |= mask[i] != 0;
    }
    for (int32_t token = l->phase++ % STRIDE; token < LANGUAGE_TOKENS; token += STRIDE) {
        MtsConstraintPlace next = MTS_PLACE_DEAD;
        if ((rc = mts_constraint_advance(l->c, place, token, &next, l->err))) {
            return rc;
        }
        fuzz_require(has(mask, token) == (next != MTS_PLACE_DEAD), "a mask is what advancing says");
    }
    fuzz_require(any, "what is alive ends or goes on");
    return 0;
}

/* The masks of a place for any number of tokens to come, for `left`, and for one more. */
static int check_place(Language *l, MtsConstraintPlace place, size_t left)
{
    uint64_t all[LANGUAGE_MASK], near[LANGUAGE_MASK], far[LANGUAGE_MASK];
    int rc;
    if ((rc = mts_constraint_mask(l->c, place, SIZE_MAX, all, l->err)) || (rc = check_mask(l, place, all))) {
        return rc;
    }
    l->hash = fuzz_hash(l->hash, all, sizeof all);
    if (!l->counts) {
        return 0;
    }
    if ((rc = mts_constraint_mask(l->c, place, left, near, l->err)) ||
        (rc = mts_constraint_mask(l->c, place, left + 1, far, l->err))) {
        return rc;
    }
    for (size_t i = 0; i < LANGUAGE_MASK && l->regular; i++) {
        fuzz_require(!(near[i] & ~far[i]) && !(far[i] & ~all[i]), "more tokens to come allow more");
    }
    l->hash = fuzz_hash(l->hash, near, sizeof near);
    return 0;
}

/* Reads the text byte by byte; *taken: all of it, and it may end there. */
static int read_text(Language *l, const char *text, size_t size, bool *taken)
{
    MtsConstraintPlace place = mts_constraint_start(l->c);
    *taken = false;
    for (size_t i = 0; i <= size && place; i++) {
        int rc = i % BETWEEN == 0 ? check_place(l, place, (unsigned char)(i < size ? text[i] : 0) % 8) : 0;
        if (rc || (i < size && (rc = mts_constraint_read(l->c, place, text + i, 1, &place, l->err)))) {
            return rc;
        }
    }
    int rc = place ? mts_constraint_may_end(l->c, place, taken, l->err) : 0;
    l->hash = fuzz_hash(l->hash, taken, sizeof *taken);
    return rc;
}

/* The n-th token of a mask, n modulo their number; -1: it is empty. */
static int32_t choose(const uint64_t *mask, unsigned n)
{
    unsigned count = 0;
    for (int32_t token = 0; token < LANGUAGE_TOKENS; token++) {
        count += has(mask, token);
    }
    for (int32_t token = 0; token < LANGUAGE_TOKENS && count; token++) {
        if (has(mask, token) && n-- % count == 0) {
            return token;
        }
    }
    return -1;
}

/* Writes a text of at most so many tokens, FEWEST_TOKENS to MOST_TOKENS; *size 0 where it has not come to an end, which
 * it does where tokens are counted, unless none is so short. */
static int write_text(Language *l, const uint8_t *choices, size_t count, char *text, size_t *size)
{
    uint64_t mask[LANGUAGE_MASK];
    MtsConstraintPlace place = mts_constraint_start(l->c);
    bool ends;
    int rc;
    *size = 0;
    const size_t most = FEWEST_TOKENS + (count ? choices[count - 1] : 0) % (MOST_TOKENS - FEWEST_TOKENS + 1);
    for (size_t i = 0; i < most; i++) {
        unsigned choice = count ? choices[i % count] : 0;
        if ((rc = mts_constraint_may_end(l->c, place, &ends, l->err)) ||
            (rc = mts_constraint_mask(l->c, place, l->counts ? most - 1 - i : SIZE_MAX, mask, l->err)) ||
            (ends && choice % 8 == 7)) {
            return rc;
        }
        int32_t token = choose(mask, choice);
        if (token < 0) {
            fuzz_require(ends || i == 0 || !l->regular, "what was said to suffice does");
            *size = ends ? *size : 0;
            return 0;
        }
        size_t n;
        const char *bytes = bytes_of(NULL, token, &n);
        memcpy(text + *size, bytes, n);
        *size += n;
        if ((rc = mts_constraint_advance(l->c, place, token, &place, l->err))) {
            return rc;
        }
    }
    if ((rc = mts_constraint_may_end(l->c, place, &ends, l->err))) {
        return rc;
    }
    fuzz_require(ends || !l->regular || !l->counts, "a text ends within its tokens");
    *size = ends ? *size : 0;
    return 0;
}

static int try_texts(Language *l, LanguageCheck *check, const MtsConstraintSource *source, const char *text,
                     size_t size)
{
    char written[MOST_TOKENS * MOST_WORD + 1];
    size_t written_size;
    bool taken, again;
    int rc;
    if ((rc = read_text(l, text, size, &taken)) ||
        (rc = write_text(l, (const uint8_t *)text, size, written, &written_size))) {
        return rc;
    }
    l->hash = fuzz_hash(l->hash, written, written_size);
    if (!l->regular) {
        return 0;
    }
    fuzz_judge();
    check(source->text, source->size, text, size, taken);
    fuzz_judged();
    if (!written_size || (rc = read_text(l, written, written_size, &again))) {
        return rc;
    }
    fuzz_require(again, "what was written is taken");
    fuzz_judge();
    check(source->text, source->size, written, written_size, true);
    fuzz_judged();
    return 0;
}

uint64_t language_run(MtsConstraintForm form, LanguageCheck *check, const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const uint8_t *nul = memchr(data + 1, 0, size - 1);
    const char *text = nul ? (const char *)nul + 1 : "";
    size_t text_size = nul ? size - (size_t)(nul + 1 - data) : 0;
    MtsError err = {0};
    Language l = {NULL, false, size % ONE_IN == 0, (int32_t)(size / ONE_IN % STRIDE), FUZZ_HASH, &err};
    char *copy = mts_strndup((const char *)data + 1, nul ? (size_t)(nul - data - 1) : size - 1);
    if (!copy) {
        return 0;
    }
    const MtsConstraintSource source = {form, copy, strlen(copy), "language", data[0] & 7, budgets[data[0] >> 3 & 7]};
    int rc = mts_constraint_new(&l.c, &source, language_vocabulary(), &err);
    fuzz_require(!rc || !l.c, "no constraint where it was refused");
    if (!rc) {
        l.regular = mts_constraint_regular(l.c);
        rc = try_texts(&l, check, &source, text, text_size < MOST_READ ? text_size : MOST_READ);
    }
    mts_constraint_free(&l.c);
    free(copy);
    return rc ? fuzz_refused(rc, &err) : l.hash;
}
