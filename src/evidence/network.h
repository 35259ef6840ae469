/* evidence/network.h - a small network that gives quantiles of what follows a row of numbers. */
#ifndef MTS_EVIDENCE_NETWORK_H
#define MTS_EVIDENCE_NETWORK_H

#include <stddef.h>

#include "core/json.h"
#include "core/rng.h"

enum { MTS_NETWORK_LAYERS = 3, MTS_NETWORK_LEVELS = 5, MTS_NETWORK_MOST = 512 };

typedef struct MtsNetwork {
    size_t width[MTS_NETWORK_LAYERS + 1]; /* of the row, of what is between, MTS_NETWORK_LEVELS times the steps */
    float *weights[MTS_NETWORK_LAYERS];   /* [width[l] + 1][width[l + 1]], the constants first */
    float unit[MTS_NETWORK_LAYERS];       /* weights are 16-bit multiples of this power of two */
} MtsNetwork;

/* What it learns from: rows and what followed, drawn again and again. */
typedef struct MtsNetworkLessons {
    size_t inputs, steps, rounds; /* rounds of 256 draws */
    uint64_t seed;
    /* row [inputs], target [steps]; how much it counts */
    float (*draw)(const void *from, MtsRng *rng, float *row, float *target);
    const void *from;
} MtsNetworkLessons;

/* How many weights it takes. */
size_t mts_network_size(size_t inputs, size_t steps);

/* The bits depend on the lessons alone, not on the processor. */
int mts_network_learn(MtsNetwork **network, const MtsNetworkLessons *lessons, MtsError *err);
void mts_network_free(MtsNetwork **network);

/* median [steps] of what follows row [inputs]. */
int mts_network_median(const MtsNetwork *network, const float *row, double *median, MtsError *err);

/* As a member of a file; reading checks everything, for rows of `inputs` and for `steps`. */
json_t *mts_network_json(const MtsNetwork *network);
int mts_network_read(MtsNetwork **network, const json_t *o, const char *name, size_t inputs, size_t steps,
                     MtsError *err);

#endif
