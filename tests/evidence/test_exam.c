/* Questions with options: the forms a series is made of, what statements are worth, what answered questions teach, the
 * file and damage to it, the reward on letters, options and prefixes. */
#include "../test.h"

#include <math.h>
#include <unistd.h>

#include <maxts/reward.h>

#include "core/rng.h"
#include "evidence/exam.h"
#include "evidence/measures.h"
#include "evidence/trained.h"
#include "series/set.h"

enum { N = 128, QUESTIONS = 24, WORDINGS = 4 };

static char path[64];

static double trend_of(int trend, size_t t)
{
    return trend == MTS_LINEAR        ? 0.04 * (double)t
           : trend == MTS_LOG         ? 2 * log1p((double)t)
           : trend == MTS_EXPONENTIAL ? 0.1 * exp(4 * (double)t / N)
                                      : 0;
}

static double wave_of(int wave, double turns)
{
    double part = turns - floor(turns);
    return wave == MTS_SINE       ? sin(2 * 3.14159265358979 * part)
           : wave == MTS_SQUARE   ? (part < 0.5 ? 1 : -1)
           : wave == MTS_SAWTOOTH ? 2 * part - 1
                                  : 0;
}

static void make(double *x, int trend, int wave, double period, double noise, uint64_t seed)
{
    MtsRng rng = mts_rng(seed, 0, 0);
    for (size_t t = 0; t < N; t++) {
        x[t] = trend_of(trend, t) + 2 * wave_of(wave, (double)t / period + 0.2) + noise * (mts_rng_uniform(&rng) - 0.5);
    }
}

static void forms_are_found(void **state)
{
    (void)state;
    for (int trend = 0; trend < MTS_TREND_FORMS; trend++) {
        for (int wave = 0; wave < MTS_WAVE_FORMS; wave++) {
            double x[N], level[N], waves[N];
            MtsForms f;
            MtsError err = {0};
            make(x, trend, wave, 21, 0.4, (uint64_t)(7 + 4 * trend + wave));
            assert_ok(mts_forms(&f, x, N, &err), &err);
            assert_true((int)f.trend == trend && (int)f.wave == wave);
            const MtsFormFit *fit = &f.fit[trend][wave];
            assert_true(fit->score == 0 && (!wave || (fabs(fit->period - 21) < 1 && fabs(fabs(fit->gain) - 2) < 0.3)));
            mts_form_parts(&f, f.trend, f.wave, N, level, waves);
            double rest = 0;
            for (size_t t = 0; t < N; t++) {
                rest += (x[t] - level[t] - waves[t]) * (x[t] - level[t] - waves[t]);
            }
            assert_true(fabs(rest - fit->rest) < 1e-6 * (1 + rest)); /* the parts are what was fitted */
        }
    }
}

/* Constants, steps and huge values are measured without a number that is none. */
static void nothing_to_see(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        double x[N];
        MtsMeasured m;
        MtsError err = {0};
        for (size_t t = 0; t < N; t++) {
            x[t] = kind == 0 ? 3 : kind == 1 ? t > 60 : 1e30 * (double)(t % 31 == 0);
        }
        assert_ok(mts_measure(&m, x, N, &err), &err);
        assert_true(isfinite(m.spike) && isfinite(m.still) && isfinite(m.amplitude_change) && isfinite(m.reversion));
        mts_measured_free(&m);
    }
}

/* ---- questions ---- */

static const char *const wordings[WORDINGS] = {"What is the type of the trend of the series?", "Which kind of trend?",
                                               "Which wave is it?", "What is the most likely period of the wave?"};
static const char *const options[WORDINGS][3] = {{"Linear", "Exponential", "No trend"},
                                                 {"No trend", "Exponential", "Linear"},
                                                 {"SineWave", "SquareWave", "SawtoothWave"},
                                                 {"12.5", "21", "40"}};

typedef struct Made {
    MtsSeries *series[QUESTIONS + WORDINGS];
    MtsAsked asked[QUESTIONS + WORDINGS];
    int right[QUESTIONS + WORDINGS];
    size_t group[QUESTIONS + WORDINGS];
} Made;

static void make_questions(Made *m)
{
    static const int trends[2][3] = {{MTS_LINEAR, MTS_EXPONENTIAL, MTS_NO_TREND},
                                     {MTS_NO_TREND, MTS_EXPONENTIAL, MTS_LINEAR}};
    static const double periods[3] = {12.5, 21, 40};
    for (size_t i = 0; i < QUESTIONS + WORDINGS; i++) {
        double x[N];
        MtsError err = {0};
        size_t w = i % WORDINGS, right = i / WORDINGS % 3;
        int trend = w < 2 ? trends[w][right] : MTS_NO_TREND, wave = w == 2 ? (int)(MTS_SINE + right) : MTS_SINE;
        make(x, trend, wave, w == 3 ? periods[right] : 17, 0.5, 100 + i);
        assert_ok(mts_series_from_values(&m->series[i], x, N, &err), &err);
        m->asked[i] = (MtsAsked){wordings[w], options[w], 3, m->series[i]};
        m->right[i] = (int)right;
        m->group[i] = w;
    }
}

static void unmake_questions(Made *m)
{
    for (size_t i = 0; i < QUESTIONS + WORDINGS; i++) {
        mts_series_free(&m->series[i]);
    }
}

