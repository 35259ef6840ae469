/* results/journal.c - lines appended whole, and journals of one run joined. A line is written at the end of the last
 * whole one and synced before the next begins, so a crash costs at most one, whose beginning the next open cuts off. */
#include "results/journal.h"

#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/output.h"
#include "core/seal.h"
#include "results/fields.h"

enum { MAX_JOURNAL = 1 << 30 }; /* bytes */

struct MtsJournal {
    char *path;
    MtsOutput *out; /* NULL: opened to be read */
    size_t end;     /* of the last whole line */
    bool bare;      /* from before lines had checksums */
    json_t *head;
    json_t *records; /* array, in order */
    json_t *by_key;  /* object: key -> record */
};

void mts_journal_close(MtsJournal **journal)
{
    MtsJournal *j = *journal;
    if (j) {
        mts_output_close(&j->out);
        json_decref(j->head);
        json_decref(j->records);
        json_decref(j->by_key);
        free(j->path);
        free(j);
        *journal = NULL;
    }
}

static int remember(MtsJournal *j, json_t *record, size_t line, MtsError *err)
{
    const char *key = json_string_value(json_object_get(record, MTS_F_KEY));
    if (!key) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu has no string \"key\"", j->path, line);
    }
    if (json_object_get(j->by_key, key)) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu repeats the key \"%s\"", j->path, line, key);
    }
    if (json_object_set(j->by_key, key, record) != 0 || json_array_append(j->records, record) != 0) {
        json_object_del(j->by_key, key);
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out at line %zu", j->path, line);
    }
    return MTS_OK;
}

/* Takes all whole lines; the first becomes the head. */
static int read_lines(MtsJournal *j, const char *text, size_t size, MtsError *err)
{
    MtsSealLines lines = {.name = j->path, .text = text, .size = size};
    json_t *line;
    int rc;
    while (!(rc = mts_seal_next(&lines, &line, err)) && line) {
        if (lines.number == 1) {
            j->head = json_incref(line);
        } else {
            rc = remember(j, line, lines.number, err);
        }
        json_decref(line);
        if (rc) {
            return rc;
        }
        j->end = lines.end;
    }
    j->bare = lines.bare;
    return rc;
}

static int journal_new(MtsJournal **journal, const char *path, MtsError *err)
{
    MtsJournal *j = *journal = mts_calloc(1, sizeof *j);
    if (j) {
        j->path = mts_strdup(path);
        j->records = json_array();
        j->by_key = json_object();
    }
    if (!j || !j->path || !j->records || !j->by_key) {
        mts_journal_close(journal);
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    }
    return MTS_OK;
}

/* The value as a line, sealed unless the file is from before. */
static bool add_line(MtsBytes *lines, const json_t *value, bool bare)
{
    size_t from = lines->len;
    char *text = mts_json_text(value);
    bool ok = text && mts_bytes_append_str(lines, text) && (bare || mts_seal(lines, from)) &&
              mts_bytes_append(lines, "\n", 1);
    free(text);
    return ok;
}

/* On disk when it returns; a failure leaves the file as it was. */
static int write_line(MtsJournal *j, const json_t *value, MtsError *err)
{
    MtsBytes line = {0};
    int rc = add_line(&line, value, j->bare) ? mts_output_append(j->out, line.data, line.len, true, err)
                                             : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", j->path);
    mts_bytes_free(&line);
    return rc;
}

/* Of a file without a whole line: what is there is the beginning of this run's head, or zeros as some file systems
 * leave them after a crash. Anything else is somebody's, and would be lost. */
static int check_begun(const MtsJournal *j, const json_t *head, const char *text, size_t size, MtsError *err)
{
    MtsBytes line = {0};
    size_t zeros = 0;
    int rc = add_line(&line, head, false) ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", j->path);
    while (zeros < size && text[zeros] == '\0') {
        zeros++;
    }
    if (!rc && zeros < size && (size > line.len || memcmp(text, line.data, size) != 0)) {
        rc = mts_fail(err, MTS_EREQUEST, "%s: holds something else than this run; name another file or remove it",
                      j->path);
    }
    mts_bytes_free(&line);
    return rc;
}

/* Reads what the file has, checks that it is this run's, and cuts off an unfinished line. */
static int take_file(MtsJournal *j, const json_t *head, size_t *dropped, MtsError *err)
{
    char *text = NULL;
    size_t size = 0;
    int rc;
    if ((rc = mts_output_read(j->out, MAX_JOURNAL, &text, &size, err)) || (rc = read_lines(j, text, size, err)) ||
        (rc = j->head ? MTS_OK : check_begun(j, head, text, size, err))) {
        goto done;
    }
    if (j->head && !json_equal(j->head, head)) {
        rc = mts_fail(err, MTS_EREQUEST, "%s: belongs to a run with other settings; name another file or remove it",
                      j->path);
    } else if (!(rc = mts_output_cut(j->out, j->end, err)) && dropped) {
        *dropped = size - j->end;
    }
done:
    free(text);
    return rc;
}

int mts_journal_open(MtsJournal **journal, const char *path, const json_t *head, size_t *dropped, MtsError *err)
{
    int rc = journal_new(journal, path, err);
    if (rc) {
        return rc;
    }
    MtsJournal *j = *journal;
    rc = mts_output_open(&j->out, path, err);
    rc = rc ? rc : take_file(j, head, dropped, err);
    if (!rc && !j->head) {
        j->head = json_deep_copy(head);
        rc = j->head ? write_line(j, head, err) : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    }
    if (rc) {
        mts_journal_close(journal);
    }
    return rc;
}

