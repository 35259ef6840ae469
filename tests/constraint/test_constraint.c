/* Masks against advancing, tokens left, PCRE2 as the judge of patterns, and what is refused. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "toy.h"

#include "core/mem.h"

#include <pcre2.h>

static bool toy_masked(MtsConstraint *c, MtsConstraintPlace place, size_t left, int32_t token)
{
    MtsError err = {0};
    uint64_t mask[(TOY_VOCAB + 63) / 64];
    assert_ok(mts_constraint_mask(c, place, left, mask, &err), &err);
    return mask[token >> 6] >> (token & 63) & 1;
}

static pcre2_code *whole(const char *pattern)
{
    int why;
    PCRE2_SIZE where;
    return pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED,
                         &why, &where, NULL);
}

/* Every place within three tokens: a token is in the mask exactly when its bytes lead to a place that is alive, and a
 * mask for n more tokens has exactly those from which n tokens can finish. */
static bool ends_within(MtsConstraint *c, MtsConstraintPlace place, size_t left)
{
    MtsError err = {0};
    bool ends = toy_ends(c, place);
    for (int32_t t = 0; t < TOY_VOCAB && left > 0 && !ends; t++) {
        MtsConstraintPlace next;
        assert_ok(mts_constraint_advance(c, place, t, &next, &err), &err);
        ends = next && ends_within(c, next, left - 1);
    }
    return ends;
}

static void check_masks(MtsConstraint *c, MtsConstraintPlace place, int depth)
{
    MtsError err = {0};
    uint64_t mask[(TOY_VOCAB + 63) / 64], near[(TOY_VOCAB + 63) / 64];
    assert_ok(mts_constraint_mask(c, place, SIZE_MAX, mask, &err), &err);
    for (int32_t t = 0; t < TOY_VOCAB; t++) {
        MtsConstraintPlace next;
        assert_ok(mts_constraint_advance(c, place, t, &next, &err), &err);
        if ((mask[t >> 6] >> (t & 63) & 1) != (next != MTS_PLACE_DEAD)) {
            fail_msg("token %d at place %u: %s", (int)t, (unsigned)place, next ? "lost" : "let through");
        }
    }
    for (size_t left = 0; left < 2; left++) {
        assert_ok(mts_constraint_mask(c, place, left, near, &err), &err);
        for (int32_t t = 0; t < TOY_VOCAB; t++) {
            MtsConstraintPlace next;
            assert_ok(mts_constraint_advance(c, place, t, &next, &err), &err);
            assert_int_equal(near[t >> 6] >> (t & 63) & 1, next && ends_within(c, next, left));
        }
    }
    for (int32_t t = 0; t < TOY_WORDS && depth > 0; t++) {
        MtsConstraintPlace next;
        assert_ok(mts_constraint_advance(c, place, t, &next, &err), &err);
        if (next) {
            check_masks(c, next, depth - 1);
        }
    }
}

static void masks_are_what_advancing_allows(void **state)
{
    (void)state;
    static const char *const sources[] = {"[0-9]+(,[0-9]+)*", "-?[0-9]{1,4}(\\.[0-9]+)?",
                                          "(ab|abc)+b?",      ".{3}",
                                          "\xC3\xA9+",        "[^a]*\xE2\x82\xAC?",
                                          "(?=1)[0-9,]+",     "a*|\"[^\"]*\"",
                                          "(?!12)[0-9]{2,3}", "{\"type\":[\"string\",\"integer\"]}"};
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        MtsConstraint *c;
        MtsConstraintForm form = sources[i][0] == '{' ? MTS_CONSTRAINT_SCHEMA : MTS_CONSTRAINT_PATTERN;
        assert_ok(toy_open(&c, form, 0, sources[i], v, &err), &err);
        assert_true(mts_constraint_regular(c));
        check_masks(c, mts_constraint_start(c), 2);
        mts_constraint_free(&c);
    }
    mts_vocabulary_free(&v);
}

static void an_end_is_allowed_where_the_text_matches(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    MtsConstraint *c;
    assert_ok(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, "a{2,3}", v, &err), &err);
    static const bool may_end[] = {false, false, true, true, false}, may_go_on[] = {true, true, true, false, false};
    for (size_t n = 0; n < 5; n++) {
        MtsConstraintPlace place;
        assert_ok(mts_constraint_read(c, mts_constraint_start(c), "aaaa", n, &place, &err), &err);
        assert_int_equal(toy_ends(c, place), may_end[n]);
        assert_int_equal(toy_masked(c, place, SIZE_MAX, 10), may_go_on[n]);
    }
    assert_false(toy_masked(c, mts_constraint_start(c), 0, 10)); /* one a alone is no match */
    assert_true(toy_masked(c, mts_constraint_start(c), 1, 10));
    mts_constraint_free(&c);
    mts_vocabulary_free(&v);
}

