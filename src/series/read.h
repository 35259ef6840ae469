/* series/read.h - one function per family of files. Each fills the set, whose name is already there, and takes
 * over `text` [size] (malloc'ed, NUL-terminated) where it gets one. */
#ifndef MTS_SERIES_READ_H
#define MTS_SERIES_READ_H

#include "series/set.h"

/* Comma, semicolon, tab or white-space separated tables in any of the layouts of docs/series.md. */
int mts_read_table(MtsSeriesSet *set, char *text, size_t size, const MtsSeriesOptions *options, MtsError *err);
/* JSON: lists of numbers, and tables. */
int mts_read_json(MtsSeriesSet *set, char *text, size_t size, const MtsSeriesOptions *options, MtsError *err);
/* JSON lines: a list, an element a line. */
int mts_read_json_lines(MtsSeriesSet *set, char *text, size_t size, const MtsSeriesOptions *options, MtsError *err);
/* .ts files of sktime and aeon. */
int mts_read_ts(MtsSeriesSet *set, char *text, size_t size, MtsError *err);
/* EDF, EDF+ and BDF files. */
int mts_read_edf(MtsSeriesSet *set, char *text, size_t size, MtsError *err);
/* A WFDB header (.hea) and the signal files beside it; a diagnosis in its comments becomes the label. */
int mts_read_wfdb(MtsSeriesSet *set, char *text, size_t size, MtsError *err);
/* Calls take(context, path) with each file that the header at `path` names, and those that its segments name, until it
 * returns false; false then. What cannot be read is passed over. */
bool mts_wfdb_each_file(const char *path, bool (*take)(void *context, const char *path), void *context);

#endif
