/* series/set.h - what a file holds: one or many series, before one is chosen.
 *
 * Inside a set a missing value is NaN, and a channel that is shorter than its series' longest is padded with
 * NaN. mts_set_take() is the one way out, and it lets neither through. */
#ifndef MTS_SERIES_SET_H
#define MTS_SERIES_SET_H

#include <stdbool.h>

#include <maxts/series.h>

#include "core/error.h"

/* Largest magnitude that is taken for a measurement. */
#define MTS_SERIES_ABSURD 1e30
/* Most values of a series whose file can say with a few bytes that it has many. */
#define MTS_SERIES_MOST_VALUES ((size_t)1 << 28)

/* Bytes of a recording's start, "24.04.8916.13.00" as EDF has it, and its NUL. */
#define MTS_START_SIZE 17

/* What a column of the columns layout is taken for. */
typedef enum MtsColumnUse {
    MTS_COLUMN_CHANNEL,
    MTS_COLUMN_INDEX, /* numbers that count the rows or tell the time: a channel where it is asked for by name */
    MTS_COLUMN_TIME,  /* dates */
    MTS_COLUMN_WORDS,
    MTS_COLUMN_EMPTY, /* every value is missing */
    MTS_COLUMN_BROKEN /* numbers, most of them: an error where it is asked for, or where nothing is */
} MtsColumnUse;

/* A column that is no channel, kept for the sentence that is due where it is asked for. */
typedef struct MtsAside {
    MtsColumnUse use;
    char *name;          /* "" where it has none */
    bool index;          /* the name is one that says so, or none */
    size_t column, line; /* counted from 1; of its first cell that is no number */
    char *cell;          /* that cell, cut to a length that a sentence bears */
} MtsAside;

typedef struct MtsSeriesSet {
    char *name;       /* the file's, for sentences */
    MtsSeries **item; /* [count] */
    char **label;     /* [count], a class or text that the file gives the series, "" where it gives none */
    size_t count, item_cap, label_cap;
    size_t indices;  /* so many of the last channels of a file of columns, or all, are MTS_COLUMN_INDEX */
    const char *row; /* what a row of the table is called where it is no line of the file; its number is a line's - 1 */
    bool by_rate;    /* the items are one recording's channels, an item for each sampling rate */
    char start[MTS_START_SIZE]; /* date and time of an EDF file's first sample, "" of others */
    MtsAside *aside;            /* [aside_count] */
    size_t aside_count, aside_cap;
} MtsSeriesSet;

/* A series of NaN with empty names, units and id; NULL when memory ran out. */
MtsSeries *mts_series_alloc(size_t channels, size_t length);
/* Replaces *field by a copy of s[0..n); false when memory ran out. */
bool mts_series_rename(char **field, const char *s, size_t n);

/* Reads every series of a file; format by extension and content. Release with mts_set_free(), also after a
 * failure. */
int mts_set_read(MtsSeriesSet *set, const char *path, MtsError *err);
/* ... as the caller says rather than as the file seems; NULL: no more is known. options->columns is left alone. */
int mts_set_read_with(MtsSeriesSet *set, const char *path, const MtsSeriesOptions *options, MtsError *err);
/* Calls take(context, path) with each further file that reading `path` reads, until it returns false; false then. */
bool mts_set_each_file(const char *path, bool (*take)(void *context, const char *path), void *context);
/* mts_series_read_with() that leaves the whole set behind: *why, where it is not 0, says why no series could be taken
 * from it; *series is NULL then. What is returned concerns the file alone. */
int mts_set_read_spec(MtsSeriesSet *set, const char *spec, const MtsSeriesOptions *options, MtsSeries **series,
                      MtsError *err, MtsError *why);
/* The same from a text [size] that is already here (malloc'ed, NUL-terminated; taken over, also on failure). */
int mts_set_parse(MtsSeriesSet *set, const char *path, char *text, size_t size, const MtsSeriesOptions *options,
                  MtsError *err);
void mts_set_free(MtsSeriesSet *set);

/* Takes over the note's strings, also on failure; one that is NULL means that memory ran out. */
int mts_set_put_aside(MtsSeriesSet *set, const MtsAside *note, MtsError *err);
/* MTS_EFORMAT or MTS_EREQUEST with the sentence why the column called name[0..n) is no channel, or, where n is 0, why
 * the file has to say which ones are; MTS_OK where there is nothing to say. */
int mts_set_explain(const MtsSeriesSet *set, const char *name, size_t n, MtsError *err);

/* "line 3", or "record 2" where the set's rows are called so. */
const char *mts_set_place(const MtsSeriesSet *set, size_t line, char out[40]);

/* Takes over `series` (also on failure), with the label label[0..n). */
int mts_set_add(MtsSeriesSet *set, MtsSeries *series, const char *label, size_t n, MtsError *err);

/* A copy of the part of the set that `selection` (see maxts/series.h, "" for none) names, checked. */
int mts_set_take(const MtsSeriesSet *set, const char *selection, MtsSeries **series, MtsError *err);

/* All channels of item `index`, the last `last` values (0: all; as many as there are where there are fewer), checked.
 */
int mts_set_take_at(const MtsSeriesSet *set, size_t index, size_t last, MtsSeries **series, MtsError *err);

/* MTS_OK when every value of the series is present, no channel is shorter, and none is absurd. */
int mts_set_check(const MtsSeriesSet *set, const MtsSeries *series, MtsError *err);

#endif
