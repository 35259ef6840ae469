/* kernels/unpack.c - a row of the file back from the groups of 16 interleaved ones. */
#include "kernels/ref/block.h"
#include "kernels/weights.h"

void mts_unpack_row(const MtsWeights *w, size_t row, float *out)
{
    const unsigned char *group = w->data + row / MTS_GROUP * w->group_bytes;
    size_t r = row % MTS_GROUP;
    if (!mts_is_quantized(w->type)) {
        for (size_t k = 0; k < w->cols; k++) {
            out[k] = mts_ref_dense(w->type, group, k * MTS_GROUP + r);
        }
        return;
    }
    for (size_t b = 0; b < w->cols / MTS_BLOCK; b++) {
        MtsRefBlock block;
        mts_ref_rows(&block, w->type, group, w->cols, b, r, r + 1);
        for (size_t k = 0; k < MTS_BLOCK; k++) {
            out[b * MTS_BLOCK + k] = mts_ref_weight(&block, r, k);
        }
    }
}
