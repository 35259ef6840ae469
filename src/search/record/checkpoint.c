/* search/record/checkpoint.c - see checkpoint.h. */
#include "search/record/checkpoint.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/output.h"
#include "core/seal.h"
#include "search/settings.h"

#define CHECKPOINT_LIMIT ((uint64_t)1 << 32) /* bytes */

struct MtsCheckpoint {
    char *resume, *save; /* paths; NULL: none */
    json_t **lines;      /* [count] read */
    size_t *starts;      /* [count] where each line begins: in `text`, from begin() on in `save` */
    size_t count, cap, start_cap;
    char *text;     /* of the file that was read */
    bool bare;      /* which is from before lines had checksums */
    MtsOutput *out; /* `save`; NULL: none */
};

/* ---- reading ---- */

/* The option that makes this search the one that was saved; "" where it takes more than one. */
static const char *way_to_fit(const char *key, const json_t *there, char *out, size_t size)
{
    char name[32], *value = there ? mts_json_text(there) : NULL;
    MtsSetting row = {.name = key};
    out[0] = '\0';
    for (size_t i = 0; i < mts_search_setting_count; i++) {
        row = strcmp(mts_search_settings[i].name, key) == 0 ? mts_search_settings[i] : row;
    }
    if (value && strcmp(key, "identity") != 0) {
        snprintf(out, size, "; --%s %s makes it fit", mts_setting_option(&row, name, sizeof name),
                 json_is_string(there)    ? json_string_value(there)
                 : json_is_boolean(there) ? (json_is_true(there) ? "on" : "off")
                                          : value);
    }
    free(value);
    return out;
}

static int bad_setting(const MtsCheckpoint *c, const char *key, const json_t *here, const json_t *there, MtsError *err)
{
    char *own = mts_json_text(here), *other = there ? mts_json_text(there) : NULL;
    char way[96];
    int rc = mts_fail(err, MTS_EREQUEST, "%s: was saved by another search: %s is %s there and %s here%s", c->resume,
                      key, other ? other : "absent", own ? own : "?", way_to_fit(key, there, way, sizeof way));
    free(own);
    free(other);
    return rc;
}

static int check_header(MtsCheckpoint *c, const json_t *line, json_t *identity, MtsError *err)
{
    json_t *have = json_object_get(line, "maxts_checkpoint");
    const char *key;
    json_t *value;
    if (!json_is_object(have)) {
        return mts_fail(err, MTS_EFORMAT, "%s: line 1: is no checkpoint of a search", c->resume);
    }
    json_object_foreach(identity, key, value)
    {
        json_t *other = json_object_get(have, key);
        bool later = !other && json_is_number(value) && json_number_value(value) == 0; /* MtsSetting.later */
        if (!later && !json_equal(value, other)) {
            return bad_setting(c, key, value, other, err);
        }
    }
    return MTS_OK;
}

/* The file is read twice, and its first line is as long as it is. */
static int check_regular(const char *path, MtsError *err)
{
    struct stat st;
    return stat(path, &st) != 0 || S_ISREG(st.st_mode) ? MTS_OK
                                                       : mts_fail(err, MTS_EIO, "%s: is not a regular file", path);
}

int mts_checkpoint_settings(json_t **settings, const char *path, MtsError *err)
{
    *settings = NULL;
    int rc = path ? check_regular(path, err) : MTS_OK;
    if (rc) {
        return rc;
    }
    errno = 0;
    FILE *file = path ? fopen(path, "rbe") : NULL;
    char *text = NULL;
    size_t cap = 0;
    json_t *line = NULL;
    ssize_t size = file ? getline(&text, &cap, file) : -1;
    bool short_of = size < 0 && errno == ENOMEM;
    if (size > 0) {
        short_of = mts_json_parse(&line, path, text, (size_t)size, NULL) == MTS_ENOMEM;
        *settings = json_incref(json_object_get(line, "maxts_checkpoint"));
    }
    if (file) {
        fclose(file);
    }
    json_decref(line);
    free(text);
    return short_of ? mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path) : MTS_OK;
}

/* Takes over a reference of `line`, also when it fails. */
static int add_line(MtsCheckpoint *c, json_t *line, size_t start, MtsError *err)
{
    if (!mts_grow(&c->lines, &c->cap, c->count + 1, sizeof(json_t *)) ||
        !mts_grow(&c->starts, &c->start_cap, c->count + 1, sizeof *c->starts)) {
        json_decref(line);
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", c->resume);
    }
    c->starts[c->count] = start;
    c->lines[c->count++] = line;
    return MTS_OK;
}

static int read_lines(MtsCheckpoint *c, json_t *identity, MtsError *err)
{
    MtsSealLines lines = {.name = c->resume};
    json_t *line;
    int rc = mts_read_file(c->resume, CHECKPOINT_LIMIT, &c->text, &lines.size, err);
    lines.text = c->text;
    while (!rc && !(rc = mts_seal_next(&lines, &line, err)) && line) {
        if (lines.number > 1) {
            rc = add_line(c, line, lines.start, err);
        } else {
            rc = check_header(c, line, identity, err);
            json_decref(line);
        }
    }
    c->bare = lines.bare;
    return !rc && lines.number == 0 ? mts_fail(err, MTS_EFORMAT, "%s: line 1: is no checkpoint of a search", c->resume)
                                    : rc;
}

size_t mts_checkpoint_count(const MtsCheckpoint *c)
{
    return c ? c->count : 0;
}

const json_t *mts_checkpoint_line(const MtsCheckpoint *c, size_t index)
{
    return c->lines[index];
}

