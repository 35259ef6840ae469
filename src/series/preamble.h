/* series/preamble.h - what stands before a table. */
#ifndef MTS_SERIES_PREAMBLE_H
#define MTS_SERIES_PREAMBLE_H

#include <stddef.h>

#include "core/error.h"

typedef struct MtsPreamble {
    size_t start;   /* of the first row, in bytes */
    size_t lines;   /* before the first row's */
    char delimiter; /* that the text names, 0: none */
} MtsPreamble;

/* Passes over a byte order mark, a line "sep=;" (Excel's), and comment lines that begin with '#' or '%'. The last
 * comment is the header where the row below it has a number and as many cells ("# t v", as numpy writes it).
 * `delimiter` 0: found out. */
int mts_preamble_find(MtsPreamble *preamble, const char *name, const char *text, size_t size, char delimiter,
                      MtsError *err);

/* A file of another kind that is told by how it begins is an error. (Texts are told by mts_preamble_find().) */
int mts_preamble_refuse(const char *name, const char *text, size_t size, MtsError *err);

/* A text in UTF-16 (it begins with its byte order mark) becomes UTF-8; another one stays. *text is malloc'ed and
 * NUL-terminated, also afterwards; on failure it is as it was. */
int mts_preamble_utf8(const char *name, char **text, size_t *size, MtsError *err);

#endif
