/* report/report.h - what one or more runs of maxts eval show, as one page or as tables.
 *
 * The page is a single HTML file (well-formed XML, too) without scripts and without a reference to anything outside
 * itself; it may be sent, kept and opened anywhere. Records of hostile files are shown, never obeyed. The same records
 * give the same bytes. */
#ifndef MTS_REPORT_REPORT_H
#define MTS_REPORT_REPORT_H

#include <stddef.h>

#include "core/json.h"
#include "report/markup.h"

/* One run: the journals of its shards together. */
typedef struct MtsReportRun {
    char *files; /* their paths, joined by ", " */
    json_t *head, *records, *summary;
    char *name; /* "forecast, SmolLM2 135M": a stage and a model, told apart from the others' */
} MtsReportRun;

typedef struct MtsReport {
    MtsReportRun *runs; /* [count], in the order of the files */
    size_t count;
    size_t samples; /* most samples that a run's table shows; SIZE_MAX: all */
} MtsReport;

/* Reads the journals; those whose heads are equal but for their shard are one run (docs/stages.md). A broken file is
 * MTS_EFORMAT with its line; a key that two of a run's files have MTS_EREQUEST. Release with mts_report_free(), also on
 * failure. */
int mts_report_open(MtsReport *report, const char *const *paths, size_t n, MtsError *err);
void mts_report_free(MtsReport *report);

/* Each writes the whole document to m; MTS_ENOMEM alone can go wrong. */
int mts_report_html(const MtsReport *report, MtsMarkup *m, MtsError *err);
int mts_report_markdown(const MtsReport *report, MtsMarkup *m, MtsError *err);
int mts_report_latex(const MtsReport *report, MtsMarkup *m, MtsError *err);
int mts_report_csv(const MtsReport *report, MtsMarkup *m, MtsError *err);

#endif
