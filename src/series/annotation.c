/* series/annotation.c - annotation files in the MIT format.
 *
 * Annotation files in the MIT format: 16-bit words, low byte first, of a 10-bit interval I and a 6-bit code A.
 *
 *   A = 1 .. 49   an annotation, I samples after the last one
 *   59 (skip)     the interval is the next two words instead, the high one first
 *   60, 61, 62    num, subtype, channel of the annotation before: passed over
 *   63 (aux)      I bytes of text for the annotation before, padded to an even number
 *   0             with I = 0: the end */
#include "series/wfdb.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/number.h"

static const char resolution_mark[] = "## time resolution: "; /* in a note at the beginning */

enum { SKIP = 59, NUM = 60, SUB = 61, CHN = 62, AUX = 63 };

static int damaged(const char *name, size_t at, const char *what, MtsError *err)
{
    return mts_fail(err, MTS_EFORMAT, "%s: damaged annotations at byte %zu: %s", name, at, what);
}

static int add(MtsAnnotations *a, const char *name, size_t sample, int code, MtsError *err)
{
    char *empty = mts_strdup("");
    if (!empty || !mts_grow(&a->items, &a->cap, a->count + 1, sizeof *a->items)) {
        free(empty);
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out after %zu annotations", name, a->count);
    }
    a->items[a->count++] = (MtsAnnotation){sample, code, empty};
    return MTS_OK;
}

static int set_text(MtsAnnotations *a, const char *name, const unsigned char *text, size_t n, MtsError *err)
{
    while (n > 0 && text[n - 1] == 0) {
        n--;
    }
    char *copy = mts_strndup((const char *)text, n);
    if (!copy) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    }
    MtsAnnotation *note = &a->items[a->count - 1];
    size_t mark = sizeof resolution_mark - 1;
    free(note->text);
    note->text = copy;
    if (note->sample == 0 && strncmp(copy, resolution_mark, mark) == 0) {
        bool read = mts_number_parse(copy + mark, strlen(copy + mark), &a->resolution);
        a->resolution = read ? a->resolution : -1;
    }
    return MTS_OK;
}

int mts_annotations_parse(MtsAnnotations *a, const char *name, const void *data, size_t size, MtsError *err)
{
    const unsigned char *p = data;
    int64_t sample = 0;
    memset(a, 0, sizeof *a);
    for (size_t at = 0; at + 2 <= size;) {
        unsigned word = p[at] | (unsigned)p[at + 1] << 8, interval = word & 1023;
        int code = (int)(word >> 10), rc = MTS_OK;
        at += 2;
        if (word == 0) {
            return MTS_OK;
        }
        if (code == SKIP) {
            if (size - at < 4) {
                return damaged(name, at, "ends within an interval", err);
            }
            uint32_t skip =
                (uint32_t)p[at + 2] | (uint32_t)p[at + 3] << 8 | (uint32_t)p[at] << 16 | (uint32_t)p[at + 1] << 24;
            sample += (int32_t)skip;
            at += 4;
        } else if (code == AUX) {
            if (interval > size - at) {
                return damaged(name, at, "ends within a text", err);
            }
            if (a->count == 0) {
                return damaged(name, at, "a text before the first annotation", err);
            }
            rc = set_text(a, name, p + at, interval, err);
            at += interval + interval % 2;
        } else if (code < SKIP) {
            sample += interval;
            if (sample < (a->count ? (int64_t)a->items[a->count - 1].sample : 0)) {
                return damaged(name, at, a->count ? "a time before the last one" : "a time before the beginning", err);
            }
            if (sample > UINT32_MAX) { /* no record is as long */
                return damaged(name, at, "a time behind every end", err);
            }
            rc = add(a, name, (size_t)sample, code, err);
        }
        if (rc) {
            return rc;
        }
    }
    return damaged(name, size, "the end mark is missing", err);
}

int mts_annotations_read(MtsAnnotations *a, const char *path, double rate, MtsError *err)
{
    MtsMap map;
    memset(a, 0, sizeof *a);
    int rc = mts_map_open(&map, path, err);
    if (!rc) {
        rc = mts_annotations_parse(a, path, map.data, map.size, err);
    }
    mts_map_close(&map);
    if (!rc && a->resolution != 0 && a->resolution != rate) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: places are counted at another rate (%s...) than the record's %g Hz", path,
                      resolution_mark, rate);
    }
    return rc;
}

void mts_annotations_free(MtsAnnotations *a)
{
    for (size_t i = 0; i < a->count; i++) {
        free(a->items[i].text);
    }
    free(a->items);
    memset(a, 0, sizeof *a);
}

char mts_annotation_sign(int code)
{
    static const char signs[] = {0,   'N', 'L', 'R', 'a', 'V', 'F', 'J', 'A', 'S', 'E', 'j', '/', 'Q',
                                 '~', 0,   '|', 0,   's', 'T', '*', 'D', '"', '=', 'p', 'B', '^', 't',
                                 '+', 'u', '?', '!', '[', ']', 'e', 'n', '@', 'x', 'f', '(', ')', 'r'};
    return code >= 0 && (size_t)code < sizeof signs ? signs[code] : 0;
}
