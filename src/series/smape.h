/* series/smape.h - how far a forecast is from what came. */
#ifndef MTS_SERIES_SMAPE_H
#define MTS_SERIES_SMAPE_H

#include <stddef.h>

/* Mean of 200 |a - f| / (|a| + |f|) over actual and forecast [n], in percent, 0 where both are 0 (Makridakis, M4
 * definition). */
double mts_smape(const double *actual, const double *forecast, size_t n);

#endif
