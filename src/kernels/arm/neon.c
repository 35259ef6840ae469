/* kernels/arm/neon.c - all kernels in the words of vec_neon.h. */
#include "kernels/arm/vec_neon.h"
#include "kernels/arm/arm.h"

#include "kernels/simd/tile_template.h"

#include "kernels/simd/tile_f32_template.h"

#include "kernels/simd/rows_template.h"

#include "kernels/simd/attention_template.h"

#include "kernels/simd/logits_template.h"

#include "kernels/simd/probe_template.h"

void mts_neon_fill(MtsKernels *k)
{
    k->name = "neon";
    fill_tiles(k);
    fill_tiles_f32(k);
    fill_rows(k);
    fill_attention(k);
    fill_logits(k);
    fill_probe(k);
}
