/* engine/measure.c - see maxts/measure.h.
 *
 * The two limits come from the kernels' own probes. Memory: every thread reads its share of a buffer much larger than
 * the caches; the best of a few passes. Arithmetic: every thread runs the instruction that the int8 kernels are made
 * of, on registers. A model's distance to them is made of unpacking, fetching, attention and everything that is no
 * matrix product.
 */
#include <maxts/measure.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/sort.h"
#include "engine/internal.h"
#include "kernels/forms.h"
#include "model/blas.h"
#include "model/model.h"

enum { READ_BYTES = 256 << 20, PASSES = 4, MAX_STEPS = 512 };

static const double INT8_WORK = SIZE_MAX > UINT32_MAX ? 0x1p32 : 0x1p31; /* multiply-adds of a thread and pass */

/* Whether there is a model that so many sequences of a prompt and up to `more` tokens can be asked of. */
static int check(const MtsEngine *engine, size_t batch, size_t prompt, size_t more, MtsError *err)
{
    if (engine->table) {
        return mts_fail(err, MTS_EREQUEST, "%s: a table has no forward pass to measure", engine->path);
    }
    if (batch == 0 || prompt == 0) {
        return mts_fail(err, MTS_EREQUEST, "%s: there is nothing to measure in %zu sequences of %zu tokens",
                        engine->path, batch, prompt);
    }
    return mts_context_check(engine, prompt, more, err);
}

/* ---- the machine ---- */

static int measure_read(const MtsEngine *engine, double *bytes_per_s, MtsError *err)
{
    const size_t share = READ_BYTES / sizeof(uint32_t) / (size_t)engine->threads / 64 * 64; /* words of a thread */
    uint32_t *data = mts_reserve(share * (size_t)engine->threads * sizeof *data);
    double best = HUGE_VAL;
    if (!data) {
        return mts_fail(err, MTS_ENOMEM, "no memory to measure its bandwidth: %d bytes", READ_BYTES);
    }
    memset(data, 1, share * (size_t)engine->threads * sizeof *data); /* pages of its own, not the system's zero page */
    for (int pass = 0; pass < PASSES; pass++) {
        double began = mts_seconds();
#ifdef _OPENMP
#pragma omp parallel for schedule(static) num_threads(engine->threads)
#endif
        for (int i = 0; i < engine->threads; i++) {
            volatile uint32_t sink = engine->kernels.read(data + (size_t)i * share, share);
            (void)sink;
        }
        best = fmin(best, mts_seconds() - began);
    }
    mts_aligned_free(data);
    *bytes_per_s = (double)share * sizeof *data * engine->threads / best;
    return MTS_OK;
}

static double measure_int8(const MtsEngine *engine)
{
    double best = 0;
    size_t work = engine->kernels.peak_int8((size_t)INT8_WORK / 1024); /* of a first, short pass: sizes the others */
    double began = mts_seconds();
    work = engine->kernels.peak_int8(work);
    double rate = (double)work / fmax(mts_seconds() - began, 1e-7);
    work = (size_t)fmin(INT8_WORK, rate / 20); /* about 50 ms */
    for (int pass = 0; pass < PASSES; pass++) {
        double done = 0;
        began = mts_seconds();
#ifdef _OPENMP
#pragma omp parallel for schedule(static) num_threads(engine->threads) reduction(+ : done)
#endif
        for (int i = 0; i < engine->threads; i++) {
            done += (double)engine->kernels.peak_int8(work);
        }
        best = fmax(best, done / (mts_seconds() - began));
    }
    return best;
}

