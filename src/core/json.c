/* core/json.c - JSON read with a sentence for what is wrong, and written. */
#include "core/json.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/utf8.h"

#define DUMP_FLAGS (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17))

/* jansson goes on when memory runs out in some places (its reader drops the character that did not fit, its writer the
 * piece), so whether an allocation has failed is noted where it fails: its allocator, whoever set it, is wrapped once
 * by one that remembers this for the calling thread. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static json_malloc_t give;
static __thread bool ran_out;

static void *noting_malloc(size_t size)
{
    void *p = give(size);
    ran_out = ran_out || !p;
    return p;
}

static void wrap(void)
{
    json_free_t release;
    json_get_alloc_funcs(&give, &release);
    json_set_alloc_funcs(noting_malloc, release);
}

/* From here on ran_out tells of jansson on this thread. */
static void watch(void)
{
    pthread_once(&once, wrap);
    ran_out = false;
}

static int parse(json_t **out, const char *name, const char *text, size_t size, size_t flags, MtsError *err)
{
    json_error_t why;
    watch();
    *out = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | flags, &why);
    if (ran_out) {
        json_decref(*out);
        *out = NULL;
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    }
    if (!*out) {
        return mts_fail(err, MTS_EFORMAT, "%s: is not valid JSON at line %d: %s", name, why.line, why.text);
    }
    return MTS_OK;
}

int mts_json_parse(json_t **out, const char *name, const char *text, size_t size, MtsError *err)
{
    return parse(out, name, text, size, 0, err);
}

int mts_json_parse_nul(json_t **out, const char *name, const char *text, size_t size, MtsError *err)
{
    return parse(out, name, text, size, JSON_ALLOW_NUL, err);
}

int mts_json_read(json_t **out, const char *path, uint64_t limit, MtsError *err)
{
    char *text = NULL;
    size_t size = 0;
    *out = NULL;
    int rc = mts_read_file(path, limit, &text, &size, err);
    if (!rc) {
        rc = mts_json_parse(out, path, text, size, err);
    }
    free(text);
    return rc;
}

char *mts_json_text(const json_t *value)
{
    watch();
    char *text = json_dumps(value, DUMP_FLAGS);
    if (ran_out) {
        free(text);
        text = NULL;
    }
    return text;
}

int mts_json_print(FILE *stream, const char *name, const json_t *value, MtsError *err)
{
    char *text = mts_json_text(value);
    if (!text) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    }
    errno = 0;
    bool whole = fputs(text, stream) != EOF && fputc('\n', stream) != EOF && fflush(stream) == 0;
    free(text);
    return whole ? MTS_OK
                 : mts_fail(err, MTS_EIO, "%s: cannot be written whole: %s", name, strerror(errno ? errno : EIO));
}

void mts_json_add(json_t **to, const char *key, json_t *value)
{
    bool ok = *to && value;
    if (ok && key) {
        ok = json_object_set_new(*to, key, value) == 0;
    } else if (ok) {
        ok = json_array_append_new(*to, value) == 0;
    } else {
        json_decref(value);
    }
    if (!ok) {
        json_decref(*to);
        *to = NULL;
    }
}

void mts_json_add_int(json_t **to, const char *key, json_int_t value)
{
    mts_json_add(to, key, json_integer(value));
}

void mts_json_add_real(json_t **to, const char *key, double value)
{
    mts_json_add(to, key, mts_json_real(value));
}

void mts_json_add_flag(json_t **to, const char *key, bool value)
{
    mts_json_add(to, key, json_boolean(value));
}

void mts_json_add_text(json_t **to, const char *key, const char *text)
{
    mts_json_add(to, key, text ? mts_json_string(text, strlen(text)) : json_null());
}

json_t *mts_json_real(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

json_t *mts_json_string(const char *text, size_t size)
{
    MtsBytes bytes = {0};
    bool ok = mts_bytes_append_str(&bytes, "");
    while (size > 0 && ok) {
        const char *nul = memchr(text, 0, size); /* what this room's reader would refuse */
        size_t good = mts_utf8_valid_prefix(text, nul ? (size_t)(nul - text) : size);
        ok = mts_bytes_append(&bytes, text, good);
        text += good;
        size -= good;
        if (size > 0) {
            ok = ok && mts_bytes_append_str(&bytes, "\xEF\xBF\xBD");
            text++;
            size--;
        }
    }
    json_t *string = ok ? json_stringn(bytes.data, bytes.len) : NULL;
    mts_bytes_free(&bytes);
    return string;
}
