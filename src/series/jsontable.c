/* series/jsontable.c - JSON that is a table: records, or columns by name.
 *
 * It is written out as delimited text, a row a line, and read as such, so that one set of rules says what a column is.
 * Texts are quoted; a real number has 17 digits and an exponent, so that its point cannot be taken for anything else;
 * null and what a record lacks are empty cells. Each record may lack what all others have, so that there may be far
 * more of these than the file is long: there is a limit to them. */
#include "series/jsontable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "series/cell.h"
#include "series/read.h"

enum { MOST_LACKING = 1 << 24 }; /* cells that are not in the file */

/* Row r of a table, cell of the column called `name` with the number `column`; NULL where there is none. */
typedef json_t *(*CellOf)(const json_t *value, size_t row, size_t column, const char *name);

/* A table as JSON has it. */
typedef struct JsonTable {
    const char *row;  /* what a row is called in sentences */
    json_t *names;    /* of the columns, a list */
    const json_t *at; /* for cell() */
    size_t rows;
    CellOf cell;
} JsonTable;

static bool all_are(const json_t *list, json_type type)
{
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n; i++) {
        if (json_typeof(json_array_get(list, i)) != type) {
            return false;
        }
    }
    return n > 0;
}

static bool members_are(const json_t *object, json_type type)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        if (json_typeof(value) != type) {
            return false;
        }
    }
    return json_object_size(object) > 0;
}

static bool is_split(const json_t *value)
{
    return all_are(json_object_get(value, "columns"), JSON_STRING) &&
           all_are(json_object_get(value, "data"), JSON_ARRAY);
}

/* The list of records that a value is or holds, or NULL. */
static const json_t *records_of(const json_t *value)
{
    const json_t *list = json_object_get(value, "schema") ? json_object_get(value, "data") : value;
    return json_is_object(json_array_get(list, 0)) ? list : NULL;
}

bool mts_json_is_table(const json_t *value)
{
    return records_of(value) || is_split(value) || members_are(value, JSON_ARRAY) || members_are(value, JSON_OBJECT);
}

/* ---- the four kinds ---- */

static json_t *record_cell(const json_t *value, size_t row, size_t column, const char *name)
{
    (void)column;
    return json_object_get(json_array_get(value, row), name);
}

static json_t *column_cell(const json_t *value, size_t row, size_t column, const char *name)
{
    (void)column;
    return json_array_get(json_object_get(value, name), row);
}

static json_t *split_cell(const json_t *value, size_t row, size_t column, const char *name)
{
    (void)name;
    return json_array_get(json_array_get(value, row), column);
}

/* Rows of columns by row name go by the first column's names, which `at` has in front. */
static json_t *keyed_cell(const json_t *value, size_t row, size_t column, const char *name)
{
    (void)column;
    const char *key = json_string_value(json_array_get(json_array_get(value, 0), row));
    return json_object_get(json_object_get(json_array_get(value, 1), name), key);
}

static json_t *keys_of(const json_t *object)
{
    const char *key;
    json_t *unused, *keys = json_array();
    json_object_foreach((json_t *)object, key, unused)
    {
        mts_json_add(&keys, NULL, json_string(key));
    }
    return keys;
}

/* The members of all records, by first appearance. */
static json_t *keys_of_all(const json_t *records)
{
    const char *key;
    json_t *unused, *seen = json_object();
    for (size_t i = 0; i < json_array_size(records); i++) {
        json_object_foreach(json_array_get(records, i), key, unused)
        {
            if (!json_object_get(seen, key)) {
                mts_json_add(&seen, key, json_null());
            }
        }
    }
    json_t *keys = seen ? keys_of(seen) : NULL;
    json_decref(seen);
    return keys;
}

