/* The methods that MaxEnt-TS is compared with, against what they must be; exact ones by enumeration of all chance. */
#include "support.h"

#define EXACT 1e-12

static const Shape SHAPES[] = {
    {.vocab = 3, .steps = 2, .eos = -1, .peak = 1, .spread = 1},
    {.vocab = 3, .steps = 2, .eos = 0, .peak = 1, .spread = 1},
    {.vocab = 2, .steps = 2, .eos = 1, .peak = 2, .spread = 2},
    {.vocab = 3, .steps = 2, .eos = -1, .peak = 1, .spread = 1, .hole = 0.4, .zero = 0.3},
};
enum { SHAPE_COUNT = sizeof SHAPES / sizeof SHAPES[0] };

static MtsSearchSettings settings_of(MtsMethod method, double lambda, size_t rollouts)
{
    MtsSearchSettings s;
    mts_search_defaults(&s);
    s.method = method;
    s.lambda = lambda;
    s.rollouts = rollouts;
    return s;
}

/* Z, by enumeration. */
static double partition(const MtsTable *table, double lambda)
{
    double z = 0;
    for (size_t x = 0; x < table->text_count; x++) {
        z += tilted(table, x, lambda);
    }
    return z;
}

/* ---- the reward of prefixes in these proofs: any function of the prefix will do ---- */

static const double *soft_values; /* where set, phi is the soft value itself, for lambda 3 */
static const MtsTable *soft_table;

static double phi_scale = 1;

static double phi(const int32_t *tokens, size_t count)
{
    int64_t row = 0;
    for (size_t i = 0; soft_values && i < count; i++) {
        row = mts_table_next(soft_table, (size_t)row, tokens[i]);
    }
    if (soft_values) {
        return soft_values[row] / 3;
    }
    double x = 0.3;
    for (size_t i = 0; i < count; i++) {
        x = sin(37 * x + tokens[i] + 1);
    }
    return phi_scale * x;
}

static int prefixed_score(void *context, const MtsCandidate *candidate, double *value, MtsError *err)
{
    const MtsSearchReward *texts = context;
    if (candidate->finished) {
        return texts->score(texts->context, candidate, value, err);
    }
    *value = phi(candidate->tokens, candidate->count);
    return MTS_OK;
}

static MtsSearch *run_prefixed(const MtsTable *table, const MtsSearchSettings *s, bool prefixes,
                               const MtsScript *script)
{
    static MtsSearchModel model; /* the run keeps pointers to them */
    static MtsSearchReward texts, reward;
    MtsSearch *run = NULL;
    MtsError err = {0};
    mts_table_model(table, &model);
    mts_table_reward(table, &texts);
    reward = (MtsSearchReward){.context = &texts, .prefixes = prefixes, .score = prefixed_score};
    assert_ok(mts_search_new(&run, &model, &reward, s, NULL, &err), &err);
    run->script = script;
    assert_ok(mts_search_lead(run, &err), &err);
    return run;
}

/* ---- estimates of Z ---- */

/* Sum over all branches of P Z^ = Z, and of P Z^ times the answers' shares = each text's part of Z. */
static void prove_unbiased(const MtsTable *table, const MtsSearchSettings *s, bool prefixes)
{
    double *mean = calloc(table->text_count, sizeof *mean), p_sum = 0, z_mean = 0, z = 0;
    Branches b = branches_begin();
    size_t leaves = 0;
    do {
        branches_start(&b);
        MtsSearch *run = run_prefixed(table, s, prefixes, &b.script);
        double p = branches_probability(&b), log_z = run_log_z(run);
        MtsLogSum sum = MTS_LOG_SUM_ZERO;
        leaves++;
        p_sum += p;
        z_mean += p * exp(log_z);
        for (size_t i = 0; i < run->answer_count; i++) {
            mts_log_sum_add(&sum, run->answers[i].log_weight);
        }
        for (size_t i = 0; i < run->answer_count && log_z != -HUGE_VAL; i++) {
            int32_t tokens[8];
            const MtsNode *node = run->answers[i].node;
            mts_node_tokens(node, tokens);
            mean[text_of(table, tokens, node->depth)] +=
                p * exp(log_z + run->answers[i].log_weight - mts_log_sum(&sum));
        }
        mts_search_free(&run);
    } while (branches_next(&b));
    z = partition(table, s->lambda);
    assert_true(leaves > 1);
    assert_true(fabs(p_sum - 1) < EXACT);
    if (fabs(z_mean - z) > EXACT * (1 + z)) {
        fail_msg("%s lambda %g N %zu resampling %d threshold %g: sum of P Z^ is %.17g, Z is %.17g",
                 mts_method_name(s->method), s->lambda, s->rollouts, (int)s->resampling, s->ess_threshold, z_mean, z);
    }
    for (size_t x = 0; x < table->text_count; x++) {
        assert_true(fabs(mean[x] - tilted(table, x, s->lambda)) < EXACT * (1 + z));
    }
    free(mean);
}

