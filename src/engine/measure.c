/* engine/measure.c - see measure.h.
 *
 * The two limits. Memory: every thread adds up its own share of a buffer much larger than the caches; the best of a
 * few passes. Arithmetic: every thread multiplies one packed group of 16 Q8_0 rows, which fits into a first-level
 * cache, with 16 activation rows, over and over. That is what the kernel itself can do when nothing has to be fetched, so
 * a model's distance to it is made of fetching, attention and everything that is no matrix product.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "engine/internal.h"
#include "engine/measure.h"

enum {
    READ_BYTES = 256 << 20,
    READ_PASSES = 4,
    TILE_COLS = 512,
    TILE_ROUNDS = 4000,
    TILE_PASSES = 4,
    MAX_STEPS = 512
};

/* ---- the machine ---- */

static int measure_read(const MtsEngine *engine, double *bytes_per_s, MtsError *err)
{
    const long words = READ_BYTES / (long)sizeof(uint64_t);
    uint64_t *data = mts_aligned_calloc((size_t)words, sizeof *data), total = 0;
    double best = HUGE_VAL;
    if (!data) {
        return mts_fail(err, MTS_ENOMEM, "no memory to measure its bandwidth: %d bytes", READ_BYTES);
    }
    memset(data, 1, READ_BYTES); /* pages of its own, not the system's one zero page */
    for (int pass = 0; pass < READ_PASSES; pass++) {
        double began = mts_seconds();
#ifdef _OPENMP
#pragma omp parallel for schedule(static) num_threads(engine->threads) reduction(+ : total)
#endif
        for (long i = 0; i < words; i += 8) {
            total += data[i] + data[i + 1] + data[i + 2] + data[i + 3] + data[i + 4] + data[i + 5] + data[i + 6] +
                     data[i + 7];
        }
        best = fmin(best, mts_seconds() - began);
    }
    mts_aligned_free(data);
    *bytes_per_s = total ? READ_BYTES / best : 0; /* the sum keeps the loop from being left out */
    (void)engine;
    return MTS_OK;
}

static int measure_tile(const MtsEngine *engine, double *macs_per_s, MtsError *err)
{
    MtsWeights w;
    size_t bytes = mts_weights_plan(&w, MTS_TYPE_Q8_0, MTS_GROUP, TILE_COLS);
    MtsActBlock *panel = mts_aligned_calloc(1, mts_acts_size(MTS_PANEL, TILE_COLS));
    float row[TILE_COLS];
    double best = HUGE_VAL;
    w.data = mts_aligned_calloc(1, bytes);
    if (!panel || !w.data) {
        mts_aligned_free(panel);
        mts_aligned_free(w.data);
        return mts_fail(err, MTS_ENOMEM, "no memory to measure the kernels");
    }
    for (size_t i = 0; i < TILE_COLS; i++) {
        row[i] = (float)(i % 17) - 8;
    }
    for (size_t lane = 0; lane < MTS_PANEL; lane++) {
        engine->kernels.quantize(row, TILE_COLS / 32, panel, lane);
    }
    for (int pass = 0; pass < TILE_PASSES; pass++) {
        double began = mts_seconds();
#ifdef _OPENMP
#pragma omp parallel num_threads(engine->threads)
#endif
        {
            float y[MTS_PANEL * MTS_GROUP];
            for (int i = 0; i < TILE_ROUNDS; i++) {
                engine->kernels.tile[MTS_TYPE_Q8_0](w.data, TILE_COLS, panel, 0, MTS_PANEL, y, MTS_GROUP, false);
            }
        }
        best = fmin(best, mts_seconds() - began);
    }
    mts_aligned_free(panel);
    mts_aligned_free(w.data);
    *macs_per_s = (double)TILE_COLS * MTS_GROUP * MTS_PANEL * TILE_ROUNDS * engine->threads / best;
    return MTS_OK;
}

int mts_measure_machine(const MtsEngine *engine, MtsMachine *machine, MtsError *err)
{
    int rc = measure_read(engine, &machine->read_bytes_per_s, err);
    if (!rc) {
        rc = measure_tile(engine, &machine->int8_macs_per_s, err);
    }
    machine->threads = engine->threads;
    machine->kernels = engine->kernels.name;
    return rc;
}

double mts_roofline(const MtsMachine *machine, const MtsModelInfo *info, size_t batch)
{
    double by_memory = (double)batch * machine->read_bytes_per_s / (double)info->weight_bytes;
    double by_arithmetic = machine->int8_macs_per_s / (double)info->parameters;
    return fmin(by_memory, by_arithmetic);
}

