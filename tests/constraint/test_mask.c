/* Masks made by many threads at once, masks that are forgotten, and limits on tokens against enumeration. */
#include "toy.h"

#include <pthread.h>

#include "constraint/mask.h"
#include "core/rng.h"

enum { WORDS = (TOY_VOCAB + 63) / 64, DEEP = 3 };

/* A hash of the masks of all places within a few tokens of the start, with all numbers of tokens left. */
static uint64_t hash_masks(MtsConstraint *c, MtsConstraintPlace place, int depth)
{
    static const size_t lefts[] = {SIZE_MAX, 0, 1, 3, 9};
    MtsError err = {0};
    uint64_t mask[WORDS], hash = 14695981039346656037u;
    for (size_t i = 0; i < sizeof lefts / sizeof lefts[0]; i++) {
        assert_ok(mts_constraint_mask(c, place, lefts[i], mask, &err), &err);
        for (size_t w = 0; w < WORDS; w++) {
            hash = (hash ^ mask[w]) * 1099511628211u;
        }
    }
    for (int32_t t = 0; t < TOY_WORDS && depth > 0; t++) {
        MtsConstraintPlace next;
        assert_ok(mts_constraint_advance(c, place, t, &next, &err), &err);
        if (next) {
            hash = (hash ^ hash_masks(c, next, depth - 1)) * 1099511628211u;
        }
    }
    return hash;
}

static const char members[] =
    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"maxLength\":3},\"b\":{\"type\":\"integer\"},"
    "\"ab\":{\"enum\":[1,\"12\",null]}},\"required\":[\"b\"],\"additionalProperties\":{\"type\":\"number\"}}";

static const char *const schemas[] = {
    members, "{\"type\":[\"array\",\"string\"],\"items\":{\"$ref\":\"#\"},\"pattern\":\"^[a-e]{1,9}$\",\"maxItems\":4}",
    "{\"type\":[\"number\",\"string\"],\"minimum\":-12,\"maximum\":1200,\"not\":{\"pattern\":\"b.?a\"}}"};

typedef struct Job {
    MtsConstraint *c;
    uint64_t hash;
} Job;

static void *run_job(void *context)
{
    Job *job = context;
    job->hash = hash_masks(job->c, mts_constraint_start(job->c), DEEP - 1);
    return NULL;
}

static void threads_make_the_masks_that_one_makes(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        MtsConstraint *alone, *shared;
        assert_ok(toy_open(&alone, MTS_CONSTRAINT_SCHEMA, 0, schemas[i], v, &err), &err);
        assert_ok(toy_open(&shared, MTS_CONSTRAINT_SCHEMA, 0, schemas[i], v, &err), &err);
        uint64_t right = hash_masks(alone, mts_constraint_start(alone), DEEP - 1);
        Job jobs[4];
        pthread_t threads[4];
        for (int k = 0; k < 4; k++) {
            jobs[k] = (Job){.c = shared};
            assert_int_equal(pthread_create(&threads[k], NULL, run_job, &jobs[k]), 0);
        }
        for (int k = 0; k < 4; k++) {
            assert_int_equal(pthread_join(threads[k], NULL), 0);
            assert_int_equal(jobs[k].hash, right);
        }
        mts_constraint_free(&alone);
        mts_constraint_free(&shared);
    }
    mts_vocabulary_free(&v);
}

