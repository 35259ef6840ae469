/* Beats of made-up electrocardiograms: where they are, what tells early wide ones, and that what is no heart is none.
 */
#include "../test.h"

#include <math.h>
#include <unistd.h>

#include "core/rng.h"
#include "evidence/beats.h"
#include "evidence/evidence.h"
#include "evidence/singly.h"
#include "series/set.h"

enum {
    RATE = 360,
    SECONDS = 10,
    LENGTH = RATE * SECONDS,
    LONG_SECONDS = 60,
    LEADS = MTS_IF_DEAR(1, 2),
    MOST_BEATS = 96
};
enum { GROUPS = MTS_IF_DEAR(2, 4), WINDOWS = 12 * GROUPS };

static const char *const names[] = {"yes", "no"};

static void add_wave(double *x, size_t n, double at, double width, double size)
{
    for (size_t t = 0; t < n; t++) {
        double z = ((double)t / RATE - at) / width;
        x[t] += fabs(z) < 8 ? size * exp(-z * z / 2) : 0;
    }
}

/* A heart of a rate, size and polarity of its own; every sixth beat early, wide and turned over where `ectopic`. at:
 * seconds of the beats. */
static MtsSeries *heart(unsigned number, bool ectopic, size_t seconds, double at[MOST_BEATS], size_t *beats)
{
    size_t n = seconds * RATE;
    MtsRng rng = mts_rng(number, ectopic, 7);
    MtsSeries *s = mts_series_alloc(LEADS, n);
    double every = 0.7 + 0.3 * mts_rng_uniform(&rng), size = 0.5 + mts_rng_uniform(&rng), now = 0.3;
    double turned = mts_rng_uniform(&rng) < 0.3 ? -1 : 1;
    assert_non_null(s);
    s->sampling_rate = RATE;
    for (size_t i = 0; i < LEADS * n; i++) {
        s->values[i] = 0.02 * (mts_rng_uniform(&rng) - 0.5) + 0.3 * sin((double)(i % n) / RATE);
    }
    for (*beats = 0; now < (double)seconds - 0.3 && *beats < MOST_BEATS; (*beats)++) {
        bool odd = ectopic && *beats % 6 == 4;
        for (size_t c = 0; c < LEADS; c++) {
            double *x = s->values + c * n, tall = turned * size * (c ? 0.6 : 1);
            add_wave(x, n, now, odd ? 0.045 : 0.015, odd ? -1.2 * tall : tall);
            add_wave(x, n, now + 0.28, 0.05, (odd ? -0.3 : 0.2) * tall);
        }
        at[*beats] = now;
        now += every * (ectopic && *beats % 6 == 3 ? 0.6 : odd ? 1.35 : 1) + 0.01 * mts_rng_uniform(&rng);
    }
    return s;
}

static void beats_are_found(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MTS_IF_DEAR(5, 20); i++) {
        double at[MOST_BEATS];
        size_t beats, *found, count;
        MtsError err = {0};
        MtsSeries *s = heart(i, i % 2, SECONDS, at, &beats);
        assert_ok(mts_beats_find(s, &found, &count, &err), &err);
        assert_int_equal(count, beats);
        for (size_t k = 0; k < count; k++) {
            assert_true(fabs((double)found[k] / RATE - at[k]) < 0.03);
        }
        free(found);
        mts_series_free(&s);
    }
}

/* Flat lines, one step, and noise give rows of finite numbers. */
static void no_heart(void **state)
{
    (void)state;
    MtsRng rng = mts_rng(1, 1, 1);
    MtsError err = {0};
    double row[1024];
    MtsSeries *s = mts_series_alloc(LEADS, LENGTH);
    assert_true(s && mts_beats_columns(LEADS) <= 1024);
    s->sampling_rate = RATE;
    for (int kind = 0; kind < 4; kind++) {
        for (size_t i = 0; i < LEADS * LENGTH; i++) {
            s->values[i] = kind == 0   ? 1
                           : kind == 1 ? i % LENGTH > LENGTH / 2
                           : kind == 2 ? mts_rng_uniform(&rng)
                                       : 1e30 * (double)(i % 97 == 0);
        }
        assert_ok(mts_beats_row(s, row, &err), &err);
        for (size_t j = 0; j < mts_beats_columns(LEADS); j++) {
            assert_true(isfinite(row[j]));
        }
        assert_true(kind > 0 || row[0] == 0);
    }
    mts_series_free(&s);
    assert_false(mts_beats_fit(100, 360) || mts_beats_fit(3600, 50));
}

