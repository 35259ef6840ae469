/* gguf/internal.h - what the reader (gguf.c) leaves for the accessors (value.c). */
#ifndef MTS_GGUF_INTERNAL_H
#define MTS_GGUF_INTERNAL_H

#include "core/file.h"
#include "gguf/gguf.h"

/* One metadata entry. `data` points to the first element (of a string: to its 8-byte length); an array of strings
 * also has `index` [count], the offset from `data` of each string's length. */
struct MtsGgufValue {
    MtsString key; /* first, so that entries and tensors can be sorted by one function */
    MtsGgufType type;
    MtsGgufType element; /* of an array; otherwise equal to type */
    size_t count;        /* elements; 1 for what is no array */
    const unsigned char *data;
    size_t *index;
};

struct MtsGguf {
    char *path;
    MtsMap map; /* empty where the caller keeps the bytes */
    uint32_t version;
    struct MtsGgufValue *values;
    size_t value_count;
    MtsTensor *tensors;
    size_t tensor_count;
    const MtsString **values_by_key;   /* [value_count], sorted: each points to a value's key */
    const MtsString **tensors_by_name; /* [tensor_count], sorted: each points to a tensor's name */
};

/* The value as a sentence shows it. Returns out. */
char *mts_gguf_show_value(const MtsGgufValue *value, char out[MTS_SHOWN + 16]);

/* The order of a table of names: by size, then bytes; any total order will do. */
int mts_gguf_order(const MtsString *a, const MtsString *b);

/* The entry whose string equals the `size` bytes at name, or NULL. */
const MtsString *mts_gguf_lookup(const MtsString **sorted, size_t n, const char *name, size_t size);

#endif