/* A masker that may keep next to nothing makes every mask again, and the same. */
static void masks_that_are_forgotten_are_made_again(void **state)
{
    (void)state;
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    MtsGrammar g;
    assert_int_equal(mts_grammar_init(&g, 1 << 20), MTS_OK);
    MtsRe digit = mts_re_range(g.exprs, '0', '9'), comma = mts_re_range(g.exprs, ',', ',');
    MtsRe number = mts_re_repeat(g.exprs, digit, 1, 5);
    MtsRe more = mts_re_repeat(g.exprs, mts_re_seq(g.exprs, comma, number), 0, MTS_NO_LIMIT);
    g.root = mts_node_re(&g, mts_re_seq(g.exprs, number, more));
    assert_ok(mts_grammar_finish(&g, "test", &err), &err);
    MtsAutomaton *a = mts_automaton_new(&g, 1 << 20);
    MtsMasker *m = mts_masker_new(a, v, 100);
    assert_non_null(m);
    uint64_t first[8][WORDS], again[WORDS];
    for (int round = 0; round < 3; round++) {
        MtsPlace place = mts_automaton_start(a);
        for (int i = 0; i < 8; i++) {
            assert_true(mts_mask(m, place, SIZE_MAX, round ? again : first[i]));
            assert_true(!round || memcmp(again, first[i], sizeof again) == 0);
            mts_masker_read(m, &place, &"12,1234,"[i], 1);
        }
    }
    mts_masker_free(&m);
    mts_automaton_free(&a);
    mts_grammar_free(&g);
    mts_vocabulary_free(&v);
}

/* The least number of tokens that complete a place, by trying all texts of so many tokens; most + 1: more. */
static size_t fewest(MtsConstraint *c, MtsConstraintPlace place, size_t most)
{
    MtsError err = {0};
    MtsConstraintPlace behind[TOY_VOCAB];
    size_t count = 0, best = most + 1;
    if (toy_ends(c, place)) {
        return 0;
    }
    for (int32_t t = 0; t < TOY_VOCAB && most > 0; t++) {
        MtsConstraintPlace next;
        assert_ok(mts_constraint_advance(c, place, t, &next, &err), &err);
        bool known = next == MTS_PLACE_DEAD;
        for (size_t i = 0; i < count && !known; i++) {
            known = behind[i] == next;
        }
        behind[count] = next;
        count += !known;
    }
    for (size_t i = 0; i < count; i++) {
        size_t one = fewest(c, behind[i], best - 2);
        best = one + 1 < best ? one + 1 : best;
        if (best <= 1) {
            break;
        }
    }
    return best;
}

static void the_limit_keeps_what_can_be_finished(void **state)
{
    (void)state;
    static const char *const patterns[] = {"(ab|12){2,4}", "\"(abc){0,2}\"(, \"abc\"){2}", "[0-9]{7}|abcabc,",
                                           "(\"\": ){3}", "a(?!bc).{2,5}1"};
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    size_t kept = 0, taken = 0;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        MtsConstraint *c;
        assert_ok(toy_open(&c, MTS_CONSTRAINT_PATTERN, 0, patterns[i], v, &err), &err);
        MtsConstraintPlace place = mts_constraint_start(c);
        for (size_t left = 0; left < 6; left++) {
            uint64_t mask[WORDS], again[WORDS];
            assert_ok(mts_constraint_mask(c, place, left, mask, &err), &err);
            assert_ok(mts_constraint_mask(c, place, left, again, &err), &err); /* it is kept by now */
            assert_memory_equal(mask, again, sizeof mask);
            for (int32_t t = 0; t < TOY_VOCAB; t++) {
                MtsConstraintPlace next;
                assert_ok(mts_constraint_advance(c, place, t, &next, &err), &err);
                bool right = next && fewest(c, next, left) <= left;
                assert_int_equal(mask[t >> 6] >> (t & 63) & 1, right);
                kept += right;
                taken += next && !right;
            }
        }
        mts_constraint_free(&c);
    }
    assert_true(kept > 50 && taken > 50);
    mts_vocabulary_free(&v);
}

/* A vocabulary without tokens for most bytes. */
static const char *few_bytes(const void *context, int32_t token, size_t *size)
{
    const char *bytes = toy_bytes(context, token, size);
    bool left_out = token >= TOY_WORDS && !strchr("abntrsflue{\"}[]", token - TOY_WORDS);
    *size = left_out ? 0 : *size;
    return left_out ? NULL : bytes;
}

