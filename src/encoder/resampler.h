/* encoder/resampler.h - Flamingo's perceiver: any number of rows to a fixed number of latents.
 *
 * Latents are the file's own rows; each of `layers` lets them look at the rows and at themselves:
 *     l += W attention(norm(l); norm(rows), norm(l)),  l += W2 gelu(W1 norm(l))
 * and a last norm ends it. Their number does not depend on how many rows there are, and all rows stand for one medium.
 */
#ifndef MTS_ENCODER_RESAMPLER_H
#define MTS_ENCODER_RESAMPLER_H

#include "encoder/tensors.h"

typedef struct MtsResamplerLayer {
    MtsNorm rows_norm, latents_norm, ffn_norm;
    MtsDense q, kv, out, up, down; /* [inner][width], [2 inner][width], [width][inner], [ffn][width], [width][ffn] */
} MtsResamplerLayer;

typedef struct MtsResampler {
    size_t width, latents, heads, dim, ffn, layer_count;
    float epsilon;
    const float *latent; /* [latents][width] */
    MtsResamplerLayer *layers;
    MtsNorm norm;
} MtsResampler;

int mts_resampler_read(MtsResampler **resampler, EncoderReader *reader, size_t width, float epsilon);
void mts_resampler_free(MtsResampler **resampler);

/* out [latents][width] of rows [n][width], n >= 1. */
int mts_resampler_run(const MtsResampler *resampler, const MtsKernels *kernels, int threads, const float *rows,
                      size_t n, float *out, MtsError *err);

#endif
