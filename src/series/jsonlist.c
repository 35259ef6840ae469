/* series/jsonlist.c - JSON lists of numbers, beside series/jsontable.c's tables:
 *
 *   [1, 2, 3]                               one channel
 *   [[1, 2, 3], [4, 5, 6]]                  channels
 *   {"values": ..., "sampling_rate": 50}    either of them, with id, names and units where given
 *
 * null stands for a missing value. In JSON lines each line is an element of a list. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "series/cell.h"
#include "series/jsontable.h"
#include "series/read.h"

static int read_channel(const MtsSeriesSet *set, const json_t *list, double *out, MtsError *err)
{
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        if (!json_is_number(v) && !json_is_null(v)) {
            return mts_fail(err, MTS_EFORMAT, "%s: value %zu of a list is no number", set->name, i + 1);
        }
        out[i] = json_is_null(v) ? NAN : json_number_value(v);
    }
    return MTS_OK;
}

/* Channels from a list of numbers or of lists. */
static int read_lists(MtsSeriesSet *set, const json_t *value, MtsSeries **series, MtsError *err)
{
    bool nested = json_array_size(value) > 0 && json_is_array(json_array_get(value, 0));
    size_t channels = nested ? json_array_size(value) : 1, longest = 0;
    for (size_t c = 0; c < channels; c++) {
        const json_t *list = nested ? json_array_get(value, c) : value;
        if (!json_is_array(list)) {
            return mts_fail(err, MTS_EFORMAT, "%s: element %zu is no list, unlike the first", set->name, c + 1);
        }
        longest = json_array_size(list) > longest ? json_array_size(list) : longest;
    }
    *series = mts_series_alloc(channels, longest);
    if (!*series) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", set->name);
    }
    int rc = MTS_OK;
    for (size_t c = 0; c < channels && !rc; c++) {
        rc = read_channel(set, nested ? json_array_get(value, c) : value, (*series)->values + c * longest, err);
    }
    return rc;
}

static int read_strings(MtsSeriesSet *set, const json_t *object, const char *key, char **fields, size_t channels,
                        MtsError *err)
{
    const json_t *list = json_object_get(object, key);
    if (!list) {
        return MTS_OK;
    }
    if (!json_is_array(list) || json_array_size(list) != channels) {
        return mts_fail(err, MTS_EFORMAT, "%s: \"%s\" is no list of %zu texts, one per channel", set->name, key,
                        channels);
    }
    for (size_t c = 0; c < channels; c++) {
        const json_t *text = json_array_get(list, c);
        if (!json_is_string(text)) {
            return mts_fail(err, MTS_EFORMAT, "%s: element %zu of \"%s\" is no text", set->name, c + 1, key);
        }
        if (!mts_series_rename(&fields[c], json_string_value(text), json_string_length(text))) {
            return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", set->name);
        }
    }
    return MTS_OK;
}

/* A sampling rate by any of the names that programs have for it. */
static int read_rate(const MtsSeriesSet *set, const json_t *object, MtsSeries *series, MtsError *err)
{
    static const char *const names[] = {"sampling_rate", "sampling_frequency", "sample_rate", "fs"};
    const char *found = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const json_t *rate = json_object_get(object, names[i]);
        if (!rate) {
            continue;
        }
        double hertz = json_is_number(rate) ? json_number_value(rate) : 0;
        if (!(hertz > 0 && isfinite(hertz))) {
            return mts_fail(err, MTS_EFORMAT, "%s: \"%s\" is no number above 0", set->name, names[i]);
        }
        if (found && hertz != series->sampling_rate) {
            return mts_fail(err, MTS_EFORMAT, "%s: \"%s\" and \"%s\" differ", set->name, found, names[i]);
        }
        found = names[i];
        series->sampling_rate = hertz;
    }
    return MTS_OK;
}

static int read_described(MtsSeriesSet *set, const json_t *object, MtsSeries **series, MtsError *err)
{
    const json_t *values = json_object_get(object, "values");
    if (!json_is_array(values)) {
        return mts_fail(err, MTS_EFORMAT, "%s: \"values\" is no list", set->name);
    }
    int rc = read_lists(set, values, series, err);
    if (rc) {
        return rc;
    }
    const json_t *id = json_object_get(object, "id");
    if ((rc = read_rate(set, object, *series, err))) {
        return rc;
    }
    if (id) {
        if (!json_is_string(id)) {
            return mts_fail(err, MTS_EFORMAT, "%s: \"id\" is no text", set->name);
        }
        if (!mts_series_rename(&(*series)->id, json_string_value(id), json_string_length(id))) {
            return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", set->name);
        }
    }
    if ((rc = read_strings(set, object, "names", (*series)->names, (*series)->channels, err))) {
        return rc;
    }
    return read_strings(set, object, "units", (*series)->units, (*series)->channels, err);
}

