/* constraint/backtrack.c - alive is what PCRE2 calls so.
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
 * PCRE2 does not say how many steps it took, only that a limit was too low. So a match is tried with a low limit and,
 * where that is too low, with ten times as many: the limits that were tried stand for what it took, which is at most
 * twelve times less, and a mask of many hard matches ends as one hard match does. Matches are interpreted, since
 * compiled ones (PCRE2's JIT) count no steps in calls of groups and in look-arounds, and no limit would end them. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "constraint/backtrack.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"

enum {
    FIRST_LIMIT = 100,
    MORE = 10,
    MATCH_LIMIT = 1000000, /* backtracking steps of one match; PCRE2's own default is ten times that */
    DEPTH_LIMIT = 100000
};

typedef struct Text {
    char *bytes;
    size_t size;
} Text;

struct MtsBacktrack {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
    const MtsVocabulary *vocabulary;
    uint32_t *named; /* [named_count] the code points beyond ASCII that the pattern names */
    size_t named_count, named_cap;
    bool properties; /* it uses Unicode properties */
    Text *texts;     /* [text_count] the places; 0 is the dead one, 1 the empty text */
    size_t text_count, text_cap;
    MtsBytes text; /* the one in question */
    int gave_up;   /* PCRE2's code where it did; 0 */
    size_t budget; /* bytes of all texts, and twice the steps for one question */
    size_t held, steps;
};

enum { SPENT = -1000 }; /* among PCRE2's codes: all matches of the question together take too many steps */

static bool add_named(MtsBacktrack *c, uint32_t cp)
{
    if (!mts_grow(&c->named, &c->named_cap, c->named_count + 1, sizeof *c->named)) {
        return false;
    }
    c->named[c->named_count++] = cp;
    return true;
}

/* What \R, \v and \h take of three bytes: may_stand() would not come to all of it by itself. */
static bool add_spaces(MtsBacktrack *c)
{
    static const uint16_t spaces[] = {0x1680, 0x180E, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000};
    bool ok = true;
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        ok = ok && add_named(c, spaces[i]);
    }
    return ok;
}

/* Collects what the pattern names: its own characters, \x{...}, \N{U+...}; valid UTF-8, for it has compiled. */
static bool read_names(MtsBacktrack *c, const char *pattern)
{
    bool ok = true;
    c->properties = strstr(pattern, "\\p") || strstr(pattern, "\\P") || strstr(pattern, "\\X") ||
                    strstr(pattern, "(*") || strstr(pattern, "(?i");
    for (size_t n = strlen(pattern), size; n > 0 && ok; pattern += size, n -= size) {
        uint32_t cp = 0;
        size = mts_utf8_decode(pattern, n, &cp);
        size = size ? size : 1;
        if (strncmp(pattern, "\\x{", 3) == 0 || strncmp(pattern, "\\o{", 3) == 0) {
            cp = (uint32_t)strtoul(pattern + 3, NULL, pattern[1] == 'x' ? 16 : 8);
        } else if (strncmp(pattern, "\\N{U+", 5) == 0) {
            cp = (uint32_t)strtoul(pattern + 5, NULL, 16);
        }
        ok = cp < 0x80 || add_named(c, cp);
        if (ok && *pattern == '\\' && n > 1 && strchr("Rvh", pattern[1])) {
            ok = add_spaces(c);
        }
    }
    return ok;
}

static int no_memory(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "constraint: memory ran out");
}

/* The pattern between \A and \z: (*UTF) and the like stay in front, and what is left open at its end is closed. */
static bool hold_to_ends(MtsBytes *whole, const char *pattern, size_t size, const char *closing)
{
    size_t verbs = 0;
    while (size - verbs > 2 && memcmp(pattern + verbs, "(*", 2) == 0 && pattern[verbs + 2] >= 'A' &&
           pattern[verbs + 2] <= 'Z' && memchr(pattern + verbs, ')', size - verbs)) {
        verbs = (size_t)((const char *)memchr(pattern + verbs, ')', size - verbs) - pattern) + 1;
    }
    whole->len = 0;
    return mts_bytes_append(whole, pattern, verbs) && mts_bytes_append_str(whole, "\\A(?:") &&
           mts_bytes_append(whole, pattern + verbs, size - verbs) && mts_bytes_append_str(whole, closing);
}

/* Why PCRE2 does not compile: the pattern's fault, its own limits, or memory's. */
static int refused(int why, size_t where, MtsError *err)
{
    char text[200];
    if (why == PCRE2_ERROR_HEAP_FAILED || why == PCRE2_ERROR_NOMEMORY) {
        return no_memory(err);
    }
    pcre2_get_error_message(why, (PCRE2_UCHAR *)text, sizeof text);
    return why == PCRE2_ERROR_PATTERN_TOO_LARGE
               ? mts_fail(err, MTS_ECAPACITY, "constraint: the pattern is more than PCRE2 holds: %s", text)
               : mts_fail(err, MTS_EREQUEST, "constraint: the pattern is wrong at character %zu: %s", where, text);
}

