/* Evidence: the regression against its normal equations, what is learnt from made-up series, what wrong lessons say,
 * the file and damage to it, the reward on texts and prefixes. */
#include "../test.h"

#include <math.h>
#include <unistd.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include <maxts/reward.h>

#include "core/rng.h"
#include "core/seal.h"
#include "evidence/calibrate.h"
#include "evidence/evidence.h"
#include "evidence/forecaster.h"
#include "evidence/ridge.h"
#include "series/set.h"

enum { LENGTH = MTS_IF_DEAR(16, 32), CLASSES = 3, GROUPS = MTS_IF_DEAR(3, 6), SAMPLES = 120 };

static const char *const names[CLASSES] = {"rest", "walk", "walk_up"};
static char path[64];
static MtsEvidence *learnt; /* by the first test that wants one */
static MtsForecaster *foreseen;

static int setup(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/mts_evidence_%d", (int)getpid());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    mts_evidence_free(&learnt);
    mts_forecaster_free(&foreseen);
    return 0;
}

/* ---- the regression ---- */

static void ridge_solves_its_equations(void **state)
{
    (void)state;
    enum { N = 30, P = 12, K = 2 };
    double rows[N * P], targets[N * K], mean[P], scale[P], least = HUGE_VAL, most = 0;
    int fold[N];
    MtsRng rng = mts_rng(1, 2, 3);
    MtsError err = {0};
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < P; j++) {
            rows[i * P + j] = j ? 5 + mts_rng_uniform(&rng) : 1;
        }
        targets[i * K] = rows[i * P + 3] + 0.1 * mts_rng_uniform(&rng);
        targets[i * K + 1] = 1 - targets[i * K];
        fold[i] = (int)i % 3;
    }
    mts_standardise(rows, N, P, mean, scale);
    const MtsRidgeData d = {rows, targets, fold, N, P, K, 3, {5, P}, true};
    MtsRidge r;
    assert_ok(mts_ridge(&r, &d, &err), &err);
    assert_int_equal(r.width, 5);          /* column 3 is among them, and the others are noise */
    for (size_t j = 0; j < r.width; j++) { /* sum z (y - w'z) = penalty w, of the constant 0 */
        double left = 0;
        for (size_t i = 0; i < N; i++) {
            double e = targets[i * K];
            for (size_t m = 0; m < r.width; m++) {
                e -= r.weights[m * K] * rows[i * P + m];
            }
            left += rows[i * P + j] * e;
        }
        assert_true(fabs(left - (j ? r.penalty * r.weights[j * K] : 0)) < 1e-9);
    }
    for (size_t i = 0; i < N; i++) { /* what is held out comes from the weights without the row's fold */
        const double *w = r.without + (size_t)fold[i] * r.width * K;
        double said = 0;
        for (size_t m = 0; m < r.width; m++) {
            said += w[m * K] * rows[i * P + m];
        }
        assert_true(fabs(said - r.held[i * K]) < 1e-9);
        least = fmin(least, fabs(r.held[i * K] - targets[i * K]));
        most = fmax(most, fabs(r.held[i * K] - targets[i * K]));
    }
    assert_true(least > 0 && most < 0.2);
    mts_ridge_free(&r);
}

/* ---- lessons ---- */

typedef struct Made {
    MtsSeries *series[SAMPLES];
    MtsLessons lessons;
    double held[SAMPLES * CLASSES];
} Made;

