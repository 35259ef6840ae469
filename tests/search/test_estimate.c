/* The additive model of rewards, against what it must be. */
#include "support.h"

#include "search/maxent/estimate.h"

enum { DEPTH = 3, VOCAB = 3, TEXTS = 27 };

/* All texts of DEPTH tokens, as nodes. */
typedef struct Texts {
    MtsNodes nodes;
    MtsNode *text[TEXTS];
} Texts;

static void open_texts(Texts *t)
{
    assert_true(mts_nodes_init(&t->nodes, 0));
    for (int i = 0; i < TEXTS; i++) {
        MtsNode *node = t->nodes.root;
        for (int d = 0, rest = i; d < DEPTH; d++, rest /= VOCAB) {
            node = mts_nodes_child(&t->nodes, node, rest % VOCAB, log(1.0 / VOCAB), d + 1 == DEPTH);
            assert_non_null(node);
        }
        t->text[i] = node;
    }
}

static void close_texts(Texts *t)
{
    mts_nodes_free(&t->nodes, NULL);
}

static MtsOutlook outlook_of(const MtsEstimate *e, const MtsNode *node)
{
    return node->parent ? mts_estimate_step(e, outlook_of(e, node->parent), node->depth, node->token, node)
                        : mts_estimate_root(e);
}

/* Tokens at depth 2 decide, whatever stands before: learnt from half of the texts, it must order the other half. */
static double decided(const MtsNode *text)
{
    return 2.0 * text->parent->token + 0.01 * text->token;
}

static void a_token_seen_to_help_helps_where_it_was_not_seen(void **state)
{
    (void)state;
    Texts t;
    MtsEstimate e;
    open_texts(&t);
    mts_estimate_init(&e, 2, 3);
    for (int i = 0; i < TEXTS; i++) {
        if (t.text[i]->parent->parent->token != 2) { /* nothing below token 2 */
            t.text[i]->reward = decided(t.text[i]);
            assert_true(mts_estimate_add(&e, t.text[i]));
        }
    }
    mts_estimate_fit(&e);
    MtsOutlook at = mts_estimate_step(&e, mts_estimate_root(&e), 1, 2, NULL);
    double log_e[VOCAB];
    for (int a = 0; a < VOCAB; a++) {
        log_e[a] = mts_estimate_log(&e, mts_estimate_step(&e, at, 2, a, NULL), 2, false);
        assert_true(a == 0 || log_e[a] > log_e[a - 1] + 2); /* of 2 * 2 at most, shrunk */
    }
    assert_true(mts_estimate_token(&e, 2, 2) > 0 && mts_estimate_token(&e, 2, 0) < 0);
    assert_true(mts_estimate_token(&e, 2, 77) == 0);
    mts_estimate_free(&e);
    close_texts(&t);
}

/* ... and so is how much tokens at that depth decide, those not seen yet included. */
static void how_much_a_depth_decides_is_learnt(void **state)
{
    (void)state;
    Texts t;
    MtsEstimate e;
    open_texts(&t);
    mts_estimate_init(&e, 2, 3);
    for (int i = 0; i < TEXTS; i++) {
        t.text[i]->reward = decided(t.text[i]);
        assert_true(mts_estimate_add(&e, t.text[i]));
        mts_estimate_fit(&e);
    }
    double usual = 4.0 / 8 / DEPTH;
    assert_true(e.levels[2].share > 2 * usual && e.levels[1].share < usual && e.levels[3].share < usual);
    assert_true(e.noise_share < 0.7 * 3 / 8 && e.prefix_share < 0.7 / 8 / DEPTH);
    mts_estimate_free(&e);
    close_texts(&t);
}

/* Many rounds of fitting end where the penalised sum of squares is least: its gradient there is zero. */
static void a_fit_solves_its_equations(void **state)
{
    (void)state;
    Texts t;
    MtsEstimate e;
    open_texts(&t);
    mts_estimate_init(&e, 1, 3);
    MtsRng rng = mts_rng(5, 0, 0);
    for (int i = 0; i < TEXTS; i++) {
        t.text[i]->reward = mts_rng_gumbel(&rng);
        assert_true(mts_estimate_add(&e, t.text[i]));
    }
    for (int round = 0; round < 200; round++) {
        e.fitted = round < 199 ? 0 : e.fitted; /* once more, from where it stands */
        mts_estimate_fit(&e);
    }
    double gradient = 0;
    for (int i = 0; i < TEXTS; i++) {
        gradient += t.text[i]->reward - outlook_of(&e, t.text[i]).mean;
    }
    assert_true(fabs(gradient) < 1e-9);
    for (size_t k = 0; k < e.token_count; k++) {
        double left = 0;
        for (int i = 0; i < TEXTS; i++) {
            const MtsNode *node = t.text[i];
            for (; node->depth > e.keys[k] >> 32; node = node->parent) {
            }
            left +=
                (uint32_t)node->token == (uint32_t)e.keys[k] ? t.text[i]->reward - outlook_of(&e, t.text[i]).mean : 0;
        }
        assert_true(fabs(left - e.levels[e.keys[k] >> 32].prior * e.tokens[k].value) < 1e-9);
    }
    mts_estimate_free(&e);
    close_texts(&t);
}

