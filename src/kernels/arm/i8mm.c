/* kernels/arm/i8mm.c - the int8 matrix tiles again, with a dot-product instruction. */
#include "kernels/arm/arm.h"
#include "kernels/arm/vec_neon.h"

#include "kernels/simd/tile_template.h"

void mts_i8mm_fill(MtsKernels *k)
{
    k->name = "i8mm";
    fill_tiles(k);
}