/* Rest is noise about 1, walking swings, walking up swings faster; each group has a level of its own. */
static void make(Made *m, bool shuffled, bool constant)
{
    MtsError err = {0};
    MtsRng rng = mts_rng(7, 0, 0);
    m->lessons = (MtsLessons){.count = SAMPLES, .groups = GROUPS, .classes = CLASSES, .names = names};
    m->lessons.series = calloc(SAMPLES, sizeof *m->lessons.series);
    m->lessons.label = calloc(SAMPLES, sizeof *m->lessons.label);
    m->lessons.group = calloc(SAMPLES, sizeof *m->lessons.group);
    for (size_t i = 0; i < SAMPLES; i++) {
        double x[LENGTH], phase = 6 * mts_rng_uniform(&rng);
        size_t k = i % CLASSES, group = i * GROUPS / SAMPLES;
        for (size_t t = 0; t < LENGTH; t++) {
            double noise = mts_rng_uniform(&rng);
            x[t] = constant ? 1
                            : 1 + 0.1 * (double)group + 0.5 * noise +
                                  (k ? sin(phase + (double)t * (k == 1 ? 0.4 : 0.9)) : 0);
        }
        assert_ok(mts_series_from_values(&m->series[i], x, LENGTH, &err), &err);
        m->lessons.series[i] = m->series[i];
        m->lessons.label[i] = (int)(shuffled ? mts_rng_bits(&rng) % CLASSES : k);
        m->lessons.group[i] = group;
    }
}

static void unmake(Made *m)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        mts_series_free(&m->series[i]);
    }
    free(m->lessons.series);
    free(m->lessons.label);
    free(m->lessons.group);
}

/* A series that was no lesson. */
static MtsSeries *fresh(double step, double level)
{
    MtsSeries *s;
    MtsError err = {0};
    double x[LENGTH];
    for (size_t t = 0; t < LENGTH; t++) {
        x[t] = level + sin(1 + (double)t * step) + 0.25;
    }
    assert_ok(mts_series_from_values(&s, x, LENGTH, &err), &err);
    return s;
}

/* What is learnt from them, once. */
static MtsEvidence *taught(void)
{
    Made m;
    MtsError err = {0};
    if (!learnt) {
        make(&m, false, false);
        assert_ok(mts_evidence_learn(&learnt, &m.lessons, m.held, &err), &err);
        unmake(&m);
    }
    return learnt;
}

static void learns(void **state)
{
    (void)state;
    Made m;
    MtsEvidence *e = taught(), *again;
    MtsError err = {0};
    size_t right = 0;
    make(&m, false, false);
#ifdef _OPENMP
    omp_set_num_threads(3); /* the rows are few, the columns many: teams are at work */
#endif
    assert_ok(mts_evidence_learn(&again, &m.lessons, m.held, &err), &err);
    assert_int_equal(e->columns, again->columns);
    assert_memory_equal(e->weights, again->weights, e->columns * CLASSES * sizeof *e->weights);
    for (size_t i = 0; i < SAMPLES; i++) {
        const double *p = m.held + i * CLASSES;
        double sum = 0;
        bool best = true;
        for (size_t k = 0; k < CLASSES; k++) {
            sum += exp(p[k]);
            best = best && p[k] <= p[m.lessons.label[i]];
        }
        assert_true(fabs(sum - 1) < 1e-12);
        right += best;
    }
    assert_true(right >= SAMPLES * 95 / 100);

    MtsSeries *walk = fresh(0.4, 1.7);
    double ratio[CLASSES], p = 0;
    assert_ok(mts_evidence_judge(e, walk, ratio, &err), &err);
    for (size_t k = 0; k < CLASSES; k++) {
        p += e->prior[k] * exp(ratio[k]);
    }
    assert_true(e->knows && again->knows);
    assert_true(ratio[1] > 0.5 && ratio[0] < -0.5 && ratio[2] < -0.5 && fabs(p - 1) < 1e-9);
    mts_series_free(&walk);
    mts_evidence_free(&again);
    unmake(&m);
}

/* Labels at random, and series without content, leave the prior as it is. */
static void wrong_lessons_say_nothing(void **state)
{
    (void)state;
    for (int constant = 0; constant < 2; constant++) {
        Made m;
        MtsEvidence *e;
        MtsError err = {0};
        double ratio[CLASSES];
        MtsSeries *other = fresh(0.4, 1);
        make(&m, true, constant == 1);
        assert_ok(mts_evidence_learn(&e, &m.lessons, m.held, &err), &err);
        assert_ok(mts_evidence_judge(e, other, ratio, &err), &err);
        assert_false(e->knows);
        for (size_t k = 0; k < CLASSES; k++) {
            assert_true(fabs(ratio[k]) < (constant ? 1e-9 : MTS_DEAR ? 1 : 0.35)); /* less is less sure */
        }
        mts_series_free(&other);
        mts_evidence_free(&e);
        unmake(&m);
    }
}