static int compile(MtsBacktrack *m, const char *pattern, size_t size, MtsError *err)
{
    static const char *const closings[] = {")\\z", "\\E)\\z", "\n)\\z"};
    int why = 0, rc = MTS_OK;
    PCRE2_SIZE where;
    MtsBytes whole = {0};
    pcre2_code *alone = pcre2_compile((PCRE2_SPTR)pattern, size, PCRE2_UTF, &why, &where, NULL);
    if (!alone) {
        return refused(why, (size_t)where, err);
    }
    pcre2_code_free(alone);
    for (int i = 0; i < 3 && !m->code && !rc; i++) {
        rc = hold_to_ends(&whole, pattern, size, closings[i]) ? MTS_OK : no_memory(err);
        m->code = rc ? NULL : pcre2_compile((PCRE2_SPTR)whole.data, whole.len, PCRE2_UTF, &why, &where, NULL);
    }
    mts_bytes_free(&whole);
    if (!rc && !m->code && (why == PCRE2_ERROR_HEAP_FAILED || why == PCRE2_ERROR_PATTERN_TOO_LARGE)) {
        rc = refused(why, 0, err);
    } else if (!rc && !m->code) {
        rc = mts_fail(err, MTS_EUNSUPPORTED, "constraint: the pattern cannot be held to the text's both ends");
    }
    return rc;
}

static int add_text(MtsBacktrack *m, const char *bytes, size_t size, uint32_t *place, MtsError *err)
{
    m->held += size + 1 + sizeof *m->texts;
    if (m->held > m->budget) {
        return mts_fail(err, MTS_ECAPACITY,
                        "constraint: the pattern is not regular, and the texts read under it need more memory than it "
                        "may take");
    }
    char *copy = mts_calloc(size + 1, 1);
    if (!copy || !mts_grow(&m->texts, &m->text_cap, m->text_count + 1, sizeof *m->texts)) {
        free(copy);
        return no_memory(err);
    }
    memcpy(copy, bytes, size);
    *place = (uint32_t)m->text_count;
    m->texts[m->text_count++] = (Text){copy, size};
    return MTS_OK;
}

