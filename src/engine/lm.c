/* engine/lm.c - a GGUF model as search sees it: states to branches, logits to distributions.
 *
 * A state is one reference to a branch of the session's KV cache and the distribution after it. All states of a
 * search share the prompt's branch. extend() runs the forward pass once for all its steps, so that the weights
 * and the shared prompt's keys and values are read once, then cuts the rows of logits to distributions in
 * parallel; a row's distribution depends on that row alone.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "core/mem.h"
#include "engine/dist.h"
#include "engine/internal.h"

enum {
    KV_DEFAULT_BYTES = 512 << 20, /* of the KV ring, unless one text needs more */
    KV_SLACK_TOKENS = 64          /* a page or two that each text leaves partly empty */
};

struct MtsState {
    size_t references;
    MtsBranch *branch;
    double *logp;    /* [dist.count], in the same block */
    int32_t *tokens; /* [dist.count], behind logp */
    size_t count;
    double log_mass;
};

struct MtsLm {
    const MtsEngine *engine;
    MtsSession *session;
    MtsCut cut;
    bool end_stop;
    MtsSearchModel search;
    MtsExtend *items; /* [items_cap] of the step under way */
    int *codes;       /* [items_cap] what became of each row */
    size_t items_cap, codes_cap;
    MtsDistScratch *scratch; /* [threads] */
    int threads;
};

static void release(void *context, MtsState *state)
{
    (void)context;
    if (state && --state->references == 0) {
        mts_branch_release(&state->branch);
        free(state);
    }
}

static void retain(void *context, MtsState *state)
{
    (void)context;
    state->references++;
}

static bool is_end(void *context, int32_t token)
{
    const MtsLm *lm = context;
    return lm->end_stop && mts_tokenizer_is_end(lm->engine->tokenizer, token);
}

/* log of the sum of the kept probabilities; exactly 0 where nothing was cut. */
static double log_mass(const MtsLm *lm, const MtsState *state)
{
    double sum = 0;
    if (lm->cut.top_k == 0 && lm->cut.top_p == 1 && lm->cut.min_p == 0) {
        return 0;
    }
    for (size_t i = state->count; i-- > 0;) { /* the small ones first */
        sum += exp(state->logp[i]);
    }
    return sum < 1 ? log(sum) : 0;
}

/* A state for `branch`, whose reference it takes only on success, with the distribution of one row of logits. */
static int state_new(MtsState **out, MtsBranch *branch, const float *logits, const MtsLm *lm, MtsDistScratch *scratch,
                     MtsError *err)
{
    size_t count, bytes;
    double normaliser;
    int rc = mts_dist_cut(&lm->engine->kernels, logits, lm->engine->vocab, &lm->cut, scratch, &count, &normaliser, err);
    if (rc) {
        return rc;
    }
    MtsState *state = NULL;
    if (mts_size_mul(count, sizeof(double) + sizeof(int32_t), &bytes) && mts_size_add(bytes, sizeof *state, &bytes)) {
        state = malloc(bytes);
    }
    if (!state) {
        return mts_fail(err, MTS_ENOMEM, "no memory for a distribution of %zu tokens", count);
    }
    state->references = 1;
    state->branch = branch;
    state->count = count;
    state->logp = (double *)(state + 1);
    state->tokens = (int32_t *)(state->logp + count);
    for (size_t i = 0; i < count; i++) {
        state->tokens[i] = scratch->ids[i];
        state->logp[i] = (double)scratch->logits[i] - normaliser;
    }
    state->log_mass = log_mass(lm, state);
    *out = state;
    return MTS_OK;
}

static MtsDist dist_of(const MtsState *state)
{
    return (MtsDist){.count = state->count, .tokens = state->tokens, .logp = state->logp, .log_mass = state->log_mass};
}

