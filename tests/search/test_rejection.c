/* Rejection, adaptive rejection, CARS and AWRS-SMC against what they must be: exact, by enumeration of all chance. */
#include "support.h"

#define EXACT 1e-12

/* How a table's invalid texts are told: by rewards of whole texts, by rewards of prefixes too, or as masks. */
typedef enum Telling { BY_TEXTS, BY_PREFIXES, BY_MASKS, TELLINGS } Telling;

static const MtsMethod METHODS[] = {MTS_REJECTION, MTS_ADAPTIVE_REJECTION, MTS_CARS, MTS_AWRS_SMC};
enum { METHOD_COUNT = sizeof METHODS / sizeof METHODS[0], REJECTIONS = 3 };

typedef struct Case { /* a table and which of its texts are valid, one telling of them */
    MtsTable *table;
    const double *log_w; /* [rows] at lambda 0: -HUGE_VAL where no valid text is below */
    MtsSearchReward texts, reward;
    MtsSearchModel model;
    Masked masked;
    Telling telling;
} Case;

static MtsSearchSettings settings_of(MtsMethod method, double lambda, size_t rollouts, size_t in_flight)
{
    MtsSearchSettings s;
    mts_search_defaults(&s);
    s.method = method;
    s.lambda = lambda;
    s.rollouts = rollouts;
    s.in_flight = in_flight;
    return s;
}

/* ---- the tellings ---- */

static int score(void *context, const MtsCandidate *candidate, double *value, MtsError *err)
{
    const Case *c = context;
    int64_t row = 0;
    if (candidate->finished) {
        return c->texts.score(c->texts.context, candidate, value, err);
    }
    for (size_t i = 0; i < candidate->count; i++) {
        row = mts_table_next(c->table, (size_t)row, candidate->tokens[i]);
    }
    *value = c->log_w[row] == -HUGE_VAL ? -HUGE_VAL : 0;
    return MTS_OK;
}

static const double *kept_log_w;

static bool leads_on(const MtsTable *table, size_t row, int32_t token)
{
    int64_t next = mts_table_next(table, row, token);
    return next >= 0 ? kept_log_w[next] != -HUGE_VAL : table->texts[~next].reward != -HUGE_VAL;
}

static void case_open(Case *c, Shape shape, uint64_t seed, Telling telling)
{
    *c = (Case){.telling = telling, .table = random_table(shape, seed)};
    double *log_w = calloc(c->table->row_count, sizeof *log_w);
    mts_table_values(c->table, 0, log_w);
    c->log_w = kept_log_w = log_w;
    mts_table_reward(c->table, &c->texts);
    mts_table_model(c->table, &c->model);
    c->reward = (MtsSearchReward){.context = c, .prefixes = telling == BY_PREFIXES, .score = score};
    if (telling == BY_MASKS) {
        masked_open(&c->masked, c->table, leads_on);
        c->model = c->masked.model;
    }
}

static void case_close(Case *c)
{
    masked_free(&c->masked);
    free((double *)c->log_w);
    mts_table_free(&c->table);
}

static MtsSearch *run_case(const Case *c, const MtsSearchSettings *s, const MtsScript *script)
{
    return run_model(&c->model, &c->reward, s, script);
}

/* ---- by enumeration ---- */

static double valid_mass(const MtsTable *table)
{
    double mass = 0;
    for (size_t x = 0; x < table->text_count; x++) {
        mass += table->texts[x].reward == -HUGE_VAL ? 0 : exp(table->texts[x].logp);
    }
    return mass;
}

/* P(try i is the text x) = P(try i is valid) p(x) / A, for each try and text, whatever the tries before it. */
static void check_laws(const MtsTable *table, const double *law, size_t tries)
{
    double a = valid_mass(table);
    for (size_t i = 0; i < tries; i++) {
        double valid = 0;
        for (size_t x = 0; x < table->text_count; x++) {
            valid += law[i * table->text_count + x];
        }
        for (size_t x = 0; x < table->text_count; x++) {
            bool in = table->texts[x].reward != -HUGE_VAL;
            double want = in ? valid * exp(table->texts[x].logp) / a : 0;
            assert_true(fabs(law[i * table->text_count + x] - want) < EXACT);
        }
    }
}