int mts_measure_machine(const MtsEngine *engine, MtsMachine *machine, MtsError *err)
{
    int rc = check(engine, 1, 1, 0, err);
    if (rc) {
        return rc;
    }
    rc = measure_read(engine, &machine->read_bytes_per_s, err);
    machine->int8_macs_per_s = rc ? 0 : measure_int8(engine);
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

/* ---- its matrices ---- */

typedef struct Product {
    const MtsKernels *kernels;
    const MtsWeights *w;
    bool int8;            /* as the model's settings have it */
    size_t groups, batch; /* some groups are enough: the rate is that of all */
    float *x, *y, *tile;
    MtsActBlock *acts;
} Product;

static void quantize(const Product *p)
{
    size_t blocks = p->w->cols / 32;
    for (size_t s = 0; s < p->batch; s++) {
        p->kernels->quantize(p->x + s * p->w->cols, blocks, p->acts + s / MTS_PANEL * blocks, s % MTS_PANEL);
    }
}

static void product_own(const Product *p)
{
    if (!p->int8) {
        mts_matmul_f32(p->kernels, p->w, 0, p->groups, p->x, p->w->cols, 0, p->batch, p->y, p->groups * MTS_GROUP,
                       false);
        return;
    }
    quantize(p);
    mts_matmul(p->kernels, p->w, 0, p->groups, p->acts, 0, p->batch, p->y, p->groups * MTS_GROUP, false, (MtsNext){0});
}

/* By the kernels' product(), however many rows there are. */
static void product_whole(const Product *p)
{
    quantize(p);
    p->kernels->product[p->w->type](p->w->data, p->groups, p->w->group_bytes, p->w->cols, p->acts, 0, p->batch, p->y,
                                    p->groups * MTS_GROUP, false, (MtsNext){0});
}

static void product_blas(const Product *p)
{
    mts_blas_matmul(p->w, 0, p->groups, p->x, p->w->cols, p->batch, p->tile, p->y, p->groups * MTS_GROUP, false);
}

static double rate_of(const Product *p, void (*multiply)(const Product *))
{
    static const double SECONDS = 0.05;
    double began = mts_seconds(), best = HUGE_VAL;
    for (int pass = 0; pass < 2 || mts_seconds() - began < SECONDS; pass++) {
        double start = mts_seconds();
        multiply(p);
        best = fmin(best, mts_seconds() - start);
    }
    return (double)(p->groups * MTS_GROUP * p->w->cols * p->batch) / best;
}

/* The rates by maxts' own kernels, and which of them multiplies. */
static void measure_own(Product *p, MtsShapeRate *rate)
{
    const MtsKernels *kernels = p->kernels;
    MtsKernels tiles = *kernels;
    MtsType type = p->w->type;
    rate->chosen = p->int8 ? MTS_FORM_TILE : MTS_FORM_FP32;
    if (!p->int8 || !kernels->product[type]) {
        rate->own = rate->tile = rate_of(p, product_own);
        return;
    }
    rate->from = p->w->product_from;
    rate->product = rate_of(p, product_whole);
    tiles.product[type] = NULL;
    p->kernels = &tiles;
    rate->tile = rate_of(p, product_own);
    p->kernels = kernels;
    rate->chosen = mts_matmul_by_product(kernels, p->w, p->batch) ? MTS_FORM_PRODUCT : MTS_FORM_TILE;
    rate->own = rate->chosen == MTS_FORM_PRODUCT ? rate->product : rate->tile;
}

static int measure_shape(const MtsEngine *engine, const MtsWeights *w, size_t batch, bool blas, MtsShapeRate *rate,
                         MtsError *err)
{
    enum { MOST_GROUPS = 64 };
    Product p = {.kernels = &engine->kernels,
                 .w = w,
                 .int8 = !engine->model->exact && mts_is_quantized(w->type),
                 .groups = w->groups < MOST_GROUPS ? w->groups : MOST_GROUPS,
                 .batch = batch};
    p.x = mts_aligned_calloc(batch, w->cols * sizeof *p.x);
    p.y = mts_aligned_calloc(batch, p.groups * MTS_GROUP * sizeof *p.y);
    p.tile = mts_aligned_calloc(MTS_BLAS_TILE, w->cols * sizeof *p.tile);
    p.acts = mts_aligned_calloc(1, w->cols % 32 ? 1 : mts_acts_size(batch, w->cols));
    int rc =
        p.x && p.y && p.tile && p.acts ? MTS_OK : mts_fail(err, MTS_ENOMEM, "no memory to measure a matrix product");
    if (!rc) {
        for (size_t i = 0; i < batch * w->cols; i++) {
            p.x[i] = (float)((int)(i * 37 % 101) - 50) / 50;
        }
        *rate = (MtsShapeRate){.type = mts_type_name(w->type),
                               .rows = w->rows,
                               .cols = w->cols,
                               .batch = batch,
                               .blas = blas ? rate_of(&p, product_blas) : 0};
        measure_own(&p, rate);
    }
    mts_aligned_free(p.x);
    mts_aligned_free(p.y);
    mts_aligned_free(p.tile);
    mts_aligned_free(p.acts);
    return rc;
}

static bool is_among(const MtsShapeRate *rates, size_t count, const MtsWeights *w)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rates[i].type, mts_type_name(w->type)) == 0 && rates[i].rows == w->rows &&
            rates[i].cols == w->cols) {
            return true;
        }
    }
    return false;
}

int mts_measure_shapes(const MtsEngine *engine, size_t batch, MtsShapeRate rates[MTS_MOST_SHAPES], size_t *count,
                       MtsError *err)
{
    MtsError why = {0};
    int rc = check(engine, batch, 1, 0, err);
    *count = 0;
    if (rc) {
        return rc;
    }
    if ((rc = mts_blas_open(engine->model->cpu, &why)) == MTS_ENOMEM) {
        return mts_fail(err, rc, "%s", why.text);
    }
    const MtsLayer *y = engine->model->layers;
    const MtsWeights *const all[MTS_MOST_SHAPES] = {&y->q,    &y->k,  &y->v,    &y->o,
                                                    &y->gate, &y->up, &y->down, &engine->model->output};
    const bool blas = !rc;
    for (size_t i = 0; i < MTS_MOST_SHAPES; i++) {
        if (is_among(rates, *count, all[i])) {
            continue;
        }
        if ((rc = measure_shape(engine, all[i], batch, blas, &rates[*count], err))) {
            return rc;
        }
        ++*count;
    }
    return MTS_OK;
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
    int rc = check(engine, 1, tokens, 0, err);
    if (rc) {
        return rc;
    }
    rc = open_session(engine, 2 * tokens, &session, err);
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
    *steps = 0;
    int rc = check(engine, batch, prompt, most, err);
    if (rc) {
        return rc;
    }
    if (most == 0) {
        return mts_fail(err, MTS_EREQUEST, "%s: there is nothing to measure in 0 steps", engine->path);
    }
    MtsSession *session = NULL;
    MtsBranch *root = NULL, **branches = mts_calloc(batch, sizeof *branches);
    MtsExtend *items = mts_calloc(batch, sizeof *items);
    int32_t *ids = mts_calloc(batch, sizeof *ids);
    double taken[MAX_STEPS];
    most = most < MAX_STEPS ? most : MAX_STEPS;
    if (!branches || !items || !ids) {
        rc = mts_fail(err, MTS_ENOMEM, "no memory for %zu sequences", batch);
        goto done;
    }
    if ((rc = open_session(engine, prompt + batch * (most + 64), &session, err)) ||
        (rc = prompt_branch(engine, session, prompt, &root, err))) {
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
    mts_sort_doubles(taken, *steps);
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
