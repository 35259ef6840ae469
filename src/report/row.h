/* report/row.h - what a row of a summary says: names, numbers, the colour it has. */
#ifndef MTS_REPORT_ROW_H
#define MTS_REPORT_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "report/report.h"

/* What a report calls a member of a row: "accuracy": "Accuracy". Those that say how good answers are stand first, then
 * what they cost and how the search looked. */
typedef enum MtsReportBetter {
    MTS_BETTER_NEITHER,
    MTS_BETTER_LARGE,
    MTS_BETTER_SMALL,
    MTS_BETTER_ZERO
} MtsReportBetter;

typedef struct MtsReportLabel {
    const char *member, *label;
    MtsReportBetter better; /* which values are good */
} MtsReportLabel;

enum { MTS_REPORT_QUALITIES = 17, MTS_REPORT_LABELS = 31 };
extern const MtsReportLabel mts_report_labels[MTS_REPORT_LABELS];

const char *mts_report_label(const char *member); /* settings' too; the member itself where it has none */

MtsReportBetter mts_report_better(const char *member);

const json_t *mts_report_rows(const MtsReportRun *run);
/* "maxent-ts rollouts=20": what a row is called. Appended to m. */
void mts_report_row_name(MtsMarkup *m, const json_t *row);
/* NaN where the row has none; bounds may be NULL. The second: a setting of the row, or the mean of a member. */
double mts_report_mean(const json_t *row, const char *member, double *low, double *high);
double mts_report_value(const json_t *row, const char *name);
bool mts_report_any_has(const json_t *rows, const char *member); /* a mean */
/* The number that says best how good a row is: accuracy, sMAPE, share of true claims, total variation; NULL: none but
 * the reward. */
const char *mts_report_quality(const json_t *rows);
bool mts_report_is_experiment(const MtsReportRun *run, const char *name);

/* The settings that a grid may vary: rollouts, lambda and so on; NULL behind the last. */
const char *mts_report_setting(size_t index);
/* Whether rows of one method differ in a setting; the second: of this row's method. */
bool mts_report_varies(const json_t *rows, const char *setting);
bool mts_report_varies_for(const json_t *rows, const json_t *row, const char *setting);
/* Rows of one colour: of a method, the same on every page, where there are several or its rollouts vary (the second
 * says so), else each its own. The third: which of the methods a row's is, by appearance. */
size_t mts_report_colour(const MtsReportRun *run, const json_t *row);
bool mts_report_by_method(const MtsReportRun *run);
size_t mts_report_method_colour(const json_t *row);
size_t mts_report_method_index(const json_t *rows, const json_t *row);

#endif