/* Goes on by one of the tokens that the mask leaves until it leaves none; false: there the text may not end. */
static bool walk_by_masks(MtsConstraint *c, size_t left, MtsRng *rng)
{
    MtsError err = {0};
    MtsConstraintPlace place = mts_constraint_start(c);
    for (bool ends;; left--) {
        uint64_t mask[WORDS];
        int32_t tokens[TOY_VOCAB];
        size_t count = 0;
        assert_ok(mts_constraint_may_end(c, place, &ends, &err), &err);
        if (left == 0) {
            return ends;
        }
        assert_ok(mts_constraint_mask(c, place, left - 1, mask, &err), &err);
        for (int32_t t = 0; t < TOY_VOCAB; t++) {
            tokens[count] = t;
            count += mask[t >> 6] >> (t & 63) & 1;
        }
        if (count == 0) {
            return ends;
        }
        assert_ok(mts_constraint_advance(c, place, tokens[mts_rng_bits(rng) % count], &place, &err), &err);
    }
}

/* Whatever tokens are taken, the limit never leaves a text without an end. */
static void masks_lead_nobody_astray(void **state)
{
    (void)state;
    MtsError err = {0};
    size_t walks = 0;
    for (int all = 0; all < 2; all++) {
        MtsVocabulary *v;
        assert_ok(mts_vocabulary_new(&v, TOY_VOCAB, all ? toy_bytes : few_bytes, NULL, &err), &err);
        for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
            MtsConstraint *c;
            assert_ok(toy_open(&c, MTS_CONSTRAINT_SCHEMA, 0, schemas[i], v, &err), &err);
            for (size_t left = 1; left < 40; left += left < 12 ? 1 : 7) {
                MtsRng rng = mts_rng(left, (uint64_t)all, i);
                uint64_t mask[WORDS], any = 0;
                assert_ok(mts_constraint_mask(c, mts_constraint_start(c), left - 1, mask, &err), &err);
                for (size_t w = 0; w < WORDS; w++) {
                    any |= mask[w];
                }
                for (int k = 0; k < 20 && any; k++, walks++) {
                    assert_true(walk_by_masks(c, left, &rng));
                }
            }
            mts_constraint_free(&c);
        }
        mts_vocabulary_free(&v);
    }
    assert_true(walks > 500);
}

/* Seven patterns that a text may have anywhere in it, and exactly one of them: what was found must not multiply. */
static void patterns_anywhere_do_not_multiply(void **state)
{
    (void)state;
    static const char text[] =
        "{\"type\":\"string\",\"oneOf\":[{\"pattern\":\"NEW\"},{\"pattern\":\"ON_APPROVAL\"},{\"pattern\":"
        "\"ON_SIGNING\"},{\"pattern\":\"ON_MODIFICATION\"},{\"pattern\":\"EXECUTED\"},{\"pattern\":"
        "\"DEPRECATED\"},{\"pattern\":\"REJECTED\"}]}";
    MtsError err = {0};
    MtsVocabulary *v = toy_vocabulary();
    MtsConstraint *c;
    MtsConstraintSource source = {
        .form = MTS_CONSTRAINT_SCHEMA, .text = text, .size = sizeof text - 1, .budget = 6 << 20};
    assert_ok(mts_constraint_new(&c, &source, v, &err), &err);
    uint64_t mask[WORDS];
    MtsConstraintPlace place;
    assert_ok(mts_constraint_read(c, mts_constraint_start(c), "\"", 1, &place, &err), &err);
    assert_ok(mts_constraint_mask(c, place, SIZE_MAX, mask, &err), &err);
    assert_true(toy_accepts(c, "\"xNEWx\"", 7));
    assert_false(toy_accepts(c, "\"NEWREJECTED\"", 13));
    assert_false(toy_accepts(c, "\"xNEx\"", 6));
    mts_constraint_free(&c);
    mts_vocabulary_free(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_make_the_masks_that_one_makes),
        cmocka_unit_test(masks_that_are_forgotten_are_made_again),
        cmocka_unit_test(the_limit_keeps_what_can_be_finished),
        cmocka_unit_test(masks_lead_nobody_astray),
        cmocka_unit_test(patterns_anywhere_do_not_multiply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