static void ectopic_beats_are_told(void **state)
{
    (void)state;
    MtsSeries *made[WINDOWS + 2];
    const MtsSeries *series[WINDOWS];
    int label[WINDOWS], right = 0;
    size_t group[WINDOWS], beats;
    double held[WINDOWS * 2], ratio[2], same[2], at[MOST_BEATS];
    char path[64];
    MtsEvidence *e, *back;
    MtsError err = {0};
    for (size_t i = 0; i < WINDOWS + 2; i++) {
        made[i] = heart((unsigned)(100 + i), i % 2 == 0, SECONDS, at, &beats);
    }
    for (size_t i = 0; i < WINDOWS; i++) {
        series[i] = made[i];
        label[i] = (int)(i % 2);
        group[i] = i / 12;
    }
    const MtsLessons lessons = {series, label, group, WINDOWS, GROUPS, names, 2, true};
    assert_ok(mts_evidence_learn(&e, &lessons, held, &err), &err);
    for (size_t i = 0; i < WINDOWS; i++) {
        right += (held[2 * i + 1] > held[2 * i]) == label[i];
    }
    assert_true(e->shape.beats && right >= WINDOWS - 2);
    snprintf(path, sizeof path, "/tmp/mts_beats_%d", (int)getpid());
    assert_ok(mts_evidence_write(e, path, &err), &err);
    assert_ok(mts_evidence_read(&back, path, &err), &err);
    for (size_t i = WINDOWS; i < WINDOWS + 2; i++) {
        assert_ok(mts_evidence_judge(e, made[i], ratio, &err), &err);
        assert_ok(mts_evidence_judge(back, made[i], same, &err), &err);
        assert_memory_equal(ratio, same, sizeof ratio);
        assert_true((ratio[1] > ratio[0]) == (i % 2 == 1));
    }
    unlink(path);
    mts_evidence_free(&back);
    mts_evidence_free(&e);
    for (size_t i = 0; i < WINDOWS + 2; i++) {
        mts_series_free(&made[i]);
    }
}

/* A heart whose fifth beat of six is ventricular (code 5) and the others normal (1). */
static void annotated(MtsHeartRecord *record, unsigned number)
{
    enum { NORMAL = 1, VENTRICULAR = 5 };
    char nothing[] = "";
    double at[MOST_BEATS];
    size_t beats;
    MtsAnnotation items[MOST_BEATS];
    MtsError err = {0};
    MtsSeries *s = heart(number, true, LONG_SECONDS, at, &beats);
    for (size_t i = 0; i < beats; i++) {
        items[i] = (MtsAnnotation){(size_t)(at[i] * RATE), i % 6 == 4 ? VENTRICULAR : NORMAL, nothing};
    }
    const MtsAnnotations notes = {.items = items, .count = beats};
    assert_ok(mts_heart_record(record, s, &notes, &err), &err);
    mts_series_free(&s);
}

/* Records apart: beats are told by what other hearts teach; where the labels are drawn, nothing is learnt of them. */
static void single_beats_are_told(void **state)
{
    (void)state;
    enum { RECORDS = MTS_IF_DEAR(3, 5) };
    MtsRng rng = mts_rng(3, 3, 3);
    MtsHeartRecord records[RECORDS];
    MtsError err = {0};
    for (int drawn = 0; drawn < 2; drawn++) {
        MtsHeartCounts all = {0};
        double penalty;
        MtsHeartModel model;
        for (unsigned r = 0; r < RECORDS; r++) {
            annotated(&records[r], 300 + r);
            for (size_t i = 0; drawn && i < records[r].count; i++) {
                records[r].label[i] = mts_rng_uniform(&rng) < 0.17;
            }
        }
        assert_true(mts_heart_enough(records, RECORDS) && !mts_heart_enough(records, 1));
        assert_ok(mts_heart_hold_out(records, RECORDS, &penalty, &model, &err), &err);
        for (size_t r = 0; r < RECORDS; r++) {
            MtsHeartCounts n = mts_heart_counts(&records[r]);
            all.right += n.right;
            all.wrong += n.wrong;
            all.missed += n.missed;
            mts_heart_free(&records[r]);
        }
        annotated(&records[0], 400); /* of another heart, by what all of them teach */
        assert_ok(mts_heart_judge(&model, &records[0], &err), &err);
        MtsHeartCounts other = mts_heart_counts(&records[0]);
        assert_true(drawn || 10 * (other.wrong + other.missed) <= other.right);
        mts_heart_free(&records[0]);
        mts_heart_model_free(&model);
        print_message("drawn %d: right %zu, wrong %zu, missed %zu\n", drawn, all.right, all.wrong, all.missed);
        assert_true(drawn ? 2 * all.right < all.wrong + all.missed : 20 * (all.wrong + all.missed) < 2 * all.right);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beats_are_found),
        cmocka_unit_test(no_heart),
        cmocka_unit_test(ectopic_beats_are_told),
        cmocka_unit_test(single_beats_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
