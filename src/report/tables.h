/* report/tables.h - the tables of a report, which every format writes its own way. */
#ifndef MTS_REPORT_TABLES_H
#define MTS_REPORT_TABLES_H

#include <stdbool.h>

#include "report/report.h"

typedef struct MtsReportCell {
    const char *text;        /* NULL: a number. Borrowed */
    double value, low, high; /* NaN: none */
    bool best;               /* of its column */
} MtsReportCell;

typedef struct MtsReportTable {
    char *caption;        /* without the run's name */
    const char **columns; /* [width], borrowed */
    size_t width, rows;
    MtsReportCell *cells; /* [rows][width] */
} MtsReportTable;

void mts_report_table_free(MtsReportTable *table);

/* The tables of a run: the optimisations of an experiment, quality, cost, differences from a first row. Those that
 * would be empty have no rows. Borrow from the run. False when memory ran out. */
enum { MTS_REPORT_TABLES = 4 };
bool mts_report_tables(const MtsReportRun *run, MtsReportTable tables[MTS_REPORT_TABLES]);

/* Every row of every run in short, where there are several runs (else no rows). Borrows from the report. */
bool mts_report_overview(const MtsReport *report, MtsReportTable *table);

#endif
