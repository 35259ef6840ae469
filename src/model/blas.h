/* model/blas.h - the one door to OpenBLAS.
 *
 * OpenBLAS picks its kernels for a processor when the library is loaded, from a list that trails the processors
 * sold: on an unknown AVX-512 one it takes a generic core and runs at a fifth of its speed. OPENBLAS_CORETYPE
 * decides instead, but is read only while the library initialises itself. So the library is not linked: it is
 * opened here, on the first use, after the variable has been set (a value that the user set is respected).
 * The forward pass has its own threads and calls sgemm from each of them on its own rows of the weights, so
 * OpenBLAS is told to use one thread per call. */
#ifndef MTS_MODEL_BLAS_H
#define MTS_MODEL_BLAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "kernels/weights.h"

enum { MTS_BLAS_TILE = 128 }; /* rows of a matrix that are dequantised at a time */

/* Opens the library once per process (thread-safe). cpu: MTS_CPU_ flags. MTS_EUNSUPPORTED with a sentence when
 * this build does without it, or no OpenBLAS is installed. */
int mts_blas_open(uint32_t cpu, MtsError *err);

/* The core type that the library says it uses ("SkylakeX"); NULL before a successful mts_blas_open(). */
const char *mts_blas_core(void);

/* Rows [16 g0, 16 g1) of w, dequantised a tile at a time into tile [MTS_BLAS_TILE][w->cols], times rows x of `s`
 * inputs: y[i * y_stride + n], or is increased by it when `add`; fp32. */
void mts_blas_matmul(const MtsWeights *w, size_t g0, size_t g1, const float *x, size_t x_stride, size_t s, float *tile,
                     float *y, size_t y_stride, bool add);

#endif
