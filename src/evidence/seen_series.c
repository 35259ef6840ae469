/* evidence/seen_series.c - see seen_series.h. */
#include "evidence/seen_series.h"

#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/mem.h"
#include "core/sort.h"

uint64_t mts_seen_hash(const MtsSeries *s)
{
    return mts_hash_doubles(MTS_HASH_BEGIN, s->values, s->channels * s->length);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

bool mts_seen_all(MtsSeen *seen, const MtsSeries *const *series, size_t count)
{
    *seen = (MtsSeen){.hash = mts_calloc(count, sizeof *seen->hash)};
    for (size_t i = 0; seen->hash && i < count; i++) {
        seen->hash[seen->count++] = mts_seen_hash(series[i]);
    }
    mts_sort(seen->hash, seen->count, sizeof *seen->hash, by_value);
    return seen->hash != NULL;
}

void mts_seen_free(MtsSeen *seen)
{
    free(seen->hash);
    *seen = (MtsSeen){0};
}

bool mts_seen_has(const MtsSeen *seen, const MtsSeries *series)
{
    uint64_t hash = mts_seen_hash(series);
    return seen->count && bsearch(&hash, seen->hash, seen->count, sizeof hash, by_value);
}

json_t *mts_seen_json(const MtsSeen *seen)
{
    MtsBytes text = {0};
    char digits[MTS_HASH_DIGITS + 1];
    bool ok = mts_bytes_append_str(&text, "");
    for (size_t i = 0; ok && i < seen->count; i++) {
        ok = mts_bytes_append_str(&text, mts_hash_text(seen->hash[i], digits));
    }
    json_t *out = ok ? mts_json_string(text.data, text.len) : NULL;
    mts_bytes_free(&text);
    return out;
}

int mts_seen_read(MtsSeen *seen, const json_t *file, const char *name, size_t most, MtsError *err)
{
    const json_t *text = json_object_get(file, "seen");
    size_t n = json_string_length(text) / MTS_HASH_DIGITS;
    const char *at = json_string_value(text);
    *seen = (MtsSeen){0};
    if (!at || json_string_length(text) % MTS_HASH_DIGITS || n > most ||
        strspn(at, "0123456789abcdef") != n * MTS_HASH_DIGITS) {
        return mts_fail(err, MTS_EFORMAT, "%s: seen is no text of hashes", name);
    }
    if (!(seen->hash = mts_calloc(n, sizeof *seen->hash))) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    }
    for (; seen->count < n; seen->count++, at += MTS_HASH_DIGITS) {
        char digits[MTS_HASH_DIGITS + 1] = {0};
        memcpy(digits, at, MTS_HASH_DIGITS);
        seen->hash[seen->count] = strtoull(digits, NULL, 16);
        if (seen->count && seen->hash[seen->count] < seen->hash[seen->count - 1]) {
            return mts_fail(err, MTS_EFORMAT, "%s: seen is not in order", name);
        }
    }
    return MTS_OK;
}
