/* series/jsonlist.c - JSON lists of numbers:
 *
 *   [1, 2, 3]                               one channel
 *   [[1, 2, 3], [4, 5, 6]]                  channels
 *   {"values": ..., "sampling_rate": 50}    either of them, with id, names and units where given
 *   {"x": [1, 2, 3], "y": [4, 5, 6]}        named channels
 *
 * null stands for a missing value. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/mem.h"
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
    const json_t *rate = json_object_get(object, "sampling_rate"), *id = json_object_get(object, "id");
    if (rate) {
        (*series)->sampling_rate = json_is_number(rate) ? json_number_value(rate) : 0;
        if (!((*series)->sampling_rate > 0 && isfinite((*series)->sampling_rate))) {
            return mts_fail(err, MTS_EFORMAT, "%s: \"sampling_rate\" is no number above 0", set->name);
        }
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

static int read_named(MtsSeriesSet *set, json_t *object, MtsSeries **series, MtsError *err)
{
    size_t longest = 0, c = 0;
    const char *key;
    json_t *list;
    json_object_foreach(object, key, list)
    {
        if (!json_is_array(list)) {
            return mts_fail(err, MTS_EFORMAT, "%s: \"%.60s\" is no list of numbers", set->name, key);
        }
        longest = json_array_size(list) > longest ? json_array_size(list) : longest;
    }
    *series = mts_series_alloc(json_object_size(object), longest);
    if (!*series) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", set->name);
    }
    json_object_foreach(object, key, list)
    {
        int rc = read_channel(set, list, (*series)->values + c * longest, err);
        if (rc) {
            return rc;
        }
        if (!mts_series_rename(&(*series)->names[c++], key, strlen(key))) {
            return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", set->name);
        }
    }
    return MTS_OK;
}

int mts_read_json(MtsSeriesSet *set, char *text, size_t size, MtsError *err)
{
    json_t *value = NULL;
    MtsSeries *series = NULL;
    int rc = mts_json_parse(&value, set->name, text, size, err);
    free(text);
    if (rc) {
        return rc;
    }
    if (json_is_array(value)) {
        rc = read_lists(set, value, &series, err);
    } else if (json_is_object(value) && json_object_get(value, "values")) {
        rc = read_described(set, value, &series, err);
    } else if (json_is_object(value) && json_object_size(value) > 0) {
        rc = read_named(set, value, &series, err);
    } else {
        rc = mts_fail(err, MTS_EFORMAT, "%s: holds neither a list of numbers nor an object of such lists", set->name);
    }
    if (!rc) {
        rc = mts_set_add(set, series, "", 0, err);
        series = NULL;
    }
    mts_series_free(&series);
    json_decref(value);
    return rc;
}
