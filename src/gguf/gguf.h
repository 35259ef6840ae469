/* gguf/gguf.h - a hostile file to typed views.
 *
 * Versions 2 and 3, little-endian, by read-only mapping. Every count, offset, type, alignment and size is
 * checked before it is used; what mts_gguf_open() accepts can be read without another check. All views
 * point into the mapping and live as long as the MtsGguf. */
#ifndef MTS_GGUF_GGUF_H
#define MTS_GGUF_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/string.h"
#include "quant/quant.h"

typedef struct MtsGguf MtsGguf;

typedef enum MtsGgufType {
    MTS_GGUF_U8,
    MTS_GGUF_I8,
    MTS_GGUF_U16,
    MTS_GGUF_I16,
    MTS_GGUF_U32,
    MTS_GGUF_I32,
    MTS_GGUF_F32,
    MTS_GGUF_BOOL,
    MTS_GGUF_STRING,
    MTS_GGUF_ARRAY,
    MTS_GGUF_U64,
    MTS_GGUF_I64,
    MTS_GGUF_F64
} MtsGgufType;

typedef struct MtsTensor {
    MtsString name;
    MtsType type;
    int dims;        /* 1..4 */
    size_t shape[4]; /* shape[0] is the contiguous one (the file's ne[0]); unused ones are 1 */
    size_t elements, bytes;
    const void *data; /* at a multiple of general.alignment (a power of two, at least 8) from the file's start */
} MtsTensor;

int mts_gguf_open(MtsGguf **gguf, const char *path, MtsError *err);
/* The same on bytes that the caller keeps (fuzzing, tests), which begin at a multiple of MTS_ALIGN; `name` stands for
 * the path in sentences. */
int mts_gguf_open_memory(MtsGguf **gguf, const char *name, const void *data, size_t size, MtsError *err);
void mts_gguf_free(MtsGguf **gguf);
/* The file's bytes [from, from + size), part of a tensor's data, will not be read soon: their memory may be given back.
 * Nothing happens to bytes that the caller keeps (mts_gguf_open_memory). */
void mts_gguf_forget(const MtsGguf *gguf, const void *from, size_t size);

/* MTS_EIO when the file was changed since it was opened: to be asked after the last look at its data. */
int mts_gguf_unchanged(const MtsGguf *gguf, MtsError *err);

const char *mts_gguf_path(const MtsGguf *gguf);
uint32_t mts_gguf_version(const MtsGguf *gguf);

size_t mts_gguf_tensor_count(const MtsGguf *gguf);
const MtsTensor *mts_gguf_tensor_at(const MtsGguf *gguf, size_t index);
const MtsTensor *mts_gguf_tensor(const MtsGguf *gguf, const char *name); /* NULL: absent */

/* Metadata. */
typedef struct MtsGgufValue MtsGgufValue;
size_t mts_gguf_key_count(const MtsGguf *gguf);
MtsString mts_gguf_key_at(const MtsGguf *gguf, size_t index, const MtsGgufValue **value);
const MtsGgufValue *mts_gguf_find(const MtsGguf *gguf, const char *key); /* NULL: absent */

MtsGgufType mts_gguf_type(const MtsGgufValue *value);
MtsGgufType mts_gguf_array_type(const MtsGgufValue *value); /* of an array's elements */
size_t mts_gguf_array_count(const MtsGgufValue *value);     /* 0 for what is no array */
/* Element `i` of an array (0 of a scalar). Any integer type reads as integer; any number as real. false when
 * the type does not fit. */
bool mts_gguf_int(const MtsGgufValue *value, size_t i, int64_t *out);
bool mts_gguf_real(const MtsGgufValue *value, size_t i, double *out);
bool mts_gguf_bool(const MtsGgufValue *value, size_t i, bool *out);
bool mts_gguf_string(const MtsGgufValue *value, size_t i, MtsString *out); /* O(1) */

/* Scalars by key, range-checked: an absent key gives `fallback`; one of the wrong type or outside [min, max]
 * is MTS_EFORMAT and the sentence names the file, the key, the value and the range. `required` makes an
 * absent key an error too. */
int mts_gguf_get_size(const MtsGguf *gguf, const char *key, bool required, size_t min, size_t max, size_t fallback,
                      size_t *out, MtsError *err);
int mts_gguf_get_real(const MtsGguf *gguf, const char *key, bool required, double min, double max, double fallback,
                      double *out, MtsError *err);
int mts_gguf_get_string(const MtsGguf *gguf, const char *key, bool required, MtsString *out, MtsError *err);

#endif
