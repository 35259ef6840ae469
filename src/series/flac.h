/* series/flac.h - samples of a FLAC stream. */
#ifndef MTS_SERIES_FLAC_H
#define MTS_SERIES_FLAC_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

typedef struct MtsFlacWanted {
    int bits;         /* a sample has at most */
    size_t channels;  /* exactly */
    size_t per_frame; /* so many consecutive samples of a channel lie together in what comes back */
    size_t skip;      /* times that are left out at the beginning */
    size_t most;      /* times that are enough; 0: all, then the stream's own checksum is verified too */
} MtsFlacWanted;

/* Reads the stream at data [size], called `name` in sentences. *samples (free with free()) holds *times times, sample k
 * of frame f and channel c at ((f * channels) + c) * per_frame + k; a frame that is not whole is left out.
 * MTS_EUNSUPPORTED where this program was built without libFLAC. */
int mts_flac_read(const char *name, const unsigned char *data, size_t size, const MtsFlacWanted *wanted,
                  int32_t **samples, size_t *times, MtsError *err);

#endif
