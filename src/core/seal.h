/* core/seal.h - lines that show whether they are as they were written.
 *
 * A sealed line is one JSON object whose last member is "crc": eight hexadecimal digits, the CRC-32 of all bytes of the
 * line before `,"crc"`. Every single flipped bit, and every burst of up to 32, shows. It is no signature: whoever
 * changes a line on purpose can seal it again. */
#ifndef MTS_CORE_SEAL_H
#define MTS_CORE_SEAL_H

#include "core/json.h"
#include "core/mem.h"

enum { MTS_SEAL_SIZE = 17 }; /* bytes that a seal adds to a line */

/* Seals the object that stands in line[from ..] and ends there, without a newline; false: memory ran out. */
bool mts_seal(MtsBytes *line, size_t from);

typedef enum MtsSeal { MTS_SEAL_GOOD, MTS_SEAL_BROKEN, MTS_SEAL_NONE } MtsSeal;
MtsSeal mts_seal_check(const char *line, size_t size);

/* Parses line `number` (from 1) of a file and takes the seal off. A file is sealed, or was written before there were
 * seals: *bare says which, the first line sets it, and every other line has to be of its kind. A broken seal, one that
 * is missing and one that should not be there are MTS_EFORMAT. */
int mts_seal_parse(json_t **out, const char *name, size_t number, const char *line, size_t size, bool *bare,
                   MtsError *err);

/* The whole lines of a file in memory, one after another; what follows the last newline is none. */
typedef struct MtsSealLines {
    const char *name, *text; /* in sentences; the file's bytes */
    size_t size;             /* of text */
    size_t number;           /* of the line given last, from 1; 0: none yet */
    size_t start, end;       /* where that line begins, and where its newline has ended */
    bool bare;               /* the file is from before there were seals */
} MtsSealLines;

/* *line: the next one, the caller's; NULL when there is none or it is not as it was written. */
int mts_seal_next(MtsSealLines *lines, json_t **line, MtsError *err);

#endif