static void smc_is_unbiased(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        MtsTable *table = random_table(SHAPES[i], 40 + i);
        for (int r = MTS_MULTINOMIAL; r <= MTS_SYSTEMATIC; r++) {
            for (size_t n = 2; n <= MTS_IF_DEAR(2, 3); n++) {
                for (int threshold = 0; threshold <= 2; threshold++) {
                    MtsSearchSettings s = settings_of(MTS_SMC, 2, n);
                    s.resampling = (MtsResampling)r;
                    s.ess_threshold = threshold / 2.0;
                    for (s.look_ahead = 0; s.look_ahead <= 3; s.look_ahead++) {
                        s.temperature = 1;
                        prove_unbiased(table, &s, true);
                        s.temperature = 0.6;
                        prove_unbiased(table, &s, n == 2);
                    }
                }
            }
        }
        mts_table_free(&table);
    }
}

static void weighted_samples_are_unbiased(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        MtsTable *table = random_table(SHAPES[i], 50 + i);
        for (size_t n = 1; n <= 3; n++) {
            MtsSearchSettings s = settings_of(MTS_SAMPLE, 2, n);
            prove_unbiased(table, &s, false);
            s.temperature = 1.5;
            s.in_flight = 2;
            prove_unbiased(table, &s, false);
        }
        mts_table_free(&table);
    }
}

/* Waves that are drawn, were none to end early. */
static size_t waves_asked(const MtsSearchSettings *s)
{
    return (s->rollouts - s->reward_first + s->in_flight - 1) / s->in_flight;
}

/* The mean of the waves' own estimates over those asked for, where one that an exhausted search did not need finds Z.
 */
static double wave_mean(const MtsSearch *run)
{
    const MtsSearchSettings *s = &run->settings;
    size_t waves = waves_asked(s);
    double sum = 0;
    for (size_t i = 0; i < waves; i++) {
        sum += exp(i < mts_maxent(run)->term_count ? mts_maxent(run)->terms[i] : run_log_z(run));
    }
    return sum / (double)waves;
}

static size_t further; /* searches whose waves ended with fewer texts than places, so that more waves followed */

/* Sum over all branches of P Z^; what the search reports is that mean, unless it has seen everything. */
static double expected_wave_mean(const MtsTable *table, const MtsSearchSettings *s, size_t *leaves)
{
    double mean = 0, p_sum = 0;
    Branches b = branches_begin();
    do {
        branches_start(&b);
        MtsSearch *run = run_prefixed(table, s, true, &b.script);
        double p = branches_probability(&b), own = wave_mean(run), reported = exp(run_log_z(run));
        p_sum += p;
        mean += p * own;
        ++*leaves;
        further += mts_maxent(run)->waves - s->reward_first > waves_asked(s);
        assert_true(strcmp(run->stop_reason, "exhausted") == 0 || fabs(reported - own) < EXACT * (1 + own));
        mts_search_free(&run);
    } while (branches_next(&b));
    assert_true(fabs(p_sum - 1) < EXACT);
    return mean;
}

