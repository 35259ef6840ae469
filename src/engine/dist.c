/* engine/dist.c - logits to a next-token distribution, cut as asked.
 *
 * Tokens are ordered by logit, ties by id; each cut keeps a prefix of that order, whatever the temperature, which
 * rescales but never reorders:
 *   top-k   the first k;
 *   top-p   of those, the shortest prefix whose share of their own probability at T is at least top_p;
 *   min-p   those with exp((l - l_max) / T) >= min_p.
 * A vocabulary has 50,000 to 260,000 tokens and a cut keeps some fifty, so only as many tokens as may be kept are
 * selected and sorted: k of them, or without a top-k the 256 likeliest and then eight times more until the prefix
 * ends inside what was taken.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "engine/dist.h"

void mts_dist_scratch_free(MtsDistScratch *scratch)
{
    free(scratch->ids);
    free(scratch->logits);
    free(scratch->select);
    free(scratch->tempered);
    free(scratch->allowed);
    memset(scratch, 0, sizeof *scratch);
}

static bool reserve(MtsDistScratch *s, size_t vocab, size_t n)
{
    if (s->vocab < vocab) {
        free(s->select);
        free(s->tempered);
        free(s->allowed);
        s->select = malloc(mts_top_k_scratch(vocab));
        s->tempered = mts_calloc(vocab, sizeof *s->tempered);
        s->allowed = mts_calloc(vocab, sizeof *s->allowed);
        s->vocab = s->select && s->tempered && s->allowed ? vocab : 0;
    }
    if (s->cap < n) {
        free(s->ids);
        free(s->logits);
        s->ids = mts_calloc(n, sizeof *s->ids);
        s->logits = mts_calloc(n, sizeof *s->logits);
        s->cap = s->ids && s->logits ? n : 0;
    }
    return s->vocab >= vocab && s->cap >= n;
}

double mts_dist_normaliser(const MtsKernels *kernels, const float *logits, size_t vocab)
{
    float max = kernels->max(logits, vocab, NULL);
    double sum = kernels->sum_exp(logits, vocab, max);
    return isfinite(max) && isfinite(sum) ? max + mts_log(sum) : NAN;
}

/* The sum over tokens of exp((l - l_max) / T). */
static double tempered_mass(const MtsKernels *kernels, const float *logits, size_t n, float max, double temperature,
                            float *tempered)
{
    for (size_t i = 0; i < n; i++) {
        tempered[i] = (float)((logits[i] - max) / temperature);
    }
    return kernels->sum_exp(tempered, n, 0);
}

/* Of n kept logits in order, how many top-p (a share of `mass`) and min-p keep. */
static size_t prefix(const float *logits, size_t n, const MtsCut *cut, double mass)
{
    double kept = 0;
    for (size_t i = 0; i < n; i++) {
        double share = mts_exp((float)((logits[i] - logits[0]) / cut->temperature));
        if (i > 0 && (share < cut->min_p || (cut->top_p < 1 && kept >= cut->top_p * mass))) {
            return i;
        }
        kept += share;
    }
    return n;
}

/* The logits that the mask leaves, the others at -infinity. */
static const float *allowed(const float *logits, const uint64_t *mask, size_t vocab, MtsDistScratch *s)
{
    for (size_t at = 0; at < vocab; at += 64) {
        size_t n = vocab - at < 64 ? vocab - at : 64;
        uint64_t bits = mask[at / 64];
        bool many = __builtin_popcountll(bits) > 32;
        for (size_t i = 0; i < n && !many; i++) {
            s->allowed[at + i] = -HUGE_VALF;
        }
        if (many) {
            memcpy(s->allowed + at, logits + at, n * sizeof *logits);
        }
        for (uint64_t others = many ? ~bits : bits; others; others &= others - 1) {
            size_t i = (size_t)__builtin_ctzll(others);
            if (i < n) {
                s->allowed[at + i] = many ? -HUGE_VALF : logits[at + i];
            }
        }
    }
    return s->allowed;
}

int mts_dist_cut(const MtsKernels *kernels, const float *logits, const uint64_t *mask, size_t vocab, const MtsCut *cut,
                 MtsDistScratch *s, size_t *count, double *normaliser, MtsError *err)
{
    *normaliser = mts_dist_normaliser(kernels, logits, vocab);
    if (isnan(*normaliser)) {
        return mts_fail(err, MTS_EFORMAT, "the model's logits are no finite numbers: its weights are damaged");
    }
    bool all = cut->top_k == 0 || cut->top_k >= vocab, shares = cut->top_p < 1 || cut->min_p > 0;
    size_t take = !all ? cut->top_k : shares && vocab > 256 ? 256 : vocab;
    double mass = 0;
    if (mask && !reserve(s, vocab, take)) {
        return mts_fail(err, MTS_ENOMEM, "no memory for a distribution of %zu tokens", vocab);
    }
    logits = mask ? allowed(logits, mask, vocab, s) : logits;
    for (;; take = take > vocab / 8 ? vocab : 8 * take) {
        if (!reserve(s, vocab, take)) {
            return mts_fail(err, MTS_ENOMEM, "no memory for a distribution of %zu tokens", take);
        }
        size_t n = mts_top_k(kernels, logits, vocab, take, s->ids, s->logits, s->select);
        if (shares && mass == 0 && n > 0) {
            mass = tempered_mass(kernels, all ? logits : s->logits, all ? vocab : n, s->logits[0], cut->temperature,
                                 s->tempered);
        }
        *count = shares ? prefix(s->logits, n, cut, mass) : n;
        if (!all || *count < n || n < take || take == vocab) {
            return MTS_OK;
        }
    }
}