static int take_records(const MtsSeriesSet *set, JsonTable *t, const json_t *list, MtsError *err)
{
    *t = (JsonTable){"record", NULL, list, json_array_size(list), record_cell};
    for (size_t i = 0; i < t->rows; i++) {
        if (!json_is_object(json_array_get(list, i))) {
            return mts_fail(err, MTS_EFORMAT, "%s: element %zu is no object, unlike the first", set->name, i + 1);
        }
    }
    t->names = keys_of_all(list);
    return MTS_OK;
}

static int take_split(const MtsSeriesSet *set, JsonTable *t, const json_t *value, MtsError *err)
{
    const json_t *names = json_object_get(value, "columns"), *data = json_object_get(value, "data");
    *t = (JsonTable){"row", json_deep_copy(names), data, json_array_size(data), split_cell};
    for (size_t i = 0; i < t->rows; i++) {
        size_t n = json_array_size(json_array_get(data, i));
        if (n != json_array_size(names)) {
            return mts_fail(err, MTS_EFORMAT, "%s: row %zu has %zu values for %zu columns", set->name, i + 1, n,
                            json_array_size(names));
        }
    }
    return MTS_OK;
}

static void take_columns(JsonTable *t, const json_t *value)
{
    const char *key;
    json_t *list;
    *t = (JsonTable){"value", keys_of(value), value, 0, column_cell};
    json_object_foreach((json_t *)value, key, list)
    {
        t->rows = json_array_size(list) > t->rows ? json_array_size(list) : t->rows;
    }
}

bool mts_json_names_rows(const json_t *object)
{
    const char *key;
    json_t *unused;
    double value;
    json_object_foreach((json_t *)object, key, unused)
    {
        MtsCellKind kind = mts_cell_kind((MtsCell){key, strlen(key)}, NULL, &value);
        if (kind != MTS_CELL_PLAIN && kind != MTS_CELL_TIME) {
            return false;
        }
    }
    return true;
}

/* Rows by name, each an object of its columns (pandas' orient="index"): the rows, a new list; NULL: it is none. */
static json_t *rows_of(const json_t *value)
{
    const char *key;
    json_t *row, *rows = json_array();
    if (!members_are(value, JSON_OBJECT) || !mts_json_names_rows(value) ||
        mts_json_names_rows(json_object_iter_value(json_object_iter((json_t *)value)))) {
        json_decref(rows);
        return NULL;
    }
    json_object_foreach((json_t *)value, key, row)
    {
        mts_json_add(&rows, NULL, json_incref(row));
    }
    return rows;
}

/* `pair` keeps what t->at points to. */
static int take_keyed(const MtsSeriesSet *set, JsonTable *t, json_t *value, json_t **pair, MtsError *err)
{
    const char *key;
    json_t *column, *first = json_object_iter_value(json_object_iter(value));
    *pair = json_array();
    mts_json_add(pair, NULL, keys_of(first));
    mts_json_add(pair, NULL, json_incref(value));
    *t = (JsonTable){"row", keys_of(value), *pair, json_object_size(first), keyed_cell};
    json_object_foreach(value, key, column)
    {
        if (json_object_size(column) != t->rows) {
            return mts_fail(err, MTS_EFORMAT, "%s: column \"%.60s\" has %zu rows, but the first has %zu", set->name,
                            key, json_object_size(column), t->rows);
        }
    }
    return MTS_OK;
}

/* ---- to text ---- */

/* Quoted, on one line. */
static bool write_text(MtsBytes *out, const char *s)
{
    bool ok = mts_bytes_append(out, "\"", 1);
    for (; ok && *s; s++) {
        char c = *s == '\n' || *s == '\r' ? ' ' : *s;
        ok = mts_bytes_append(out, "\"\"", c == '"' ? 2 : 0) && (c == '"' || mts_bytes_append(out, &c, 1));
    }
    return ok && mts_bytes_append(out, "\"", 1);
}

static bool write_list(MtsBytes *out, const json_t *list)
{
    char *text = mts_json_text(list);
    bool ok = text && write_text(out, text);
    free(text);
    return ok;
}