/* What PCRE2 reads as a beginning without trouble it may give up on as a whole: that is told, no "it may not end". */
static void a_match_given_up_is_no_answer(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    MtsConstraint *c;
    MtsConstraintPlace place;
    bool ends = true;
    assert_ok(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, "((?:a+a+)+)\\1?[,.]", v, &err), &err);
    assert_false(mts_constraint_regular(c));
    char text[65];
    memset(text, 'a', 64);
    assert_ok(mts_constraint_read(c, mts_constraint_start(c), text, 64, &place, &err), &err);
    assert_int_equal(mts_constraint_may_end(c, place, &ends, &err), MTS_ECAPACITY);
    assert_non_null(strstr(err.text, "PCRE2 gives up"));
    assert_false(ends);
    mts_constraint_free(&c);
    mts_vocabulary_free(&v);
}

/* Each match of these is within what one may take; all of a mask's, or all texts, are more than the request allows. */
static void all_matches_together_are_bounded(void **state)
{
    (void)state;
    static const char pattern[] = "((?:a+a+)+)\\1?[,.]?";
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    MtsConstraint *c;
    uint64_t mask[(TOY_VOCAB + 63) / 64];
    MtsConstraintSource small = {.text = pattern, .size = sizeof pattern - 1, .budget = 1 << 20};
    assert_ok(mts_constraint_new(&c, &small, v, &err), &err);
    assert_false(mts_constraint_regular(c));
    MtsConstraintPlace place = mts_constraint_start(c), next;
    assert_ok(mts_constraint_read(c, place, "aaaaaaaa", 8, &next, &err), &err);
    int rc = MTS_OK;
    for (size_t n = 0; n < 40 && !rc; n++) {
        rc = mts_constraint_read(c, place, "a", 1, &place, &err) || mts_constraint_mask(c, place, 0, mask, &err);
    }
    assert_true(rc);
    assert_int_equal(mts_constraint_mask(c, place, 0, mask, &err), MTS_ECAPACITY);
    assert_non_null(strstr(err.text, "PCRE2's matches for one token or mask need more steps"));
    for (rc = MTS_OK, place = mts_constraint_start(c); !rc;) {
        rc = mts_constraint_read(c, place, "aaaaaaaa", 8, &next, &err);
    }
    assert_int_equal(rc, MTS_ECAPACITY);
    assert_non_null(strstr(err.text, "need more memory than it may take"));
    mts_constraint_free(&c);
    mts_vocabulary_free(&v);
}

/* Compiled code counts no steps in calls of groups and in look-aheads that are gone back into; interpreted, all end. */
static void every_match_is_bounded(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "(.{1,..ss(?1)s|||||||||||||||||||||(?1)|||||||||||||||||1*400})\\h",
        "(?*|\\h){040}x",
        "(?:(?*a|)(?*|a)){30}(a)\\1",
    };
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    MtsConstraint *c;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        MtsConstraintSource source = {.text = patterns[i], .size = strlen(patterns[i])};
        MtsConstraintPlace place = MTS_PLACE_DEAD;
        int rc = mts_constraint_new(&c, &source, v, &err);
        rc = rc ? rc : mts_constraint_read(c, mts_constraint_start(c), "b", 1, &place, &err);
        assert_true(rc == MTS_ECAPACITY || (!rc && !place));
        mts_constraint_free(&c);
    }
    assert_non_null(strstr(err.text, "PCRE2 gives up on it after 1000000 steps"));
    mts_vocabulary_free(&v);
}

/* Where the steps have run out, nothing is kept any more, and what shares its parts is not walked again and again. */
static void what_has_failed_ends_at_once(void **state)
{
    (void)state;
    static const char pattern[] = "(\\Z\303\251}6||{K\\xk10ffffc\004ab}6|$$ W){42},";
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    MtsConstraint *c;
    MtsConstraintSource source = {.text = pattern, .size = sizeof pattern - 1, .budget = 1 << 18};
    assert_int_equal(mts_constraint_new(&c, &source, v, &err), MTS_ECAPACITY);
    mts_vocabulary_free(&v);
}

