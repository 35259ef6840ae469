/* core/file.h - files: mapped to be read, written whole or not at all. */
#ifndef MTS_CORE_FILE_H
#define MTS_CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* A read-only view of a whole file. An empty file maps to data = NULL, size = 0. */
typedef struct MtsMap {
    const unsigned char *data;
    size_t size;
} MtsMap;

int mts_map_open(MtsMap *map, const char *path, MtsError *err);
void mts_map_close(MtsMap *map);
/* Memory pages that lie wholly in [from, from + size) of the view need not stay resident; they are read from the
 * file again where they are looked at again. Only a hint: systems without it do nothing. */
void mts_map_forget(const MtsMap *map, const void *from, size_t size);

/* Reads a whole file ("-" is stdin) of at most `limit` bytes into a fresh NUL-terminated buffer;
 * free with free(). The NUL is not counted in *size. */
int mts_read_file(const char *path, size_t limit, char **data, size_t *size, MtsError *err);

/* Replaces the file in one step: writes path.tmp, syncs it, renames it over path. Whoever reads
 * `path`, at any moment and after any crash, sees the old bytes or the new ones, whole. */
int mts_write_file_atomic(const char *path, const void *data, size_t size, MtsError *err);

/* Monotonic time in seconds since an arbitrary start. */
double mts_seconds(void);

#endif
