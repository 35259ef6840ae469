/* series/wfdb_header.h - what a WFDB header says. */
#ifndef MTS_SERIES_WFDB_HEADER_H
#define MTS_SERIES_WFDB_HEADER_H

#include <stdint.h>

#include "core/error.h"
#include "series/cell.h"
#include "series/wfdb_samples.h"

typedef struct MtsWfdbSignal {
    MtsCell file, units, name;
    const MtsWfdbFormat *format;
    size_t per_frame, skew, offset;
    double gain, baseline; /* gain is not 0 */
    bool has_first, has_sum;
    int64_t first, sum;
} MtsWfdbSignal;

typedef struct MtsWfdbSegment {
    MtsCell name; /* "~": a gap */
    size_t samples;
} MtsWfdbSegment;

/* One header; its cells point into the text. */
typedef struct MtsWfdbHeader {
    const char *path;        /* the header's own, borrowed */
    size_t signals, samples; /* samples of a signal, or frames; 0: as many as the file has */
    double rate;             /* frames per second; 0: not said */
    MtsWfdbSignal *signal;   /* [signals], none where there are segments */
    MtsWfdbSegment *segment; /* [segments] */
    size_t segments;         /* 0: the signals' files are named here */
    MtsCell diagnosis;       /* of a comment "# Dx: ..." */
} MtsWfdbHeader;

/* Reads text [size]. Release with mts_wfdb_header_free(), also on failure. */
int mts_wfdb_header(MtsWfdbHeader *header, const char *path, const char *text, size_t size, MtsError *err);
void mts_wfdb_header_free(MtsWfdbHeader *header);

#endif
