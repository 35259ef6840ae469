/* kernels/x86/avx512vnni.c - the int8 matrix tiles again, with a dot-product instruction. */
#include "kernels/x86/vec_avx512.h"
#include "kernels/x86/x86.h"

#include "kernels/simd/tile_template.h"

void mts_avx512vnni_fill(MtsKernels *k)
{
    k->name = "avx512vnni";
    fill_tiles(k);
    memset(k->product, 0, sizeof k->product); /* made for processors without that instruction */
}
