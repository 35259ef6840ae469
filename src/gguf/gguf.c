/* gguf/gguf.c - reading and checking a GGUF file.
 *
 * A file is, in this order and without gaps (all numbers little-endian; a string is its length in bytes as u64,
 * then the bytes):
 *
 *   "GGUF"  u32 version  u64 tensors  u64 metadata entries
 *   each metadata entry:  string key  u32 type  value
 *       an array value:   u32 element type  u64 count  the elements
 *   each tensor:          string name  u32 dims  u64 shape[dims]  u32 type  u64 offset
 *   zeros up to a multiple of general.alignment (32 where that key is absent)
 *   the tensors' data, each at its offset from here
 *
 * One cursor walks from the front. Nothing is believed before it is compared with the bytes that are left: a count
 * of things that take at least k bytes each cannot exceed left / k, so no allocation is larger than a small multiple
 * of the file. Names are looked up by binary search in sorted tables, which no choice of names can slow down; sorting
 * also brings duplicates and, for offsets, overlaps side by side.
 */
#include "gguf/internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/endian.h"
#include "core/mem.h"

enum {
    HEADER = 24,         /* bytes */
    ENTRY_LEAST = 14,    /* bytes of the shortest metadata entry: a key of one byte, one byte of value */
    TENSOR_LEAST = 33,   /* bytes of the shortest tensor description: a name of one byte, one dimension */
    KEY_LONGEST = 65535, /* bytes; the format's own limits */
    NAME_LONGEST = 64,
    ALIGNMENT = 32,
    ALIGNMENT_LEAST = 8,
    ALIGNMENT_MOST = 65536
};

typedef struct Cursor {
    const MtsGguf *file;
    const unsigned char *data;
    size_t at, size;
    MtsError *err;
} Cursor;

static size_t left(const Cursor *c)
{
    return c->size - c->at;
}

/* Steps over n bytes and returns them; NULL with a sentence, which says what they were meant to be, when the file is
 * too short. */
static const unsigned char *take(Cursor *c, uint64_t n, const char *what)
{
    if (n > left(c)) {
        mts_fail(c->err, MTS_EFORMAT, "%s: is truncated: %s at byte %zu needs %llu bytes, and the file ends after %zu",
                 c->file->path, what, c->at, (unsigned long long)n, left(c));
        return NULL;
    }
    const unsigned char *bytes = c->data + c->at;
    c->at += (size_t)n;
    return bytes;
}

static int take_u32(Cursor *c, const char *what, uint32_t *out)
{
    const unsigned char *p = take(c, 4, what);
    *out = p ? mts_load_u32(p) : 0;
    return p ? MTS_OK : MTS_EFORMAT;
}

static int take_u64(Cursor *c, const char *what, uint64_t *out)
{
    const unsigned char *p = take(c, 8, what);
    *out = p ? mts_load_u64(p) : 0;
    return p ? MTS_OK : MTS_EFORMAT;
}

static int take_string(Cursor *c, const char *what, MtsString *out)
{
    uint64_t n;
    int rc = take_u64(c, what, &n);
    if (rc) {
        return rc;
    }
    out->data = (const char *)take(c, n, what);
    out->size = (size_t)n;
    return out->data ? MTS_OK : MTS_EFORMAT;
}

/* ---- names ---- */

static int compare_entries(const void *a, const void *b)
{
    return mts_gguf_order(*(const MtsString *const *)a, *(const MtsString *const *)b);
}

/* The table of names of n entries of `stride` bytes each, whose first member is the name. */
static int sort_names(Cursor *c, const void *entries, size_t n, size_t stride, const char *what,
                      const MtsString ***sorted)
{
    const MtsString **table = mts_calloc(n, sizeof *table);
    *sorted = table;
    if (!table) {
        return mts_fail(c->err, MTS_ENOMEM, "%s: memory ran out for %zu %ss", c->file->path, n, what);
    }
    for (size_t i = 0; i < n; i++) {
        table[i] = (const MtsString *)((const char *)entries + i * stride);
    }
    qsort(table, n, sizeof *table, compare_entries);
    for (size_t i = 1; i < n; i++) {
        if (mts_gguf_order(table[i - 1], table[i]) == 0) {
            char name[MTS_SHOWN];
            return mts_fail(c->err, MTS_EFORMAT, "%s: %s \"%s\" occurs twice", c->file->path, what,
                            mts_str_show(*table[i], name));
        }
    }
    return MTS_OK;
}

/* ---- header and metadata ---- */

