/* report/sections.h - the parts of a run's section of the page, each in the file of its name. */
#ifndef MTS_REPORT_SECTIONS_H
#define MTS_REPORT_SECTIONS_H

#include "report/report.h"

/* `index` is the run's, for ids. The first writes nothing where there are no classes, or more than twelve. */
void mts_report_classes(MtsMarkup *m, const MtsReportRun *run);
void mts_report_charts(MtsMarkup *m, const MtsReportRun *run, size_t index);
void mts_report_spectra(MtsMarkup *m, const MtsReportRun *run, size_t index);
void mts_report_samples(MtsMarkup *m, const MtsReportRun *run, size_t index, size_t most);

#endif