static int thread_index(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

static int extend(void *context, MtsStep *steps, size_t n, MtsError *err)
{
    MtsLm *lm = context;
    if (!mts_grow(&lm->items, &lm->items_cap, n, sizeof *lm->items) ||
        !mts_grow(&lm->codes, &lm->codes_cap, n, sizeof *lm->codes)) {
        return mts_fail(err, MTS_ENOMEM, "no memory for a step of %zu positions", n);
    }
    for (size_t i = 0; i < n; i++) {
        lm->items[i] = (MtsExtend){
            .prefix = steps[i].state->branch, .tokens = &steps[i].token, .count = 1, .wanted = MTS_LOGITS_LAST};
        steps[i].next = NULL;
    }
    int rc = mts_session_extend(lm->session, lm->items, n, err);
    if (rc) {
        return rc;
    }
    long rows = (long)n;
#ifdef _OPENMP
#pragma omp parallel for schedule(static) num_threads(lm->threads) if (rows > 1)
#endif
    for (long i = 0; i < rows; i++) {
        lm->codes[i] = state_new(&steps[i].next, lm->items[i].branch,
                                 mts_session_logits(lm->session, lm->items[i].logits_row), lm,
                                 &lm->scratch[thread_index()], NULL);
    }
    for (size_t i = 0; i < n && !rc; i++) {
        if (lm->codes[i]) { /* once more, for the sentence */
            rc = state_new(&steps[i].next, lm->items[i].branch,
                           mts_session_logits(lm->session, lm->items[i].logits_row), lm, &lm->scratch[0], err);
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (rc && steps[i].next) {
            release(lm, steps[i].next);
            steps[i].next = NULL;
        } else if (rc) {
            mts_branch_release(&lm->items[i].branch);
        } else {
            steps[i].dist = dist_of(steps[i].next);
        }
    }
    return rc;
}

/* The ring's capacity: the prompt once and every text that may be alive, as far as KV_DEFAULT_BYTES reach, but
 * never less than one whole text. What does not fit is evicted and evaluated again, to the same bits. */
static size_t kv_capacity(const MtsEngine *engine, const MtsRequest *request, size_t texts)
{
    MtsModelInfo info;
    mts_model_info(engine->model, &info);
    size_t one = request->prompt_count + request->max_tokens + KV_SLACK_TOKENS, all, most;
    if (engine->kv_tokens) {
        return engine->kv_tokens;
    }
    if (!mts_size_mul(texts, request->max_tokens + KV_SLACK_TOKENS, &all) ||
        !mts_size_add(all, request->prompt_count, &all)) {
        all = SIZE_MAX;
    }
    most = KV_DEFAULT_BYTES / (info.kv_bytes_per_token ? info.kv_bytes_per_token : 1);
    most = most > one ? most : one;
    return all < most ? all : most;
}

int mts_lm_new(MtsLm **out, const MtsEngine *engine, const MtsRequest *request, size_t texts, MtsError *err)
{
    int rc;
    *out = NULL;
    MtsLm *lm = mts_calloc(1, sizeof *lm);
    if (!lm) {
        return mts_fail(err, MTS_ENOMEM, "no memory for a session");
    }
    lm->engine = engine;
    lm->cut = request->cut;
    lm->end_stop = request->end_stop;
    lm->threads = engine->threads;
    lm->scratch = mts_calloc((size_t)lm->threads, sizeof *lm->scratch);
    if (!lm->scratch) {
        rc = mts_fail(err, MTS_ENOMEM, "no memory for a session");
        goto fail;
    }
    MtsSessionOptions options = {.kv_tokens = kv_capacity(engine, request, texts), .threads = engine->threads};
    if ((rc = mts_session_new(&lm->session, engine->model, &options, err)) != 0) {
        goto fail;
    }
    MtsExtend prompt = {.tokens = request->prompt, .count = request->prompt_count, .wanted = MTS_LOGITS_LAST};
    if ((rc = mts_session_extend(lm->session, &prompt, 1, err)) != 0) {
        goto fail;
    }
    rc = state_new(&lm->search.root, prompt.branch, mts_session_logits(lm->session, prompt.logits_row), lm,
                   &lm->scratch[0], err);
    if (rc) {
        mts_branch_release(&prompt.branch);
        goto fail;
    }
    lm->search.context = lm;
    lm->search.root_dist = dist_of(lm->search.root);
    lm->search.max_tokens = request->max_tokens;
    lm->search.extend = extend;
    lm->search.is_end = is_end;
    lm->search.retain = retain;
    lm->search.release = release;
    *out = lm;
    return MTS_OK;
fail:
    mts_lm_free(&lm);
    return rc;
}

void mts_lm_free(MtsLm **out)
{
    MtsLm *lm = *out;
    if (lm) {
        release(lm, lm->search.root);
        for (int i = 0; lm->scratch && i < lm->threads; i++) {
            mts_dist_scratch_free(&lm->scratch[i]);
        }
        free(lm->scratch);
        free(lm->items);
        free(lm->codes);
        mts_session_free(&lm->session);
        free(lm);
        *out = NULL;
    }
}

const MtsSearchModel *mts_lm_search_model(const MtsLm *lm)
{
    return &lm->search;
}

void mts_lm_stats(const MtsLm *lm, MtsSessionStats *stats)
{
    mts_session_stats(lm->session, stats);
}
