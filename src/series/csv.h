/* series/csv.h - delimited text to cells. */
#ifndef MTS_SERIES_CSV_H
#define MTS_SERIES_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

typedef struct MtsCell {
    const char *data; /* [size], not NUL-terminated; unquoted, and without outer white space unless quoted */
    size_t size;
} MtsCell;

/* All rows of a text, blank lines left out. Cells point into the text, which the table owns. */
typedef struct MtsCsv {
    char *text;
    char delimiter; /* ',' ';' '\t', or ' ' for runs of white space */
    MtsCell *cells;
    size_t *first; /* [rows + 1]: row r has cells first[r] .. first[r + 1] - 1 */
    size_t *line;  /* [rows]: where the row starts, counted from 1 */
    size_t rows, cell_count;
    size_t cell_cap, first_cap, line_cap;
} MtsCsv;

/* Takes over `text` [size] (malloc'ed, NUL-terminated), also on failure, and unquotes it in place (RFC 4180;
 * LF, CRLF or CR ends a line). The delimiter is a tab where `tabs` or where the first line has one, else the
 * first of ',' and ';' that the first line has outside quotes, else white space. `name` stands for the file
 * in sentences. */
int mts_csv_parse(MtsCsv *csv, const char *name, char *text, size_t size, bool tabs, MtsError *err);
void mts_csv_free(MtsCsv *csv);

size_t mts_csv_columns(const MtsCsv *csv, size_t row);
/* The cell of a row, an empty one beyond its end. */
MtsCell mts_csv_cell(const MtsCsv *csv, size_t row, size_t column);

/* Case-insensitive comparison with a plain word. */
bool mts_cell_is(MtsCell cell, const char *word);
/* An empty cell, or one of NA, N/A, NaN, null, none, "?", "-" (any case). */
bool mts_cell_missing(MtsCell cell);

#endif
