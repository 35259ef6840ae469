/* kernels/arm/arm.h - each overwrites those entries of the table that its instruction set does better. */
#ifndef MTS_KERNELS_ARM_ARM_H
#define MTS_KERNELS_ARM_ARM_H

#include "kernels/kernels.h"

void mts_neon_fill(MtsKernels *kernels);
void mts_dotprod_fill(MtsKernels *kernels); /* after neon */
void mts_i8mm_fill(MtsKernels *kernels);    /* after neon */

#endif