static int read_header(Cursor *c, MtsGguf *g, uint64_t *tensors, uint64_t *entries)
{
    if (c->size < 4 || memcmp(c->data, "GGUF", 4) != 0) {
        char magic[MTS_SHOWN];
        MtsString start = {(const char *)c->data, c->size < 4 ? c->size : 4};
        return mts_fail(c->err, MTS_EFORMAT, "%s: is not a GGUF file: it begins with \"%s\", not with \"GGUF\"",
                        g->path, mts_str_show(start, magic));
    }
    c->at = 4;
    int rc = take_u32(c, "the version", &g->version);
    if (rc) {
        return rc;
    }
    if (g->version != 0 && (g->version & 0xFFFF) == 0) {
        return mts_fail(c->err, MTS_EUNSUPPORTED, "%s: is a big-endian GGUF file; only little-endian ones are read",
                        g->path);
    }
    if (g->version != 2 && g->version != 3) {
        return mts_fail(c->err, MTS_EUNSUPPORTED, "%s: has GGUF version %lu; versions 2 and 3 are read", g->path,
                        (unsigned long)g->version);
    }
    if ((rc = take_u64(c, "the tensor count", tensors)) || (rc = take_u64(c, "the metadata count", entries))) {
        return rc;
    }
    if (*entries > left(c) / ENTRY_LEAST) {
        return mts_fail(c->err, MTS_EFORMAT, "%s: metadata count %llu is more than the file's %zu bytes can hold",
                        g->path, (unsigned long long)*entries, c->size);
    }
    if (*tensors > left(c) / TENSOR_LEAST) {
        return mts_fail(c->err, MTS_EFORMAT, "%s: tensor count %llu is more than the file's %zu bytes can hold",
                        g->path, (unsigned long long)*tensors, c->size);
    }
    return MTS_OK;
}

/* Bytes of an element; 0: a string or an array. */
static size_t width(MtsGgufType type)
{
    switch (type) {
    case MTS_GGUF_U8:
    case MTS_GGUF_I8:
    case MTS_GGUF_BOOL:
        return 1;
    case MTS_GGUF_U16:
    case MTS_GGUF_I16:
        return 2;
    case MTS_GGUF_U32:
    case MTS_GGUF_I32:
    case MTS_GGUF_F32:
        return 4;
    case MTS_GGUF_U64:
    case MTS_GGUF_I64:
    case MTS_GGUF_F64:
        return 8;
    case MTS_GGUF_STRING:
    case MTS_GGUF_ARRAY:
        break;
    }
    return 0;
}

static int read_type(Cursor *c, const char *key, const char *what, MtsGgufType *type)
{
    uint32_t id;
    int rc = take_u32(c, what, &id);
    if (rc) {
        return rc;
    }
    if (id > MTS_GGUF_F64) {
        return mts_fail(c->err, MTS_EFORMAT, "%s: metadata key \"%s\": %s is %lu; types are 0 to 12", c->file->path,
                        key, what, (unsigned long)id);
    }
    *type = (MtsGgufType)id;
    return MTS_OK;
}

/* Strings lie one after another; the index makes each reachable in one step. */
static int index_strings(Cursor *c, const char *key, MtsGgufValue *v)
{
    if (v->count > left(c) / 8) {
        return mts_fail(c->err, MTS_EFORMAT,
                        "%s: metadata key \"%s\": %zu strings are more than the %zu bytes left can hold", c->file->path,
                        key, v->count, left(c));
    }
    v->data = c->data + c->at;
    v->index = mts_calloc(v->count, sizeof *v->index);
    if (!v->index) {
        return mts_fail(c->err, MTS_ENOMEM, "%s: memory ran out for metadata key \"%s\"", c->file->path, key);
    }
    size_t start = c->at;
    for (size_t i = 0; i < v->count; i++) {
        MtsString s;
        v->index[i] = c->at - start;
        int rc = take_string(c, "a string of an array", &s);
        if (rc) {
            return rc;
        }
    }
    return MTS_OK;
}