static void add_tries(const Case *c, const MtsSearch *run, double p, double *law)
{
    for (size_t i = 0; i < run->log_count; i++) {
        const MtsRollout *r = run->log[i];
        if (r->log_z != -HUGE_VAL) {
            law[r->index * c->table->text_count + text_of_leaf(c->table, r->node)] += p;
        }
    }
}

/* Sum over all branches of P Z^ = Z; of P Z^ times the answers' shares of what was kept for a swarm, and the law of
 * each try for the others. */
static void prove(const Case *c, const MtsSearchSettings *s)
{
    const MtsTable *table = c->table;
    double *law = calloc(table->text_count * s->rollouts, sizeof *law), *part = calloc(table->text_count, sizeof *part);
    double p_sum = 0, mean = 0, z = 0;
    Branches b = branches_begin();
    do {
        branches_start(&b);
        MtsSearch *run = run_case(c, s, &b.script);
        double p = branches_probability(&b), log_z = run_log_z(run);
        p_sum += p;
        mean += p * exp(log_z);
        add_tries(c, run, p, law);
        for (size_t i = 0; i < run->answer_count && s->method == MTS_AWRS_SMC && log_z != -HUGE_VAL; i++) {
            part[text_of_leaf(table, run->answers[i].node)] +=
                p * exp(run->answers[i].log_weight) / (double)s->rollouts;
        }
        mts_search_free(&run);
    } while (branches_next(&b));
    for (size_t x = 0; x < table->text_count; x++) {
        z += tilted(table, x, s->lambda);
        assert_true(s->method != MTS_AWRS_SMC || fabs(part[x] - tilted(table, x, s->lambda)) < EXACT);
    }
    assert_true(fabs(p_sum - 1) < EXACT);
    if (fabs(mean - z) > EXACT * (1 + z)) {
        fail_msg("%s, told %d, lambda %g N %zu B %zu: sum of P Z^ is %.17g, Z is %.17g", mts_method_name(s->method),
                 (int)c->telling, s->lambda, s->rollouts, s->in_flight, mean, z);
    }
    if (s->method != MTS_AWRS_SMC) {
        check_laws(table, law, s->rollouts);
    }
    free(law);
    free(part);
}

static const Shape SHAPES[] = {
    {.vocab = 3, .steps = 2, .eos = -1, .peak = 1, .spread = 1, .hole = 0.5},
    {.vocab = 3, .steps = 2, .eos = 0, .peak = 1, .spread = 1, .hole = 0.4},
    {.vocab = 2, .steps = 3, .eos = 1, .peak = 1, .spread = 1, .hole = 0.4, .zero = 0.2},
    {.vocab = 3, .steps = 2, .eos = -1, .peak = 1, .spread = 1},
};
enum { SHAPE_COUNT = sizeof SHAPES / sizeof SHAPES[0] };

static void estimates_are_unbiased_and_kept_texts_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        for (int telling = 0; telling < TELLINGS; telling++) {
            Case c;
            case_open(&c, SHAPES[i], 40 + i, (Telling)telling);
            for (size_t m = 0; m < METHOD_COUNT; m++) {
                for (size_t n = 1; n <= (m < REJECTIONS ? 3 : 1); n++) {
                    for (size_t in_flight = 1; in_flight <= n; in_flight++) {
                        MtsSearchSettings s = settings_of(METHODS[m], (double)(n % 2), n, in_flight);
                        s.temperature = 0.7; /* has no part in it */
                        prove(&c, &s);
                    }
                }
            }
            case_close(&c);
        }
    }
}

/* Two particles, resampled at every step: Z^ and, of one, each text's part of it. */
static void swarms_of_two_are_unbiased(void **state)
{
    (void)state;
    const Shape shape = {.vocab = 2, .steps = 2, .eos = -1, .peak = 1, .spread = 1, .hole = 0.4};
    for (int telling = 0; telling < TELLINGS; telling++) {
        Case c;
        case_open(&c, shape, 3, (Telling)telling);
        for (int resampling = 0; resampling < 3; resampling++) {
            MtsSearchSettings s = settings_of(MTS_AWRS_SMC, 1, 2, 1);
            s.resampling = (MtsResampling)resampling;
            s.ess_threshold = 1;
            prove(&c, &s);
        }
        case_close(&c);
    }
}

