/* core/output.h - what is written: by one writer at a time, whole, through links, and devices stay what they are.
 *
 * mts_output_open() takes hold of a file and changes nothing. Links are followed to the file they lead to. A regular
 * file is locked against every other writer that comes this way, in this process or another one, until it is closed;
 * the second is refused with a sentence. (Where the file system has no locks there are none.) What is there can be
 * read; the whole can be replaced in one step, and the new file can grow. Mode, owner and place of the old one are
 * kept; a file that cannot be written is not replaced either.
 *
 * A device, a pipe or this process's own standard output gets the bytes as they come: it is never replaced,
 * locked, cut or synced. */
#ifndef MTS_CORE_OUTPUT_H
#define MTS_CORE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

typedef struct MtsOutput MtsOutput;

int mts_output_open(MtsOutput **output, const char *path, MtsError *err);
void mts_output_close(MtsOutput **output); /* NULL-safe; what was written with `sync` is on disk already */

bool mts_output_is_file(const MtsOutput *output); /* or will be one: it can be read, cut and replaced */

/* Whether two paths where nothing is yet are of one file: the same name in the same folder, behind all links. */
int mts_output_meet(const char *one, const char *other, bool *meet, MtsError *err);

/* What the file holds, as mts_read_file() gives it; nothing where it is not there yet. */
int mts_output_read(const MtsOutput *output, uint64_t limit, char **data, size_t *size, MtsError *err);

/* The whole in one step: written aside, synced, renamed over the old one, and the directory synced. Whoever reads the
 * path, at any moment and after any crash, sees the old bytes or the new ones. */
int mts_output_replace(MtsOutput *output, const void *data, size_t size, MtsError *err);

/* At the end, all of it; on disk where `sync`. On failure the file ends as it did before. */
int mts_output_append(MtsOutput *output, const void *data, size_t size, bool sync, MtsError *err);
int mts_output_sync(MtsOutput *output, MtsError *err);

/* Drops what lies behind the first `size` bytes. */
int mts_output_cut(MtsOutput *output, size_t size, MtsError *err);

#endif
