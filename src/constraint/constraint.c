/* constraint/constraint.c - a regular expression that every text matches.
 *
 * A text is alive when PCRE2 says that it matches, or that its end was reached with a match still possible
 * (PCRE2_PARTIAL_HARD). The pattern stands between \A and \z: PCRE2_ENDANCHORED refuses partial matching. "Possible" is
 * PCRE2's word: with look-arounds it can be optimistic, and the search then meets a prefix after which nothing may
 * follow; that prefix weighs nothing, so the target is unharmed.
 *
 * A token may end inside a UTF-8 character. Whether some character that begins with those bytes may stand there is
 * asked of a few: classes and ranges of a pattern change only at the code points that it names, so of all characters
 * with a common beginning it is enough to try the first, the last and those named. Unicode properties change anywhere;
 * under a pattern that uses them an unfinished character counts as possible.
 *
 * The mask walks the vocabulary sorted by bytes as if it were a trie: tokens with a common beginning are
 * neighbours, so a dead beginning skips all of them. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "constraint/constraint.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"

enum {
    MATCH_LIMIT = 1000000, /* backtracking steps of one match; PCRE2's own default is ten times that */
    DEPTH_LIMIT = 10000
};

struct MtsConstraint {
    pcre2_code *code;
    size_t vocab;
    MtsTokenBytes bytes;
    const void *context;
    size_t longest;  /* bytes of the longest token */
    int32_t *sorted; /* [sorted_count] tokens that have bytes, by those bytes, then by id */
    size_t sorted_count;
    uint32_t *named; /* [named_count] the code points beyond ASCII that the pattern names */
    size_t named_count, named_cap;
    bool properties; /* it uses Unicode properties */
};

struct MtsMatcher {
    const MtsConstraint *constraint;
    pcre2_match_data *data;
    pcre2_match_context *limits;
    MtsBytes text;
    size_t base;   /* bytes of the text itself; what lies beyond is the token in question */
    uint8_t *mask; /* of the mask being made */
    size_t allowed;
};

typedef struct Spelling {
    const char *bytes;
    size_t size;
    int32_t token;
} Spelling;

static int by_bytes(const void *a, const void *b)
{
    const Spelling *x = a, *y = b;
    int order = memcmp(x->bytes, y->bytes, x->size < y->size ? x->size : y->size);
    if (order) {
        return order;
    }
    if (x->size != y->size) {
        return x->size < y->size ? -1 : 1;
    }
    return x->token < y->token ? -1 : x->token > y->token;
}

static int sort_vocabulary(MtsConstraint *c, MtsError *err)
{
    Spelling *all = mts_calloc(c->vocab, sizeof *all);
    c->sorted = mts_calloc(c->vocab, sizeof *c->sorted);
    if (!all || !c->sorted) {
        free(all);
        return mts_fail(err, MTS_ENOMEM, "constraint: memory ran out for a vocabulary of %zu tokens", c->vocab);
    }
    for (size_t t = 0; t < c->vocab; t++) {
        Spelling *s = &all[c->sorted_count];
        s->token = (int32_t)t;
        s->bytes = c->bytes(c->context, (int32_t)t, &s->size);
        if (s->bytes && s->size > 0) {
            c->sorted_count++;
            c->longest = s->size > c->longest ? s->size : c->longest;
        }
    }
    qsort(all, c->sorted_count, sizeof *all, by_bytes);
    for (size_t i = 0; i < c->sorted_count; i++) {
        c->sorted[i] = all[i].token;
    }
    free(all);
    return MTS_OK;
}

static bool add_named(MtsConstraint *c, uint32_t cp)
{
    if (!mts_grow(&c->named, &c->named_cap, c->named_count + 1, sizeof *c->named)) {
        return false;
    }
    c->named[c->named_count++] = cp;
    return true;
}

/* Collects what the pattern names: its own characters, \x{...}; valid UTF-8, for it has compiled. */
static bool read_names(MtsConstraint *c, const char *pattern)
{
    bool ok = true;
    c->properties = strstr(pattern, "\\p") || strstr(pattern, "\\P") || strstr(pattern, "\\X") ||
                    strstr(pattern, "(*") || strstr(pattern, "(?i") || strstr(pattern, "\\N{");
    for (size_t n = strlen(pattern), size; n > 0 && ok; pattern += size, n -= size) {
        uint32_t cp = 0;
        size = mts_utf8_decode(pattern, n, &cp);
        size = size ? size : 1;
        if (strncmp(pattern, "\\x{", 3) == 0) {
            cp = (uint32_t)strtoul(pattern + 3, NULL, 16);
        }
        ok = cp < 0x80 || add_named(c, cp);
    }
    return ok;
}

