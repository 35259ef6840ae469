/* series/form.h - what kind of table a text is, decided before any of it is read as values.
 *
 * Everything is decided by rules that docs/series.md states, from counts of what the cells of each column are; what the
 * caller says (MtsSeriesOptions) is taken as it is. */
#ifndef MTS_SERIES_FORM_H
#define MTS_SERIES_FORM_H

#include <stdint.h>

#include <maxts/series.h>

#include "series/csv.h"
#include "series/set.h"

typedef enum MtsLayout {
    MTS_LAYOUT_COLUMNS, /* a row per time step, a column per channel */
    MTS_LAYOUT_ROWS,    /* a row per series: its name, then its values */
    MTS_LAYOUT_LONG,    /* a row per value, a column that names its series */
    MTS_LAYOUT_LISTS    /* a row per series, cells that hold whole lists */
} MtsLayout;

/* What stands in one column below the first row, and what in the first row itself. */
typedef struct MtsColumnForm {
    uint32_t cells[MTS_CELL_KINDS]; /* how many of each kind */
    MtsCellKind top;                /* of the first row's cell */
    uint32_t doubtful;              /* plain numbers whose point might group digits: 1.234 */
    double latest;                  /* the last plain number */
    bool falls;                     /* one of them was not larger than the one before */
} MtsColumnForm;

typedef struct MtsTableForm {
    MtsLayout layout;
    char decimal;               /* '.' or ','; the other one groups digits */
    bool groups;                /* 1,234 is known to be 1234 */
    bool doubt;                 /* 1.234 may be 1234, and is no number */
    bool header;                /* the first row names the columns */
    bool row_names;             /* R's: a row begins with a name that the header has no cell for */
    const char *missing;        /* borrowed from the options */
    size_t rows;                /* below the header */
    size_t columns;             /* cells of a row: of the first one, where they differ */
    size_t odd_line, odd_count; /* the first row of another length, 0: none */
    MtsCell *title;             /* [columns] the first row's cells; empty where it is no header */
    MtsCell *unit;              /* [columns] of the row below the header, without brackets; NULL: there is none */
    size_t id, value, label;    /* the columns of these names; `columns` where there is none */
    MtsColumnForm *column;      /* [widest] */
    size_t widest, column_cap;
} MtsTableForm;

/* Goes through the whole text. Release with mts_form_free(), also on failure. */
int mts_form_find(MtsTableForm *form, MtsCsvReader *reader, const MtsSeriesOptions *options, MtsError *err);
void mts_form_free(MtsTableForm *form);

MtsColumnUse mts_form_use(const MtsTableForm *form, size_t column);
/* Whether a column of this name counts the rows or tells the time. */
bool mts_index_name(MtsCell title);
/* Whether the column's name says that it counts the rows or tells the time, and its numbers rise. */
bool mts_form_counts(const MtsTableForm *form, size_t column);

/* The value of a cell, NaN where it is missing; false where it is no number in this table. */
bool mts_form_value(const MtsTableForm *form, MtsCell cell, double *value);

#endif