static void refuses(void **state)
{
    (void)state;
    Made m;
    MtsEvidence *e = taught();
    MtsError err = {0};
    double ratio[CLASSES], x[LENGTH + 1] = {0};
    MtsSeries *longer;
    make(&m, false, false);
    assert_int_equal(mts_evidence_judge(e, m.series[3], ratio, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "learnt from"));
    assert_ok(mts_series_from_values(&longer, x, LENGTH + 1, &err), &err);
    assert_int_equal(mts_evidence_judge(e, longer, ratio, &err), MTS_EREQUEST);
    m.lessons.series[5] = longer;
    assert_int_equal(mts_evidence_learn(&e, &m.lessons, m.held, &err), MTS_EREQUEST);
    assert_non_null(strstr(err.text, "series 6 has"));
    assert_null(e);
    m.lessons.series[5] = m.series[5];
    m.lessons.groups = 1;
    assert_int_equal(mts_evidence_learn(&e, &m.lessons, m.held, &err), MTS_EREQUEST);
    mts_series_free(&longer);
    unmake(&m);
}

/* A slope as large as the scores bear: where they are right three times in four, p is about 3/4. */
static void calibrated(void **state)
{
    (void)state;
    enum { N = 400 };
    const double prior[2] = {0.5, 0.5};
    double held[2 * N], p[2], shift[2];
    int label[N];
    for (size_t i = 0; i < N; i++) {
        held[2 * i] = 0.9;
        held[2 * i + 1] = 0.1;
        label[i] = i % 4 == 0;
    }
    double slope = mts_calibrate(held, label, prior, N, 2, shift), moved[2] = {held[0] + shift[0], held[1] + shift[1]};
    mts_posterior(moved, prior, slope, 2, p);
    assert_true(fabs(exp(p[0]) - 0.75) < 1e-3);
    for (size_t i = 0; i < N; i++) {
        label[i] = i % 4 != 0;
    }
    assert_true(mts_calibrate(held, label, prior, N, 2, shift) == 0 && shift[0] == 0 && shift[1] == 0);
    for (size_t i = 0; i < N; i++) { /* right three times in four either way, but class 1 is scored too low by .2 */
        bool first = i % 2;
        label[i] = (i / 2 % 4 == 0) == first;
        held[2 * i] = first ? 0.9 : 0.1;
        held[2 * i + 1] = 0.8 - held[2 * i];
    }
    slope = mts_calibrate(held, label, prior, N, 2, shift);
    for (size_t i = 0; i < 2; i++) {
        moved[0] = held[2 * i] + shift[0];
        moved[1] = held[2 * i + 1] + shift[1];
        mts_posterior(moved, prior, slope, 2, p);
        assert_true(fabs(exp(p[i == 0]) - 0.75) < 0.01);
    }
}

/* ---- the file ---- */

static void refuse_text(const char *text, size_t size, const char *part)
{
    MtsEvidence *e;
    MtsError err = {0};
    int rc = mts_evidence_parse(&e, "x.evidence", text, size, &err);
    if (rc == 0 || e || !strstr(err.text, part) || !strstr(err.text, "x.evidence")) {
        fail_msg("%d \"%s\", expected \"%s\"", rc, err.text, part);
    }
}

/* The file with one member made another, sealed anew. */
static void refuse_member(const json_t *whole, const char *member, json_t *value, const char *part)
{
    json_t *o = json_deep_copy(whole);
    MtsBytes line = {0};
    assert_int_equal(json_object_set_new(o, member, value), 0);
    char *text = mts_json_text(o);
    assert_true(mts_bytes_append_str(&line, text) && mts_seal(&line, 0));
    refuse_text(line.data, line.len, part);
    mts_bytes_free(&line);
    free(text);
    json_decref(o);
}