/* Whatever the rewards of prefixes say, however many are asked for ahead, and whatever the size of a wave. */
static void waves_are_unbiased(void **state)
{
    (void)state;
    size_t leaves = 0, tried = 0;
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        MtsTable *table = random_table(SHAPES[i], 55 + i);
        MtsExperience *experience = random_experience(4);
        for (size_t n = 1; n <= MTS_IF_DEAR(3, 4); n++) {
            for (size_t in_flight = 1; in_flight <= n; in_flight++) {
                for (size_t variant = 0; variant < 18; variant++) {
                    MtsSearchSettings s = settings_of(MTS_MAXENT_TS, variant % 2 ? 3 : 1, n);
                    double z = 0;
                    s.look_ahead = variant % 3;
                    s.sweep = variant % 4 == 3 ? 2 : variant % 4 == 2;
                    s.in_flight = in_flight;
                    s.experience = variant % 4 == 1 ? experience : NULL; /* whatever it says */
                    s.temperature = variant % 5 == 4 ? 0.7 : 1;
                    s.exploration = variant % 6 == 5 ? 1 : variant % 6 == 4 ? 0 : 0.1;
                    s.reward_first = variant >= 12;
                    if ((n == 4 && in_flight < 2) || (n == 1 && s.reward_first)) {
                        continue; /* too many branches; nothing drawn, no estimate */
                    }
                    z = partition(table, s.lambda);
                    double mean = expected_wave_mean(table, &s, &leaves);
                    if (fabs(mean - z) > EXACT * (1 + z)) {
                        fail_msg("shape %zu N %zu B %zu variant %zu: sum of P Z^ is %.17g, Z is %.17g", i, n, in_flight,
                                 variant, mean, z);
                    }
                    tried++;
                }
            }
        }
        mts_experience_free(&experience);
        mts_table_free(&table);
    }
    print_message("%zu sums over %zu searches, %zu with waves beyond what was asked for\n", tried, leaves, further);
    assert_true(tried > MTS_IF_DEAR(250, 300) && leaves > 20 * tried && further > MTS_IF_DEAR(100, 1000));
}

/* Nor when phi says of half the prefixes that nothing is to be had there, by more than a double's exponent holds. */
static void waves_give_nothing_up_for_good(void **state)
{
    (void)state;
    size_t leaves = 0;
    phi_scale = 2000;
    for (size_t i = 0; i < 2; i++) {
        MtsTable *table = random_table(SHAPES[i], 55 + i);
        for (size_t n = 1; n <= 3; n++) {
            for (size_t in_flight = 1; in_flight <= n; in_flight++) {
                MtsSearchSettings s = settings_of(MTS_MAXENT_TS, 1, n);
                s.in_flight = in_flight;
                double z = partition(table, s.lambda), mean = expected_wave_mean(table, &s, &leaves);
                if (fabs(mean - z) > 1e-9 * (1 + z)) { /* a draw that is this small has few digits itself */
                    fail_msg("N %zu B %zu: sum of P Z^ is %.17g, Z is %.17g", n, in_flight, mean, z);
                }
            }
        }
        mts_table_free(&table);
    }
    phi_scale = 1;
}

/* The mean over all that chance can bring of exp(log Z^), the mean of its first `sure` estimates (of waves, or else of
 * rollouts; the search's own stands in for those that there were none of). Counts in *more the searches that had more.
 */
static double mean_of_estimates(const MtsTable *table, const MtsSearchSettings *s, bool waves, size_t sure,
                                size_t *more)
{
    double mean = 0;
    Branches b = branches_begin();
    do {
        branches_start(&b);
        MtsSearch *run = run_prefixed(table, s, waves, &b.script);
        double sum = 0;
        bool first = waves && s->reward_first && s->max_nfe >= 2 * (table->max_tokens - 1); /* follows the reward */
        size_t count = waves ? mts_maxent(run)->waves - first : run->log_count; /* all are drawn, and weigh the same */
        assert_true(run->nfe <= s->max_nfe);
        assert_true(waves || run->done >= (count < sure ? count : sure));
        *more += (waves ? count : run->done) > sure;
        for (size_t i = 0; i < sure; i++) {
            sum += exp(i >= count ? run_log_z(run)
                       : waves    ? mts_maxent(run)->terms[i]
                                  : run->log[i]->log_z) /
                   (double)sure;
        }
        assert_true(strcmp(run->stop_reason, "exhausted") == 0 || fabs(exp(run_log_z(run)) - sum) < EXACT * (1 + sum));
        mean += branches_probability(&b) * sum;
        mts_search_free(&run);
    } while (branches_next(&b));
    return mean;
}

