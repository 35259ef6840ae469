/* kernels/ref/ref.h - fills the whole table with scalar C: the twins that every other kernel must equal. */
#ifndef MTS_KERNELS_REF_REF_H
#define MTS_KERNELS_REF_REF_H

#include "kernels/kernels.h"

void mts_ref_fill(MtsKernels *kernels);

/* One part each. */
void mts_ref_fill_matmul(MtsKernels *kernels);
void mts_ref_fill_rows(MtsKernels *kernels);
void mts_ref_fill_attention(MtsKernels *kernels);
void mts_ref_fill_logits(MtsKernels *kernels);
void mts_ref_fill_probe(MtsKernels *kernels);

#endif
