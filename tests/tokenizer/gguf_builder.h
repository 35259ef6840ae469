/* tests/tokenizer/gguf_builder.h - GGUF files without tensors, made in memory. */
#ifndef MTS_TESTS_TOKENIZER_GGUF_BUILDER_H
#define MTS_TESTS_TOKENIZER_GGUF_BUILDER_H

#include <stdint.h>
#include <string.h>

#include "core/endian.h"
#include "core/mem.h"
#include "tokenizer/tokenizer.h"

typedef struct Builder {
    MtsBytes entries;
    uint64_t count;
} Builder;

static inline void put(MtsBytes *bytes, const void *data, size_t size)
{
    if (!mts_bytes_append(bytes, data, size)) {
        abort();
    }
}

static inline void put_u32(MtsBytes *bytes, uint32_t value)
{
    value = mts_le32(value);
    put(bytes, &value, sizeof value);
}

static inline void put_u64(MtsBytes *bytes, uint64_t value)
{
    value = mts_le64(value);
    put(bytes, &value, sizeof value);
}

static inline void put_string(MtsBytes *bytes, const char *s)
{
    put_u64(bytes, strlen(s));
    put(bytes, s, strlen(s));
}

static inline void add_key(Builder *b, const char *key, MtsGgufType type)
{
    put_string(&b->entries, key);
    put_u32(&b->entries, type);
    b->count++;
}

static inline void add_string(Builder *b, const char *key, const char *value)
{
    add_key(b, key, MTS_GGUF_STRING);
    put_string(&b->entries, value);
}

static inline void add_u32(Builder *b, const char *key, uint32_t value)
{
    add_key(b, key, MTS_GGUF_U32);
    put_u32(&b->entries, value);
}

static inline void add_bool(Builder *b, const char *key, bool value)
{
    add_key(b, key, MTS_GGUF_BOOL);
    put(&b->entries, value ? "\1" : "\0", 1);
}

static inline void add_array(Builder *b, const char *key, MtsGgufType type, size_t count)
{
    add_key(b, key, MTS_GGUF_ARRAY);
    put_u32(&b->entries, type);
    put_u64(&b->entries, count);
}

static inline void add_strings(Builder *b, const char *key, const char *const *values, size_t count)
{
    add_array(b, key, MTS_GGUF_STRING, count);
    for (size_t i = 0; i < count; i++) {
        put_string(&b->entries, values[i]);
    }
}

static inline void add_i32s(Builder *b, const char *key, const int32_t *values, size_t count)
{
    add_array(b, key, MTS_GGUF_I32, count);
    for (size_t i = 0; i < count; i++) {
        put_u32(&b->entries, (uint32_t)values[i]);
    }
}

static inline void add_f32s(Builder *b, const char *key, const float *values, size_t count)
{
    add_array(b, key, MTS_GGUF_F32, count);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        put_u32(&b->entries, bits);
    }
}

/* Opens the file's tokenizer and forgets the file. */
static inline int open_built(Builder *b, MtsTokenizer **tokenizer, MtsError *err)
{
    MtsBytes file = {NULL, 0, 0};
    MtsGguf *gguf = NULL;
    *tokenizer = NULL;
    put(&file, "GGUF", 4);
    put_u32(&file, 3);
    put_u64(&file, 0);
    put_u64(&file, b->count);
    put(&file, b->entries.data, b->entries.len);
    void *aligned = mts_aligned_calloc(file.len, 1);
    memcpy(aligned, file.data, file.len);
    int rc = mts_gguf_open_memory(&gguf, "built.gguf", aligned, file.len, err);
    if (rc == MTS_OK) {
        rc = mts_tokenizer_from_gguf(tokenizer, gguf, err);
    }
    mts_gguf_free(&gguf);
    mts_aligned_free(aligned);
    mts_bytes_free(&file);
    mts_bytes_free(&b->entries);
    b->count = 0;
    return rc;
}

#endif