/* Under a limit on positions as well: how many rollouts there are is chance then, how many count in Z^ is not. */
static void a_limit_on_positions_bends_no_estimate_of_rollouts(void **state)
{
    (void)state;
    size_t more = 0;
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        MtsTable *table = random_table(SHAPES[i], 255 + i);
        for (size_t nfe = 1; nfe <= 3; nfe++) {
            for (size_t kind = 0; kind < 4; kind++) {
                MtsSearchSettings s = settings_of(kind % 2 ? MTS_SAMPLE : MTS_MAXENT_TS, 2, 5);
                size_t sure = nfe / (table->max_tokens - 1);
                s.best_first = s.index_power = 0;
                s.max_nfe = nfe;
                s.in_flight = kind / 2 + 1;
                s.sweep = kind % 4 == 2;
                double mean = mean_of_estimates(table, &s, false, sure, &more), z = partition(table, s.lambda);
                assert_true(fabs(mean - z) < EXACT * (1 + z));
            }
        }
        mts_table_free(&table);
    }
    assert_true(more > 100); /* searches that went on after what was certain */
}

/* And of waves, with and without a rollout before them that follows the reward. */
static void limit_waves(size_t reward_first)
{
    size_t more = 0;
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        MtsTable *table = random_table(SHAPES[i], 155 + i);
        for (size_t nfe = 2; nfe <= MTS_IF_DEAR(4, 5); nfe++) {
            for (size_t in_flight = 1; in_flight <= 2; in_flight++) {
                MtsSearchSettings s = settings_of(MTS_MAXENT_TS, 2, 5);
                uint64_t each = (uint64_t)table->max_tokens - 1;
                s.max_nfe = nfe;
                s.in_flight = in_flight;
                s.sweep = 0;
                s.reward_first = reward_first;
                size_t sure = 0;
                for (uint64_t started = reward_first && nfe >= 2 * each, left = nfe - started * each;
                     left / each > 0 && started < s.rollouts; sure++) {
                    uint64_t size = s.rollouts - started < in_flight ? s.rollouts - started : in_flight;
                    size = left / each < size ? left / each : size;
                    left -= size * each;
                    started += size;
                }
                double mean = mean_of_estimates(table, &s, true, sure, &more), z = partition(table, s.lambda);
                assert_true(fabs(mean - z) < EXACT * (1 + z));
            }
        }
        mts_table_free(&table);
    }
    assert_true(more > 100); /* searches that went on after what was certain */
}

static void a_limit_on_positions_bends_no_estimate_of_waves(void **state)
{
    (void)state;
    limit_waves(0);
    limit_waves(1);
}

/* Where the value of a prefix is that of the best text below it, the first rollout is the best text of all; where only
 * one may be asked for, it is drawn no less. */
static void the_reward_is_followed_first(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        MtsTable *table = random_table((Shape){.vocab = 4, .steps = 5, .eos = 0, .peak = 1, .spread = 1}, 400 + seed);
        MtsSearchSettings s = settings_of(MTS_MAXENT_TS, 1, 3);
        double *log_w = calloc(table->row_count, sizeof *log_w), best = -HUGE_VAL;
        mts_table_values(table, 3e6, log_w); /* so steep that phi is the largest reward below, but for little */
        for (size_t i = 0; i < table->row_count; i++) {
            log_w[i] /= 1e6;
        }
        soft_values = log_w;
        soft_table = table;
        for (size_t x = 0; x < table->text_count; x++) {
            best = fmax(best, table->texts[x].reward);
        }
        s.in_flight = 2;
        s.sweep = 0;
        s.reward_first = 1;
        MtsSearch *run = run_prefixed(table, &s, true, NULL);
        assert_true(run->log_count == 3 && run->log[0]->node->reward == best);
        assert_true(isnan(run->log[0]->log_z) && !isnan(run->log[1]->log_z) && run->log[0]->log_q == 0);
        assert_true(mts_maxent(run)->term_count == 1);
        mts_search_free(&run);
        s.max_nfe = 2 * (table->max_tokens - 1) - 1; /* room for one */
        run = run_prefixed(table, &s, true, NULL);
        assert_true(!isnan(run->log[0]->log_z));
        mts_search_free(&run);
        soft_values = NULL;
        free(log_w);
        mts_table_free(&table);
    }
}

