/* report/sketch.h - a sample's series drawn small. */
#ifndef MTS_REPORT_SKETCH_H
#define MTS_REPORT_SKETCH_H

#include "report/report.h"

/* The series of a sample, whose records are from..to: of a forecast the end of the input, what came, and the forecasts;
 * otherwise the first channels. Nothing where no record has it. */
void mts_report_sketch(MtsMarkup *m, const MtsReportRun *run, size_t from, size_t to);

#endif