static void file(void **state)
{
    (void)state;
    MtsEvidence *e = taught(), *back;
    MtsError err = {0};
    MtsSeries *walk = fresh(0.4, 1.7);
    double ratio[CLASSES], same[CLASSES];
    char text[1 << 18];
    assert_ok(mts_evidence_write(e, path, &err), &err);
    assert_ok(mts_evidence_read(&back, path, &err), &err);
    assert_ok(mts_evidence_judge(e, walk, ratio, &err), &err);
    assert_ok(mts_evidence_judge(back, walk, same, &err), &err);
    assert_memory_equal(ratio, same, sizeof ratio);
    FILE *f = fopen(path, "rb");
    size_t size = fread(text, 1, sizeof text, f);
    fclose(f);
    assert_true(size > 1000 && size < sizeof text);
    for (size_t i = 0; i < size - 1 - MTS_SEAL_SIZE; i += 97) {
        text[i] ^= 1;
        refuse_text(text, size, "checksum");
        text[i] ^= 1;
    }
    for (size_t n = 0; n < size - 1; n += 1 + size / 50) {
        refuse_text(text, n, "");
    }
    json_t *whole;
    bool bare = false;
    assert_ok(mts_seal_parse(&whole, "x", 1, text, size - 1, &bare, &err), &err);
    refuse_member(whole, "maxts", json_string("trace"), "is no evidence");
    refuse_member(whole, "version", json_integer(99), "version");
    refuse_member(whole, "labels", json_pack("[s]", "alone"), "labels");
    refuse_member(whole, "labels", json_pack("[si]", "a", 1), "labels");
    refuse_member(whole, "prior", json_pack("[fff]", 0.5, 0.7, -0.2), "above 0");
    refuse_member(whole, "prior", json_pack("[fff]", 0.5, 0.7, 0.2), "add up");
    refuse_member(whole, "channels", json_integer(1 << 20), "columns");
    refuse_member(whole, "length", json_integer(65), "columns");
    refuse_member(whole, "length", json_real(63.5), "whole");
    refuse_member(whole, "columns", json_integer(3), "columns");
    refuse_member(whole, "rate", json_integer(0), "rate");
    refuse_member(whole, "slope", json_null(), "slope");
    refuse_member(whole, "weights", json_array(), "weights");
    refuse_member(whole, "thresholds", json_null(), "thresholds");
    refuse_member(whole, "seen", json_string("12"), "seen");
    refuse_member(whole, "about", json_null(), "about");
    json_decref(whole);
    refuse_text("{\"maxts\":\"evidence\"}", 20, "checksum is missing");
    mts_series_free(&walk);
    mts_evidence_free(&back);
}

/* ---- the reward ---- */

static double value_of(const MtsReward *r, const char *text, bool finished)
{
    double v;
    MtsError err = {0};
    assert_ok(mts_reward_score(r, text, strlen(text), 0, 1, finished, &v, &err), &err);
    return v;
}

