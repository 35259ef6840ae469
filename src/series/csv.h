/* series/csv.h - delimited text to cells, a row at a time. */
#ifndef MTS_SERIES_CSV_H
#define MTS_SERIES_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "series/cell.h"

/* Most cells of one row. A series of more values than that belongs into a column. */
#define MTS_CSV_MOST_CELLS ((size_t)1 << 20)

/* Goes through a text as often as wanted and leaves it as it is; memory is one row's. Quotes follow RFC 4180, and are
 * apostrophes where the first cell is in such; LF, CRLF or CR ends a line; blank lines are passed over, and so is a
 * byte order mark. (What else may stand before a table of numbers: series/preamble.h.) */
typedef struct MtsCsvReader {
    const char *name; /* of the file, for sentences; borrowed, as the text is */
    const char *text; /* [size] */
    size_t size, at;
    char delimiter;      /* ',' ';' '\t' '|', or ' ' for runs of white space */
    char quote;          /* '"', or an apostrophe where the text's first cell is in such */
    size_t lines_before; /* the text, of the file that it is a part of: 0 unless set */
    size_t next_line;    /* of `at`, counted from 1 */
    MtsCell *cells;      /* [count]: the row that mts_csv_next() has read */
    size_t count, line;  /* line: where it starts */
    size_t cell_cap;
    bool doubled; /* some quoted cell so far holds "": mts_csv_plain() makes it one */
} MtsCsvReader;

/* `delimiter` 0: a tab where the first line has one outside quotes; else ';' or '|' where the first lines (as many as
 * 100) all have as many of it, one at least; else ',' where the first line has one; else white space. */
int mts_csv_begin(MtsCsvReader *reader, const char *name, const char *text, size_t size, char delimiter, MtsError *err);
void mts_csv_rewind(MtsCsvReader *reader);
/* The next row; *more is false at the end of the text. */
int mts_csv_next(MtsCsvReader *reader, bool *more, MtsError *err);
void mts_csv_end(MtsCsvReader *reader);

/* Makes "" one " in s[0..n), in place; the new size. */
size_t mts_csv_undouble(const MtsCsvReader *reader, char *s, size_t n);
/* A cell's text with "" made ", malloc'ed and NUL-terminated; NULL: memory ran out. */
char *mts_csv_plain(const MtsCsvReader *reader, MtsCell cell);

#endif