/* A search that sees everything is exact, and one that does not finds more of pi* with good prefix rewards. */
static void prefix_rewards_guide_and_do_not_bend(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 4, .steps = 4, .eos = 0, .peak = 1, .spread = 1}, 58);
    MtsTableExact exact;
    MtsError err = {0};
    assert_ok(mts_table_exact(table, 3, &exact, &err), &err);
    MtsSearchSettings s = settings_of(MTS_MAXENT_TS, 3, 100000);
    s.in_flight = 5;
    MtsSearch *run = run_prefixed(table, &s, true, NULL);
    assert_string_equal(run->stop_reason, "exhausted");
    assert_true(fabs(run_log_z(run) - exact.log_z) < EXACT);
    mts_search_free(&run);
    double found[2] = {0};
    double *log_w = calloc(table->row_count, sizeof *log_w);
    mts_table_values(table, 3, log_w);
    soft_values = log_w;
    soft_table = table;
    for (int guided = 0; guided < 2; guided++) {
        for (uint64_t seed = 0; seed < 40; seed++) {
            s = settings_of(MTS_MAXENT_TS, 3, 3);
            s.seed = seed;
            s.sweep = 0;
            run = run_prefixed(table, &s, guided, NULL);
            for (size_t i = 0; i < run->answer_count; i++) {
                found[guided] += exp(run->answers[i].log_weight - exact.log_z) / 40;
            }
            mts_search_free(&run);
        }
    }
    soft_values = NULL;
    free(log_w);
    assert_true(found[1] > 1.5 * found[0]);
    mts_table_free(&table);
}

/* While a node may always be widened its children are draws of p: the mean backup is then the mean of the samples. */
static void dts_starts_as_weighted_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        MtsTable *table = random_table(SHAPES[i], 60 + i);
        for (size_t n = 1; n <= 3; n++) {
            for (int star = 0; star < 2; star++) {
                MtsSearchSettings s = settings_of(star ? MTS_DTS_STAR : MTS_DTS, 2, n);
                s.temperature = star ? 0.8 : 1;
                s.in_flight = n == 3 ? 2 : 1;
                prove_unbiased(table, &s, false);
            }
        }
        mts_table_free(&table);
    }
}

/* ---- DTS: the tree and what it says ---- */

static void dts_takes_the_mean_of_its_draws(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 3, .steps = 3, .eos = 0, .peak = 1, .spread = 1}, 70);
    for (int star = 0; star < 2; star++) {
        MtsSearchSettings s = settings_of(star ? MTS_DTS_STAR : MTS_DTS, 2, 400);
        s.widening_c = 1;
        s.widening_alpha = 0.5; /* 20 draws at the root */
        MtsSearch *run = run_table(table, &s, NULL);
        double policy[8], sum = 0, log_z;
        run->ops->policy(run, run->nodes.root, policy);
        for (size_t i = 0; i < run->nodes.root->dist.count; i++) {
            sum += exp(policy[i]);
        }
        assert_true(fabs(sum - 1) < EXACT);
        sum = 0;
        for (size_t i = 0; i < run->answer_count; i++) {
            sum += exp(run->answers[i].log_weight);
        }
        assert_true(fabs(sum - 1) < EXACT); /* every leaf of the tree is an answer */
        log_z = run_log_z(run);
        assert_true(log_z > -10 && log_z < 10);
        assert_true(run->done == 400 && strcmp(run->stop_reason, "rollouts") == 0);
        mts_search_free(&run);
    }
    mts_table_free(&table);
}