/* ---- PCRE2 as the judge ---- */

typedef struct Chance {
    uint64_t state;
} Chance;

static unsigned draw(Chance *c, unsigned n)
{
    c->state = c->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(c->state >> 33) % n;
}

static void random_pattern(Chance *c, char *out, size_t size, int depth)
{
    static const char *const atoms[] = {"a",     "b",   "c",        ".",     "[ab]",   "[^a]",
                                        "[a-c]", "\\d", "\xC3\xA9", "\\w",   "1",      "[^\xC3\xA9]",
                                        "\\x62", "^",   "$",        "(?i)A", "(?i:B)", "\\Qab\\E"};
    static const char *const quantifiers[] = {"*",    "+",  "?",     "{2}",   "{1,3}",   "{0,2}",
                                              "{2,}", "*?", "{3,9}", "+\\E?", "?(?#x)+", "*\\Q\\E?"};
    static const char *const unseen[] = {"\\E", "(?#x)", "\\Q\\E"};
    static const char *const opens[] = {"(", "(?:", "(?=", "(?!"};
    size_t parts = 1 + draw(c, 3), n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < parts && n + 48 < size; i++) {
        if (depth > 0 && draw(c, 3) == 0) {
            char inner[512];
            random_pattern(c, inner, sizeof inner / 4 << (depth > 1), depth - 1);
            unsigned open = draw(c, 12);
            n += (size_t)snprintf(out + n, size - n, "%s%s)", opens[open < 2 ? open + 2 : open & 1], inner);
        } else {
            n += (size_t)snprintf(out + n, size - n, "%s", atoms[draw(c, sizeof atoms / sizeof atoms[0])]);
        }
        if (n < size && draw(c, 3) == 0) {
            n += (size_t)snprintf(out + n, size - n, "%s%s", draw(c, 6) ? "" : unseen[draw(c, 3)],
                                  quantifiers[draw(c, 12)]);
        }
        if (n < size && i + 1 < parts && draw(c, 4) == 0) {
            n += (size_t)snprintf(out + n, size - n, "|");
        }
    }
}

static void random_text(Chance *c, char *out)
{
    static const char *const pieces[] = {"a", "b", "c", "1", "\xC3\xA9", "A", "B", "\n"};
    out[0] = '\0';
    for (unsigned n = draw(c, 8); n > 0; n--) {
        strcat(out, pieces[draw(c, draw(c, 8) ? 5 : 8)]);
    }
}

/* Texts that match must have every beginning alive; those that do not must not be accepted. */
static void patterns_mean_what_pcre2_says(void **state)
{
    (void)state;
    Chance chance = {7};
    MtsVocabulary *v = toy_vocabulary();
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    int regular = 0, matched = 0;
    const char *runs = getenv("MAXTS_PATTERNS");
    for (int i = 0, count = runs ? atoi(runs) : 1500; i < count; i++) {
        char pattern[600], text[64];
        MtsError err = {0};
        MtsConstraint *c;
        random_pattern(&chance, pattern, sizeof pattern, 2);
        pcre2_code *code = whole(pattern);
        int rc = toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, pattern, v, &err);
        if (!code || rc == MTS_ECONSTRAINT) {
            assert_int_not_equal(rc, MTS_OK);
        } else if (rc) {
            fail_msg("%s: %s", pattern, err.text);
        }
        for (int t = 0; t < 20 && code; t++) {
            random_text(&chance, text);
            bool judged = pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, 0, data, NULL) >= 0;
            bool ours = c && toy_accepts(c, text, strlen(text));
            if (judged != ours && (!c || mts_constraint_regular(c))) {
                fail_msg("%s on '%s': PCRE2 %d, ours %d", pattern, text, judged, ours);
            }
            matched += judged;
        }
        regular += c && mts_constraint_regular(c);
        mts_constraint_free(&c);
        pcre2_code_free(code);
    }
    assert_true(regular > 700 && matched > 1000);
    pcre2_match_data_free(data);
    mts_vocabulary_free(&v);
}

