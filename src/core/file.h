/* core/file.h - files: mapped, read whole, written whole or not at all.
 *
 * A mapped file that somebody shortens is no memory any more behind its new end: a look there raises SIGBUS. The
 * library installs no handler for a signal; the program does, and ends with a sentence (cli/shared.c). */
#ifndef MTS_CORE_FILE_H
#define MTS_CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* A read-only view of a whole file. An empty file maps to data = NULL, size = 0, as a zeroed map is. */
typedef struct MtsMap {
    const unsigned char *data;
    size_t size;
    int file; /* its descriptor + 1; 0: none, as in a zeroed map */
    long long changed[2];
} MtsMap;

int mts_map_open(MtsMap *map, const char *path, MtsError *err);
void mts_map_close(MtsMap *map);
/* MTS_EIO when the file has been shortened, or written to, since it was mapped: what was read may not be what it held.
 */
int mts_map_unchanged(const MtsMap *map, const char *path, MtsError *err);
/* Memory pages that lie wholly in [from, from + size) of the view need not stay resident; they are read from the
 * file again where they are looked at again. Only a hint: systems without it do nothing. */
void mts_map_forget(const MtsMap *map, const void *from, size_t size);

/* The last name of a path: what lies before it is its folder, "" or with the slash at its end. */
const char *mts_path_name(const char *path);
/* Whether a path [size] is a name alone, without any folder. */
bool mts_path_is_name(const char *path, size_t size);
/* Whether the path means the same wherever the program stands. */
bool mts_path_is_absolute(const char *path);

/* Reads a whole file ("-" is stdin) of at most `limit` bytes into a fresh NUL-terminated buffer;
 * free with free(). The NUL is not counted in *size. */
int mts_read_file(const char *path, uint64_t limit, char **data, size_t *size, MtsError *err);
/* The same of an open file, from where it stands; `name` is for sentences. */
int mts_read_fd(int fd, const char *name, uint64_t limit, char **data, size_t *size, MtsError *err);

/* Opens, replaces and closes (core/output.h). */
int mts_write_file_atomic(const char *path, const void *data, size_t size, MtsError *err);

/* Makes the folders that lead to a path where they are missing; 0 when they are there. */
int mts_make_folder_of(const char *path);

/* Monotonic time in seconds since an arbitrary start. */
double mts_seconds(void);

/* Processor time that the calling thread has used, which others on the machine do not change; mts_seconds() where the
 * system does not count it. */
double mts_thread_seconds(void);

#endif