/* {"values": ...} whose other members tell about them, rather than being columns beside a column of that name. */
static bool is_described(const json_t *value)
{
    const char *key;
    json_t *member;
    if (!json_is_array(json_object_get(value, "values"))) {
        return json_object_get(value, "values") != NULL && !json_is_object(json_object_get(value, "values"));
    }
    json_object_foreach((json_t *)value, key, member)
    {
        bool told = strcmp(key, "values") == 0 || strcmp(key, "names") == 0 || strcmp(key, "units") == 0;
        if (!told && json_is_array(member)) {
            return false;
        }
    }
    return true;
}

/* Why an object is nothing that is read. */
static int refuse(const MtsSeriesSet *set, const json_t *value, MtsError *err)
{
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)value, key, member)
    {
        if (!json_is_array(member)) {
            return mts_fail(err, MTS_EFORMAT, "%s: \"%.60s\" is no list of numbers", set->name, key);
        }
    }
    return mts_fail(err, MTS_EFORMAT, "%s: holds neither a list of numbers nor an object of such lists", set->name);
}

/* A column by row name (pandas' Series): its values as a list, a new one; NULL: it is none. */
static json_t *column_of(const json_t *value)
{
    const char *key;
    json_t *member, *list = json_array();
    bool ok = json_object_size(value) > 0 && mts_json_names_rows(value);
    json_object_foreach((json_t *)value, key, member)
    {
        ok = ok && (json_is_number(member) || json_is_null(member));
    }
    json_object_foreach((json_t *)value, key, member)
    {
        if (ok) {
            mts_json_add(&list, NULL, json_incref(member));
        }
    }
    if (!ok) {
        json_decref(list);
        list = NULL;
    }
    return list;
}

/* Takes over `value`. */
static int read_value(MtsSeriesSet *set, json_t *value, const MtsSeriesOptions *options, MtsError *err)
{
    MtsSeries *series = NULL;
    json_t *column = column_of(value);
    int rc;
    if (column) {
        json_decref(value);
        value = column;
    }
    if (!is_described(value) && mts_json_is_table(value)) {
        rc = mts_read_json_table(set, value, options, err);
    } else {
        rc = json_is_array(value)  ? read_lists(set, value, &series, err)
             : is_described(value) ? read_described(set, value, &series, err)
                                   : refuse(set, value, err);
        if (!rc) {
            rc = mts_set_add(set, series, "", 0, err);
            series = NULL;
        }
    }
    mts_series_free(&series);
    json_decref(value);
    return rc;
}

int mts_read_json(MtsSeriesSet *set, char *text, size_t size, const MtsSeriesOptions *options, MtsError *err)
{
    json_t *value = NULL;
    int rc = mts_json_parse(&value, set->name, text, size, err);
    free(text);
    return rc ? rc : read_value(set, value, options, err);
}

int mts_read_json_lines(MtsSeriesSet *set, char *text, size_t size, const MtsSeriesOptions *options, MtsError *err)
{
    json_t *all = json_array();
    int rc = MTS_OK;
    for (size_t at = mts_utf8_mark(text, size), line = 1; at < size && !rc; line++) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t n = end ? (size_t)(end - text) - at : size - at;
        if (mts_cell_trim((MtsCell){text + at, n}).size > 0) {
            json_t *value = NULL;
            MtsError why = {0};
            char place[32];
            snprintf(place, sizeof place, "line %zu", line);
            rc = mts_json_parse(&value, place, text + at, n, &why);
            rc = rc ? mts_fail(err, rc, "%s: %s", set->name, why.text) : MTS_OK;
            mts_json_add(&all, NULL, value);
        }
        at += n + 1;
    }
    free(text);
    if (!rc && !all) {
        rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out", set->name);
    } else if (!rc && json_array_size(all) == 0) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: is empty", set->name);
    }
    if (rc) {
        json_decref(all);
        return rc;
    }
    return read_value(set, all, options, err);
}
