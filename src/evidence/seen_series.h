/* evidence/seen_series.h - the hashes of what was learnt from, so that it is not tested on. */
#ifndef MTS_EVIDENCE_SEEN_SERIES_H
#define MTS_EVIDENCE_SEEN_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <maxts/series.h>

#include "core/json.h"

typedef struct MtsSeen {
    uint64_t *hash; /* [count] ascending */
    size_t count;
} MtsSeen;

/* A fingerprint of the series' values. */
uint64_t mts_seen_hash(const MtsSeries *series);

/* Of series [count]; false where memory ran out. Release with mts_seen_free(). */
bool mts_seen_all(MtsSeen *seen, const MtsSeries *const *series, size_t count);
void mts_seen_free(MtsSeen *seen);
bool mts_seen_has(const MtsSeen *seen, const MtsSeries *series);

/* 16 hexadecimal digits each, in one text; NULL: memory ran out. Reading: at most `most`, which the sentence about
 * anything else begins with `name` to say; release also on failure. */
json_t *mts_seen_json(const MtsSeen *seen);
int mts_seen_read(MtsSeen *seen, const json_t *file, const char *name, size_t most, MtsError *err);

#endif
