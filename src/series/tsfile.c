/* series/tsfile.c - .ts files.
 *
 * .ts files, as sktime and aeon write them: lines "@key value", "@data", then one case a line,
 *
 *     1.0,2.0,3.0:4.0,5.0,6.0:label
 *
 * dimensions between colons, then the class (where @classLabel or @targetLabel is true); "?" is a missing value,
 * '#' or '%' begins a comment line. Cases are called by their number. With @timestamps true a dimension is
 *
 *     (0,1.0),(1,2.0)   or   (2020-01-01 00:00:00,1.0),(2020-01-01 01:00:00,2.0)
 *
 * whose times are read past; where they are numbers they must rise. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/number.h"
#include "core/utf8.h"
#include "series/csv.h"
#include "series/preamble.h"
#include "series/read.h"

typedef struct Header {
    bool labelled, timed, equal;
    size_t dimensions, length; /* 0: not said */
    MtsCell classes;           /* by blanks; empty: not said */
} Header;

static MtsCell trim(const char *s, size_t n)
{
    while (n > 0 && (*s == ' ' || *s == '\t')) {
        s++;
        n--;
    }
    while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r')) {
        n--;
    }
    return (MtsCell){s, n};
}

/* Splits the first word off. */
static MtsCell first_word(MtsCell *rest)
{
    size_t n = 0;
    while (n < rest->size && rest->data[n] != ' ' && rest->data[n] != '\t') {
        n++;
    }
    MtsCell word = {rest->data, n};
    *rest = trim(rest->data + n, rest->size - n);
    return word;
}

static int header_count(const MtsSeriesSet *set, size_t line, MtsCell value, const char *what, size_t *count,
                        MtsError *err)
{
    double v;
    if (!mts_number_parse(value.data, value.size, &v) || v < 1 || v > 1e6 || v != floor(v)) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu: \"%.*s\" is no number of %s", set->name, line,
                        (int)(value.size < 40 ? value.size : 40), value.data, what);
    }
    *count = (size_t)v;
    return MTS_OK;
}

static int header_line(const MtsSeriesSet *set, size_t line, MtsCell text, Header *h, MtsError *err)
{
    MtsCell key = first_word(&text), value = first_word(&text);
    bool yes = mts_cell_is(value, "true");
    if (mts_cell_is(key, "@timestamps")) {
        h->timed = yes;
    } else if (mts_cell_is(key, "@classlabel") || mts_cell_is(key, "@targetlabel")) {
        h->labelled = yes;
        h->classes = yes && mts_cell_is(key, "@classlabel") ? text : (MtsCell){"", 0};
    } else if (mts_cell_is(key, "@univariate")) {
        h->dimensions = yes && !h->dimensions ? 1 : h->dimensions;
    } else if (mts_cell_is(key, "@equallength")) {
        h->equal = yes;
    } else if (mts_cell_is(key, "@serieslength")) {
        return header_count(set, line, value, "values", &h->length, err);
    } else if (mts_cell_is(key, "@dimensions") || mts_cell_is(key, "@dimension")) {
        return header_count(set, line, value, "dimensions", &h->dimensions, err);
    }
    return MTS_OK;
}

static MtsCell next_line(MtsCell *rest)
{
    const char *end = memchr(rest->data, '\n', rest->size);
    size_t n = end ? (size_t)(end - rest->data) : rest->size;
    MtsCell line = trim(rest->data, n);
    n += end != NULL;
    rest->data += n;
    rest->size -= n;
    return line;
}

/* The part of *rest before the next `end` outside parentheses, or all of it. */
static MtsCell next_part(MtsCell *rest, char end)
{
    size_t n = 0;
    for (bool inside = false; n < rest->size && (inside || rest->data[n] != end); n++) {
        inside = rest->data[n] == '(' || (inside && rest->data[n] != ')');
    }
    MtsCell part = trim(rest->data, n);
    n += n < rest->size;
    rest->data += n;
    rest->size -= n;
    return part;
}

static size_t count_parts(MtsCell cell, char end)
{
    size_t n = 1;
    for (bool inside = false; cell.size > 0; cell.data++, cell.size--) {
        inside = cell.data[0] == '(' || (inside && cell.data[0] != ')');
        n += !inside && cell.data[0] == end;
    }
    return n;
}

static int shown(MtsCell cell)
{
    return (int)(cell.size < 60 ? cell.size : 60);
}

