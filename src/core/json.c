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

/* ---- memory ----
 *
 * jansson goes on when memory runs out in some places, so whether an allocation has failed is noted where it fails: its
 * allocator, whoever set it, is wrapped once by one that remembers this for the calling thread.
 *
 * Its writer only drops the piece that did not fit. Its reader drops the character: it keeps a token's bytes in a
 * buffer that doubles, and where the lost byte is a string's closing quote it reads on behind the end. So this buffer's
 * growth must not fail. While a text is read, the first allocation is the buffer, and it has grown by the last one
 * whenever it is released. A request for twice its size that the system refuses is met from a reserve that was put
 * aside before. It need not be the buffer's, but there are at most two such requests a byte read (the buffer's, and one
 * for what the byte completes), and after the first refusal no further bytes are handed out but those of a piece. All
 * other requests are refused from then on, which jansson looks at, so the reading ends. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static json_malloc_t give;
static json_free_t release;
static __thread bool ran_out;

typedef struct JsonReading {
    const char *text, *end; /* what is left */
    size_t piece;           /* bytes handed out at a time */
    char *reserve;
    size_t room, used, most; /* most: what the buffer may grow to */
    void *buffer, *last;
    size_t buffer_size, last_size;
} JsonReading;

static __thread JsonReading *reading; /* NULL: nothing is read */

static bool is_reserve(const JsonReading *r, const void *p)
{
    return (uintptr_t)p >= (uintptr_t)r->reserve && (uintptr_t)p < (uintptr_t)r->reserve + r->room;
}

static void *reading_malloc(JsonReading *r, size_t size)
{
    bool grows = r->buffer && size == 2 * r->buffer_size && size <= r->most && size <= r->room - r->used;
    void *p = ran_out ? NULL : give(size);
    ran_out = ran_out || !p;
    if (!p && grows) {
        p = r->reserve + r->used;
        r->used += size;
    }
    r->last = p;
    r->last_size = size;
    if (!r->buffer) {
        r->buffer = p;
        r->buffer_size = size;
    }
    return p;
}

static void *noting_malloc(size_t size)
{
    if (reading) {
        return reading_malloc(reading, size);
    }
    void *p = give(size);
    ran_out = ran_out || !p;
    return p;
}

static void noting_free(void *p)
{
    JsonReading *r = reading;
    if (r && p == r->buffer) {
        r->buffer = r->last;
        r->buffer_size = r->last_size;
    }
    if (!r || !is_reserve(r, p)) {
        release(p);
    }
}

static void wrap(void)
{
    json_get_alloc_funcs(&give, &release);
    json_set_alloc_funcs(noting_malloc, noting_free);
}

/* From here on ran_out tells of jansson on this thread. */
static void watch(void)
{
    pthread_once(&once, wrap);
    ran_out = false;
}

/* ---- in ---- */

/* Bytes of the longest string or word. */
static size_t longest_token(const char *text, size_t size)
{
    size_t most = 0;
    for (size_t i = 0, from = 0; i < size; from = i) {
        if (text[i] == '"') {
            for (i++; i < size && text[i] != '"'; i++) {
                i += text[i] == '\\';
            }
            i++;
        } else {
            while (i < size && text[i] != '"' && text[i] != ',' && text[i] != '\n' && text[i] != ' ') {
                i++;
            }
            i += i == from;
        }
        most = i - from > most ? i - from : most;
    }
    return most;
}

static bool reading_begin(JsonReading *r, const char *text, size_t size)
{
    enum { HANDED_OUT = 8192 }; /* most bytes of buffers that a piece may ask for */
    size_t longest = longest_token(text, size) + 2;
    *r = (JsonReading){.text = text, .end = text + size, .most = 32};
    while (r->most <= longest && r->most <= SIZE_MAX / 4) {
        r->most *= 2;
    }
    r->piece = HANDED_OUT / r->most ? HANDED_OUT / r->most : 1;
    r->piece = r->piece > size ? size + 1 : r->piece;
    if (!mts_size_mul(r->most, 2 * (r->piece + 1), &r->room) || !(r->reserve = malloc(r->room))) {
        return false;
    }
    reading = r;
    return true;
}

static void reading_end(JsonReading *r)
{
    free(r->reserve);
    reading = NULL;
}

