/* reward/fingerprint.h - what the files that a reward reads hold, as a number: the same name may come to hold another
 * thing. */
#ifndef MTS_REWARD_FINGERPRINT_H
#define MTS_REWARD_FINGERPRINT_H

#include <stdint.h>

#include "core/error.h"

/* *hash goes on over the bytes of what a path, which may end in #SELECTION, leads to; where that is no regular file it
 * stays as it is. */
int mts_reward_hash_file(uint64_t *hash, const char *path, MtsError *err);
/* Over those of each file that a specification names to be read. */
int mts_reward_hash_files(uint64_t *hash, const char *spec, MtsError *err);

#endif