/* The pattern alone first, so that a sentence about it counts its own characters. */
static int compile(MtsConstraint *c, const char *pattern, MtsError *err)
{
    MtsBytes whole = {0};
    int why, rc = MTS_OK;
    PCRE2_SIZE where;
    pcre2_code *alone = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &why, &where, NULL);
    if (alone && !mts_bytes_printf(&whole, "\\A(?:%s)\\z", pattern)) {
        rc = mts_fail(err, MTS_ENOMEM, "constraint: memory ran out");
        goto done;
    }
    if (alone) {
        c->code = pcre2_compile((PCRE2_SPTR)whole.data, whole.len, PCRE2_UTF, &why, &where, NULL);
    }
    if (!c->code) {
        char text[200];
        pcre2_get_error_message(why, (PCRE2_UCHAR *)text, sizeof text);
        rc = mts_fail(err, MTS_EREQUEST, "constraint: the pattern is wrong at character %zu: %s", (size_t)where, text);
        goto done;
    }
    pcre2_jit_compile(c->code, PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD); /* where there is no JIT, it interprets */
done:
    pcre2_code_free(alone);
    mts_bytes_free(&whole);
    return rc;
}

/* Fails unless some text of the vocabulary's tokens may match. */
static int check_beginning(const MtsConstraint *c, const char *pattern, MtsError *err)
{
    MtsMatcher *m = NULL;
    uint8_t *mask = NULL;
    int rc;
    if ((rc = mts_matcher_new(&m, c, err)) || (rc = mts_matcher_set(m, "", 0, err)) || mts_matcher_may_end(m)) {
        goto done;
    }
    mask = mts_calloc(c->vocab, 1);
    if (!mask) {
        rc = mts_fail(err, MTS_ENOMEM, "constraint: memory ran out");
    } else if (mts_matcher_mask(m, mask) == 0) {
        rc = mts_fail(err, MTS_ECONSTRAINT, "constraint: no token of the model can begin a text that matches \"%s\"",
                      pattern);
    }
done:
    free(mask);
    mts_matcher_free(&m);
    return rc;
}

int mts_constraint_new(MtsConstraint **constraint, const char *pattern, size_t vocab, MtsTokenBytes bytes,
                       const void *context, MtsError *err)
{
    *constraint = NULL;
    MtsConstraint *c = mts_calloc(1, sizeof *c);
    if (!c) {
        return mts_fail(err, MTS_ENOMEM, "constraint: memory ran out");
    }
    c->vocab = vocab;
    c->bytes = bytes;
    c->context = context;
    int rc = compile(c, pattern, err);
    if (!rc) {
        rc = read_names(c, pattern) ? sort_vocabulary(c, err) : mts_fail(err, MTS_ENOMEM, "constraint: memory ran out");
    }
    if (rc || (rc = check_beginning(c, pattern, err))) {
        mts_constraint_free(&c);
        return rc;
    }
    *constraint = c;
    return MTS_OK;
}

void mts_constraint_free(MtsConstraint **constraint)
{
    MtsConstraint *c = *constraint;
    if (c) {
        pcre2_code_free(c->code);
        free(c->sorted);
        free(c->named);
        free(c);
        *constraint = NULL;
    }
}

