/* kernels/forms.h - the two forms of the integer products, for those who measure them: tile() for a few activation rows
 * at a time, product() for all of them where a processor has it (kernels.h). */
#ifndef MTS_KERNELS_FORMS_H
#define MTS_KERNELS_FORMS_H

#include "kernels/kernels.h"

/* Whether mts_matmul() takes product() for so many activation rows, not tile(). */
bool mts_matmul_by_product(const MtsKernels *kernels, const MtsWeights *w, size_t rows);

#endif
