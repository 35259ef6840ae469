/* kernels/arm/dotprod.c - the int8 matrix tiles again, with a dot-product instruction. */
#include "kernels/arm/arm.h"
#include "kernels/arm/vec_neon.h"

#include "kernels/simd/tile_template.h"

void mts_dotprod_fill(MtsKernels *k)
{
    k->name = "dotprod";
    fill_tiles(k);
}