static void shifted_and_scaled_rewards_say_the_same(void **state)
{
    (void)state;
    Texts t;
    double first[TEXTS];
    open_texts(&t);
    for (int pass = 0; pass < 3; pass++) {
        double scale = pass == 2 ? 4 : 1, shift = pass == 1 ? 1024 : 0;
        MtsEstimate e;
        mts_estimate_init(&e, 3 / scale, 3);
        MtsRng rng = mts_rng(6, 0, 0);
        for (int i = 0; i < TEXTS; i += 2) {
            t.text[i]->reward = scale * mts_rng_gumbel(&rng) + shift;
            assert_true(mts_estimate_add(&e, t.text[i]));
            mts_estimate_fit(&e);
        }
        for (int i = 0; i < TEXTS; i++) {
            double log_e = mts_estimate_log(&e, outlook_of(&e, t.text[i]), DEPTH, true) - 3 / scale * shift;
            first[i] = pass == 0 ? log_e : first[i];
            assert_true(fabs(log_e - first[i]) < 1e-9);
        }
        mts_estimate_free(&e);
    }
    close_texts(&t);
}

/* Small lambda: the Gaussian mean of exp(lambda r); large: one standard deviation of hope. */
static void hope_is_bounded(void **state)
{
    (void)state;
    Texts t;
    open_texts(&t);
    for (int l = 0; l < 2; l++) {
        double lambda = l ? 1000 : 1e-3;
        MtsEstimate e;
        mts_estimate_init(&e, lambda, 3);
        for (int i = 0; i < TEXTS; i++) {
            t.text[i]->reward = i % 5;
            assert_true(mts_estimate_add(&e, t.text[i]));
        }
        mts_estimate_fit(&e);
        MtsOutlook o = outlook_of(&e, t.text[4]);
        double sd = sqrt(o.variance), want = l ? o.mean + sd - 0.5 / lambda : o.mean + lambda * sd * sd / 2;
        assert_true(sd > 0.1);
        assert_true(fabs(mts_estimate_log(&e, o, DEPTH, true) / lambda - want) < 1e-9);
        mts_estimate_free(&e);
    }
    close_texts(&t);
}

/* phi with and without truth in it: b stays at 1, or goes down and the effects take over. */
static void trust_in_prefix_rewards_is_earned(void **state)
{
    (void)state;
    for (int noisy = 0; noisy < 2; noisy++) {
        Texts t;
        MtsEstimate e;
        open_texts(&t);
        mts_estimate_init(&e, 1, 3);
        MtsRng rng = mts_rng(7, 0, 0);
        for (size_t i = 1; i < t.nodes.count; i++) {
            MtsNode *node = mts_nodes_at(&t.nodes, i);
            double step = mts_rng_gumbel(&rng);
            node->reward = (node->parent->parent ? node->parent->reward : 0) + step;
            node->scored = true;
        }
        for (size_t i = 1; i < t.nodes.count && noisy; i++) { /* now phi has nothing to do with the texts */
            MtsNode *node = mts_nodes_at(&t.nodes, i);
            node->reward = node->finished ? node->reward : 2 * mts_rng_gumbel(&rng);
        }
        const MtsNode *untried = t.text[26]->parent; /* 2,2 */
        for (int i = 0; i < TEXTS; i++) {
            if (t.text[i]->parent != untried) {
                assert_true(mts_estimate_add(&e, t.text[i]));
                mts_estimate_fit(&e);
            }
        }
        assert_true(noisy ? e.trust < 0.5 : e.trust > 0.7 && e.trust < 1.3);
        double expected = e.trust * (untried->reward - untried->parent->reward);
        assert_true(fabs(mts_estimate_gain(&e, e.trust, untried) - expected) < 1e-12);
        assert_true(fabs(mts_estimate_step(&e, mts_estimate_root(&e), 2, 77, untried).mean - e.mean - expected) <
                    1e-12);
        mts_estimate_free(&e);
        close_texts(&t);
    }
}