static void reward(void **state)
{
    (void)state;
    MtsEvidence *e = taught();
    MtsError err = {0};
    MtsSeries *up = fresh(0.9, 1.7);
    MtsReward *r;
    char spec[96];
    double ratio[CLASSES];
    const MtsRewardInput input = {.prompt = "", .series = up};
    assert_ok(mts_evidence_write(e, path, &err), &err);
    assert_ok(mts_evidence_judge(e, up, ratio, &err), &err);
    assert_true(ratio[2] > ratio[0] && ratio[2] > ratio[1]);
    snprintf(spec, sizeof spec, "evidence:%s", path);
    assert_ok(mts_reward_new(&r, spec, &input, &err), &err);
    assert_true(mts_reward_scores_prefixes(r) && mts_reward_bounds(r));
    for (size_t k = 0; k < CLASSES; k++) {
        char text[64];
        snprintf(text, sizeof text, "It seems so. Answer: %s.", names[k]);
        assert_true(value_of(r, text, true) == ratio[k]);
    }
    assert_true(value_of(r, "Answer: Walk-Up", true) == ratio[2]);
    assert_true(value_of(r, "Answer: swim", true) == 0 && value_of(r, "", true) == 0);
    assert_true(value_of(r, "It seems", false) == ratio[2]);
    assert_true(value_of(r, "Answer: ", false) == ratio[2] && value_of(r, "Answer: wal", false) == ratio[2]);
    assert_true(value_of(r, "Answer: re", false) == ratio[0]);
    assert_true(value_of(r, "Answer: sw", false) == 0);
    mts_reward_free(&r);
    snprintf(spec, sizeof spec, "evidence:%s,prior=1", path);
    assert_ok(mts_reward_new(&r, spec, &input, &err), &err);
    assert_true(value_of(r, "Answer: rest", true) == ratio[0] + log(e->prior[0]));
    double least = ratio[0] + log(e->prior[0]); /* to name none is no better than to name the least likely class */
    for (size_t k = 1; k < CLASSES; k++) {
        least = fmin(least, ratio[k] + log(e->prior[k]));
    }
    assert_true(value_of(r, "Answer: swim", true) == least && value_of(r, "Answer: sw", false) == least);
    mts_reward_free(&r);
    MtsRewardFiles *files;
    assert_ok(mts_reward_files_new(&files, &err), &err);
    MtsRewardInput shared = {.prompt = "", .series = up, .files = files};
    assert_ok(mts_reward_new(&r, spec, &shared, &err), &err);
    mts_reward_free(&r);
    unlink(path); /* what was read once is not read again */
    assert_ok(mts_reward_new(&r, spec, &shared, &err), &err);
    assert_true(value_of(r, "Answer: rest", true) == ratio[0] + log(e->prior[0]));
    mts_reward_free(&r);
    assert_int_equal(mts_reward_new(&r, spec, &input, &err), MTS_EIO);
    mts_reward_files_free(&files);
    const MtsRewardInput none = {.prompt = ""};
    assert_int_equal(mts_reward_new(&r, spec, &none, &err), MTS_EREQUEST);
    assert_int_equal(mts_reward_new(&r, "evidence", &input, &err), MTS_EREQUEST);
    assert_int_equal(mts_reward_new(&r, "evidence:/nonexistent", &input, &err), MTS_EIO);
    mts_series_free(&up);
}

/* ---- forecasts ---- */

enum { MANY = MTS_IF_DEAR(8, 16) };

/* Series that swing with a period of 8 and a size and level of their own; `wild`: noise alone. */
static void many(MtsSeries *made[MANY], bool wild)
{
    MtsRng rng = mts_rng(3, wild, 0);
    MtsError err = {0};
    for (size_t i = 0; i < MANY; i++) {
        double x[100], level = 50 + 100 * mts_rng_uniform(&rng), size = level * 0.3;
        for (size_t t = 0; t < 100; t++) {
            double noise = mts_rng_uniform(&rng) - 0.5;
            x[t] = level * (1 + (wild ? noise : 0.02 * noise)) +
                   (wild ? 0 : size * sin(0.78539816339744831 * (double)(t + i)));
        }
        assert_ok(mts_series_from_values(&made[i], x, 100, &err), &err);
    }
}

/* What is learnt from them, once; the period is not told. */
static MtsForecaster *taught_paths(MtsSeries *const made[MANY])
{
    MtsError err = {0};
    if (!foreseen) {
        assert_ok(mts_forecaster_learn(&foreseen, (const MtsSeries *const *)made, MANY, 6, 1, &err), &err);
    }
    return foreseen;
}

