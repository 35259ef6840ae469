/* maxts/series.h - time series: read, normalise, spectrum. */
#ifndef MAXTS_SERIES_H
#define MAXTS_SERIES_H

#include <stddef.h>

#include <maxts/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One or more channels of equal length, in the file's own units. */
typedef struct MtsSeries {
    size_t channels, length;
    double *values;      /* [channels][length], all finite */
    char **names;        /* [channels], "" where the file has none */
    double sampling_rate; /* Hz, or samples per step: 1 when unknown */
} MtsSeries;

/* Reads a file by its extension and content (docs/series.md lists the formats and their errors). */
int mts_series_read(MtsSeries **series, const char *path, MtsError *err);
/* Copies `length` values of one channel; every value must be finite. */
int mts_series_from_values(MtsSeries **series, const double *values, size_t length, MtsError *err);
void mts_series_free(MtsSeries **series);

/* One-sided power spectral density as scipy.signal computes it. `psd` [bins], bins from mts_psd_bins(). */
typedef enum MtsPsdMethod {
    MTS_PSD_WELCH,      /* Hann (periodic), 50 % overlap, constant detrend, density, mean; segment = min(256, length/4) */
    MTS_PSD_PERIODOGRAM /* boxcar, constant detrend, density */
} MtsPsdMethod;

size_t mts_psd_bins(MtsPsdMethod method, size_t length, size_t segment); /* segment 0: the default; 0 when too short */
int mts_psd(MtsPsdMethod method, const double *values, size_t length, size_t segment, double sampling_rate,
            double *frequency, double *psd, MtsError *err); /* frequency may be NULL */

/* Distances of two spectra on the same grid, both floored at 1e-10 (seed system, section 2). */
typedef enum MtsSpectralMetric { MTS_SPECTRAL_L1, MTS_SPECTRAL_WASSERSTEIN, MTS_SPECTRAL_KL } MtsSpectralMetric;

double mts_spectral_distance(MtsSpectralMetric metric, const double *frequency, const double *a, const double *b,
                             size_t bins);

#ifdef __cplusplus
}
#endif
#endif
