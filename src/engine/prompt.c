/* engine/prompt.c - what a request is made of: a series written into a prompt, a file as a constraint. */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "engine/internal.h"

enum { MAX_CONSTRAINT = 1 << 20 }; /* bytes */

static bool write_series(MtsBytes *out, const MtsSeries *series)
{
    bool ok = true;
    for (size_t c = 0; c < series->channels && ok; c++) {
        if (series->channels > 1) {
            ok = mts_bytes_printf(out, "%s%s: ", c ? "\n" : "", series->names[c]);
        }
        for (size_t t = 0; t < series->length && ok; t++) {
            ok = mts_bytes_printf(out, "%s%.6g", t ? ", " : "", series->values[c * series->length + t]);
        }
    }
    return ok;
}

int mts_prompt_fill(const char *text, const MtsSeries *series, char **filled, MtsError *err)
{
    MtsBytes out = {0};
    const char *at;
    bool ok = true;
    *filled = NULL;
    if (!series && strstr(text, MTS_SERIES_PLACE)) {
        return mts_fail(err, MTS_EREQUEST, "the prompt asks for %s, but no series was given", MTS_SERIES_PLACE);
    }
    while (ok && (at = strstr(text, MTS_SERIES_PLACE)) != NULL) {
        ok = mts_bytes_append(&out, text, (size_t)(at - text)) && write_series(&out, series);
        text = at + strlen(MTS_SERIES_PLACE);
    }
    ok = ok && mts_bytes_append_str(&out, text);
    if (!ok) {
        mts_bytes_free(&out);
        return mts_fail(err, MTS_ENOMEM, "no memory for the prompt");
    }
    *filled = out.data;
    return MTS_OK;
}

int mts_constraint_read_file(const char *path, char **text, MtsError *err)
{
    size_t size;
    *text = NULL;
    int rc = mts_read_file(path, MAX_CONSTRAINT, text, &size, err);
    if (!rc && strlen(*text) != size) {
        free(*text);
        *text = NULL;
        rc = mts_fail(err, MTS_EFORMAT, "%s: it has a NUL byte", path);
    }
    return rc;
}