/* ---- the model ---- */

/* Any tokens do: what a step costs does not depend on which. */
static int32_t any_token(const MtsEngine *engine, size_t i)
{
    return (int32_t)((i * 7919 + 13) % engine->vocab);
}

static int prompt_branch(const MtsEngine *engine, MtsSession *session, size_t tokens, MtsBranch **branch, MtsError *err)
{
    int32_t *ids = mts_calloc(tokens, sizeof *ids);
    if (!ids) {
        return mts_fail(err, MTS_ENOMEM, "no memory for %zu tokens", tokens);
    }
    for (size_t i = 0; i < tokens; i++) {
        ids[i] = any_token(engine, i);
    }
    MtsExtend item = {.tokens = ids, .count = tokens, .wanted = MTS_LOGITS_LAST};
    int rc = mts_session_extend(session, &item, 1, err);
    *branch = item.branch;
    free(ids);
    return rc;
}

static int open_session(const MtsEngine *engine, size_t kv_tokens, MtsSession **session, MtsError *err)
{
    MtsSessionOptions options = {.kv_tokens = kv_tokens, .threads = engine->threads};
    return mts_session_new(session, engine->model, &options, err);
}

int mts_measure_prefill(const MtsEngine *engine, size_t tokens, double seconds, double *tok_per_s, MtsError *err)
{
    MtsSession *session;
    double began = mts_seconds(), best = HUGE_VAL;
    int rc = open_session(engine, 2 * tokens, &session, err);
    while (!rc && (best == HUGE_VAL || mts_seconds() - began < seconds)) {
        MtsBranch *branch = NULL;
        double start = mts_seconds();
        rc = prompt_branch(engine, session, tokens, &branch, err);
        best = fmin(best, mts_seconds() - start);
        mts_branch_release(&branch);
    }
    mts_session_free(&session);
    *tok_per_s = (double)tokens / best;
    return rc;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One step: every sequence grows by a token. */
static int step(const MtsEngine *engine, MtsSession *session, MtsBranch **branches, int32_t *ids, MtsExtend *items,
                size_t batch, size_t t, MtsError *err)
{
    for (size_t i = 0; i < batch; i++) {
        ids[i] = any_token(engine, 31 * t + i);
        items[i] = (MtsExtend){.prefix = branches[i], .tokens = &ids[i], .count = 1, .wanted = MTS_LOGITS_LAST};
    }
    int rc = mts_session_extend(session, items, batch, err);
    for (size_t i = 0; i < batch && !rc; i++) {
        mts_branch_release(&branches[i]);
        branches[i] = items[i].branch;
    }
    return rc;
}

int mts_measure_decode(const MtsEngine *engine, size_t batch, size_t prompt, size_t most, double seconds, size_t *steps,
                       double *tok_per_s, MtsError *err)
{
    MtsSession *session = NULL;
    MtsBranch *root = NULL, **branches = mts_calloc(batch, sizeof *branches);
    MtsExtend *items = mts_calloc(batch, sizeof *items);
    int32_t *ids = mts_calloc(batch, sizeof *ids);
    double taken[MAX_STEPS];
    int rc;
    *steps = 0;
    most = most < MAX_STEPS ? most : MAX_STEPS;
    if (!branches || !items || !ids) {
        rc = mts_fail(err, MTS_ENOMEM, "no memory for %zu sequences", batch);
        goto done;
    }
    if ((rc = open_session(engine, prompt + batch * (most + 64), &session, err)) != 0 ||
        (rc = prompt_branch(engine, session, prompt, &root, err)) != 0) {
        goto done;
    }
    for (size_t i = 0; i < batch; i++) {
        branches[i] = mts_branch_retain(root);
    }
    double began = mts_seconds();
    while (!rc && *steps < most && (*steps < 4 || mts_seconds() - began < seconds)) {
        double start = mts_seconds();
        rc = step(engine, session, branches, ids, items, batch, *steps, err);
        taken[(*steps)++] = mts_seconds() - start;
    }
    qsort(taken, *steps, sizeof *taken, by_value);
    *tok_per_s = (double)batch / taken[*steps / 2];
done:
    for (size_t i = 0; branches && i < batch; i++) {
        mts_branch_release(&branches[i]);
    }
    mts_branch_release(&root);
    mts_session_free(&session);
    free(branches);
    free(items);
    free(ids);
    return rc;
}
