/* From a file's name to its series. */
#include "series/read.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/mem.h"

/* A text of series larger than this is no input to a language model. */
#define MOST_BYTES ((size_t)1 << 30)

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    if (n < m) {
        return false;
    }
    for (size_t i = 0; i < m; i++) {
        char c = s[n - m + i];
        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != end[i]) {
            return false;
        }
    }
    return true;
}

int mts_set_parse(MtsSeriesSet *set, const char *path, char *text, size_t size, MtsError *err)
{
    memset(set, 0, sizeof *set);
    set->name = mts_strdup(path);
    if (!set->name) {
        free(text);
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    }
    if (ends_with(path, ".json")) {
        return mts_read_json(set, text, size, err);
    }
    return mts_read_table(set, text, size, ends_with(path, ".tsv"), err);
}

int mts_set_read(MtsSeriesSet *set, const char *path, MtsError *err)
{
    char *text = NULL;
    size_t size = 0;
    memset(set, 0, sizeof *set);
    int rc = mts_read_file(path, MOST_BYTES, &text, &size, err);
    return rc == MTS_OK ? mts_set_parse(set, path, text, size, err) : rc;
}

int mts_series_read(MtsSeries **series, const char *spec, MtsError *err)
{
    *series = NULL;
    struct stat st;
    const char *hash = strrchr(spec, '#');
    bool whole = !hash || stat(spec, &st) == 0;
    char *path = mts_strndup(spec, whole ? strlen(spec) : (size_t)(hash - spec));
    if (!path) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", spec);
    }
    MtsSeriesSet set;
    int rc = mts_set_read(&set, path, err);
    if (rc == MTS_OK) {
        rc = mts_set_take(&set, whole ? "" : hash + 1, series, err);
    }
    mts_set_free(&set);
    free(path);
    return rc;
}