int mts_checkpoint_bad(const MtsCheckpoint *c, size_t index, const char *field, MtsError *err)
{
    return mts_fail(err, MTS_EFORMAT, "%s: line %zu: %s is missing or out of range", c->resume, index + 2, field);
}

int mts_checkpoint_differs(const MtsCheckpoint *c, size_t index, const char *what, double there, double now,
                           MtsError *err)
{
    return mts_fail(err, MTS_EREQUEST,
                    "%s: line %zu: the %s of a text is %.17g there and %.17g now: model or reward changed", c->resume,
                    index + 2, what, there, now);
}

int mts_checkpoint_forget(MtsCheckpoint *c, size_t from, MtsError *err)
{
    size_t size = c->starts[from];
    while (c->count > from) {
        json_decref(c->lines[--c->count]);
    }
    return c->out ? mts_output_cut(c->out, size, err) : MTS_OK;
}

/* ---- writing ---- */

/* A line without its newline: sealed where it is not yet, and ended. */
static bool put_line(MtsBytes *bytes, const char *line, size_t size, bool sealed)
{
    size_t from = bytes->len;
    return mts_bytes_append(bytes, line, size) && (sealed || mts_seal(bytes, from)) && mts_bytes_append(bytes, "\n", 1);
}

/* The first line and those that were read, as they are to stand in `save`; c->starts says where. */
static bool put_lines(MtsCheckpoint *c, MtsBytes *bytes, json_t *identity)
{
    json_t *header = json_pack("{s:O}", "maxts_checkpoint", identity);
    char *text = header ? mts_json_text(header) : NULL;
    bool ok = text && put_line(bytes, text, strlen(text), false);
    for (size_t i = 0; ok && i < c->count; i++) {
        const char *line = c->text + c->starts[i];
        c->starts[i] = bytes->len;
        ok = put_line(bytes, line, strcspn(line, "\n"), !c->bare);
    }
    free(text);
    json_decref(header);
    return ok;
}

/* In one step. */
static int begin(MtsCheckpoint *c, json_t *identity, MtsError *err)
{
    MtsBytes bytes = {0};
    int rc = put_lines(c, &bytes, identity) ? mts_output_replace(c->out, bytes.data, bytes.len, err)
                                            : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", c->save);
    mts_bytes_free(&bytes);
    return rc;
}

bool mts_checkpoint_writes(const MtsCheckpoint *c)
{
    return c && c->out;
}

int mts_checkpoint_append(MtsCheckpoint *c, const MtsBytes *line, MtsError *err)
{
    MtsBytes bytes = {0};
    int rc = put_line(&bytes, line->data, line->len - 1, false)
                 ? mts_output_append(c->out, bytes.data, bytes.len, true, err)
                 : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", c->save);
    mts_bytes_free(&bytes);
    return rc;
}

/* ---- both ---- */

int mts_checkpoint_open(MtsCheckpoint **out, const char *resume, const char *save, json_t *identity, MtsError *err)
{
    MtsCheckpoint *c = *out = mts_calloc(1, sizeof *c);
    if (!c) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", resume ? resume : save);
    }
    c->save = save ? mts_strdup(save) : NULL;
    c->resume = resume ? mts_strdup(resume) : NULL;
    int rc = (save && !c->save) || (resume && !c->resume)
                 ? mts_fail(err, MTS_ENOMEM, "%s: memory ran out", resume ? resume : save)
                 : MTS_OK;
    /* `save` is ours before `resume`, which may be the same file, is read. */
    (void)(rc || (save && (rc = mts_output_open(&c->out, save, err))) ||
           (resume && (rc = read_lines(c, identity, err))) || (save && (rc = begin(c, identity, err))));
    free(c->text);
    c->text = NULL;
    return rc;
}

void mts_checkpoint_free(MtsCheckpoint **out)
{
    MtsCheckpoint *c = *out;
    if (!c) {
        return;
    }
    for (size_t i = 0; i < c->count; i++) {
        json_decref(c->lines[i]);
    }
    mts_output_close(&c->out);
    free((void *)c->lines);
    free(c->starts);
    free(c->text);
    free(c->save);
    free(c->resume);
    free(c);
    *out = NULL;
}

/* ---- what lines are made of ---- */

bool mts_field_real(const json_t *array, size_t i, double min, double max, double *out)
{
    const json_t *value = json_array_get(array, i);
    *out = json_number_value(value);
    return json_is_number(value) && *out >= min && *out <= max;
}

bool mts_field_whole(const json_t *array, size_t i, double min, double max, size_t *out)
{
    double value;
    bool ok = json_is_integer(json_array_get(array, i)) && mts_field_real(array, i, min, max, &value);
    *out = ok ? (size_t)value : 0;
    return ok;
}

bool mts_field_log(const json_t *value, double *out)
{
    *out = json_is_null(value) ? -HUGE_VAL : json_number_value(value);
    return json_is_null(value) || json_is_number(value);
}

bool mts_put_real(MtsBytes *b, double x)
{
    return isfinite(x) ? mts_bytes_printf(b, "%.17g", x) : mts_bytes_append_str(b, "null");
}

bool mts_put_tokens(MtsBytes *b, const int32_t *tokens, size_t count)
{
    bool ok = mts_bytes_append_str(b, "[");
    for (size_t i = 0; ok && i < count; i++) {
        ok = mts_bytes_printf(b, "%s%d", i ? "," : "", (int)tokens[i]);
    }
    return ok && mts_bytes_append_str(b, "]");
}