static void damaged(void)
{
    static const char *const ends[] = {"", "}", "{\"maxts\":\"evidence\",\"kind\":\"questions\"}"};
    for (size_t i = 0; i < 3; i++) {
        MtsQuestions *q;
        MtsError err = {0};
        assert_true(mts_questions_parse(&q, "x", ends[i], strlen(ends[i]), &err) != 0 && !q && *err.text);
    }
}

static double score(const MtsReward *reward, const char *text, bool finished)
{
    double value;
    MtsError err = {0};
    assert_ok(mts_reward_score(reward, text, strlen(text), 0, 1, finished, &value, &err), &err);
    return value;
}

/* Letters and options count alike, a prefix is worth the best option that is open. */
static void ask_reward(const MtsAsked *asked, int right, const double *ratio)
{
    char spec[256], letter[] = "Answer: A";
    MtsReward *reward;
    MtsError err = {0};
    const MtsRewardInput input = {.prompt = "", .series = asked->series};
    snprintf(spec, sizeof spec, "evidence:%s|%s|lettered;%s|%s|%s", path, asked->question, asked->options[0],
             asked->options[1], asked->options[2]);
    assert_ok(mts_reward_new(&reward, spec, &input, &err), &err);
    for (int k = 0; k < 3; k++) {
        char text[64];
        letter[8] = (char)('A' + k);
        snprintf(text, sizeof text, "Answer: %s", asked->options[k]);
        assert_true(score(reward, letter, true) == ratio[k] && score(reward, text, true) == ratio[k]);
        assert_true(score(reward, letter, false) == ratio[k]);
    }
    assert_true(score(reward, "Answer: ", false) == ratio[right] && score(reward, "", false) == ratio[right]);
    assert_true(score(reward, "nothing of that", true) == 0);
    mts_reward_free(&reward);
    snprintf(spec, sizeof spec, "evidence:%s", path);
    assert_int_equal(mts_reward_new(&reward, spec, &input, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "FILE|QUESTION|A|B"));
}

static void questions_teach(void **state)
{
    (void)state;
    Made m;
    MtsQuestions *q, *back;
    MtsTrained t;
    MtsError err = {0};
    double held[QUESTIONS * MTS_STATED_MOST], ratio[3], same[3];
    int right = 0;
    make_questions(&m);
    const MtsQuestionLessons lessons = {m.asked, m.right, m.group, QUESTIONS, WORDINGS};
    assert_ok(mts_questions_learn(&q, &lessons, held, &err), &err);
    for (size_t i = 0; i < QUESTIONS; i++) {
        const double *p = held + i * MTS_STATED_MOST;
        right += p[m.right[i]] >= fmax(p[0], fmax(p[1], p[2]));
        assert_true(fabs(exp(p[0]) + exp(p[1]) + exp(p[2]) - 1) < 1e-12);
    }
    assert_true(right >= QUESTIONS - 2);
    assert_ok(mts_questions_write(q, path, &err), &err);
    assert_ok(mts_trained_read(&t, path, &err), &err);
    back = t.questions;
    for (size_t i = QUESTIONS; i < QUESTIONS + WORDINGS; i++) {
        assert_ok(mts_questions_judge(q, &m.asked[i], ratio, &err), &err);
        assert_ok(mts_questions_judge(back, &m.asked[i], same, &err), &err);
        assert_memory_equal(ratio, same, sizeof ratio);
        assert_true(ratio[m.right[i]] > 0);
    }
    ask_reward(&m.asked[QUESTIONS], m.right[QUESTIONS],
               (mts_questions_judge(q, &m.asked[QUESTIONS], ratio, &err), ratio));
    assert_int_equal(mts_questions_judge(q, &m.asked[0], ratio, &err), MTS_EREQUEST); /* it knows the answer */
    damaged();
    mts_questions_free(&q);
    mts_trained_free(&t);
    unmake_questions(&m);
}

/* Of two series: which is which, what they share, how far apart they are. */
static void two_series(void **state)
{
    (void)state;
    MtsStated s[3];
    MtsError err = {0};
    MtsRng rng = mts_rng(5, 0, 0);
    MtsSeries *pair = mts_series_alloc(2, N);
    double walk[N + 20], at = 0;
    assert_non_null(pair);
    for (size_t t = 0; t < N + 20; t++) {
        walk[t] = at += mts_rng_uniform(&rng) - 0.5;
    }
    for (size_t t = 0; t < N; t++) { /* the first is what the second will be, and twice as large */
        pair->values[t] = 2 * walk[t + 20];
        pair->values[N + t] = walk[t];
    }
    static const char *const lags[] = {"Lagging step is between 5 to 10", "Lagging step is between 15 to 25"};
    const MtsAsked lag = {"What is the most likely lagging step?", lags, 2, pair};
    assert_ok(mts_statements(&lag, s, &err), &err);
    assert_true(s[0].value < 0 && s[1].value > 0 && s[0].rule == s[1].rule);
    static const char *const sizes[] = {"Time series 1", "Time series 2", "it rains"};
    const MtsAsked size = {"Which of the given time series has the highest variance?", sizes, 3, pair};
    assert_ok(mts_statements(&size, s, &err), &err);
    assert_true(s[0].value > 0 && s[1].value < 0 && s[2].rule == MTS_UNSTATED);
    mts_series_free(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(forms_are_found), cmocka_unit_test(nothing_to_see),
                                       cmocka_unit_test(questions_teach), cmocka_unit_test(two_series)};
    snprintf(path, sizeof path, "/tmp/mts_exam_%d", (int)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
