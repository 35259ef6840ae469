/* series/times.h - whether a table's rows go back in time. */
#ifndef MTS_SERIES_TIMES_H
#define MTS_SERIES_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "series/cell.h"

enum { MTS_STAMP_PARTS = 12 };

/* What rows have said so far; begin with zeros. Dates with two numbers before their year are read both ways. */
typedef struct MtsTimes {
    uint32_t last[2][MTS_STAMP_PARTS]; /* of the last row, largest unit first: day before month, month before day */
    bool impossible[2], rises[2], falls[2];
    size_t up[2], down[2]; /* steps within an hour, which the end of summer time turns round */
    size_t rows, back[2];  /* back: the first line that is older than the one before; 0: none */
} MtsTimes;

/* The next row's date and time of day, cells[0..n) of a line in the order of their columns. A date without a year, or
 * in words that are no English month, says nothing of the whole table. */
void mts_times_add(MtsTimes *times, const MtsCell *cells, size_t n, size_t line);

/* Whether the newest row is the first: each is older than the one before or as old, some are older, and no other way to
 * read the dates makes them rise. */
bool mts_times_fall(const MtsTimes *times);

/* The first line that is out of order, where rows are in no order however their dates are read; 0: they rise or fall.
 */
size_t mts_times_mixed(const MtsTimes *times);

#endif
