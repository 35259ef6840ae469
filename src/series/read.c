/* series/read.c - from a file's name to its series.
 *
 * From a file's name to its series. What gzip packed is unpacked first and then goes by the name in front of
 * ".gz"; a WFDB signal file stands for the header beside it. */
#include "series/read.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/mem.h"
#include "series/gzip.h"
#include "series/preamble.h"

/* A text of series larger than this is no input to a language model. */
#define MOST_BYTES ((size_t)1 << 30)

enum { LONGEST_KIND = 7 }; /* ".ndjson" */

/* The name's last ".word" in lower case, or the one before a last ".gz"; "" when it has none or a longer one. */
static void extension(const char *path, char out[LONGEST_KIND + 1])
{
    size_t end = strlen(path);
    size_t begin = (size_t)(mts_path_name(path) - path);
    for (int turn = 0; turn < 2; turn++) {
        size_t dot = end > begin ? end - 1 : begin;
        while (dot > begin && path[dot] != '.') {
            dot--;
        }
        out[0] = '\0';
        size_t n = end - dot;
        if (path[dot] != '.' || n > LONGEST_KIND) {
            return;
        }
        for (size_t i = 0; i < LONGEST_KIND; i++) {
            char c = i < n ? path[dot + i] : '\0';
            out[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
        out[LONGEST_KIND] = '\0';
        if (strcmp(out, ".gz") != 0) {
            return;
        }
        end = dot;
    }
}

/* "100.dat" and "E07500.mat" to "100.hea" and "E07500.hea"; a copy of any other path. */
static char *header_of(const char *path)
{
    char kind[LONGEST_KIND + 1];
    extension(path, kind);
    char *copy = mts_strdup(path);
    if (copy && (strcmp(kind, ".dat") == 0 || strcmp(kind, ".mat") == 0)) {
        memcpy(copy + strlen(copy) - 4, ".hea", 4);
    }
    return copy;
}

/* Files that are no tables. */
static const struct {
    const char *extension;
    int (*read)(MtsSeriesSet *set, char *text, size_t size, MtsError *err);
} families[] = {{".ts", mts_read_ts},
                {".hea", mts_read_wfdb},
                {".edf", mts_read_edf},
                {".rec", mts_read_edf},
                {".bdf", mts_read_edf}};

int mts_set_parse(MtsSeriesSet *set, const char *path, char *text, size_t size, const MtsSeriesOptions *options,
                  MtsError *err)
{
    MtsSeriesOptions form = options ? *options : (MtsSeriesOptions){0};
    memset(set, 0, sizeof *set);
    set->name = mts_strdup(path);
    if (!set->name) {
        free(text);
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    }
    if (mts_is_gzip(text, size)) {
        char *unpacked = NULL;
        int rc = mts_gunzip(path, text, size, MOST_BYTES, &unpacked, &size, err);
        free(text);
        if (rc) {
            return rc;
        }
        text = unpacked;
    }
    char kind[LONGEST_KIND + 1] = "";
    extension(path, kind);
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (strcmp(kind, families[i].extension) == 0) {
            return families[i].read(set, text, size, err);
        }
    }
    int rc = mts_preamble_refuse(path, text, size, err);
    if (rc) {
        free(text);
        return rc;
    }
    if (strcmp(kind, ".json") == 0) {
        return mts_read_json(set, text, size, &form, err);
    }
    if (strcmp(kind, ".jsonl") == 0 || strcmp(kind, ".ndjson") == 0) {
        return mts_read_json_lines(set, text, size, &form, err);
    }
    if (strcmp(kind, ".tsv") == 0 && !form.delimiter) {
        form.delimiter = '\t';
    }
    return mts_read_table(set, text, size, &form, err);
}

int mts_set_read(MtsSeriesSet *set, const char *path, MtsError *err)
{
    return mts_set_read_with(set, path, NULL, err);
}

int mts_set_read_with(MtsSeriesSet *set, const char *path, const MtsSeriesOptions *options, MtsError *err)
{
    char *text = NULL, *name = header_of(path);
    size_t size = 0;
    memset(set, 0, sizeof *set);
    int rc = name ? mts_read_file(name, MOST_BYTES, &text, &size, err)
                  : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    if (!rc) {
        rc = mts_set_parse(set, name, text, size, options, err);
    }
    free(name);
    return rc;
}

bool mts_set_each_file(const char *path, bool (*take)(void *context, const char *path), void *context)
{
    char kind[LONGEST_KIND + 1], *header = header_of(path);
    bool ok = header != NULL;
    if (ok && strcmp(header, path) != 0) {
        ok = take(context, header);
    }
    if (ok) {
        extension(header, kind);
        ok = strcmp(kind, ".hea") != 0 || mts_wfdb_each_file(header, take, context);
    }
    free(header);
    return ok;
}

/* A spec's selection with options->columns behind its series and before its range; malloc'ed. */
static char *selection_of(const char *selection, const MtsSeriesOptions *options)
{
    const char *columns = options && options->columns ? options->columns : "";
    size_t n = strlen(selection);
    const char *open = n > 0 && selection[n - 1] == ']' ? strrchr(selection, '[') : NULL;
    size_t words = *columns && open ? (size_t)(open - selection) : n;
    MtsBytes b = {0};
    bool ok = mts_bytes_append(&b, selection, words) && mts_bytes_append_str(&b, words && *columns ? "/" : "") &&
              mts_bytes_append_str(&b, columns) && mts_bytes_append_str(&b, selection + words);
    if (!ok) {
        mts_bytes_free(&b);
    }
    return b.data;
}

int mts_set_read_spec(MtsSeriesSet *set, const char *spec, const MtsSeriesOptions *options, MtsSeries **series,
                      MtsError *err, MtsError *why)
{
    struct stat st;
    const char *hash = strrchr(spec, '#');
    bool whole = !hash || stat(spec, &st) == 0;
    char *path = mts_strndup(spec, whole ? strlen(spec) : (size_t)(hash - spec));
    char *selection = selection_of(whole ? "" : hash + 1, options);
    *series = NULL;
    int rc = path && selection ? mts_set_read_with(set, path, options, err)
                               : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", spec);
    if (!rc && (why->code = mts_set_take(set, selection, series, why)) == MTS_ENOMEM) {
        rc = mts_fail(err, MTS_ENOMEM, "%s", why->text);
    }
    free(selection);
    free(path);
    return rc;
}

int mts_series_read_with(MtsSeries **series, const char *spec, const MtsSeriesOptions *options, MtsError *err)
{
    MtsSeriesSet set = {0};
    MtsError why = {0};
    *series = NULL;
    int rc = mts_set_read_spec(&set, spec, options, series, err, &why);
    if (!rc && why.code) {
        rc = why.code;
        if (err) {
            *err = why;
        }
    }
    mts_set_free(&set);
    return rc;
}

int mts_series_read(MtsSeries **series, const char *spec, MtsError *err)
{
    return mts_series_read_with(series, spec, NULL, err);
}