size_t mts_journal_count(const MtsJournal *journal)
{
    return json_array_size(journal->records);
}

const json_t *mts_journal_at(const MtsJournal *journal, size_t index)
{
    return json_array_get(journal->records, index);
}

const json_t *mts_journal_find(const MtsJournal *journal, const char *key)
{
    return json_object_get(journal->by_key, key);
}

int mts_journal_append(MtsJournal *journal, json_t *record, MtsError *err)
{
    const char *key = json_string_value(json_object_get(record, MTS_F_KEY));
    if (!key || mts_journal_find(journal, key)) {
        return mts_fail(err, MTS_EREQUEST, "%s: a record %s", journal->path,
                        key ? "repeats a key that is there already" : "has no string \"key\"");
    }
    int rc = write_line(journal, record, err);
    return rc ? rc : remember(journal, record, mts_journal_count(journal) + 2, err);
}

static size_t members_but(const json_t *object, const char *member)
{
    return json_object_size(object) - (json_object_get(object, member) != NULL);
}

/* Whether two values are equal but for a member that may differ between equal runs, at every depth. */
static bool same_without(const json_t *a, const json_t *b, const char *member)
{
    const char *key;
    json_t *inner;
    size_t i;
    bool same;
    if (json_is_object(a) && json_is_object(b)) {
        same = members_but(a, member) == members_but(b, member);
        json_object_foreach((json_t *)(uintptr_t)a, key, inner)
        {
            const json_t *other = json_object_get(b, key);
            same = same && (strcmp(key, member) == 0 || (other && same_without(inner, other, member)));
        }
        return same;
    }
    if (json_is_array(a) && json_is_array(b)) {
        same = json_array_size(a) == json_array_size(b);
        json_array_foreach(a, i, inner)
        {
            same = same && same_without(inner, json_array_get(b, i), member);
        }
        return same;
    }
    return json_equal(a, b);
}

/* Adds the records of one journal to all; those that are there already must be the same. */
static int merge_records(MtsJournal *all, const MtsJournal *one, MtsError *err)
{
    json_t *record;
    size_t i;
    json_array_foreach(one->records, i, record)
    {
        const char *key = mts_field_text(record, MTS_F_KEY);
        const json_t *there = mts_journal_find(all, key);
        int rc = MTS_OK;
        if (!there) {
            rc = remember(all, record, i + 2, err);
        } else if (!same_without(there, record, MTS_F_SECONDS)) {
            rc = mts_fail(err, MTS_EFORMAT, "%s: its record \"%s\" is not the one of another journal", one->path, key);
        }
        if (rc) {
            return rc;
        }
    }
    return MTS_OK;
}

static int merge_one(MtsJournal *all, const char *path, MtsError *err)
{
    MtsJournal *one = NULL;
    char *text = NULL;
    size_t size = 0;
    int rc;
    if ((rc = journal_new(&one, path, err)) || (rc = mts_read_file(path, MAX_JOURNAL, &text, &size, err)) ||
        (rc = read_lines(one, text, size, err))) {
        goto done;
    }
    if (!one->head) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: is empty: a journal begins with the run it belongs to", path);
        goto done;
    }
    if (!all->head) {
        all->head = json_deep_copy(one->head);
        if (!all->head) {
            rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
            goto done;
        }
        json_object_del(all->head, MTS_F_SHARD);
    } else if (!same_without(all->head, one->head, MTS_F_SHARD)) {
        rc = mts_fail(err, MTS_EREQUEST, "%s: belongs to another run than the journals before it", path);
        goto done;
    }
    rc = merge_records(all, one, err);
done:
    free(text);
    mts_journal_close(&one);
    return rc;
}

/* Head and records as they are to stand in `out`. */
static int write_merged(const MtsJournal *all, const json_t *order, bool partial, const char *out, MtsError *err)
{
    MtsBytes lines = {0};
    size_t kept = 0;
    int rc;
    bool fits = add_line(&lines, all->head, false);
    for (size_t i = 0; i < json_array_size(order); i++) {
        const char *key = json_string_value(json_array_get(order, i));
        const json_t *record = mts_journal_find(all, key);
        if (!record && !partial) {
            rc = mts_fail(err, MTS_EREQUEST, "%s: no journal has the record \"%s\"", out, key);
            goto done;
        }
        if (record) {
            fits = fits && add_line(&lines, record, false);
            kept++;
        }
    }
    if (!fits) {
        rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out", out);
    } else if (kept != mts_journal_count(all)) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: the journals have %zu records that the run does not", out,
                      mts_journal_count(all) - kept);
    } else {
        rc = mts_write_file_atomic(out, lines.data, lines.len, err);
    }
done:
    mts_bytes_free(&lines);
    return rc;
}

int mts_journal_merge(const char *const *paths, size_t n, const json_t *order, bool partial, const char *out,
                      MtsError *err)
{
    MtsJournal *all = NULL;
    int rc = journal_new(&all, out, err);
    for (size_t i = 0; !rc && i < n; i++) {
        rc = merge_one(all, paths[i], err);
    }
    if (!rc && !all->head) {
        rc = mts_fail(err, MTS_EREQUEST, "%s: there are no journals to merge", out);
    }
    rc = rc ? rc : write_merged(all, order, partial, out, err);
    mts_journal_close(&all);
    return rc;
}