static void minus_infinity_is_bad_but_finite_news(void **state)
{
    (void)state;
    Texts t;
    MtsEstimate e;
    open_texts(&t);
    mts_estimate_init(&e, 1, 3);
    t.text[0]->reward = -HUGE_VAL;
    assert_true(mts_estimate_add(&e, t.text[0]));
    mts_estimate_fit(&e);
    assert_true(mts_estimate_log(&e, mts_estimate_root(&e), 0, false) == 0); /* nothing finite to go by */
    for (int i = 1; i < TEXTS; i++) {
        t.text[i]->reward = i % VOCAB == 0 ? -HUGE_VAL : 1; /* by the first token */
        assert_true(mts_estimate_add(&e, t.text[i]));
        mts_estimate_fit(&e);
    }
    double bad = mts_estimate_token(&e, 1, 0), good = mts_estimate_token(&e, 1, 1);
    assert_true(isfinite(bad) && isfinite(good) && bad < 0 && good >= 0);
    mts_estimate_free(&e);
    close_texts(&t);
}

static void no_shrinkage_and_no_lambda_are_allowed(void **state)
{
    (void)state;
    Texts t;
    open_texts(&t);
    for (int pass = 0; pass < 2; pass++) {
        MtsEstimate e;
        mts_estimate_init(&e, pass ? 0 : 1, pass ? 3 : 0);
        for (int i = 0; i < TEXTS; i++) {
            t.text[i]->reward = i;
            assert_true(mts_estimate_add(&e, t.text[i]));
            mts_estimate_fit(&e);
            double log_e = mts_estimate_log(&e, outlook_of(&e, t.text[i]), DEPTH, true);
            assert_true(isfinite(log_e) && (pass == 0 || log_e == 0));
        }
        mts_estimate_free(&e);
    }
    close_texts(&t);
}

/* A thousand texts of a hundred tokens are no burden: a fit is skipped while little is new. */
static void fits_become_rare(void **state)
{
    (void)state;
    MtsNodes nodes;
    MtsEstimate e;
    assert_true(mts_nodes_init(&nodes, 0));
    mts_estimate_init(&e, 1, 3);
    size_t fits = 0;
    for (int i = 0; i < 1000; i++) {
        MtsNode *node = nodes.root;
        for (int d = 0; d < 100; d++) {
            node = mts_nodes_child(&nodes, node, (i * 7919 + d * i) % 50, -1, d == 99);
            assert_non_null(node);
        }
        node->reward = i % 17;
        assert_true(mts_estimate_add(&e, node));
        size_t before = e.fitted;
        mts_estimate_fit(&e);
        fits += e.fitted != before;
    }
    assert_true(fits > 64 && fits < 350);
    assert_true(!mts_estimate_is_due(9, 9) && mts_estimate_is_due(9, 10));
    assert_true(!mts_estimate_is_due(960, 970) && mts_estimate_is_due(960, 976));
    assert_true(!mts_estimate_is_due(2000, 2100) && mts_estimate_is_due(2000, 2134)); /* thousands */
    mts_estimate_free(&e);
    mts_nodes_free(&nodes, NULL);
}

/* Texts that differ in their last token share all other spots. */
static void a_way_that_texts_share_is_kept_once(void **state)
{
    (void)state;
    Texts t;
    MtsEstimate e;
    size_t spots = 0;
    open_texts(&t);
    mts_estimate_init(&e, 1, 3);
    for (int i = 0; i < TEXTS; i++) {
        t.text[i]->reward = i;
        assert_true(mts_estimate_add(&e, t.text[i]));
    }
    for (size_t depth = 0; depth < e.level_count; depth++) {
        spots += e.levels[depth].count;
    }
    assert_int_equal(spots, t.nodes.count);
    mts_estimate_free(&e);
    close_texts(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_seen_to_help_helps_where_it_was_not_seen),
        cmocka_unit_test(how_much_a_depth_decides_is_learnt),
        cmocka_unit_test(a_fit_solves_its_equations),
        cmocka_unit_test(shifted_and_scaled_rewards_say_the_same),
        cmocka_unit_test(hope_is_bounded),
        cmocka_unit_test(trust_in_prefix_rewards_is_earned),
        cmocka_unit_test(minus_infinity_is_bad_but_finite_news),
        cmocka_unit_test(no_shrinkage_and_no_lambda_are_allowed),
        cmocka_unit_test(fits_become_rare),
        cmocka_unit_test(a_way_that_texts_share_is_kept_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