static size_t hand_out(void *buffer, size_t room, void *context)
{
    JsonReading *r = context;
    size_t n = (size_t)(r->end - r->text) < r->piece ? (size_t)(r->end - r->text) : r->piece;
    n = ran_out ? 0 : n < room ? n : room;
    if (n) {
        memcpy(buffer, r->text, n);
        r->text += n;
    }
    return n;
}

static int parse(json_t **out, const char *name, const char *text, size_t size, size_t flags, MtsError *err)
{
    json_error_t why;
    JsonReading r;
    size_t mark = mts_utf8_mark(text, size);
    *out = NULL;
    const char *nul = size ? memchr(text, '\0', size) : NULL; /* jansson passes over one that follows a number */
    if (nul) {
        return mts_fail(err, MTS_EFORMAT, "%s: is not valid JSON: byte %zu is NUL", name, (size_t)(nul - text));
    }
    watch();
    if (!reading_begin(&r, text + mark, size - mark)) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    }
    *out = json_load_callback(hand_out, &r, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | flags, &why);
    if (ran_out) {
        json_decref(*out);
        *out = NULL;
    }
    reading_end(&r);
    if (ran_out) {
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

/* The end of an integer at `at` that 64 bits do not hold; 0: there is none. */
static size_t large_end(const char *text, size_t size, size_t at)
{
    enum { SURE = 18, MOST = 308 /* digits that 64 bits hold whatever they are; that a double's exponent does */ };
    size_t first = at + (text[at] == '-'), end = first;
    char digits[MOST + 2];
    while (end < size && text[end] >= '0' && text[end] <= '9') {
        end++;
    }
    bool whole = end == size || !strchr(".eE", text[end]);
    if (end - first <= SURE || end - first > MOST || !whole || text[first] == '0') {
        return 0;
    }
    snprintf(digits, sizeof digits, "%.*s", (int)(end - at), text + at);
    errno = 0;
    strtoll(digits, NULL, 10);
    return errno == ERANGE ? end : 0;
}

static bool set_large_apart(const char *text, size_t size, MtsBytes *out)
{
    bool ok = true, quoted = false;
    for (size_t i = 0, n; i < size && ok; i += n) {
        bool number = !quoted && (text[i] == '-' || (text[i] >= '0' && text[i] <= '9'));
        size_t end = number ? large_end(text, size, i) : 0;
        n = end ? end - i : quoted && text[i] == '\\' && i + 1 < size ? 2 : 1;
        while (number && !end && i + n < size && strchr("0123456789+-.eE", text[i + n])) {
            n++;
        }
        quoted ^= text[i] == '"';
        ok = end ? mts_bytes_printf(out, "{\"\\u0001digits\":\"%.*s\"}", (int)n, text + i)
                 : mts_bytes_append(out, text + i, n);
    }
    return ok;
}

int mts_json_parse_large(json_t **out, const char *name, const char *text, size_t size, MtsError *err)
{
    MtsBytes apart = {0};
    *out = NULL;
    int rc = set_large_apart(text, size, &apart)
                 ? parse(out, name, apart.data ? apart.data : "", apart.len, JSON_ALLOW_NUL, err)
                 : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    mts_bytes_free(&apart);
    return rc;
}

const char *mts_json_digits(const json_t *value)
{
    return json_string_value(json_object_get(value, "\x01"
                                                    "digits"));
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

/* ---- out ---- */

typedef struct JsonOut {
    MtsBytes bytes;
    bool failed;
} JsonOut;

static int take_piece(const char *piece, size_t size, void *context)
{
    JsonOut *w = context;
    w->failed = w->failed || !mts_bytes_append(&w->bytes, piece, size);
    return w->failed ? -1 : 0;
}

static char *dump(const json_t *value, size_t flags)
{
    JsonOut w = {{0}, false};
    watch();
    if (json_dump_callback(value, take_piece, &w, flags) || w.failed || ran_out) {
        mts_bytes_free(&w.bytes);
    }
    return w.bytes.data;
}

char *mts_json_text(const json_t *value)
{
    return dump(value, DUMP_FLAGS);
}

char *mts_json_lines(const json_t *value)
{
    return dump(value, JSON_INDENT(1) | JSON_ENCODE_ANY);
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

/* ---- put together ---- */

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
