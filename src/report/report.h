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
    const char *files; /* their paths, joined by ", " */
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

/* ---- shared by the files of the report ---- */

/* A table of texts, numbers and intervals, which every format writes its own way. */
typedef struct MtsReportCell {
    const char *text;        /* NULL: a number. Borrowed */
    double value, low, high; /* NaN: none */
} MtsReportCell;

typedef struct MtsReportTable {
    char *caption;        /* without the run's name */
    const char **columns; /* [width], borrowed */
    size_t width, rows;
    MtsReportCell *cells; /* [rows][width] */
} MtsReportTable;

void mts_report_table_free(MtsReportTable *table);

/* The tables of a run: quality, cost, differences from a first row, the optimisations of an experiment. Those that
 * would be empty have no rows. Borrow from the run. False when memory ran out. */
enum { MTS_REPORT_TABLES = 4 };
bool mts_report_tables(const MtsReportRun *run, MtsReportTable tables[MTS_REPORT_TABLES]);

/* Every row of every run in short, where there are several runs (else no rows). Borrows from the report. */
bool mts_report_overview(const MtsReport *report, MtsReportTable *table);

/* "maxent-ts rollouts=20": what a row is called. Appended to m. */
void mts_report_row_name(MtsMarkup *m, const json_t *row);
double mts_report_mean(const json_t *row, const char *member, double *low,
                       double *high);             /* NaN where the row has none; bounds may be NULL */
const char *mts_report_label(const char *member); /* "accuracy": "Accuracy" */
/* The number that says best how good a row is: accuracy, sMAPE, share of true claims, total variation; NULL: none but
 * the reward. */
const char *mts_report_quality(const json_t *rows);
bool mts_report_is_experiment(const MtsReportRun *run, const char *name);

/* report_samples.c, report_charts.c, report_classes.c; the last writes nothing where there are no classes, or more than
 * twelve */
void mts_report_confusion(MtsMarkup *m, const MtsReportRun *run);
void mts_report_charts(MtsMarkup *m, const MtsReportRun *run, size_t index);
void mts_report_spectra(MtsMarkup *m, const MtsReportRun *run, size_t index);
void mts_report_samples(MtsMarkup *m, const MtsReportRun *run, size_t index, size_t most);
/* Rows of one colour: of a method where there are several or its rollouts vary, else each its own. */
size_t mts_report_colour(const MtsReportRun *run, const json_t *row);

#endif
