/* series/dft.h - the discrete Fourier transform of real data in double precision. */
#ifndef MTS_SERIES_DFT_H
#define MTS_SERIES_DFT_H

#include <stddef.h>

typedef struct MtsDft MtsDft; /* tables for one length; immutable, may be shared by threads */

/* NULL when memory ran out. n >= 1. */
MtsDft *mts_dft_new(size_t n);
void mts_dft_free(MtsDft **dft);

/* Doubles of scratch that a call needs. */
size_t mts_dft_scratch(const MtsDft *dft);

/* power[k] = |sum_t x[t] exp(-2 pi i k t / n)|^2 for k = 0 .. n/2. */
void mts_dft_power(const MtsDft *dft, const double *x, double *power, double *scratch);

#endif