static int read_entry(Cursor *c, MtsGgufValue *v)
{
    char key[MTS_SHOWN];
    int rc = take_string(c, "a metadata key", &v->key);
    if (rc) {
        return rc;
    }
    mts_str_show(v->key, key);
    if (v->key.size == 0 || v->key.size > KEY_LONGEST) {
        return mts_fail(c->err, MTS_EFORMAT, "%s: metadata key \"%s\" has %zu bytes; keys have 1 to %d", c->file->path,
                        key, v->key.size, KEY_LONGEST);
    }
    if ((rc = read_type(c, key, "the value's type", &v->type))) {
        return rc;
    }
    v->element = v->type;
    v->count = 1;
    if (v->type == MTS_GGUF_ARRAY) {
        uint64_t count;
        if ((rc = read_type(c, key, "the array's type", &v->element)) ||
            (rc = take_u64(c, "an array's count", &count))) {
            return rc;
        }
        if (v->element == MTS_GGUF_ARRAY) {
            return mts_fail(c->err, MTS_EUNSUPPORTED, "%s: metadata key \"%s\" is an array of arrays", c->file->path,
                            key);
        }
        if (count > left(c)) { /* an element has at least one byte */
            return mts_fail(
                c->err, MTS_EFORMAT,
                "%s: metadata key \"%s\": an array of %llu elements is more than the %zu bytes left can hold",
                c->file->path, key, (unsigned long long)count, left(c));
        }
        v->count = (size_t)count;
    }
    if (v->element == MTS_GGUF_STRING) {
        if (v->type == MTS_GGUF_ARRAY) {
            return index_strings(c, key, v);
        }
        MtsString s;
        v->data = c->data + c->at;
        return take_string(c, "a string", &s);
    }
    size_t size = width(v->element);
    if (v->count > left(c) / size) {
        return mts_fail(c->err, MTS_EFORMAT, "%s: is truncated within metadata key \"%s\"", c->file->path, key);
    }
    v->data = take(c, v->count * size, "a value");
    if (!v->data) {
        return MTS_EFORMAT;
    }
    for (size_t i = 0; v->element == MTS_GGUF_BOOL && i < v->count; i++) {
        if (v->data[i] > 1) {
            return mts_fail(c->err, MTS_EFORMAT, "%s: metadata key \"%s\": a boolean is %d", c->file->path, key,
                            v->data[i]);
        }
    }
    return MTS_OK;
}

/* ---- tensors ---- */

/* The description without its data; *offset is from the start of the data section, still unchecked. */
static int read_tensor(Cursor *c, MtsTensor *t, uint64_t *offset)
{
    const char *path = c->file->path;
    char name[MTS_SHOWN];
    uint32_t dims, type;
    int rc = take_string(c, "a tensor's name", &t->name);
    if (rc) {
        return rc;
    }
    mts_str_show(t->name, name);
    if (t->name.size == 0 || t->name.size > NAME_LONGEST) {
        return mts_fail(c->err, MTS_EFORMAT, "%s: tensor name \"%s\" has %zu bytes; names have 1 to %d", path, name,
                        t->name.size, NAME_LONGEST);
    }
    if ((rc = take_u32(c, "a tensor's dimension count", &dims))) {
        return rc;
    }
    if (dims < 1 || dims > 4) {
        return mts_fail(c->err, MTS_EFORMAT, "%s: tensor \"%s\" has %lu dimensions; 1 to 4 are possible", path, name,
                        (unsigned long)dims);
    }
    t->dims = (int)dims;
    t->elements = 1;
    for (uint32_t i = 0; i < 4; i++) {
        uint64_t extent = 1;
        if (i < dims && (rc = take_u64(c, "a tensor's shape", &extent))) {
            return rc;
        }
        if (extent == 0 || extent > SIZE_MAX || !mts_size_mul(t->elements, (size_t)extent, &t->elements)) {
            return mts_fail(c->err, MTS_EFORMAT, "%s: tensor \"%s\": dimension %lu of its shape is %llu, which is %s",
                            path, name, (unsigned long)i, (unsigned long long)extent,
                            extent == 0 ? "no size" : "too large to count its elements");
        }
        t->shape[i] = (size_t)extent;
    }
    if ((rc = take_u32(c, "a tensor's type", &type)) || (rc = take_u64(c, "a tensor's offset", offset))) {
        return rc;
    }
    size_t block, bytes;
    if (!mts_type_block(type, &block, &bytes)) {
        char list[MTS_TYPE_LIST];
        return mts_fail(c->err, MTS_EUNSUPPORTED, "%s: tensor \"%s\" has type %lu (%s); %s are read", path, name,
                        (unsigned long)type, mts_type_name(type), mts_type_list(list));
    }
    if (t->shape[0] % block != 0) {
        return mts_fail(c->err, MTS_EFORMAT, "%s: tensor \"%s\": rows of %zu elements are no whole %s blocks of %zu",
                        path, name, t->shape[0], mts_type_name(type), block);
    }
    if (!mts_size_mul(t->elements / block, bytes, &t->bytes)) {
        return mts_fail(c->err, MTS_EFORMAT, "%s: tensor \"%s\": %zu elements are too many to count their bytes", path,
                        name, t->elements);
    }
    t->type = (MtsType)type;
    return MTS_OK;
}