/* In as few digits as the number takes, for it may be a label. */
static bool write_real(MtsBytes *out, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.15g", value);
    if (strtod(text, NULL) != value) {
        snprintf(text, sizeof text, "%.17g", value);
    }
    return mts_bytes_append_str(out, text);
}

static bool write_cell(MtsBytes *out, const json_t *cell)
{
    return json_is_real(cell)      ? write_real(out, json_real_value(cell))
           : json_is_integer(cell) ? mts_bytes_printf(out, "%lld", (long long)json_integer_value(cell))
           : json_is_string(cell)  ? write_text(out, json_string_value(cell))
           : json_is_array(cell)   ? write_list(out, cell)
                                 : write_text(out, json_is_boolean(cell) ? json_is_true(cell) ? "true" : "false" : "");
}

static int no_memory(const MtsSeriesSet *set, MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", set->name);
}

/* *lacking counts the cells that are not there. */
static int write_row(const MtsSeriesSet *set, const JsonTable *t, size_t row, size_t *lacking, MtsBytes *out,
                     MtsError *err)
{
    for (size_t c = 0; c < json_array_size(t->names); c++) {
        const char *name = json_string_value(json_array_get(t->names, c));
        const json_t *cell = t->cell(t->at, row, c, name);
        if (json_is_object(cell)) {
            return mts_fail(err, MTS_EFORMAT, "%s: %s %zu: \"%.60s\" is an object and no value", set->name, t->row,
                            row + 1, name);
        }
        if (!cell && ++*lacking > MOST_LACKING) {
            return mts_fail(err, MTS_EFORMAT,
                            "%s: %zu %ss and %zu columns, of whose cells more than %d, the limit, are not there",
                            set->name, t->rows, t->row, json_array_size(t->names), MOST_LACKING);
        }
        if ((c > 0 && !mts_bytes_append(out, ",", 1)) || !write_cell(out, cell)) {
            return no_memory(set, err);
        }
    }
    return mts_bytes_append(out, "\n", 1) ? MTS_OK : no_memory(set, err);
}

static int write_table(const MtsSeriesSet *set, const JsonTable *t, MtsBytes *out, MtsError *err)
{
    bool ok = t->names != NULL && t->at != NULL;
    for (size_t c = 0; ok && c < json_array_size(t->names); c++) {
        ok = mts_bytes_append(out, ",", c > 0) && write_text(out, json_string_value(json_array_get(t->names, c)));
    }
    if (!ok || !mts_bytes_append(out, "\n", 1)) {
        return no_memory(set, err);
    }
    size_t lacking = 0;
    int rc = MTS_OK;
    for (size_t r = 0; r < t->rows && !rc; r++) {
        rc = write_row(set, t, r, &lacking, out, err);
    }
    return rc;
}

int mts_read_json_table(MtsSeriesSet *set, const json_t *value, const MtsSeriesOptions *options, MtsError *err)
{
    JsonTable t = {0};
    MtsBytes text = {0};
    json_t *pair = NULL, *rows = rows_of(value);
    const json_t *records = rows ? rows : records_of(value);
    int rc = MTS_OK;
    if (records) {
        rc = take_records(set, &t, records, err);
    } else if (is_split(value)) {
        rc = take_split(set, &t, value, err);
    } else if (members_are(value, JSON_ARRAY)) {
        take_columns(&t, value);
    } else {
        rc = take_keyed(set, &t, (json_t *)value, &pair, err);
    }
    rc = rc ? rc : write_table(set, &t, &text, err);
    json_decref(t.names);
    json_decref(pair);
    json_decref(rows);
    if (rc) {
        mts_bytes_free(&text);
        return rc;
    }
    MtsSeriesOptions form = *options;
    form.delimiter = ',';
    form.header = MTS_HEADER_YES;
    set->row = t.row;
    return mts_read_table(set, text.data, text.len, &form, err);
}