/* As they come, they widen: what the root has drawn is what the rule lets it, from fewer than ten rollouts on less than
 * a draw each. */
static void dts_widens_by_itself(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 6, .steps = 4, .eos = -1, .peak = 1, .spread = 1}, 71);
    for (int star = 0; star < 2; star++) {
        MtsSearchSettings s = settings_of(star ? MTS_DTS_STAR : MTS_DTS, 2, 30);
        MtsSearch *run = run_table(table, &s, NULL);
        double drawn = 0, may = 0;
        for (size_t i = 0; i < run->log_count; i++) {
            drawn += run->log[i]->choices[0].kept[0];
            may += i == 0 || may < s.widening_c * pow((double)i, s.widening_alpha);
            assert_true(drawn == may);
            assert_true(i < 9 || drawn < (double)i + 1);
        }
        assert_true(run->log_count == 30 && drawn < 20);
        mts_search_free(&run);
    }
    mts_table_free(&table);
}

/* ---- best-of-N ---- */

static void best_of_n_has_its_closed_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        MtsTable *table = random_table(SHAPES[i], 80 + i);
        for (size_t n = 1; n <= 3; n++) {
            MtsSearchSettings s = settings_of(MTS_BEST_OF_N, 1, n);
            double *found = calloc(table->text_count, sizeof *found);
            Branches b = branches_begin();
            do {
                MtsSearchResult *result = NULL;
                MtsError err = {0};
                branches_start(&b);
                MtsSearch *run = run_table(table, &s, &b.script);
                assert_ok(mts_search_result(run, &result, &err), &err);
                const MtsAnswer *best = &result->answers[result->best];
                assert_true(best->probability == 1);
                found[text_of(table, best->tokens, best->count)] += branches_probability(&b);
                mts_search_result_free(&result);
                mts_search_free(&run);
            } while (branches_next(&b));
            for (size_t x = 0; x < table->text_count; x++) { /* rewards are all different */
                double better = 0, p = exp(table->texts[x].logp);
                for (size_t y = 0; y < table->text_count; y++) {
                    better += table->texts[y].reward > table->texts[x].reward ? exp(table->texts[y].logp) : 0;
                }
                double want = pow(1 - better, (double)n) - pow(fmax(1 - better - p, 0), (double)n);
                assert_true(fabs(found[x] - want) < EXACT);
            }
            free(found);
        }
        mts_table_free(&table);
    }
}

/* ---- greedy and beam ---- */

static void one_beam_at_lambda_zero_is_greedy(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 30; seed++) {
        Shape shape = {.vocab = 4, .steps = 5, .eos = seed % 3 == 0 ? 1 : -1, .peak = 1, .spread = 1};
        MtsTable *table = random_table(shape, 100 + seed);
        MtsSearchSettings s = settings_of(MTS_GREEDY, 0, 7);
        MtsSearch *greedy = run_table(table, &s, NULL);
        assert_int_equal(greedy->answer_count, 1);
        for (int prefixes = 0; prefixes < 2; prefixes++) {
            s = settings_of(MTS_BEAM, 0, 1);
            MtsSearch *beam = run_prefixed(table, &s, prefixes, NULL);
            int32_t a[8], b[8];
            assert_int_equal(beam->answer_count, 1);
            assert_int_equal(beam->best->depth, greedy->best->depth);
            mts_node_tokens(greedy->best, a);
            mts_node_tokens(beam->best, b);
            assert_memory_equal(a, b, greedy->best->depth * sizeof *a);
            assert_int_equal(beam->nfe, greedy->nfe);
            mts_search_free(&beam);
        }
        const MtsNode *node = greedy->best;
        for (; node->parent; node = node->parent) {
            assert_int_equal(node->token, node->parent->dist.tokens[0]);
        }
        mts_search_free(&greedy);
        mts_table_free(&table);
    }
}

