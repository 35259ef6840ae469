/* maxts/series.h - time series: read, spectrum, distances of spectra. */
#ifndef MAXTS_SERIES_H
#define MAXTS_SERIES_H

#include <stddef.h>

#include <maxts/api.h>
#include <maxts/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One or more channels of equal length, in the file's own units. What this header's calls return is finite
 * throughout; nothing is filled in, scaled or dropped silently. */
typedef struct MtsSeries {
    size_t channels, length; /* both >= 1 */
    double *values;          /* [channels][length] */
    char **names;            /* [channels], "" where the file has none */
    char **units;            /* [channels], "" where the file says nothing */
    char *id;                /* which series of the file this is, "" where the file has one without a name */
    double sampling_rate;    /* samples per second where the file says so, otherwise 1 (per step) */
} MtsSeries;

/* Reads one series. `spec` is a path, optionally followed by '#' and a selection:
 *
 *     FILE              the file's only series
 *     FILE#H12          of a file with many series: the one named H12, or the 12th with #12
 *     FILE#x,z          of a file with one series: these channels (names or 1-based numbers), in this order
 *     FILE#H12/x        both
 *     FILE#H12[-96:-24] a range of samples as Python counts them; any selection may end so, also FILE#[0:72]
 *
 * A path that exists as it stands is taken whole, whatever characters it has. The format follows from the
 * file's extension and content (docs/series.md lists them and the errors). MTS_EREQUEST: the selection does
 * not fit the file; MTS_EFORMAT: the file is broken, or a value is missing, absurd (above 1e30 in magnitude)
 * or of unequal length, and the sentence says which. */
MTS_API int mts_series_read(MtsSeries **series, const char *spec, MtsError *err);

typedef enum MtsSeriesHeader {
    MTS_HEADER_AUTO, /* by the rules of docs/series.md */
    MTS_HEADER_YES,  /* the first row names the columns */
    MTS_HEADER_NO    /* the first row is values */
} MtsSeriesHeader;

/* How a table is to be read where its rules would read it otherwise; zeros: by the rules. Files that are no tables of
 * delimited text leave all but `columns` alone. */
typedef struct MtsSeriesOptions {
    char delimiter; /* ',' ';' '\t' '|', or ' ' for white space */
    char decimal;   /* '.' or ',': the other one groups digits */
    MtsSeriesHeader header;
    const char *missing; /* more words that stand for a missing value, joined by commas */
    const char *columns; /* channels, as after '#' in a spec, which then chooses a series at most; NULL: all */
} MtsSeriesOptions;

/* options may be NULL. */
MTS_API int mts_series_read_with(MtsSeries **series, const char *spec, const MtsSeriesOptions *options, MtsError *err);
/* Copies `length` values of one channel; every value must be finite. */
MTS_API int mts_series_from_values(MtsSeries **series, const double *values, size_t length, MtsError *err);
MTS_API void mts_series_free(MtsSeries **series);

/* One-sided power spectral density as scipy.signal.welch and .periodogram compute it (scaling "density",
 * constant detrend, mean over segments). `psd` [bins] in units^2 / Hz. */
typedef enum MtsPsdMethod {
    MTS_PSD_WELCH,      /* Hann (periodic) window, segments overlap by half */
    MTS_PSD_PERIODOGRAM /* no window; segments, where they are asked for, overlap by half too */
} MtsPsdMethod;

/* The samples of a segment: `segment` where it is not 0; otherwise min(256, length/4) for Welch
 * and `length` for a periodogram. 0 when it would be below 2 or above length. */
MTS_API size_t mts_psd_segment(MtsPsdMethod method, size_t length, size_t segment);
/* segment/2 + 1 of mts_psd_segment(); 0 when the series is too short. */
MTS_API size_t mts_psd_bins(MtsPsdMethod method, size_t length, size_t segment);
/* frequency [bins] (Hz, from 0) may be NULL. MTS_EREQUEST when the series is too short, its sampling rate is
 * not above 0, or a value is not finite. */
MTS_API int mts_psd(MtsPsdMethod method, const double *values, size_t length, size_t segment, double sampling_rate,
                    double *frequency, double *psd, MtsError *err);

/* Distances of two spectra p, q on the same grid f, both floored at 1e-10, >= 0:
 *   l1           trapezoid rule of |ln p - ln q| over f
 *   wasserstein  W1 on f of the weights ln p - min(ln p) + 1e-10, normalised, and likewise of q
 *   kl           sum of P ln(P / Q), with P = p / sum p, Q = q / sum q */
typedef enum MtsSpectralMetric { MTS_SPECTRAL_L1, MTS_SPECTRAL_WASSERSTEIN, MTS_SPECTRAL_KL } MtsSpectralMetric;

/* A spectrum of a single bin has distance 0 in every metric. Finite for finite p and q. */
MTS_API double mts_spectral_distance(MtsSpectralMetric metric, const double *frequency, const double *p,
                                     const double *q, size_t bins);

#ifdef __cplusplus
}
#endif
#endif
