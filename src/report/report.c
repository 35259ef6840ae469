/* report/report.c - the journals of a report read: files of one run joined, its records in its head's order, named. */
#include "report/report.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "results/fields.h"
#include "results/records.h"
#include "results/summary.h"

static size_t members_but_shard(const json_t *head)
{
    return json_object_size(head) - (json_object_get(head, MTS_F_SHARD) != NULL);
}

/* Heads that differ in their shard alone, or in nothing. */
static bool same_run(const json_t *a, const json_t *b)
{
    const char *name;
    json_t *value;
    bool same = members_but_shard(a) == members_but_shard(b);
    json_object_foreach((json_t *)(uintptr_t)a, name, value)
    {
        same = same && (strcmp(name, MTS_F_SHARD) == 0 || json_equal(value, json_object_get(b, name)));
    }
    return same;
}

static int no_memory(const char *path, MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
}

/* The keys of all records as an object; NULL when memory ran out. */
static json_t *keys_of(const json_t *records)
{
    json_t *keys = json_object();
    for (size_t i = 0; keys && i < json_array_size(records); i++) {
        if (json_object_set_new(keys, mts_field_text(json_array_get(records, i), MTS_F_KEY), json_true()) != 0) {
            json_decref(keys);
            return NULL;
        }
    }
    return keys;
}

/* Adds a shard's records to the run; *head stays the first one's, and is the whole run's from now on. */
static int join(MtsReportRun *run, const char *path, json_t *records, MtsError *err)
{
    json_t *seen = keys_of(run->records);
    int rc = seen ? MTS_OK : no_memory(path, err);
    for (size_t i = 0; !rc && i < json_array_size(records); i++) {
        const char *key = mts_field_text(json_array_get(records, i), MTS_F_KEY);
        if (json_object_get(seen, key)) {
            rc = mts_fail(err, MTS_EREQUEST, "%s: the record \"%.80s\" is in another file of the same run, too", path,
                          key);
        }
    }
    if (!rc && json_array_extend(run->records, records) != 0) {
        rc = no_memory(path, err);
    }
    json_object_del(run->head, MTS_F_SHARD);
    json_decref(seen);
    return rc;
}

static int join_file(MtsReportRun *run, const char *path, json_t *records, MtsError *err)
{
    MtsBytes files = {0};
    bool ok = mts_bytes_printf(&files, "%s, %s", run->files, path);
    free(run->files);
    run->files = files.data;
    return ok ? join(run, path, records, err) : no_memory(path, err);
}

static int read_one(MtsReport *report, const char *path, MtsError *err)
{
    json_t *head, *records;
    int rc = mts_results_read(path, &head, &records, err);
    if (rc) {
        return rc;
    }
    for (size_t i = 0; i < report->count; i++) {
        if (same_run(head, report->runs[i].head)) {
            rc = join_file(&report->runs[i], path, records, err);
            json_decref(head);
            json_decref(records);
            return rc;
        }
    }
    MtsReportRun *run = &report->runs[report->count++];
    *run = (MtsReportRun){mts_strdup(path), head, records, NULL, NULL};
    return run->files ? MTS_OK : no_memory(path, err);
}

/* Sample: a list of its records. */
static json_t *by_sample(const json_t *records)
{
    json_t *own = json_object(), *r;
    bool ok = own != NULL;
    size_t i;
    json_array_foreach(records, i, r)
    {
        const char *sample = mts_field_text(r, MTS_F_SAMPLE);
        ok = ok && (json_object_get(own, sample) || json_object_set_new(own, sample, json_array()) == 0) &&
             json_array_append(json_object_get(own, sample), r) == 0;
    }
    if (!ok) {
        json_decref(own);
        own = NULL;
    }
    return own;
}

/* Records by the head's order of samples, whatever shards they come from; samples that the head does not name behind
 * them, in the file's order. */