/* Points the tensor into the data section [start, c->size). */
static int place_tensor(Cursor *c, MtsTensor *t, uint64_t offset, size_t start, size_t alignment)
{
    char name[MTS_SHOWN];
    if (offset % alignment != 0) {
        return mts_fail(c->err, MTS_EFORMAT, "%s: tensor \"%s\": offset %llu is no multiple of the alignment %zu",
                        c->file->path, mts_str_show(t->name, name), (unsigned long long)offset, alignment);
    }
    size_t room = start < c->size ? c->size - start : 0;
    if (offset > room || t->bytes > room - (size_t)offset) {
        return mts_fail(c->err, MTS_EFORMAT,
                        "%s: is truncated: tensor \"%s\" has %zu bytes at offset %llu, and the data section has %zu",
                        c->file->path, mts_str_show(t->name, name), t->bytes, (unsigned long long)offset, room);
    }
    t->data = c->data + start + (size_t)offset;
    return MTS_OK;
}

static int compare_places(const void *a, const void *b)
{
    const MtsTensor *x = *(const MtsTensor *const *)a, *y = *(const MtsTensor *const *)b;
    return (const char *)x->data<(const char *)y->data ? -1 : (const char *)x->data>(const char *) y->data;
}

/* No byte belongs to two tensors, so all tensors together are no larger than the file. */
static int check_overlap(Cursor *c)
{
    const MtsGguf *g = c->file;
    int rc = MTS_OK;
    const MtsTensor **by_place = mts_calloc(g->tensor_count, sizeof *by_place);
    if (!by_place) {
        return mts_fail(c->err, MTS_ENOMEM, "%s: memory ran out for %zu tensors", g->path, g->tensor_count);
    }
    for (size_t i = 0; i < g->tensor_count; i++) {
        by_place[i] = &g->tensors[i];
    }
    qsort(by_place, g->tensor_count, sizeof *by_place, compare_places);
    for (size_t i = 1; i < g->tensor_count; i++) {
        const MtsTensor *a = by_place[i - 1], *b = by_place[i];
        if ((size_t)((const char *)b->data - (const char *)a->data) < a->bytes) {
            char one[MTS_SHOWN], other[MTS_SHOWN];
            rc = mts_fail(c->err, MTS_EFORMAT, "%s: the data of tensors \"%s\" and \"%s\" overlap", g->path,
                          mts_str_show(a->name, one), mts_str_show(b->name, other));
            break;
        }
    }
    free(by_place);
    return rc;
}

static int read_tensors(Cursor *c, MtsGguf *g)
{
    size_t n = g->tensor_count, alignment;
    int rc = mts_gguf_get_size(g, "general.alignment", false, ALIGNMENT_LEAST, ALIGNMENT_MOST, ALIGNMENT, &alignment,
                               c->err);
    if (rc) {
        return rc;
    }
    if ((alignment & (alignment - 1)) != 0) {
        return mts_fail(c->err, MTS_EFORMAT, "%s: general.alignment is %zu, which is no power of two", g->path,
                        alignment);
    }
    uint64_t *offsets = mts_calloc(n, sizeof *offsets);
    g->tensors = mts_calloc(n, sizeof *g->tensors);
    if (!offsets || !g->tensors) {
        rc = mts_fail(c->err, MTS_ENOMEM, "%s: memory ran out for %zu tensors", g->path, n);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        if ((rc = read_tensor(c, &g->tensors[i], &offsets[i]))) {
            goto done;
        }
    }
    if ((rc = sort_names(c, g->tensors, n, sizeof *g->tensors, "tensor", &g->tensors_by_name))) {
        goto done;
    }
    size_t start = c->at + (alignment - c->at % alignment) % alignment;
    for (size_t i = 0; i < n; i++) {
        if ((rc = place_tensor(c, &g->tensors[i], offsets[i], start, alignment))) {
            goto done;
        }
    }
    rc = check_overlap(c);
done:
    free(offsets);
    return rc;
}

/* ---- the whole ---- */

/* A model in several files is not read: each has some of the tensors, and the first alone says what they mean. Nor is
 * what goes with a model: an adapter, a projector of images, an importance matrix. */
