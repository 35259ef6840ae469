/* kernels/arm/i8mm.c - the int8 matrix tiles again: two activation rows at a time by products of 2 x 8 and 8 x 2
 * bytes, a single one by a dot product of unsigned and signed bytes. */
#include "kernels/arm/arm.h"
#include "kernels/arm/vec_neon.h"

#include "kernels/simd/tile_template.h"

void mts_i8mm_fill(MtsKernels *k)
{
    k->name = "i8mm";
    fill_tiles(k);
}