static void as_many_beams_as_texts_find_the_mode(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        Shape shape = {.vocab = 3, .steps = 4, .eos = seed % 2 ? 2 : -1, .peak = 1, .spread = 1, .hole = 0.2};
        MtsTable *table = random_table(shape, 140 + seed);
        size_t mode = 0;
        for (size_t x = 1; x < table->text_count; x++) {
            mode = tilted(table, x, 3) > tilted(table, mode, 3) ? x : mode;
        }
        for (int prefixes = 0; prefixes < 2; prefixes++) {
            MtsSearchSettings s = settings_of(MTS_BEAM, 3, 81); /* 3^4 */
            MtsSearchResult *result = NULL;
            MtsError err = {0};
            MtsSearch *run = run_prefixed(table, &s, prefixes, NULL);
            assert_ok(mts_search_result(run, &result, &err), &err);
            assert_int_equal(result->answer_count, table->text_count);
            const MtsAnswer *map = &result->answers[result->map];
            assert_int_equal(text_of(table, map->tokens, map->count), mode);
            assert_true(map->probability == 1);
            mts_search_result_free(&result);
            mts_search_free(&run);
        }
        mts_table_free(&table);
    }
}

/* ---- MCTS ---- */

static void mcts_comes_to_prefer_the_best(void **state)
{
    (void)state;
    for (int uct = 0; uct < 2; uct++) {
        MtsTable *table = random_table((Shape){.vocab = 3, .steps = 3, .eos = 0, .peak = 1, .spread = 1}, 160);
        MtsSearchSettings s = settings_of(MTS_MCTS, 1, 2000);
        s.use_uct = uct;
        s.c_uct = uct ? 2 : 20; /* PUCT explores by prior: little where that is small */
        MtsSearch *run = run_table(table, &s, NULL);
        double highest = -HUGE_VAL, policy[8], sum = 0;
        for (size_t x = 0; x < table->text_count; x++) {
            highest = fmax(highest, table->texts[x].reward);
        }
        assert_true(run->best->reward == highest);
        run->ops->policy(run, run->nodes.root, policy);
        for (size_t i = 0; i < run->nodes.root->dist.count; i++) {
            sum += exp(policy[i]);
        }
        assert_true(fabs(sum - 1) < EXACT);
        const MtsNode *most = run->nodes.root; /* down the most visited children */
        while (!most->finished) {
            const MtsNode *next = most->first;
            for (const MtsNode *child = most->first; child; child = child->next) {
                next = child->visits > next->visits ? child : next;
            }
            most = next;
        }
        assert_ptr_equal(most, run->best);
        assert_null(run->ops->estimate);
        mts_search_free(&run);
        mts_table_free(&table);
    }
}

/* ---- ends ---- */

static bool only_one(const MtsTable *table, size_t row, int32_t token)
{
    return row == 0 ? token == 1 : nothing_after_one(table, row, token);
}

/* Every method on texts that end nowhere: those that can avoid it do, the others say so in a sentence. */
static void dead_ends_are_met_by_name(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 3, .steps = 3, .eos = -1, .peak = 1, .spread = 1}, 170);
    for (int all = 0; all < 2; all++) {
        Masked m;
        masked_open(&m, table, all ? only_one : nothing_after_one);
        for (int method = MTS_GREEDY; method <= MTS_MAXENT_TS; method++) {
            MtsSearchSettings s = settings_of((MtsMethod)method, 1, 20);
            MtsSearchResult *result = NULL;
            MtsError err = {0};
            int rc = mts_search(&m.model, &m.reward, &s, NULL, &result, &err);
            if (all) {
                assert_int_equal(rc, MTS_ECONSTRAINT);
                assert_non_null(strstr(err.text, "constraint"));
            } else if (method != MTS_GREEDY) {
                assert_ok(rc, &err);
                for (size_t i = 0; i < result->answer_count; i++) {
                    for (size_t t = 0; t + 1 < result->answers[i].count; t++) {
                        assert_int_not_equal(result->answers[i].tokens[t], 1);
                    }
                }
            }
            mts_search_result_free(&result);
        }
        masked_free(&m);
    }
    mts_table_free(&table);
}