static int check_whole(const MtsGguf *g, MtsError *err)
{
    size_t parts, part;
    MtsString type;
    int rc = mts_gguf_get_string(g, "general.type", false, &type, err);
    if (!rc && type.size && !mts_str_is(type, "model")) {
        char shown[MTS_SHOWN];
        rc = mts_fail(err, MTS_EUNSUPPORTED, "%s: general.type is \"%s\": it goes with a model and is none", g->path,
                      mts_str_show(type, shown));
    }
    if (rc || (rc = mts_gguf_get_size(g, "split.count", false, 0, UINT16_MAX, 0, &parts, err)) ||
        (rc = mts_gguf_get_size(g, "split.no", false, 0, UINT16_MAX, 0, &part, err))) {
        return rc;
    }
    if (parts > 1) {
        return mts_fail(
            err, MTS_EUNSUPPORTED,
            "%s: is part %zu of %zu of a model; one file is read, which llama-gguf-split --merge makes of them",
            g->path, part + 1, parts);
    }
    return MTS_OK;
}

static int read_all(MtsGguf *g, const void *data, size_t size, MtsError *err)
{
    Cursor c = {g, data, 0, size, err};
    uint64_t tensors = 0, entries = 0;
    int rc = read_header(&c, g, &tensors, &entries);
    if (rc) {
        return rc;
    }
    g->values = mts_calloc((size_t)entries, sizeof *g->values);
    if (!g->values) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out for %zu metadata entries", g->path, (size_t)entries);
    }
    g->value_count = (size_t)entries;
    for (size_t i = 0; i < g->value_count; i++) {
        if ((rc = read_entry(&c, &g->values[i]))) {
            return rc;
        }
    }
    rc = sort_names(&c, g->values, g->value_count, sizeof *g->values, "metadata key", &g->values_by_key);
    if (rc || (rc = check_whole(g, err))) {
        return rc;
    }
    g->tensor_count = (size_t)tensors;
    return read_tensors(&c, g);
}

int mts_gguf_open_memory(MtsGguf **gguf, const char *name, const void *data, size_t size, MtsError *err)
{
    int rc = MTS_OK;
    MtsGguf *g = mts_calloc(1, sizeof *g);
    *gguf = NULL;
    if (!g || !(g->path = mts_strdup(name))) {
        rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
        goto done;
    }
    if ((uintptr_t)data % MTS_ALIGN != 0) {
        rc = mts_fail(err, MTS_EREQUEST, "%s: the bytes in memory must begin at a multiple of %d", name, MTS_ALIGN);
        goto done;
    }
    if ((rc = read_all(g, data, size, err))) {
        goto done;
    }
    *gguf = g;
    g = NULL;
done:
    mts_gguf_free(&g);
    return rc;
}

int mts_gguf_open(MtsGguf **gguf, const char *path, MtsError *err)
{
    *gguf = NULL;
    MtsMap map;
    int rc = mts_map_open(&map, path, err);
    if (rc) {
        return rc;
    }
    rc = mts_gguf_open_memory(gguf, path, map.data, map.size, err);
    if (rc) {
        mts_map_close(&map);
        return rc;
    }
    (*gguf)->map = map;
    return MTS_OK;
}

void mts_gguf_free(MtsGguf **gguf)
{
    MtsGguf *g = *gguf;
    if (!g) {
        return;
    }
    for (size_t i = 0; i < g->value_count; i++) {
        free(g->values[i].index);
    }
    free(g->values);
    free(g->tensors);
    free(g->values_by_key);
    free(g->tensors_by_name);
    mts_map_close(&g->map);
    free(g->path);
    free(g);
    *gguf = NULL;
}

void mts_gguf_forget(const MtsGguf *gguf, const void *from, size_t size)
{
    if (gguf->map.data) {
        mts_map_forget(&gguf->map, from, size);
    }
}

int mts_gguf_unchanged(const MtsGguf *gguf, MtsError *err)
{
    return mts_map_unchanged(&gguf->map, gguf->path, err);
}

const char *mts_gguf_path(const MtsGguf *gguf)
{
    return gguf->path;
}

uint32_t mts_gguf_version(const MtsGguf *gguf)
{
    return gguf->version;
}

size_t mts_gguf_tensor_count(const MtsGguf *gguf)
{
    return gguf->tensor_count;
}

const MtsTensor *mts_gguf_tensor_at(const MtsGguf *gguf, size_t index)
{
    return &gguf->tensors[index];
}

const MtsTensor *mts_gguf_tensor(const MtsGguf *gguf, const char *name)
{
    return (const MtsTensor *)mts_gguf_lookup(gguf->tensors_by_name, gguf->tensor_count, name, strlen(name));
}
