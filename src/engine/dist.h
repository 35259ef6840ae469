/* engine/dist.h - logits to a next-token distribution, cut as asked. */
#ifndef MTS_ENGINE_DIST_H
#define MTS_ENGINE_DIST_H

#include <stddef.h>
#include <stdint.h>

#include <maxts/engine.h>

#include "kernels/kernels.h"

/* Working memory of one thread; zero-initialise, release with mts_dist_scratch_free(). */
typedef struct MtsDistScratch {
    int32_t *ids;  /* [cap] the kept tokens, likeliest first, ties by ascending id */
    float *logits; /* [cap] theirs */
    size_t cap;
    void *select; /* of mts_top_k() */
    float *tempered;
    float *allowed;
    size_t vocab; /* that select, tempered and allowed are made for */
} MtsDistScratch;

void mts_dist_scratch_free(MtsDistScratch *scratch);

/* log of the sum of exp(logits[0..vocab)); NaN when a logit is NaN or +infinity or none is finite. */
double mts_dist_normaliser(const MtsKernels *kernels, const float *logits, size_t vocab);

/* Leaves in the scratch the *count tokens that the cut keeps; token i has log-probability logits[i] - *normaliser.
 * mask, one bit a token, or NULL: tokens with a 0 are taken away before the cut, and keep their part in the
 * normaliser.
 * Tokens of logit -infinity have probability 0 and are never kept. MTS_EFORMAT for logits without a normaliser. */
int mts_dist_cut(const MtsKernels *kernels, const float *logits, const uint64_t *mask, size_t vocab, const MtsCut *cut,
                 MtsDistScratch *scratch, size_t *count, double *normaliser, MtsError *err);

#endif