int mts_backtrack_new(MtsBacktrack **backtrack, const char *pattern, size_t size, const MtsVocabulary *vocabulary,
                      size_t budget, MtsError *err)
{
    MtsBacktrack *m = mts_calloc(1, sizeof *m);
    char *copy = mts_strndup(pattern, size);
    uint32_t place;
    int rc = m && copy ? compile(m, pattern, size, err) : no_memory(err);
    *backtrack = NULL;
    if (rc) {
        goto done;
    }
    m->vocabulary = vocabulary;
    m->budget = budget;
    m->data = pcre2_match_data_create(1, NULL);
    m->limits = pcre2_match_context_create(NULL);
    if (!m->data || !m->limits || !read_names(m, copy)) {
        rc = no_memory(err);
        goto done;
    }
    pcre2_set_depth_limit(m->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(m->limits, budget >> 10 < UINT32_MAX ? (uint32_t)(budget >> 10) : UINT32_MAX);
    if (!(rc = add_text(m, "", 0, &place, err)) && !(rc = add_text(m, "", 0, &place, err))) {
        *backtrack = m;
        m = NULL;
    }
done:
    free(copy);
    mts_backtrack_free(&m);
    return rc;
}

void mts_backtrack_free(MtsBacktrack **backtrack)
{
    MtsBacktrack *m = *backtrack;
    if (m) {
        pcre2_code_free(m->code);
        pcre2_match_data_free(m->data);
        pcre2_match_context_free(m->limits);
        for (size_t i = 0; i < m->text_count; i++) {
            free(m->texts[i].bytes);
        }
        free(m->texts);
        free(m->named);
        mts_bytes_free(&m->text);
        free(m);
        *backtrack = NULL;
    }
}

uint32_t mts_backtrack_start(void)
{
    return 1;
}

/* Makes the place's text the one in question, with room for `more` bytes and the rest of a character behind it. */
static int set_text(MtsBacktrack *m, uint32_t place, size_t more, MtsError *err)
{
    size_t need;
    const Text *t = &m->texts[place];
    m->text.len = 0;
    m->gave_up = 0;
    m->steps = 0;
    return mts_size_add(t->size, more + 8, &need) && mts_grow(&m->text.data, &m->text.cap, need, 1) &&
                   mts_bytes_append(&m->text, t->bytes, t->size)
               ? MTS_OK
               : no_memory(err);
}

/* Whether the first `size` bytes of the buffer match, or (partial) can still come to match. PCRE2 has no
 * partial match of the empty text; it is taken to be possible. Where it has given up, it is not asked again: all that
 * is left is to say so. */
static bool matches(MtsBacktrack *m, size_t size, bool partial)
{
    int rc = PCRE2_ERROR_MATCHLIMIT;
    for (uint32_t limit = FIRST_LIMIT; rc == PCRE2_ERROR_MATCHLIMIT && limit <= MATCH_LIMIT; limit *= MORE) {
        m->gave_up = m->gave_up || m->steps <= m->budget / 2 ? m->gave_up : SPENT;
        if (m->gave_up) {
            return false;
        }
        m->steps += limit + size / 16; /* a byte that is passed without a choice costs little */
        pcre2_set_match_limit(m->limits, limit);
        rc = pcre2_match(m->code, (PCRE2_SPTR)m->text.data, size, 0,
                         PCRE2_NO_UTF_CHECK | (partial ? PCRE2_PARTIAL_HARD : 0), m->data, m->limits);
    }
    m->gave_up = rc < PCRE2_ERROR_PARTIAL ? rc : m->gave_up;
    if (rc >= 0 && !partial) { /* (*ACCEPT) may end a match before the text's end */
        return pcre2_get_ovector_pointer(m->data)[1] == size;
    }
    return rc >= 0 || (partial && (rc == PCRE2_ERROR_PARTIAL || size == 0));
}

/* Whether a character that begins with the `pending` bytes behind the first `at` may stand there. `length`: its bytes.
 */
static bool may_stand(MtsBacktrack *m, size_t at, size_t pending, size_t length)
{
    const MtsBacktrack *c = m;
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
static bool alive(MtsBacktrack *m)
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

static int exhausted(const MtsBacktrack *m, MtsError *err)
{
    if (m->gave_up == SPENT) {
        return mts_fail(err, MTS_ECAPACITY,
                        "constraint: the pattern is not regular, and PCRE2's matches for one token or mask need more "
                        "steps than they may take");
    }
    return m->gave_up == PCRE2_ERROR_NOMEMORY
               ? no_memory(err)
               : mts_fail(err, MTS_ECAPACITY,
                          "constraint: the pattern is not regular, and PCRE2 gives up on it after %d steps",
                          MATCH_LIMIT);
}

int mts_backtrack_read(MtsBacktrack *m, uint32_t place, const char *bytes, size_t size, uint32_t *next, MtsError *err)
{
    int rc = place ? set_text(m, place, size, err) : MTS_OK;
    *next = 0;
    if (rc || !place) {
        return rc;
    }
    mts_bytes_append(&m->text, bytes, size);
    if (!alive(m)) {
        return m->gave_up ? exhausted(m, err) : MTS_OK;
    }
    return add_text(m, m->text.data, m->text.len, next, err);
}

static bool whole_text(MtsBacktrack *m)
{
    return mts_utf8_valid_prefix(m->text.data, m->text.len) == m->text.len && matches(m, m->text.len, false);
}

int mts_backtrack_may_end(MtsBacktrack *m, uint32_t place, bool *ends, MtsError *err)
{
    int rc = place ? set_text(m, place, 0, err) : MTS_OK;
    *ends = place && !rc && whole_text(m);
    return rc || !place || !m->gave_up ? rc : exhausted(m, err);
}

typedef struct TextWalk {
    MtsBacktrack *m;
    size_t base; /* bytes of the text before the tokens */
    bool last;
    uint64_t *mask;
} TextWalk;

/* The tokens below a node whose bytes stand in the buffer, `depth` of them. */
static void walk(const TextWalk *w, uint32_t parent, size_t depth)
{
    MtsBacktrack *m = w->m;
    const MtsTrieNode *nodes = m->vocabulary->nodes;
    for (uint32_t c = parent + 1; c < nodes[parent].end; c = nodes[c].end) {
        bool ends = nodes[c].own > nodes[c].first, single = !ends && nodes[c + 1].end == nodes[c].end;
        m->text.len = w->base + depth;
        mts_bytes_append(&m->text, &nodes[c].byte, 1);
        if (!single && !alive(m)) { /* a node with one child and no token is as alive as that child */
            continue;
        }
        for (uint32_t i = nodes[c].first; i < nodes[c].own && (i > nodes[c].first || !w->last || whole_text(m)); i++) {
            int32_t t = m->vocabulary->sorted[i];
            w->mask[t >> 6] |= UINT64_C(1) << (t & 63);
        }
        walk(w, c, depth + 1);
    }
}

int mts_backtrack_mask(MtsBacktrack *m, uint32_t place, bool last, uint64_t *mask, MtsError *err)
{
    int rc = set_text(m, place, m->vocabulary->longest, err);
    if (rc) {
        return rc;
    }
    memset(mask, 0, m->vocabulary->words * sizeof *mask);
    if (place) {
        walk(&(TextWalk){.m = m, .base = m->text.len, .last = last, .mask = mask}, 0, 0);
    }
    return m->gave_up ? exhausted(m, err) : MTS_OK;
}