/* Cuts "(time,value)" down to its value; the last time that was a number is in *before, NAN at first. */
static int read_stamp(const MtsSeriesSet *set, size_t line, MtsCell *cell, double *before, MtsError *err)
{
    MtsCell inside = *cell, time;
    double at;
    bool pair = cell->size >= 2 && cell->data[0] == '(' && cell->data[cell->size - 1] == ')';
    inside = pair ? (MtsCell){cell->data + 1, cell->size - 2} : (MtsCell){"", 0};
    time = next_part(&inside, ',');
    bool number = mts_number_parse(time.data, time.size, &at);
    if (!pair || inside.size == 0 || (!number && mts_cell_kind(time, NULL, &at) != MTS_CELL_TIME)) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu: \"%.*s\" is no (time,value)", set->name, line, shown(*cell),
                        cell->data);
    }
    if (number && !isnan(*before) && !(at > *before)) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu: the time %.*s is not after the one before it", set->name, line,
                        shown(time), time.data);
    }
    *before = number ? at : *before;
    *cell = trim(inside.data, inside.size);
    return MTS_OK;
}

static int fill_channel(const MtsSeriesSet *set, size_t line, MtsCell part, const Header *h, double *out, MtsError *err)
{
    double before = NAN;
    for (size_t i = 0, n = count_parts(part, ','); i < n; i++) {
        MtsCell cell = next_part(&part, ',');
        int rc = h->timed ? read_stamp(set, line, &cell, &before, err) : MTS_OK;
        if (rc) {
            return rc;
        }
        if (!mts_cell_missing(cell, NULL) && !mts_number_parse(cell.data, cell.size, &out[i])) {
            return mts_fail(err, MTS_EFORMAT, "%s: line %zu: \"%.*s\" is not a number", set->name, line, shown(cell),
                            cell.data);
        }
    }
    return MTS_OK;
}

static bool is_class(const Header *h, MtsCell label)
{
    MtsCell rest = h->classes;
    while (rest.size > 0) {
        if (mts_cell_alike(first_word(&rest), label)) {
            return true;
        }
    }
    return h->classes.size == 0 || mts_cell_is(label, "?");
}

static int case_line(MtsSeriesSet *set, size_t line, MtsCell text, const Header *h, MtsError *err)
{
    size_t parts = count_parts(text, ':'), channels = parts - h->labelled, longest = 0;
    if (channels < 1 || (h->dimensions && channels != h->dimensions)) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu has %zu dimensions, not %zu", set->name, line, channels,
                        h->dimensions ? h->dimensions : 1);
    }
    MtsCell rest = text;
    for (size_t c = 0; c < channels; c++) {
        size_t n = count_parts(next_part(&rest, ':'), ',');
        longest = n > longest ? n : longest;
    }
    if (h->equal && h->length && longest != h->length) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu has %zu values, but @seriesLength says %zu", set->name, line,
                        longest, h->length);
    }
    MtsSeries *s = mts_series_alloc(channels, longest);
    char id[24];
    snprintf(id, sizeof id, "%zu", set->count + 1);
    if (!s || !mts_series_rename(&s->id, id, strlen(id))) {
        mts_series_free(&s);
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out at line %zu", set->name, line);
    }
    rest = text;
    for (size_t c = 0; c < channels; c++) {
        int rc = fill_channel(set, line, next_part(&rest, ':'), h, s->values + c * longest, err);
        if (rc) {
            mts_series_free(&s);
            return rc;
        }
    }
    MtsCell label = trim(rest.data, rest.size);
    if (h->labelled && !is_class(h, label)) {
        mts_series_free(&s);
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu: \"%.*s\" is none of the classes that @classLabel lists",
                        set->name, line, shown(label), label.data);
    }
    return mts_set_add(set, s, label.data, h->labelled ? label.size : 0, err);
}

int mts_read_ts(MtsSeriesSet *set, char *text, size_t size, MtsError *err)
{
    Header h = {0};
    bool data = false;
    int rc = mts_preamble_utf8(set->name, &text, &size, err);
    size_t mark = rc ? 0 : mts_utf8_mark(text, size);
    MtsCell rest = {text + mark, size - mark};
    for (size_t line = 1; rest.size > 0 && !rc; line++) {
        MtsCell here = next_line(&rest);
        if (here.size == 0 || here.data[0] == '#' || here.data[0] == '%') {
            continue;
        }
        if (data) {
            rc = case_line(set, line, here, &h, err);
        } else if (mts_cell_is(here, "@data")) {
            data = true;
        } else if (here.data[0] == '@') {
            rc = header_line(set, line, here, &h, err);
        } else {
            rc = mts_fail(err, MTS_EFORMAT, "%s: line %zu: a line before @data begins with none of @, # and %%",
                          set->name, line);
        }
    }
    if (!rc && !data) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: has no @data line", set->name);
    }
    free(text);
    return rc;
}
