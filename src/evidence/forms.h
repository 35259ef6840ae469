/* evidence/forms.h - what a series is made of: one of a few trends and one of a few waves, by least squares. */
#ifndef MTS_EVIDENCE_FORMS_H
#define MTS_EVIDENCE_FORMS_H

#include <stddef.h>

#include "core/error.h"

enum { MTS_FORMS_LEAST = 16, MTS_FORMS_MOST = 512 }; /* values of a series */

typedef enum MtsTrendForm { MTS_NO_TREND, MTS_LINEAR, MTS_LOG, MTS_EXPONENTIAL, MTS_TREND_FORMS } MtsTrendForm;
typedef enum MtsWaveForm { MTS_NO_WAVE, MTS_SINE, MTS_SQUARE, MTS_SAWTOOTH, MTS_WAVE_FORMS } MtsWaveForm;

/* x(t) = level + slope * trend(t) + gain * wave(t / period + phase) + rest. */
typedef struct MtsFormFit {
    double rest; /* sum of squares */
    double rate; /* of an exponential trend: exp(rate * t / n) */
    double level, slope, gain, period, phase;
    double score; /* log likelihood less its penalty (Schwarz's criterion), 0 for the best of all forms */
} MtsFormFit;

typedef struct MtsForms {
    MtsFormFit fit[MTS_TREND_FORMS][MTS_WAVE_FORMS];
    MtsTrendForm trend; /* the best */
    MtsWaveForm wave;
} MtsForms;

/* Of x [n], MTS_FORMS_LEAST to MTS_FORMS_MOST values. MTS_ENOMEM alone can go wrong. */
int mts_forms(MtsForms *forms, const double *x, size_t n, MtsError *err);

/* The two parts of a fit, [n] each: level and trend, and wave. */
void mts_form_parts(const MtsForms *forms, MtsTrendForm trend, MtsWaveForm wave, size_t n, double *level,
                    double *waves);

#endif