static void forecaster(void **state)
{
    (void)state;
    MtsSeries *made[MANY];
    MtsForecaster *back;
    MtsError err = {0};
    double p[12], same[12], flat[6];
    many(made, false);
    const MtsForecaster *o = taught_paths(made);
    assert_true(o->models > 0 && o->model[o->models - 1].smape < 3 && o->smape[MTS_LAST] > 20);
    assert_ok(mts_forecaster_path(o, made[0]->values, 94, p, p + 6, &err), &err);
    for (size_t h = 0; h < 6; h++) {
        assert_true(fabs(p[h] - made[0]->values[94 + h]) < 8 && p[6 + h] > 0);
    }
    assert_ok(mts_forecaster_write(o, path, &err), &err);
    assert_ok(mts_forecaster_read(&back, path, &err), &err);
    assert_ok(mts_forecaster_path(back, made[0]->values, 94, same, same + 6, &err), &err);
    assert_memory_equal(p, same, sizeof p);
    const MtsForecasterModel *two = o->model + o->models - 2;
    assert_true(two[0].network && two[1].network && two[0].smape != two[1].smape);
    assert_true(o->trust <= MTS_FORECASTER_MOST_TRUST);
    assert_int_equal(back->trust, o->trust);
    assert_ok(mts_forecaster_path(o, made[0]->values, 9, same, same + 6, &err), &err); /* too few: the baseline */
    assert_ok(mts_forecaster_baseline(o->baseline, made[0]->values, 9, 1, 6, flat, &err), &err);
    assert_memory_equal(same, flat, sizeof flat);
    assert_int_equal(mts_forecaster_path(o, made[0]->values, 7, same, same + 6, &err), MTS_EREQUEST);
    MtsEvidence *classes;
    assert_int_equal(mts_evidence_read(&classes, path, &err), MTS_EREQUEST);
    mts_forecaster_free(&back);
    for (size_t i = 0; i < MANY; i++) {
        mts_series_free(&made[i]);
    }
}

/* Rows of six numbers, and what follows each: twice the second less the first, and two steps on the same again. */
static float draw_line(const void *from, MtsRng *rng, float *row, float *target)
{
    (void)from;
    for (size_t i = 0; i < 6; i++) {
        row[i] = (float)(mts_rng_uniform(rng) - 0.5);
    }
    target[0] = 2 * row[1] - row[0];
    target[1] = row[5] > 0 ? row[5] : 0;
    return 1;
}

/* A network learns what is not linear, is the same twice, and comes back from its file as it was; a file that is not
 * one is refused. */
static void network(void **state)
{
    (void)state;
    const MtsNetworkLessons lessons = {6, 2, MTS_IF_DEAR(60, 300), 1, draw_line, NULL};
    MtsNetwork *o, *again, *back;
    MtsError err = {0};
    double error = 0, p[2], q[2];
    assert_ok(mts_network_learn(&o, &lessons, &err), &err);
    assert_ok(mts_network_learn(&again, &lessons, &err), &err);
    json_t *file = mts_network_json(o);
    assert_ok(mts_network_read(&back, file, "f", 6, 2, &err), &err);
    for (uint64_t i = 0; i < 50; i++) {
        float row[6], target[2];
        MtsRng rng = mts_rng(9, i, 0);
        draw_line(NULL, &rng, row, target);
        assert_ok(mts_network_median(o, row, p, &err), &err);
        error += (fabs(p[0] - (double)target[0]) + fabs(p[1] - (double)target[1])) / 50;
        assert_ok(mts_network_median(again, row, q, &err), &err);
        assert_memory_equal(p, q, sizeof p);
        assert_ok(mts_network_median(back, row, q, &err), &err);
        assert_memory_equal(p, q, sizeof p);
    }
    assert_true(error < MTS_IF_DEAR(0.5, 0.15));
    mts_network_free(&back);
    assert_int_equal(mts_network_read(&back, file, "f", 5, 2, &err), MTS_EFORMAT);
    assert_null(back);
    json_t *weights = json_object_get(json_array_get(json_object_get(file, "layers"), 0), "weights");
    assert_int_equal(json_array_set_new(weights, 3, json_integer(40000)), 0);
    assert_int_equal(mts_network_read(&back, file, "f", 6, 2, &err), MTS_EFORMAT);
    assert_non_null(strstr(err.text, "32767"));
    json_decref(file);
    mts_network_free(&o);
    mts_network_free(&again);
}

