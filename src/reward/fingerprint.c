/* reward/fingerprint.c - see fingerprint.h. */
#include "reward/fingerprint.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "reward/rewards.h"

static bool is_regular(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

int mts_reward_hash_file(uint64_t *hash, const char *path, MtsError *err)
{
    MtsMap file;
    char *alone = mts_strndup(path, strcspn(path, "#"));
    const char *there = !alone || is_regular(path) ? path : alone;
    int rc = alone ? MTS_OK : mts_fail(err, MTS_ENOMEM, "reward: memory ran out");
    if (!rc && is_regular(there) && !(rc = mts_map_open(&file, there, err))) {
        *hash = mts_hash(*hash, file.data, file.size);
        mts_map_close(&file);
    }
    free(alone);
    return rc;
}

typedef struct Hashing {
    uint64_t *hash;
    int rc;
    MtsError *err;
} Hashing;

static bool hash_one(void *context, const char *path, size_t size, bool written)
{
    Hashing *h = context;
    char *copy = written ? NULL : mts_strndup(path, size);
    if (copy) {
        h->rc = mts_reward_hash_file(h->hash, copy, h->err);
    } else if (!written) {
        h->rc = mts_fail(h->err, MTS_ENOMEM, "reward: memory ran out");
    }
    free(copy);
    return !h->rc;
}

int mts_reward_hash_files(uint64_t *hash, const char *spec, MtsError *err)
{
    Hashing h = {hash, MTS_OK, err};
    mts_reward_each_file(spec, hash_one, &h);
    return h.rc;
}