static void one_token_and_no_tilt_are_no_trouble(void **state)
{
    (void)state;
    const Shape shapes[] = {{.vocab = 1, .steps = 3, .eos = -1, .peak = 1, .spread = 1},
                            {.vocab = 3, .steps = 1, .eos = 0, .peak = 1, .spread = 1},
                            {.vocab = 3, .steps = 3, .eos = 0, .peak = 1, .spread = 1, .hole = 1}};
    for (size_t i = 0; i < 3; i++) {
        MtsTable *table = random_table(shapes[i], 180 + i);
        for (int method = MTS_GREEDY; method <= MTS_MAXENT_TS; method++) {
            for (size_t in_flight = 1; in_flight <= 4; in_flight += 3) {
                MtsSearchSettings s = settings_of((MtsMethod)method, 2, 12);
                MtsSearchModel model;
                MtsSearchReward reward;
                MtsSearchResult *result = NULL;
                MtsError err = {0};
                s.in_flight = in_flight;
                mts_table_model(table, &model);
                mts_table_reward(table, &reward);
                int rc = mts_search(&model, &reward, &s, NULL, &result, &err);
                if (i == 2 && method >= MTS_REJECTION && method <= MTS_AWRS_SMC) { /* these keep valid texts only */
                    assert_int_equal(rc, MTS_ECONSTRAINT);
                    continue;
                }
                assert_ok(rc, &err);
                assert_true(result->answer_count > 0 && result->reward_calls >= result->answer_count);
                assert_true(i == 2 || isfinite(result->answers[0].reward));
                mts_search_result_free(&result);
            }
        }
        mts_table_free(&table);
    }
}

static bool raised(void *context)
{
    return *(int *)context != 0;
}

static void limits_are_kept(void **state)
{
    (void)state;
    MtsTable *table = random_table((Shape){.vocab = 4, .steps = 6, .eos = 0, .peak = 1, .spread = 1}, 190);
    for (int method = MTS_GREEDY; method <= MTS_MAXENT_TS; method++) {
        MtsSearchModel model;
        MtsSearchReward reward;
        mts_table_model(table, &model);
        mts_table_reward(table, &reward);
        for (uint64_t limit = 1; limit <= 41; limit += 10) {
            MtsSearchSettings s = settings_of((MtsMethod)method, 1, 30);
            MtsSearchResult *result = NULL;
            MtsError err = {0};
            s.max_nfe = limit;
            int rc = mts_search(&model, &reward, &s, NULL, &result, &err);
            assert_true(rc == MTS_OK || (rc == MTS_EREQUEST && err.text[0]));
            assert_true(rc != MTS_OK || result->nfe <= limit);
            mts_search_result_free(&result);
        }
        MtsSearchSettings s = settings_of((MtsMethod)method, 1, 30);
        MtsSearchResult *result = NULL;
        MtsError err = {0};
        int flag = 1;
        s.stop = raised;
        s.stop_context = &flag;
        assert_ok(mts_search(&model, &reward, &s, NULL, &result, &err), &err);
        assert_string_equal(result->stop_reason, "interrupted");
        mts_search_result_free(&result);
    }
    mts_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smc_is_unbiased),
        cmocka_unit_test(weighted_samples_are_unbiased),
        cmocka_unit_test(waves_are_unbiased),
        cmocka_unit_test(waves_give_nothing_up_for_good),
        cmocka_unit_test(a_limit_on_positions_bends_no_estimate_of_rollouts),
        cmocka_unit_test(a_limit_on_positions_bends_no_estimate_of_waves),
        cmocka_unit_test(the_reward_is_followed_first),
        cmocka_unit_test(prefix_rewards_guide_and_do_not_bend),
        cmocka_unit_test(dts_starts_as_weighted_samples),
        cmocka_unit_test(dts_takes_the_mean_of_its_draws),
        cmocka_unit_test(dts_widens_by_itself),
        cmocka_unit_test(best_of_n_has_its_closed_form),
        cmocka_unit_test(one_beam_at_lambda_zero_is_greedy),
        cmocka_unit_test(as_many_beams_as_texts_find_the_mode),
        cmocka_unit_test(mcts_comes_to_prefer_the_best),
        cmocka_unit_test(dead_ends_are_met_by_name),
        cmocka_unit_test(one_token_and_no_tilt_are_no_trouble),
        cmocka_unit_test(limits_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
