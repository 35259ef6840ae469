/* kernels/x86/avx512.c - all kernels in the words of vec_avx512.h. */
#include "kernels/x86/pick.h"
#include "kernels/x86/vec_avx512.h"
#include "kernels/x86/x86.h"

#include "kernels/simd/tile_template.h"

#include "kernels/simd/product_template.h"

#include "kernels/simd/tile_f32_template.h"

#include "kernels/simd/rows_template.h"

#include "kernels/simd/attention_template.h"

#include "kernels/simd/logits_template.h"

#include "kernels/simd/probe_template.h"

void mts_avx512_fill(MtsKernels *k)
{
    k->name = "avx512";
    fill_tiles(k);
    fill_products(k);
    fill_tiles_f32(k);
    fill_rows(k);
    fill_attention(k);
    fill_logits(k);
    fill_probe(k);
}