int mts_matcher_new(MtsMatcher **matcher, const MtsConstraint *constraint, MtsError *err)
{
    *matcher = NULL;
    MtsMatcher *m = mts_calloc(1, sizeof *m);
    if (m) {
        m->constraint = constraint;
        m->data = pcre2_match_data_create(1, NULL);
        m->limits = pcre2_match_context_create(NULL);
    }
    if (!m || !m->data || !m->limits || !mts_bytes_append(&m->text, "", 0)) {
        mts_matcher_free(&m);
        return mts_fail(err, MTS_ENOMEM, "constraint: memory ran out");
    }
    pcre2_set_match_limit(m->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(m->limits, DEPTH_LIMIT);
    *matcher = m;
    return MTS_OK;
}

void mts_matcher_free(MtsMatcher **matcher)
{
    MtsMatcher *m = *matcher;
    if (m) {
        pcre2_match_data_free(m->data);
        pcre2_match_context_free(m->limits);
        mts_bytes_free(&m->text);
        free(m);
        *matcher = NULL;
    }
}

int mts_matcher_set(MtsMatcher *m, const char *text, size_t size, MtsError *err)
{
    size_t room;
    m->text.len = 0;
    if (!mts_size_add(size, m->constraint->longest + 4, &room) || !mts_grow(&m->text.data, &m->text.cap, room, 1) ||
        !mts_bytes_append(&m->text, text, size)) {
        return mts_fail(err, MTS_ENOMEM, "constraint: memory ran out for a text of %zu bytes", size);
    }
    m->base = size;
    return MTS_OK;
}

/* Whether the first `size` bytes of the buffer match, or (partial) can still come to match. PCRE2 has no
 * partial match of the empty text; it is taken to be possible. */
static bool matches(MtsMatcher *m, size_t size, bool partial)
{
    int rc = pcre2_match(m->constraint->code, (PCRE2_SPTR)m->text.data, size, 0,
                         PCRE2_NO_UTF_CHECK | (partial ? PCRE2_PARTIAL_HARD : 0), m->data, m->limits);
    return rc >= 0 || (partial && (rc == PCRE2_ERROR_PARTIAL || size == 0));
}

/* Whether a character that begins with the `pending` bytes behind the first `at` may stand there. `length`: its bytes.
 */
static bool may_stand(MtsMatcher *m, size_t at, size_t pending, size_t length)
{
    const MtsConstraint *c = m->constraint;
    char *end = m->text.data + at, begun[4], whole[4];
    bool ok = false;
    if (c->properties || !matches(m, at, true)) {
        return c->properties && matches(m, at, true);
    }
    memcpy(begun, end, pending);
    for (int fill = 0x80; fill <= 0xBF && !ok;
         fill++) { /* the first and the last of them that are valid, and some between */
        memset(end + pending, fill, length - pending);
        ok = mts_utf8_valid_prefix(end, length) == length && matches(m, at + length, true);
    }
    for (size_t i = 0; i < c->named_count && !ok; i++) {
        if (mts_utf8_encode(c->named[i], whole) == length && memcmp(whole, begun, pending) == 0) {
            memcpy(end, whole, length);
            ok = matches(m, at + length, true);
        }
    }
    memcpy(end, begun, pending);
    end[pending] = '\0';
    return ok;
}

/* Whether the whole buffer is alive. A character left unfinished at its end is alive when one of its possible
 * last bytes makes it so, or one of may_stand()'s candidates where more than one byte is missing. */
static bool alive(MtsMatcher *m)
{
    size_t size = m->text.len, pending = mts_utf8_pending(m->text.data, size);
    if (mts_utf8_valid_prefix(m->text.data, size) + pending != size) {
        return false;
    }
    if (pending == 0) {
        return matches(m, size, true);
    }
    unsigned char lead = (unsigned char)m->text.data[size - pending];
    size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    bool ok = false;
    if (length - pending > 1) {
        return may_stand(m, size - pending, pending, length);
    }
    for (int last = 0x80; last < 0xC0 && !ok; last++) {
        m->text.data[size] = (char)last; /* in the place of the NUL */
        ok = mts_utf8_valid_prefix(m->text.data, size + 1) == size + 1 && matches(m, size + 1, true);
    }
    m->text.data[size] = '\0';
    return ok;
}

bool mts_matcher_may_end(MtsMatcher *m)
{
    return mts_utf8_valid_prefix(m->text.data, m->base) == m->base && matches(m, m->base, false);
}

/* Puts `size` bytes behind the first `keep` bytes of the buffer; never fails within the room made by
 * mts_matcher_set(). */
static bool put(MtsMatcher *m, size_t keep, const char *bytes, size_t size)
{
    m->text.len = keep;
    return mts_bytes_append(&m->text, bytes, size);
}

bool mts_matcher_allows(MtsMatcher *m, int32_t token)
{
    const MtsConstraint *c = m->constraint;
    size_t size;
    const char *bytes = c->bytes(c->context, token, &size);
    bool ok = bytes && size > 0 && put(m, m->base, bytes, size) && alive(m);
    m->text.len = m->base;
    return ok;
}

/* The spelling of the i-th token in the sorted order. */
static const char *spelling(const MtsConstraint *c, size_t i, size_t *size)
{
    return c->bytes(c->context, c->sorted[i], size);
}

/* How many bytes sorted[from..to) have in common: the order makes it those of the first and the last. */
static size_t common(const MtsConstraint *c, size_t from, size_t to)
{
    size_t first_size, last_size, n = 0;
    const char *first = spelling(c, from, &first_size), *last = spelling(c, to - 1, &last_size);
    size_t most = first_size < last_size ? first_size : last_size;
    while (n < most && first[n] == last[n]) {
        n++;
    }
    return n;
}

/* Tokens sorted[from..to) share their first `depth` bytes, which stand in the buffer and are alive. */
static void walk(MtsMatcher *m, size_t from, size_t to, size_t depth)
{
    const MtsConstraint *c = m->constraint;
    while (from < to) {
        size_t size;
        const char *bytes = spelling(c, from, &size);
        if (size == depth) { /* spelled out: the order has the shortest first */
            m->mask[c->sorted[from++]] = 1;
            m->allowed++;
            continue;
        }
        size_t low = from + 1, end = to; /* [from, end): neighbours with the same next byte, found by bisection */
        while (low < end) {
            size_t middle = low + (end - low) / 2, other_size;
            if (spelling(c, middle, &other_size)[depth] == bytes[depth]) {
                low = middle + 1;
            } else {
                end = middle;
            }
        }
        size_t next = common(c, from, end);
        if (put(m, m->base + depth, bytes + depth, next - depth) && alive(m)) {
            walk(m, from, end, next);
        }
        from = end;
    }
}

size_t mts_matcher_mask(MtsMatcher *m, uint8_t *mask)
{
    memset(mask, 0, m->constraint->vocab);
    m->mask = mask;
    m->allowed = 0;
    walk(m, 0, m->constraint->sorted_count, 0);
    m->text.len = m->base;
    m->mask = NULL;
    return m->allowed;
}
