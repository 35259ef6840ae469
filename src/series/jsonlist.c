/* series/jsonlist.c - JSON lists of numbers, beside series/jsontable.c's tables:
 *
 *   [1, 2, 3]                               one channel
 *   [[1, 2, 3], [4, 5, 6]]                  channels
 *   {"values": ..., "sampling_rate": 50}    either of them, with id, names and units where given
 *
 * null stands for a missing value. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/mem.h"
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

int mts_read_json(MtsSeriesSet *set, char *text, size_t size, const MtsSeriesOptions *options, MtsError *err)
{
    json_t *value = NULL;
    MtsSeries *series = NULL;
    int rc = mts_json_parse(&value, set->name, text, size, err);
    free(text);
    if (rc) {
        return rc;
    }
    if (!is_described(value) && mts_json_is_table(value)) {
        rc = mts_read_json_table(set, value, options, err);
        goto done;
    }
    rc = json_is_array(value)  ? read_lists(set, value, &series, err)
         : is_described(value) ? read_described(set, value, &series, err)
                               : refuse(set, value, err);
    if (!rc) {
        rc = mts_set_add(set, series, "", 0, err);
        series = NULL;
    }
done:
    mts_series_free(&series);
    json_decref(value);
    return rc;
}
