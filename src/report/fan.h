/* report/fan.h - a forecast as a drawing that stands alone: what was, the median, and bands of quantiles around it. */
#ifndef MTS_REPORT_FAN_H
#define MTS_REPORT_FAN_H

#include <stddef.h>

#include "report/markup.h"

enum { MTS_FAN_BANDS = 3 };

typedef struct MtsFan {
    const char *title, *unit; /* of the axis of values; "" for none */
    const double *past;       /* [past_count], the last of them is step 0 */
    size_t past_count;
    const double *median;                                   /* [steps] */
    const double *low[MTS_FAN_BANDS], *high[MTS_FAN_BANDS]; /* [steps] each, the widest band first */
    size_t steps;
} MtsFan;

/* A whole SVG file, light and dark by itself. */
void mts_report_fan(MtsMarkup *m, const MtsFan *fan);

#endif
