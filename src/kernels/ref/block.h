/* kernels/ref/block.h - one packed block of 16 rows x 32 columns as plain numbers: what the scalar kernels share. */
#ifndef MTS_KERNELS_REF_BLOCK_H
#define MTS_KERNELS_REF_BLOCK_H

#include <stdint.h>

#include "kernels/weights.h"

typedef struct MtsRefBlock {
    uint8_t u[MTS_GROUP][32]; /* unsigned quants [row][column]; of a codebook's, its numbers + zero */
    int zero;                 /* their offset */
    int sub[2][MTS_GROUP];    /* integer scales of the two halves of 16 columns; 1 but for MTS_SUB_HALVES */
    bool has_min;
    float w[MTS_GROUP], m[MTS_GROUP];
} MtsRefBlock;

/* Block b of a group of `cols` columns; type is quantised. */
void mts_ref_block(MtsRefBlock *block, MtsType type, const unsigned char *group, size_t cols, size_t b);

/* Its rows [r0, r1) alone; the others are left as they are. */
void mts_ref_rows(MtsRefBlock *block, MtsType type, const unsigned char *group, size_t cols, size_t b, size_t r0,
                  size_t r1);

/* The weight of row r, column k of the block. */
static inline float mts_ref_weight(const MtsRefBlock *block, size_t r, size_t k)
{
    float x = block->w[r] * (float)block->sub[k / 16][r] * (float)(block->u[r][k] - block->zero);
    return block->has_min ? x + block->m[r] : x;
}

/* Element `at` of a dense group. */
float mts_ref_dense(MtsType type, const unsigned char *group, size_t at);

#endif
