/* series/gzip.h - files that were packed with gzip. */
#ifndef MTS_SERIES_GZIP_H
#define MTS_SERIES_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* Whether the bytes begin as a gzip file does. */
bool mts_is_gzip(const void *data, size_t size);

/* Unpacks all members of a gzip file (RFC 1952, RFC 1951) into a fresh NUL-terminated buffer of at most `limit`
 * bytes, and checks length and CRC-32 of each; bytes behind the last member are an error. `name` stands for
 * the file in sentences. */
int mts_gunzip(const char *name, const void *data, size_t size, size_t limit, char **out, size_t *out_size,
               MtsError *err);

#endif
