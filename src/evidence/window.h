/* evidence/window.h - a window of a series as a row of numbers: level, spectrum, shapes. */
#ifndef MTS_EVIDENCE_WINDOW_H
#define MTS_EVIDENCE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include <maxts/series.h>

#include "core/error.h"

enum {
    MTS_WINDOW_LEAST = 16,             /* values of a window */
    MTS_WINDOW_MOST = 1 << 20,         /* channels times values */
    MTS_WINDOW_MOST_COLUMNS = 1u << 13 /* of a row */
};

/* What windows have in common, and what was learnt of them. */
typedef struct MtsWindowShape {
    size_t channels, length;
    double rate;       /* samples per second */
    bool beats;        /* beats of a heart are looked at (evidence/beats.h), and nothing else */
    double *threshold; /* [mts_window_thresholds()] of the shapes, in the channels' units, or of beats, in theirs */
} MtsWindowShape;

/* Columns of a row: the constant 1, levels and spectra; the same and shapes; and how many thresholds shapes need. Of
 * beats both are the constant 1 and of each measure whether it is above each of some thresholds. 0
 * where a window is too small or too large. */
size_t mts_window_plain(const MtsWindowShape *shape);
size_t mts_window_columns(const MtsWindowShape *shape);
size_t mts_window_thresholds(const MtsWindowShape *shape);

/* Learns the thresholds, malloc'ed, from windows [count] of the shape. */
int mts_window_learn(MtsWindowShape *shape, const MtsSeries *const *windows, size_t count, MtsError *err);

/* A window's row [mts_window_columns()]. */
int mts_window_row(const MtsWindowShape *shape, const MtsSeries *window, double *row, MtsError *err);

#endif
