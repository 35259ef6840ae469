/* kernels/x86/x86.h - each overwrites those entries of the table that its instruction set does better. */
#ifndef MTS_KERNELS_X86_X86_H
#define MTS_KERNELS_X86_X86_H

#include "kernels/kernels.h"

void mts_avx2_fill(MtsKernels *kernels);
void mts_avxvnni_fill(MtsKernels *kernels); /* after avx2 */
void mts_avx512_fill(MtsKernels *kernels);
void mts_avx512vnni_fill(MtsKernels *kernels); /* after avx512 */
void mts_amx_fill(MtsKernels *kernels);        /* after avx512vnni */

#endif
