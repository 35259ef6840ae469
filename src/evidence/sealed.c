/* evidence/sealed.c - see sealed.h. */
#include "evidence/sealed.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/seal.h"

/* ---- writing ---- */

json_t *mts_sealed_begin(const char *kind, int version, json_t *about)
{
    json_t *o = json_object();
    mts_json_add_text(&o, "maxts", "evidence");
    mts_json_add_text(&o, "kind", kind);
    mts_json_add_int(&o, "version", version);
    mts_json_add(&o, "about", json_incref(about));
    return o;
}

json_t *mts_sealed_numbers(const double *x, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        mts_json_add_real(&list, NULL, x[i]);
    }
    return list;
}

int mts_sealed_write(json_t *file, const char *path, MtsError *err)
{
    MtsBytes line = {0};
    char *text = file ? mts_json_text(file) : NULL;
    bool ok = text && mts_bytes_append_str(&line, text) && mts_seal(&line, 0) && mts_bytes_append_str(&line, "\n");
    int rc = ok ? mts_write_file_atomic(path, line.data, line.len, err)
                : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    mts_bytes_free(&line);
    free(text);
    json_decref(file);
    return rc;
}

/* ---- reading ---- */

bool mts_sealed_says(const char *text, size_t size, const char *kind)
{
    char head[64];
    int n = kind ? snprintf(head, sizeof head, "{\"maxts\":\"evidence\",\"kind\":\"%s\"", kind)
                 : snprintf(head, sizeof head, "{\"maxts\":\"evidence\",\"kind\":");
    return n > 0 && (size_t)n < sizeof head && size > (size_t)n && memcmp(text, head, (size_t)n) == 0;
}

static int check_head(const json_t *o, const char *name, const char *kind, int version, MtsError *err)
{
    const char *what = json_string_value(json_object_get(o, "maxts"));
    const char *said = json_string_value(json_object_get(o, "kind"));
    if (!what || strcmp(what, "evidence") != 0) {
        return mts_fail(err, MTS_EFORMAT, "%s: is no evidence (maxts train makes it)", name);
    }
    if (!said || strcmp(said, kind) != 0) {
        return mts_fail(err, MTS_EREQUEST, "%s: is no evidence of kind %s", name, kind);
    }
    if (json_integer_value(json_object_get(o, "version")) != version) {
        return mts_fail(err, MTS_EUNSUPPORTED, "%s: is of another version than %d", name, version);
    }
    return json_is_object(json_object_get(o, "about")) ? MTS_OK
                                                       : mts_fail(err, MTS_EFORMAT, "%s: about is no object", name);
}

int mts_sealed_parse(json_t **file, const char *name, const char *kind, int version, const char *text, size_t size,
                     json_t **about, MtsError *err)
{
    bool bare = false;
    *file = *about = NULL;
    size -= size && text[size - 1] == '\n';
    int rc = mts_seal_parse(file, name, 1, text, size, &bare, err);
    if (!rc && bare) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: is no evidence, or not whole: its checksum is missing", name);
    }
    if (!rc && !(rc = check_head(*file, name, kind, version, err))) {
        *about = json_incref(json_object_get(*file, "about"));
        return MTS_OK;
    }
    json_decref(*file);
    *file = NULL;
    return rc;
}

int mts_sealed_read_real(const json_t *o, const char *name, const char *member, double min, double max, double *out,
                         MtsError *err)
{
    const json_t *v = json_object_get(o, member);
    *out = json_number_value(v);
    return json_is_number(v) && *out >= min && *out <= max
               ? MTS_OK
               : mts_fail(err, MTS_EFORMAT, "%s: %s is no number from %g to %g", name, member, min, max);
}

int mts_sealed_read_size(const json_t *o, const char *name, const char *member, size_t most, size_t *out, MtsError *err)
{
    double value;
    int rc = mts_sealed_read_real(o, name, member, 1, (double)most, &value, err);
    if (!rc && value != floor(value)) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: %s is no whole number", name, member);
    }
    *out = rc ? 0 : (size_t)value;
    return rc;
}

int mts_sealed_read_numbers(const json_t *o, const char *name, const char *member, size_t n, double **out,
                            MtsError *err)
{
    const json_t *list = json_object_get(o, member);
    if (!json_is_array(list) || json_array_size(list) != n) {
        return mts_fail(err, MTS_EFORMAT, "%s: %s is no list of %zu numbers", name, member, n);
    }
    if (!(*out = mts_calloc(n, sizeof **out))) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        (*out)[i] = json_number_value(v);
        if (!json_is_number(v) || !(fabs((*out)[i]) <= 1e30)) {
            return mts_fail(err, MTS_EFORMAT, "%s: number %zu of %s is none", name, i + 1, member);
        }
    }
    return MTS_OK;
}
