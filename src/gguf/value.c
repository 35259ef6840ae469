/* gguf/value.c - metadata values as C types, and as words of a sentence. */
#include "gguf/internal.h"

#include <stdio.h>
#include <string.h>

#include "core/endian.h"

static const char *const type_names[] = {
    "u8", "i8", "u16", "i16", "u32", "i32", "f32", "boolean", "string", "array", "u64", "i64", "f64",
};

int mts_gguf_order(const MtsString *a, const MtsString *b)
{
    if (a->size != b->size) {
        return a->size < b->size ? -1 : 1;
    }
    return memcmp(a->data, b->data, a->size);
}

const MtsString *mts_gguf_lookup(const MtsString **sorted, size_t n, const char *name, size_t size)
{
    MtsString wanted = {name, size};
    size_t low = 0;
    while (n > 0) { /* the place, if any, is among sorted[low .. low + n) */
        size_t half = n / 2;
        int order = mts_gguf_order(&wanted, sorted[low + half]);
        if (order == 0) {
            return sorted[low + half];
        }
        if (order > 0) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return NULL;
}

char *mts_gguf_show_value(const MtsGgufValue *value, char out[MTS_SHOWN + 16])
{
    char text[MTS_SHOWN];
    MtsString s;
    int64_t integer;
    double real;
    bool truth;
    size_t room = MTS_SHOWN + 16;
    if (value->type == MTS_GGUF_ARRAY) {
        snprintf(out, room, "an array of %zu %ss", value->count, type_names[value->element]);
    } else if (mts_gguf_string(value, 0, &s)) {
        snprintf(out, room, "the string \"%s\"", mts_str_show(s, text));
    } else if (mts_gguf_bool(value, 0, &truth)) {
        snprintf(out, room, "%s", truth ? "true" : "false");
    } else if (mts_gguf_int(value, 0, &integer)) {
        snprintf(out, room, "%lld", (long long)integer);
    } else if (mts_gguf_real(value, 0, &real)) {
        snprintf(out, room, "%.9g", real);
    }
    return out;
}

size_t mts_gguf_key_count(const MtsGguf *gguf)
{
    return gguf->value_count;
}

MtsString mts_gguf_key_at(const MtsGguf *gguf, size_t index, const MtsGgufValue **value)
{
    if (value) {
        *value = &gguf->values[index];
    }
    return gguf->values[index].key;
}

const MtsGgufValue *mts_gguf_find(const MtsGguf *gguf, const char *key)
{
    return (const MtsGgufValue *)mts_gguf_lookup(gguf->values_by_key, gguf->value_count, key, strlen(key));
}

MtsGgufType mts_gguf_type(const MtsGgufValue *value)
{
    return value->type;
}

MtsGgufType mts_gguf_array_type(const MtsGgufValue *value)
{
    return value->element;
}

size_t mts_gguf_array_count(const MtsGgufValue *value)
{
    return value->type == MTS_GGUF_ARRAY ? value->count : 0;
}

bool mts_gguf_int(const MtsGgufValue *value, size_t i, int64_t *out)
{
    if (i >= value->count) {
        return false;
    }
    const unsigned char *p = value->data;
    uint64_t bits;
    switch (value->element) {
    case MTS_GGUF_U8:
        *out = p[i];
        return true;
    case MTS_GGUF_I8:
        *out = (int8_t)p[i];
        return true;
    case MTS_GGUF_U16:
        *out = mts_load_u16(p + 2 * i);
        return true;
    case MTS_GGUF_I16:
        *out = (int16_t)mts_load_u16(p + 2 * i);
        return true;
    case MTS_GGUF_U32:
        *out = mts_load_u32(p + 4 * i);
        return true;
    case MTS_GGUF_I32:
        *out = (int32_t)mts_load_u32(p + 4 * i);
        return true;
    case MTS_GGUF_U64:
        bits = mts_load_u64(p + 8 * i);
        *out = (int64_t)bits;
        return bits <= INT64_MAX;
    case MTS_GGUF_I64:
        *out = (int64_t)mts_load_u64(p + 8 * i);
        return true;
    default:
        return false;
    }
}

bool mts_gguf_real(const MtsGgufValue *value, size_t i, double *out)
{
    if (i >= value->count) {
        return false;
    }
    int64_t integer;
    switch (value->element) {
    case MTS_GGUF_F32:
        *out = (double)mts_load_f32(value->data + 4 * i);
        return true;
    case MTS_GGUF_F64:
        *out = mts_load_f64(value->data + 8 * i);
        return true;
    case MTS_GGUF_U64:
        *out = (double)mts_load_u64(value->data + 8 * i);
        return true;
    default:
        if (!mts_gguf_int(value, i, &integer)) {
            return false;
        }
        *out = (double)integer;
        return true;
    }
}

bool mts_gguf_bool(const MtsGgufValue *value, size_t i, bool *out)
{
    if (value->element != MTS_GGUF_BOOL || i >= value->count) {
        return false;
    }
    *out = value->data[i] != 0;
    return true;
}

bool mts_gguf_string(const MtsGgufValue *value, size_t i, MtsString *out)
{
    if (value->element != MTS_GGUF_STRING || i >= value->count) {
        return false;
    }
    const unsigned char *p = value->data + (value->index ? value->index[i] : 0);
    out->size = (size_t)mts_load_u64(p);
    out->data = (const char *)p + 8;
    return true;
}

/* The scalar of that key in *value; NULL and MTS_OK where it is absent and not required. */
static int find_scalar(const MtsGguf *gguf, const char *key, bool required, const MtsGgufValue **value, MtsError *err)
{
    *value = mts_gguf_find(gguf, key);
    if (!*value && required) {
        return mts_fail(err, MTS_EFORMAT, "%s: metadata key \"%s\" is missing", gguf->path, key);
    }
    return MTS_OK;
}

static int wrong_type(const MtsGguf *gguf, const char *key, const MtsGgufValue *value, const char *wanted,
                      MtsError *err)
{
    char shown[MTS_SHOWN + 16];
    return mts_fail(err, MTS_EFORMAT, "%s: metadata key \"%s\" is %s where %s is expected", gguf->path, key,
                    mts_gguf_show_value(value, shown), wanted);
}

int mts_gguf_get_size(const MtsGguf *gguf, const char *key, bool required, size_t min, size_t max, size_t fallback,
                      size_t *out, MtsError *err)
{
    const MtsGgufValue *value;
    *out = fallback;
    int rc = find_scalar(gguf, key, required, &value, err);
    if (rc || !value) {
        return rc;
    }
    int64_t integer;
    double real;
    if (value->type == MTS_GGUF_ARRAY || value->type == MTS_GGUF_F32 || value->type == MTS_GGUF_F64 ||
        !mts_gguf_real(value, 0, &real)) {
        return wrong_type(gguf, key, value, "an integer", err);
    }
    if (!mts_gguf_int(value, 0, &integer) || integer < 0 || (uint64_t)integer < min || (uint64_t)integer > max) {
        char shown[MTS_SHOWN + 16];
        return mts_fail(err, MTS_EFORMAT, "%s: metadata key \"%s\" is %s, outside %zu to %zu", gguf->path, key,
                        mts_gguf_show_value(value, shown), min, max);
    }
    *out = (size_t)integer;
    return MTS_OK;
}

int mts_gguf_get_real(const MtsGguf *gguf, const char *key, bool required, double min, double max, double fallback,
                      double *out, MtsError *err)
{
    const MtsGgufValue *value;
    *out = fallback;
    int rc = find_scalar(gguf, key, required, &value, err);
    if (rc || !value) {
        return rc;
    }
    double real;
    if (value->type == MTS_GGUF_ARRAY || !mts_gguf_real(value, 0, &real)) {
        return wrong_type(gguf, key, value, "a number", err);
    }
    if (!(real >= min && real <= max)) { /* NaN is outside, too */
        char shown[MTS_SHOWN + 16];
        return mts_fail(err, MTS_EFORMAT, "%s: metadata key \"%s\" is %s, outside %.9g to %.9g", gguf->path, key,
                        mts_gguf_show_value(value, shown), min, max);
    }
    *out = real;
    return MTS_OK;
}

int mts_gguf_get_string(const MtsGguf *gguf, const char *key, bool required, MtsString *out, MtsError *err)
{
    const MtsGgufValue *value;
    out->data = NULL;
    out->size = 0;
    int rc = find_scalar(gguf, key, required, &value, err);
    if (rc || !value) {
        return rc;
    }
    if (value->type == MTS_GGUF_ARRAY || !mts_gguf_string(value, 0, out)) {
        return wrong_type(gguf, key, value, "a string", err);
    }
    return MTS_OK;
}
