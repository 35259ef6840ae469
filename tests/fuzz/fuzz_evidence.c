/* libFuzzer target: any bytes as the line of a file of maxts train, sealed here where it is an object: read, and asked
 * about a series of the shape that it wants. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/seal.h"
#include "evidence/trained.h"
#include "fuzz.h"
#include "series/set.h"

enum { MOST_VALUES = 4096, PAST = 600, LESSONS = 8, LENGTH = 16, LONG = 40, HORIZON = 2 };

/* Waves of a speed, a size and a place of their own. */
static MtsSeries *waves(size_t channels, size_t length, double rate, double speed)
{
    MtsSeries *s = mts_series_alloc(channels, length);
    for (size_t i = 0; s && i < channels * length; i++) {
        s->values[i] = 3 + sin(speed * (double)i) + 0.1 * speed * (double)(i % 7);
    }
    if (s) {
        s->sampling_rate = rate;
    }
    return s;
}

static uint64_t ask_classes(const MtsEvidence *e, MtsError *err)
{
    if (e->shape.length > MOST_VALUES / e->shape.channels) {
        return FUZZ_HASH;
    }
    MtsSeries *s = waves(e->shape.channels, e->shape.length, e->shape.rate, 0.7);
    double *ratio = mts_calloc(e->classes, sizeof *ratio);
    int rc = s && ratio ? mts_evidence_judge(e, s, ratio, err) : mts_fail(err, MTS_ENOMEM, "memory ran out");
    uint64_t hash = rc ? fuzz_refused(rc, err) : fuzz_hash(FUZZ_HASH, ratio, e->classes * sizeof *ratio);
    free(ratio);
    mts_series_free(&s);
    return hash;
}

static uint64_t ask_forecasts(const MtsForecaster *o, MtsError *err)
{
    MtsSeries *s = waves(1, PAST, 1, 0.3);
    double *path = mts_calloc(2 * o->horizon, sizeof *path);
    int rc = s && path ? mts_forecaster_path(o, s->values, PAST, path, path + o->horizon, err)
                       : mts_fail(err, MTS_ENOMEM, "memory ran out");
    uint64_t hash = rc ? fuzz_refused(rc, err) : fuzz_hash(FUZZ_HASH, path, 2 * o->horizon * sizeof *path);
    free(path);
    mts_series_free(&s);
    return hash;
}

static const char *const options[] = {"Upward", "Downward", "SineWave"};

static uint64_t ask_questions(const MtsQuestions *q, MtsError *err)
{
    double ratio[3];
    MtsSeries *s = waves(1, 64, 1, 0.3);
    const MtsAsked asked = {"Which way does it go?", options, 3, s};
    int rc = s ? mts_questions_judge(q, &asked, ratio, err) : mts_fail(err, MTS_ENOMEM, "memory ran out");
    uint64_t hash = rc ? fuzz_refused(rc, err) : fuzz_hash(FUZZ_HASH, ratio, sizeof ratio);
    mts_series_free(&s);
    return hash;
}

static uint64_t run(const uint8_t *data, size_t size)
{
    MtsTrained t;
    MtsBytes line = {0};
    MtsError err = {0};
    bool object = size > 1 && data[size - 1] == '}';
    if (!mts_bytes_append(&line, (const char *)data, size) || (object && !mts_seal(&line, 0))) {
        mts_bytes_free(&line);
        return 0;
    }
    int rc = mts_trained_parse(&t, "input", line.data, line.len, &err);
    mts_bytes_free(&line);
    if (rc) {
        fuzz_require(!t.classes && !t.forecasts && !t.questions, "nothing where it was refused");
        return fuzz_refused(rc, &err);
    }
    fuzz_require(!!t.classes + !!t.forecasts + !!t.questions == 1, "a file is of one kind");
    uint64_t hash = t.classes     ? ask_classes(t.classes, &err)
                    : t.questions ? ask_questions(t.questions, &err)
                                  : ask_forecasts(t.forecasts, &err);
    mts_trained_free(&t);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}

/* A file without its seal, which run() puts on again. */
static void open_seal(const char *path)
{
    char text[1 << 17];
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(text, 1, sizeof text, f) : 0;
    fuzz_require(f && fclose(f) == 0 && n > MTS_SEAL_SIZE + 2, "a seed was written");
    n -= MTS_SEAL_SIZE + 1;
    memcpy(text + n - 1, "}", 1);
    f = fopen(path, "wb");
    fuzz_require(f && fwrite(text, 1, n, f) == n && fclose(f) == 0, "a seed was written");
}

static void write_questions(const char *path)
{
    static const int right[LESSONS] = {2, 2, 2, 2, 2, 2, 2, 2};
    MtsSeries *made[LESSONS];
    MtsAsked asked[LESSONS];
    size_t group[LESSONS];
    double held[LESSONS * MTS_STATED_MOST];
    MtsQuestions *q = NULL;
    MtsError err = {0};
    for (size_t i = 0; i < LESSONS; i++) {
        fuzz_require((made[i] = waves(1, 64, 1, 0.2 + 0.05 * (double)i)), "memory");
        asked[i] = (MtsAsked){"Which way does it go?", options, 3, made[i]};
        group[i] = i / 4;
    }
    const MtsQuestionLessons lessons = {asked, right, group, LESSONS, 2};
    fuzz_require(mts_questions_learn(&q, &lessons, held, &err) == 0, err.text);
    fuzz_require(mts_questions_write(q, path, &err) == 0, err.text);
    open_seal(path);
    mts_questions_free(&q);
    for (size_t i = 0; i < LESSONS; i++) {
        mts_series_free(&made[i]);
    }
}

static void write_seeds(const char *directory)
{
    static const char *const names[] = {"slow", "fast"};
    const MtsSeries *series[LESSONS];
    MtsSeries *made[LESSONS];
    int label[LESSONS];
    size_t group[LESSONS];
    double held[LESSONS * 2];
    char path[4096];
    MtsEvidence *e = NULL;
    MtsForecaster *o = NULL;
    MtsError err = {0};
    for (size_t i = 0; i < LESSONS; i++) {
        fuzz_require((made[i] = waves(1, LENGTH, 1, i % 2 ? 2 + 0.1 * (double)i : 0.2)), "memory");
        series[i] = made[i];
        label[i] = (int)(i % 2);
        group[i] = i / 4;
    }
    const MtsLessons lessons = {series, label, group, LESSONS, 2, names, 2, false};
    fuzz_require(mts_evidence_learn(&e, &lessons, held, &err) == 0, err.text);
    snprintf(path, sizeof path, "%s/classes", directory);
    fuzz_require(mts_evidence_write(e, path, &err) == 0, err.text);
    open_seal(path);
    mts_evidence_free(&e);
    for (size_t i = 0; i < LESSONS; i++) {
        mts_series_free(&made[i]);
        fuzz_require((made[i] = waves(1, LONG, 1, 0.5 + 0.1 * (double)i)), "memory");
        series[i] = made[i];
    }
    fuzz_require(mts_forecaster_learn(&o, series, LESSONS, HORIZON, 1, &err) == 0, err.text);
    snprintf(path, sizeof path, "%s/forecasts", directory);
    fuzz_require(mts_forecaster_write(o, path, &err) == 0, err.text);
    open_seal(path);
    mts_forecaster_free(&o);
    snprintf(path, sizeof path, "%s/questions", directory);
    write_questions(path);
    for (size_t i = 0; i < LESSONS; i++) {
        mts_series_free(&made[i]);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    return fuzz_seeds(argc, argv, write_seeds);
}
