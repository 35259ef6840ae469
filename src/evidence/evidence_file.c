/* evidence/evidence_file.c - evidence as a file: one sealed line of JSON.
 *
 * {"maxts":"evidence","kind":"classes","version":1,"about":{..},"labels":[..],"prior":[..],"channels","length","rate",
 * "beats","slope","knows","columns","thresholds":[..],"weights":[..],"seen":"16 hexadecimal digits a series,
 * ascending", "heart":{"thresholds":[..],"weights":[..]},"crc":".."}, heart where single beats were learnt. A file is
 * hostile until every list has the length that the shape gives it and every number is finite. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/evidence.h"
#include "evidence/sealed.h"

enum { VERSION = 1 };

/* ---- writing ---- */

static json_t *texts(char *const *x, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        mts_json_add_text(&list, NULL, x[i]);
    }
    return list;
}

int mts_evidence_write(const MtsEvidence *e, const char *path, MtsError *err)
{
    json_t *o = mts_sealed_begin("classes", VERSION, e->about);
    mts_json_add(&o, "labels", texts(e->labels, e->classes));
    mts_json_add(&o, "prior", mts_sealed_numbers(e->prior, e->classes));
    mts_json_add_int(&o, "channels", (json_int_t)e->shape.channels);
    mts_json_add_int(&o, "length", (json_int_t)e->shape.length);
    mts_json_add_real(&o, "rate", e->shape.rate);
    mts_json_add_flag(&o, "beats", e->shape.beats);
    mts_json_add_real(&o, "slope", e->slope);
    mts_json_add_flag(&o, "knows", e->knows);
    mts_json_add_int(&o, "columns", (json_int_t)e->columns);
    mts_json_add(&o, "thresholds", mts_sealed_numbers(e->shape.threshold, mts_window_thresholds(&e->shape)));
    mts_json_add(&o, "weights", mts_sealed_numbers(e->weights, e->columns * e->classes));
    mts_json_add(&o, "seen", mts_seen_json(&e->seen));
    if (e->heart.weight) {
        json_t *heart = json_object();
        mts_json_add(&heart, "thresholds", mts_sealed_numbers(e->heart.threshold, mts_heart_thresholds));
        mts_json_add(&heart, "weights", mts_sealed_numbers(e->heart.weight, mts_heart_weights));
        mts_json_add(&o, "heart", heart);
    }
    return mts_sealed_write(o, path, err);
}

/* ---- reading ---- */

static int broken(const char *name, const char *member, const char *what, MtsError *err)
{
    return mts_fail(err, MTS_EFORMAT, "%s: %s %s", name, member, what);
}

static int read_labels(MtsEvidence *e, const json_t *o, const char *name, MtsError *err)
{
    const json_t *list = json_object_get(o, "labels");
    size_t n = json_array_size(list);
    if (n < 2 || n > MTS_EVIDENCE_MOST_CLASSES) {
        return mts_fail(err, MTS_EFORMAT, "%s: labels is no list of 2 to %d", name, MTS_EVIDENCE_MOST_CLASSES);
    }
    if (!(e->labels = mts_calloc(n, sizeof *e->labels))) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    }
    for (; e->classes < n; e->classes++) {
        const char *label = json_string_value(json_array_get(list, e->classes));
        if (!label || !*label) {
            return broken(name, "labels", "has one that is no text", err);
        }
        if (!(e->labels[e->classes] = mts_strdup(label))) {
            return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
        }
    }
    int rc = mts_sealed_read_numbers(o, name, "prior", n, &e->prior, err);
    double sum = 0;
    for (size_t k = 0; !rc && k < n; k++) {
        rc = e->prior[k] > 0 ? MTS_OK : broken(name, "prior", "has a share that is not above 0", err);
        sum += e->prior[k];
    }
    return !rc && fabs(sum - 1) > 1e-6 ? broken(name, "prior", "does not add up to 1", err) : rc;
}

static int read_weights(MtsEvidence *e, const json_t *o, const char *name, MtsError *err)
{
    MtsWindowShape *s = &e->shape;
    s->beats = json_is_true(json_object_get(o, "beats")); /* older files have none, and no beats */
    int rc;
    if ((rc = mts_sealed_read_size(o, name, "channels", MTS_WINDOW_MOST, &s->channels, err)) ||
        (rc = mts_sealed_read_size(o, name, "length", MTS_WINDOW_MOST, &s->length, err)) ||
        (rc = mts_sealed_read_size(o, name, "columns", MTS_WINDOW_MOST_COLUMNS, &e->columns, err)) ||
        (rc = mts_sealed_read_real(o, name, "rate", 1e-9, 1e12, &e->shape.rate, err)) ||
        (rc = mts_sealed_read_real(o, name, "slope", 0, 1e6, &e->slope, err))) {
        return rc;
    }
    const json_t *knows = json_object_get(o, "knows"); /* older files do not say */
    e->knows = e->slope > 0 && (!knows || json_is_true(knows));
    if (!mts_window_columns(s) || (e->columns != mts_window_plain(s) && e->columns != mts_window_columns(s))) {
        return mts_fail(err, MTS_EFORMAT, "%s: columns is %zu, which %zu channels of %zu values do not have", name,
                        e->columns, s->channels, s->length);
    }
    rc = mts_sealed_read_numbers(o, name, "thresholds", mts_window_thresholds(s), &s->threshold, err);
    return rc ? rc : mts_sealed_read_numbers(o, name, "weights", e->columns * e->classes, &e->weights, err);
}

static int read_heart(MtsEvidence *e, const json_t *o, const char *name, MtsError *err)
{
    const json_t *heart = json_object_get(o, "heart");
    int rc = heart ? mts_sealed_read_numbers(heart, name, "thresholds", mts_heart_thresholds, &e->heart.threshold, err)
                   : MTS_OK;
    return rc || !heart ? rc
                        : mts_sealed_read_numbers(heart, name, "weights", mts_heart_weights, &e->heart.weight, err);
}

int mts_evidence_parse(MtsEvidence **evidence, const char *name, const char *text, size_t size, MtsError *err)
{
    json_t *o = NULL;
    MtsEvidence *e = *evidence = mts_calloc(1, sizeof *e);
    int rc = e ? mts_sealed_parse(&o, name, "classes", VERSION, text, size, &e->about, err)
               : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    if (rc || (rc = read_labels(e, o, name, err)) ||
        (rc = mts_seen_read(&e->seen, o, name, MTS_EVIDENCE_MOST_SAMPLES, err)) ||
        (rc = read_weights(e, o, name, err)) || (rc = read_heart(e, o, name, err))) {
        mts_evidence_free(evidence);
    }
    json_decref(o);
    return rc;
}