static bool order_records(MtsReportRun *run)
{
    const json_t *samples = json_object_get(run->head, MTS_F_SAMPLES), *sample;
    json_t *own = by_sample(run->records), *sorted = json_array(), *r;
    bool ok = own && sorted;
    size_t i;
    json_array_foreach(samples, i, sample)
    {
        json_t *list = json_object_get(own, json_string_value(sample));
        ok = ok && (!list || json_array_extend(sorted, list) == 0);
        json_object_del(own, json_string_value(sample));
    }
    json_array_foreach(run->records, i, r)
    {
        ok = ok && (!json_object_get(own, mts_field_text(r, MTS_F_SAMPLE)) || json_array_append(sorted, r) == 0);
    }
    json_decref(own);
    if (!ok) {
        json_decref(sorted);
        return false;
    }
    json_decref(run->records);
    run->records = sorted;
    return true;
}

/* The quantisation that a model's file is named after: "Q4_1" of "SmolLM2-135M-Instruct.Q4_1.gguf"; "" where the name
 * tells of none. */
static const char *quantisation_of(const char *file, char out[16])
{
    const char *end = strrchr(file, '.'), *begin = end && strcmp(end, ".gguf") == 0 ? end : file;
    while (begin > file && begin[-1] != '.' && begin[-1] != '-') {
        begin--;
    }
    const char *q = begin + (begin < end && (*begin == 'i' || *begin == 'I'));
    size_t n = begin < end ? (size_t)(end - begin) : 0;
    bool typed = n < 16 && ((*q == 'q' || *q == 'Q' || *q == 'f' || *q == 'F') ? isdigit((unsigned char)q[1])
                                                                               : strncmp(q, "BF16", 4) == 0);
    out[0] = '\0';
    for (size_t i = 0; typed && i < n; i++) {
        out[i] = (char)toupper((unsigned char)begin[i]);
        out[i + 1] = '\0';
    }
    return out;
}

static bool name_run(const MtsReport *report, size_t i)
{
    char quantisation[16];
    MtsReportRun *run = &report->runs[i];
    const json_t *model = json_object_get(run->head, MTS_F_MODEL);
    const char *name = mts_field_text(model, MTS_F_NAME), *file = mts_field_text(model, MTS_F_FILE);
    bool filed = json_is_string(json_object_get(model, MTS_F_FILE));
    MtsBytes text = {0};
    bool ok = mts_bytes_printf(&text, "%s, %s", mts_field_text(run->head, MTS_F_STAGE),
                               *name   ? name
                               : filed ? file
                                       : "a model without a name");
    quantisation_of(file, quantisation);
    ok = ok && (!*quantisation || !*name || strstr(name, quantisation) || mts_bytes_printf(&text, " %s", quantisation));
    for (size_t k = 0; ok && k < i; k++) {
        if (strcmp(report->runs[k].name, text.data) == 0) {
            ok = mts_bytes_printf(&text, " (run %zu)", i + 1);
            break;
        }
    }
    run->name = text.data;
    return ok;
}

int mts_report_open(MtsReport *report, const char *const *paths, size_t n, MtsError *err)
{
    int rc = MTS_OK;
    *report = (MtsReport){mts_calloc(n, sizeof *report->runs), 0, SIZE_MAX};
    if (!report->runs) {
        return mts_fail(err, MTS_ENOMEM, "report: memory ran out for %zu files", n);
    }
    for (size_t i = 0; !rc && i < n; i++) {
        rc = read_one(report, paths[i], err);
    }
    for (size_t i = 0; !rc && i < report->count; i++) {
        MtsReportRun *run = &report->runs[i];
        if (!order_records(run) || !(run->summary = mts_results_summary(run->head, run->records)) ||
            !name_run(report, i)) {
            rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out over %zu records", run->files,
                          json_array_size(run->records));
        }
    }
    return rc;
}

void mts_report_free(MtsReport *report)
{
    for (size_t i = 0; i < report->count; i++) {
        MtsReportRun *run = &report->runs[i];
        free(run->files);
        free(run->name);
        json_decref(run->head);
        json_decref(run->records);
        json_decref(run->summary);
    }
    free(report->runs);
    *report = (MtsReport){0};
}