/* "(?<" begins a name only where no look-behind does. */
static void groups_of_other_kinds_are_pcre2s(void **state)
{
    (void)state;
    static const char *const patterns[] = {"a>b(?<*a>b)c", "a>b(?<=a>b)c", "a>b(?*c)c", "a>b(?|c)", "(a>b)(?(1)c)"};
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        MtsConstraint *c;
        assert_ok(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, patterns[i], v, &err), &err);
        assert_false(mts_constraint_regular(c));
        assert_true(toy_accepts(c, "a>bc", 4));
        assert_false(toy_accepts(c, "a>bbc", 5));
        mts_constraint_free(&c);
    }
    mts_vocabulary_free(&v);
}

static void hard_patterns_are_linear(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    static char text[20001];
    static const char *const patterns[] = {"(?:[a-z]+ ?)+\\.", "(?:a{1,1000}){1,1000}\\.", "(?:.|\\n)*\\.", "(a*)*\\.",
                                           "(a|a)*\\.",        "(?:a?){1,200}a*\\.",       "a{0,20000}\\."};
    memset(text, 'a', 19999);
    text[19999] = '.';
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        MtsConstraint *c;
        assert_ok(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, patterns[i], v, &err), &err);
        assert_true(mts_constraint_regular(c));
        assert_true(toy_accepts(c, text, 20000));
        assert_false(toy_accepts(c, text, 19999));
        mts_constraint_free(&c);
    }
    mts_vocabulary_free(&v);
}

static void what_is_not_regular_goes_through_pcre2(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    MtsConstraint *c;
    assert_ok(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, "(a|b)1\\1", v, &err), &err);
    assert_false(mts_constraint_regular(c));
    assert_true(toy_accepts(c, "a1a", 3));
    assert_false(toy_accepts(c, "a1b", 3));
    assert_true(toy_masked(c, mts_constraint_start(c), SIZE_MAX, 10));
    mts_constraint_free(&c);
    assert_ok(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, "(?x)\\bab # words", v, &err), &err);
    assert_true(toy_accepts(c, "ab", 2));
    mts_constraint_free(&c);
    mts_vocabulary_free(&v);
}

static void impossible_and_broken_patterns_are_named(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    MtsConstraint *c;
    assert_int_equal(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, "a(b", v, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "character"));
    assert_null(c);
    assert_int_equal(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, "(?!)", v, &err), MTS_ECONSTRAINT);
    assert_int_equal(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, "(?=b)a", v, &err), MTS_ECONSTRAINT);
    assert_non_null(strstr(err.text, "(?=b)a"));
    assert_ok(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, "", v, &err), &err); /* the empty answer */
    mts_constraint_free(&c);
    MtsConstraintSource small = {.text = ".*a.{40}", .size = 8, .budget = 1 << 20};
    assert_ok(mts_constraint_new(&c, &small, v, &err), &err);
    MtsConstraintPlace place = mts_constraint_start(c);
    int rc = MTS_OK;
    for (uint64_t i = 0, bits = 12345; i < 100000 && !rc; i++) { /* 2^40 states: more than a mebibyte */
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        rc = mts_constraint_read(c, place, bits & 1 ? "a" : "b", 1, &place, &err);
    }
    assert_int_equal(rc, MTS_ECAPACITY);
    mts_constraint_free(&c);
    mts_vocabulary_free(&v);
}

/* Work has a limit as memory has: it is told which of them is spent. */
static void too_much_work_ends_in_a_sentence(void **state)
{
    (void)state;
    static const char text[] = "{\"type\":\"string\",\"pattern\":\"^(a{1,9999}b?){1,9999}$\",\"minLength\":100,"
                               "\"maxLength\":100000}";
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    MtsConstraint *c;
    MtsConstraintSource source = {
        .form = MTS_CONSTRAINT_SCHEMA, .text = text, .size = sizeof text - 1, .budget = 4 << 20};
    assert_int_equal(mts_constraint_new(&c, &source, v, &err), MTS_ECAPACITY);
    assert_non_null(strstr(err.text, "more steps than it may take"));
    mts_vocabulary_free(&v);
}

