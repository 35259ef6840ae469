/* series/wfdb_samples.h - how WFDB signal files store samples: a table of formats, and a file of one. */
#ifndef MTS_SERIES_WFDB_SAMPLES_H
#define MTS_SERIES_WFDB_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/file.h"

typedef struct MtsWfdbFormat {
    int number;
    int32_t missing;        /* the sample that stands for none; INT32_MIN where the format has no such */
    bool differences;       /* a sample is the one before plus what is stored */
    int flac_bits;          /* 0: not packed with FLAC */
    unsigned char bytes[4]; /* that the first 1, 2, ... samples of a group need; the last not 0 is the group's */
    int32_t (*at)(const unsigned char *data, size_t i); /* sample i, sign-extended; NULL: no sample is stored */
} MtsWfdbFormat;

/* NULL where there is none of this number. */
const MtsWfdbFormat *mts_wfdb_format(int number);

typedef struct MtsWfdbFile {
    const MtsWfdbFormat *format;
    MtsMap map;
    int32_t *unpacked;         /* of a FLAC file, in the order of the other formats */
    const unsigned char *data; /* [count] samples for format->at */
    size_t count;
} MtsWfdbFile;

/* Opens a signal file behind `offset` (bytes, with FLAC sample times) of `signals` signals with `per_frame` samples
 * each in a frame (these two matter with FLAC only, where `most` samples are enough; 0: all). Release with
 * mts_wfdb_close(), also on failure. */
int mts_wfdb_open(MtsWfdbFile *file, const char *path, const MtsWfdbFormat *format, size_t offset, size_t signals,
                  size_t per_frame, size_t most, MtsError *err);
void mts_wfdb_close(MtsWfdbFile *file);

#endif
