/* series/wordtable.h - tables of words: all rows of a text at once. */
#ifndef MTS_SERIES_WORDTABLE_H
#define MTS_SERIES_WORDTABLE_H

#include "series/csv.h"

/* Cells point into the text, which the table owns. */
typedef struct MtsCsv {
    char *text;
    MtsCell *cells;
    size_t *first; /* [rows + 1]: row r has cells first[r] .. first[r + 1] - 1 */
    size_t *line;  /* [rows]: where the row starts, counted from 1 */
    size_t rows, cell_count;
    size_t cell_cap, first_cap, line_cap;
    char delimiter;
} MtsCsv;

/* Takes over `text` [size] (malloc'ed, NUL-terminated), also on failure, and unquotes it in place. What may stand
 * before a table is passed over (series/preamble.h). */
int mts_csv_parse(MtsCsv *csv, const char *name, char *text, size_t size, MtsError *err);
void mts_csv_free(MtsCsv *csv);

size_t mts_csv_columns(const MtsCsv *csv, size_t row);
/* The cell of a row, an empty one beyond its end. */
MtsCell mts_csv_cell(const MtsCsv *csv, size_t row, size_t column);

#endif
