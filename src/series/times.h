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
    size_t rows;
} MtsTimes;

/* The next row's date and time of day, cells[0..n) in the order of their columns. A date without a year, or in words
 * that are no English month, says nothing of the whole table. */
void mts_times_add(MtsTimes *times, const MtsCell *cells, size_t n);

/* Whether the newest row is the first: each is older than the one before or as old, some are older, and no other way to
 * read the dates makes them rise. */
bool mts_times_fall(const MtsTimes *times);

#endif
