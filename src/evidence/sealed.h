/* evidence/sealed.h - one sealed line of JSON as a file, and its numbers, which are hostile until they are checked. */
#ifndef MTS_EVIDENCE_SEALED_H
#define MTS_EVIDENCE_SEALED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/json.h"
#include "core/mem.h"

enum { MTS_SEALED_MOST = 1 << 24 }; /* bytes of a file */

/* ---- writing: NULL once memory ran out (core/json.h) ---- */

/* {"maxts": "evidence", "kind", "version", "about"}; `about` stays the caller's. */
json_t *mts_sealed_begin(const char *kind, int version, json_t *about);
json_t *mts_sealed_numbers(const double *x, size_t n);
/* Takes the object over. */
int mts_sealed_write(json_t *file, const char *path, MtsError *err);

/* ---- reading: sentences begin with `name` ---- */

/* Whether a text says by its first bytes that it is of a kind (NULL: of any); the whole is another reader's to check.
 */
bool mts_sealed_says(const char *text, size_t size, const char *kind);

/* *file and *about, references of the caller's; both NULL on failure. */
int mts_sealed_parse(json_t **file, const char *name, const char *kind, int version, const char *text, size_t size,
                     json_t **about, MtsError *err);
int mts_sealed_read_real(const json_t *o, const char *name, const char *member, double min, double max, double *out,
                         MtsError *err);
/* From 1 to `most`. */
int mts_sealed_read_size(const json_t *o, const char *name, const char *member, size_t most, size_t *out,
                         MtsError *err);
/* A list of exactly n finite numbers, malloc'ed; the caller's also on failure. */
int mts_sealed_read_numbers(const json_t *o, const char *name, const char *member, size_t n, double **out,
                            MtsError *err);

#endif
