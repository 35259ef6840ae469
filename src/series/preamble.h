/* series/preamble.h - what stands before a table. */
#ifndef MTS_SERIES_PREAMBLE_H
#define MTS_SERIES_PREAMBLE_H

#include <stddef.h>

#include "core/error.h"
#include "series/csv.h"

/* Opens a reader of the rows of *text [*size], which becomes UTF-8 (below), behind what stands before them: a byte
 * order mark, a line "sep=;" (Excel's), and comment lines that begin with '#' or '%'. The last comment is the header
 * where the row below it has a number and as many cells ("# t v", as numpy writes it). `delimiter` 0: the text names
 * it, or it is found out. Texts that are no tables are told by name. Release with mts_csv_end(), also on failure. */
int mts_preamble_begin(MtsCsvReader *reader, const char *name, char **text, size_t *size, char delimiter,
                       MtsError *err);

/* A file of another kind that is told by how it begins is an error. (Texts are told by mts_preamble_begin().) */
int mts_preamble_refuse(const char *name, const char *text, size_t size, MtsError *err);

/* A text in UTF-16 (it begins with its byte order mark) becomes UTF-8; another one stays. *text is malloc'ed and
 * NUL-terminated, also afterwards; on failure it is as it was. */
int mts_preamble_utf8(const char *name, char **text, size_t *size, MtsError *err);

#endif