/* Where nothing can be learnt, the best baseline stays, and the file says so. */
static void falls_back(void **state)
{
    (void)state;
    MtsSeries *made[MANY];
    MtsForecaster *o;
    MtsError err = {0};
    many(made, true);
    const MtsSeries *const *list = (const MtsSeries *const *)made;
    assert_int_equal(mts_forecaster_learn(&o, list, MANY, 99, 1, &err), MTS_EREQUEST);
    assert_ok(mts_forecaster_learn(&o, list, MANY, 40, 1, &err), &err);
    assert_int_equal(o->models, 0);
    assert_int_equal(o->baseline, MTS_THETA); /* noise about a level: smoothing beats the last value */
    mts_forecaster_free(&o);
    for (size_t i = 0; i < MANY; i++) {
        mts_series_free(&made[i]);
    }
}

static void theta(void **state)
{
    (void)state;
    double x[48], p[4];
    MtsError err = {0};
    for (size_t t = 0; t < 48; t++) {
        x[t] = (100 + (double)t) * (t % 4 == 0 ? 2 : 1);
    }
    assert_ok(mts_forecaster_baseline(MTS_THETA, x, 48, 4, 4, p, &err), &err);
    assert_true(fabs(p[0] - 2 * 148) < 15 && fabs(p[1] - 149) < 8 && fabs(p[3] - 151) < 8);
    assert_ok(mts_forecaster_baseline(MTS_SEASONAL, x, 48, 4, 4, p, &err), &err);
    assert_true(p[0] == x[44] && p[3] == x[47]);
}

static void path_reward(void **state)
{
    (void)state;
    MtsSeries *made[MANY];
    MtsReward *r;
    MtsError err = {0};
    char spec[96], best[128] = "", worse[128] = "";
    double p[12];
    many(made, false);
    const MtsForecaster *o = taught_paths(made);
    assert_ok(mts_forecaster_write(o, path, &err), &err);
    assert_ok(mts_forecaster_path(o, made[1]->values, 100, p, p + 6, &err), &err);
    for (size_t h = 0; h < 6; h++) {
        snprintf(best + strlen(best), sizeof best - strlen(best), "%s%.4f", h ? ", " : "", p[h]);
        snprintf(worse + strlen(worse), sizeof worse - strlen(worse), "%s%.4f", h ? ", " : "", p[h] + p[6 + h]);
    }
    const MtsRewardInput input = {.prompt = "", .series = made[1]};
    snprintf(spec, sizeof spec, "evidence:%s", path);
    assert_ok(mts_reward_new(&r, spec, &input, &err), &err);
    assert_true(fabs(value_of(r, best, true)) < 0.01 && fabs(value_of(r, worse, true) + 6) < 0.01);
    assert_true(value_of(r, "", false) == 0 && value_of(r, "", true) == -70);
    assert_true(fabs(value_of(r, strtok(worse, ","), false) + 1) < 0.01); /* one step told, one error off */
    assert_true(value_of(r, "no numbers", true) <= -60);
    mts_reward_free(&r);
    snprintf(spec, sizeof spec, "evidence:%s,horizon=7", path);
    assert_int_equal(mts_reward_new(&r, spec, &input, &err), MTS_EREQUEST);
    for (size_t i = 0; i < MANY; i++) {
        mts_series_free(&made[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ridge_solves_its_equations),
        cmocka_unit_test(learns),
        cmocka_unit_test(wrong_lessons_say_nothing),
        cmocka_unit_test(refuses),
        cmocka_unit_test(calibrated),
        cmocka_unit_test(file),
        cmocka_unit_test(reward),
        cmocka_unit_test(forecaster),
        cmocka_unit_test(network),
        cmocka_unit_test(falls_back),
        cmocka_unit_test(theta),
        cmocka_unit_test(path_reward),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
