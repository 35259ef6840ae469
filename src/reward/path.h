/* reward/path.h - a text as a list of numbers, finished or still growing. */
#ifndef MTS_REWARD_PATH_H
#define MTS_REWARD_PATH_H

#include "reward/term.h"

/* How the input's numbers are written. */
typedef struct MtsPathForm {
    double unit;   /* one in the last decimal place, at least 1e-6 */
    size_t digits; /* most digits before the point */
} MtsPathForm;

MtsPathForm mts_path_form(const MtsSeries *series);

/* Whether the text is (finished) or may yet become (not finished) a list of exactly `horizon` numbers: words between
 * separators, each [+-] digits [. digits]. */
bool mts_path_is_list(const MtsRewardText *text, size_t horizon);

/* y [horizon]: the text's first numbers, and where there are none yet what is expected [horizon]. A number that touches
 * the end of an unfinished text may still grow: it counts as the nearest to what is expected that it can become. *said:
 * how many are the text's own. */
int mts_path_read(const MtsRewardText *text, const MtsPathForm *form, const double *expected, size_t horizon, double *y,
                  size_t *said, MtsError *err);

#endif
