/* series/cell.h - what one cell of a table says. */
#ifndef MTS_SERIES_CELL_H
#define MTS_SERIES_CELL_H

#include <stdbool.h>
#include <stddef.h>

typedef struct MtsCell {
    const char *data; /* [size], not NUL-terminated; without its quotes, and without outer white space unless quoted */
    size_t size;
} MtsCell;

/* What a cell can be. Which number `1,234` is, one and a bit or some thousand, no cell tells alone: the kinds keep
 * apart what decides from what does not, and series/form.c decides for the file. */
typedef enum MtsCellKind {
    MTS_CELL_MISSING,       /* empty, or a word that stands for it */
    MTS_CELL_PLAIN,         /* 12, -0.5, 1e3: a number with or without a point */
    MTS_CELL_COMMA_DECIMAL, /* 10,5 or 1.234,5: a number if the comma is the decimal mark */
    MTS_CELL_COMMA_GROUPED, /* 1,234.5 or 1,234,567: a number if the comma groups digits */
    MTS_CELL_COMMA_EITHER,  /* 1,234: one or the other */
    MTS_CELL_TIME,          /* a date, a time of day, or both */
    MTS_CELL_LIST,          /* [...] */
    MTS_CELL_NEARLY,        /* 5%, $3, 12 345, inf: looks like a number and is none */
    MTS_CELL_WORDS,         /* anything else */
    MTS_CELL_KINDS
} MtsCellKind;

/* Without white space at either end, which a cell in quotes keeps. */
MtsCell mts_cell_trim(MtsCell cell);

/* "(s)" or "[mV]": no number in brackets. */
bool mts_cell_is_unit(MtsCell cell);

/* `missing`: more words that stand for a missing value, joined by commas; NULL: none beside an empty cell, NA, <NA>,
 * #NA, N/A, #N/A, NaN, -NaN, NaT, null, none, \N, ".", "?", "-", "--" (any case). */
/* The number of a PLAIN cell goes to *value; of any other cell that is left alone. */
MtsCellKind mts_cell_kind(MtsCell cell, const char *missing, double *value);
bool mts_cell_missing(MtsCell cell, const char *missing);

/* The number of a PLAIN or COMMA_ cell where `decimal` ('.' or ',') is the decimal mark and the other one groups
 * digits; false where it is none. */
bool mts_cell_number(MtsCell cell, char decimal, double *value);

/* 1 to 12 where it begins with the first three letters of an English month's name, in either case; else 0. */
unsigned mts_cell_month(MtsCell cell);

/* "[...]". */
bool mts_cell_is_list(MtsCell cell);
/* Case-insensitive comparison with a plain word. */
bool mts_cell_is(MtsCell cell, const char *word);
bool mts_cell_same(MtsCell a, MtsCell b);
/* But for case. */
bool mts_cell_alike(MtsCell a, MtsCell b);

#endif