/* ---- what is learnt ---- */

/* With masks CARS fails at no prefix twice, and knows in the end what plain rejection goes on meeting. */
static void what_failed_once_does_not_fail_again(void **state)
{
    (void)state;
    const Shape shape = {.vocab = 4, .steps = 4, .eos = 0, .peak = 1, .spread = 1, .hole = 0.9};
    size_t kept[METHOD_COUNT][TELLINGS];
    for (int telling = 0; telling < TELLINGS; telling++) {
        Case c;
        case_open(&c, shape, 17, (Telling)telling);
        for (size_t m = 0; m < REJECTIONS; m++) {
            MtsSearchSettings s = settings_of(METHODS[m], 0, 400, 1);
            MtsSearch *run = run_case(&c, &s, NULL);
            kept[m][telling] = 0;
            for (size_t i = 0; i < run->log_count; i++) {
                kept[m][telling] += run->log[i]->log_z != -HUGE_VAL;
            }
            mts_search_free(&run);
        }
        case_close(&c);
    }
    assert_true(kept[1][BY_TEXTS] > kept[0][BY_TEXTS] + 40);
    assert_true(kept[1][BY_PREFIXES] > kept[1][BY_TEXTS]);
    assert_true(kept[2][BY_MASKS] > kept[1][BY_PREFIXES]);
}

/* All texts fail: the search says so and ends, having taken every one of them into F. */
static void a_search_without_a_valid_text_ends(void **state)
{
    (void)state;
    Case c;
    case_open(&c, (Shape){.vocab = 3, .steps = 2, .eos = -1, .peak = 1, .spread = 1, .hole = 1}, 1, BY_TEXTS);
    MtsSearchSettings s = settings_of(MTS_CARS, 1, 1000, 1);
    MtsSearch *run = run_case(&c, &s, NULL);
    MtsSearchResult *result = NULL;
    MtsError err = {0};
    assert_string_equal(run->stop_reason, "exhausted");
    assert_int_equal(run->done, 9);
    assert_int_equal(mts_search_result(run, &result, &err), MTS_ECONSTRAINT);
    mts_search_free(&run);
    case_close(&c);
}

/* Drawn texts of a language against its enumerated conditional. */
static void draws_of_a_language_follow_its_conditional(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 5, .steps = 6, .eos = 4, .peak = 0.5, .spread = 1}, 6);
    Masked m;
    MtsSearch *run = NULL;
    MtsError err = {0};
    masked_by_grammar(&m, table, SUMS, SUMS_SPELLINGS);
    size_t *counts = calloc(table->text_count, sizeof *counts), texts = 0, drawn = 0;
    double *p = calloc(table->text_count, sizeof *p), a = 0;
    MtsSearchSettings s = settings_of(MTS_CARS, 0, 20000, 4);
    assert_ok(mts_search_new(&run, &m.model, &m.reward, &s, NULL, &err), &err);
    assert_ok(mts_search_lead(run, &err), &err);
    for (size_t x = 0; x < table->text_count; x++) {
        p[x] = sums_hold(table, x) ? exp(table->texts[x].logp) : 0;
        texts += p[x] > 0;
        a += p[x];
    }
    for (size_t x = 0; x < table->text_count; x++) {
        p[x] /= a;
    }
    for (size_t i = 0; i < run->log_count; i++) {
        if (run->log[i]->log_z != -HUGE_VAL) {
            counts[text_of_leaf(table, run->log[i]->node)]++;
            drawn++;
        }
    }
    assert_int_equal(texts, 8);
    assert_true(drawn > 19900); /* what can fail is soon known */
    assert_true(g_test(counts, p, table->text_count) > 1e-6);
    assert_true(fabs(exp(run_log_z(run)) / a - 1) < 0.05);
    mts_search_free(&run);
    masked_free(&m);
    free(counts);
    free(p);
    mts_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimates_are_unbiased_and_kept_texts_exact),
        cmocka_unit_test(swarms_of_two_are_unbiased),
        cmocka_unit_test(what_failed_once_does_not_fail_again),
        cmocka_unit_test(a_search_without_a_valid_text_ends),
        cmocka_unit_test(draws_of_a_language_follow_its_conditional),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