/* Words are read as the tree that their beginnings make, and a class that PCRE2 explains is asked for once. */
static void many_words_and_classes_are_read(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    MtsConstraint *c;
    MtsBytes words = {0}, classes = {0};
    for (int i = 0; i < 20000; i++) {
        mts_bytes_printf(&words, "%sword%d", i ? "|" : "{\"type\":\"string\",\"pattern\":\"", i);
    }
    mts_bytes_append_str(&words, "\"}");
    assert_ok(toy_open(&c, MTS_CONSTRAINT_SCHEMA, 0, words.data, v, &err), &err);
    assert_true(toy_accepts(c, "\"a word19999 b\"", 15));
    assert_false(toy_accepts(c, "\"a worb19999 b\"", 15));
    mts_constraint_free(&c);
    for (int i = 0; i < 400; i++) {
        mts_bytes_append_str(&classes, "[\\p{Nd}b]");
    }
    mts_bytes_append_str(&classes, "(?i)[\\p{Nd}b]");
    assert_ok(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, classes.data, v, &err), &err);
    char text[402];
    memset(text, '7', 401);
    assert_true(toy_accepts(c, text, 401));
    text[400] = 'B';
    assert_true(toy_accepts(c, text, 401)); /* (?i) is another class */
    text[399] = 'B';
    assert_false(toy_accepts(c, text, 401));
    mts_constraint_free(&c);
    mts_bytes_free(&words);
    mts_bytes_free(&classes);
    mts_vocabulary_free(&v);
}

/* What PCRE2 has no room for is held where it is regular; what is not is told as what it is. */
static void large_and_deep_patterns_end_in_an_answer(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    MtsConstraint *c;
    static char deep[100001];
    assert_ok(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, "((a{1,1000}){1,1000}){1,1000}b", v, &err), &err);
    assert_true(mts_constraint_regular(c));
    assert_true(toy_accepts(c, "aaab", 4));
    assert_false(toy_accepts(c, "b", 1));
    mts_constraint_free(&c);
    assert_int_equal(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, "(?:(a)\\1{60000}b){60000}", v, &err), MTS_ECAPACITY);
    assert_non_null(strstr(err.text, "more than PCRE2 holds"));
    assert_int_equal(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, "(?R)b", v, &err), MTS_ECAPACITY);
    assert_non_null(strstr(err.text, "gives up"));
    memset(deep, '(', 100000);
    assert_int_equal(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, deep, v, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "nested"));
    mts_vocabulary_free(&v);
}

/* (*ACCEPT) ends PCRE2's match wherever it stands; and a character of many bytes is no less a line's end. */
static void pcre2_s_matches_are_whole_texts(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool match;
    } cases[] = {{"a(*ACCEPT)b", "a", true},
                 {"a(*ACCEPT)b", "ab", false},
                 {"a(*ACCEPT)b", "ac", false},
                 {"\\R", "\xE2\x80\xA8", true},
                 {"\\R", "\n", true},
                 {"\\R", "\xE2\x80\x83", false},
                 {"(a)\\1\\v", "aa\xE2\x80\xA9", true},
                 {"(a)\\1\\h", "aa\xE1\x9A\x80", true},
                 {"(a)\\1\\h", "aa\xE2\x80\xA9", false}};
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        MtsConstraint *c;
        assert_ok(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, cases[i].pattern, v, &err), &err);
        assert_false(mts_constraint_regular(c));
        if (toy_accepts(c, cases[i].text, strlen(cases[i].text)) != cases[i].match) {
            fail_msg("%s on '%s'", cases[i].pattern, cases[i].text);
        }
        MtsConstraintPlace place;
        assert_ok(mts_constraint_read(c, mts_constraint_start(c), "\xE4\xB8", 2, &place, &err), &err);
        assert_true(place == MTS_PLACE_DEAD || strstr(cases[i].pattern, "(*")); /* no letter may begin */
        mts_constraint_free(&c);
    }
    mts_vocabulary_free(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_are_what_advancing_allows),
        cmocka_unit_test(an_end_is_allowed_where_the_text_matches),
        cmocka_unit_test(a_match_given_up_is_no_answer),
        cmocka_unit_test(all_matches_together_are_bounded),
        cmocka_unit_test(every_match_is_bounded),
        cmocka_unit_test(what_has_failed_ends_at_once),
        cmocka_unit_test(patterns_mean_what_pcre2_says),
        cmocka_unit_test(groups_of_other_kinds_are_pcre2s),
        cmocka_unit_test(hard_patterns_are_linear),
        cmocka_unit_test(what_is_not_regular_goes_through_pcre2),
        cmocka_unit_test(impossible_and_broken_patterns_are_named),
        cmocka_unit_test(too_much_work_ends_in_a_sentence),
        cmocka_unit_test(many_words_and_classes_are_read),
        cmocka_unit_test(large_and_deep_patterns_end_in_an_answer),
        cmocka_unit_test(pcre2_s_matches_are_whole_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
