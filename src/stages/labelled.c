/* stages/labelled.c - labelled series of any kind as a stage: a file that says itself what its labels are, or a table
 * whose columns are named.
 *
 * A table's row is a series: its cells that hold lists, or all its numbers in their order. What counts the rows is none
 * of its numbers, and a column that tells the label no input. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/number.h"
#include "series/form.h"
#include "stages/build.h"
#include "stages/ecg.h"
#include "stages/stage.h"
#include "stages/task.h"

/* A table of words, and where in it is what. */
typedef struct LabelTable {
    const char *path;
    MtsCsv csv;
    size_t label, group, id; /* columns; SIZE_MAX: none */
    char decimal;            /* mark of the numbers */
    bool *values;            /* [columns]: whether they are a series' */
} LabelTable;

static int find_column(const LabelTable *t, const char *name, size_t *column, MtsError *err)
{
    MtsBytes names = {0};
    *column = name ? mts_stage_column(&t->csv, name) : SIZE_MAX;
    if (!name || *column != SIZE_MAX) {
        return MTS_OK;
    }
    bool ok = mts_bytes_append_str(&names, "");
    for (size_t c = 0; ok && t->csv.rows && c < mts_csv_columns(&t->csv, 0) && c < 8; c++) {
        MtsCell cell = mts_csv_cell(&t->csv, 0, c);
        ok = mts_bytes_printf(&names, "%s%.*s", c ? ", " : "", (int)(cell.size < 40 ? cell.size : 40), cell.data);
    }
    int rc = ok ? mts_fail(err, MTS_EREQUEST, "%s: no column is called '%.80s'; the first ones are %s", t->path, name,
                           names.data)
                : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", t->path);
    mts_bytes_free(&names);
    return rc;
}

static bool is_value(const LabelTable *t, size_t column)
{
    return column != t->label && column != t->group && column != t->id;
}

/* Whether the first row below the header holds lists. */
static bool has_lists(const LabelTable *t)
{
    for (size_t c = 0; t->csv.rows > 1 && c < mts_csv_columns(&t->csv, 1); c++) {
        MtsCell cell = mts_csv_cell(&t->csv, 1, c);
        if (is_value(t, c) && cell.size && cell.data[0] == '[') {
            return true;
        }
    }
    return false;
}

/* ---- which columns are values ---- */

static size_t columns_of(const LabelTable *t)
{
    return t->csv.rows ? mts_csv_columns(&t->csv, 0) : 0;
}

static MtsCell cell_of(const LabelTable *t, size_t r, size_t column)
{
    return mts_cell_trim(mts_csv_cell(&t->csv, r, column));
}

static bool number_of(const LabelTable *t, size_t r, size_t column, double *value)
{
    MtsCell cell = cell_of(t, r, column);
    return t->decimal == ',' ? mts_cell_number(cell, ',', value) : mts_number_parse(cell.data, cell.size, value);
}

/* A comma where some number can only be read so, or semicolons delimit, and none has a point. */
static char find_decimal(const LabelTable *t)
{
    size_t points = 0, commas = 0;
    double unused;
    for (size_t r = 1; r < t->csv.rows; r++) {
        for (size_t c = 0; c < columns_of(t); c++) {
            MtsCell cell = is_value(t, c) ? cell_of(t, r, c) : (MtsCell){"", 0};
            MtsCellKind kind = mts_cell_kind(cell, NULL, &unused);
            points += kind == MTS_CELL_PLAIN && memchr(cell.data, '.', cell.size);
            commas += kind == MTS_CELL_COMMA_DECIMAL || (kind == MTS_CELL_COMMA_EITHER && t->csv.delimiter == ';');
        }
    }
    return commas && !points ? ',' : '.';
}

/* A delimiter at the end of each row. */
static bool is_empty(const LabelTable *t, size_t column)
{
    size_t r = 0;
    while (r < t->csv.rows && cell_of(t, r, column).size == 0) {
        r++;
    }
    return r == t->csv.rows;
}

static int compare_numbers(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Whether the column's name says that it counts the rows, and no whole number is there twice; x [rows] is scratch. */
static bool counts_rows(const LabelTable *t, size_t column, double *x)
{
    size_t n = t->csv.rows - 1;
    MtsCell title = cell_of(t, 0, column);
    bool counts = n > 1 && mts_index_name(title) && (title.size > 0 || column == 0);
    for (size_t i = 0; i < n && counts; i++) {
        counts = number_of(t, i + 1, column, &x[i]) && x[i] == floor(x[i]);
    }
    if (counts) {
        qsort(x, n, sizeof *x, compare_numbers);
    }
    for (size_t i = 1; i < n && counts; i++) {
        counts = x[i] > x[i - 1];
    }
    return counts;
}

/* ---- what tells the label ---- */

enum { MOST_TOLD = 64 }; /* labels among which one is looked for that a column tells */

/* The first row of each row's label; how many labels there are, at most MOST_TOLD + 1. */
static size_t number_labels(const LabelTable *t, size_t *first)
{
    size_t heads[MOST_TOLD + 1], labels = 0;
    for (size_t r = 1; r < t->csv.rows && labels <= MOST_TOLD; r++) {
        size_t k = 0;
        while (k < labels && !mts_cell_same(cell_of(t, heads[k], t->label), cell_of(t, r, t->label))) {
            k++;
        }
        heads[k] = k == labels ? r : heads[k];
        labels += k == labels;
        first[r] = heads[k];
    }
    return labels;
}

/* Whether all rows of a label have the same number there, and not all rows. */
static bool tells_label(const LabelTable *t, size_t column, const size_t *first)
{
    bool differs = false;
    double value, before, one;
    for (size_t r = 1; r < t->csv.rows; r++) {
        if (!number_of(t, r, column, &value) || !number_of(t, first[r], column, &before) || value != before) {
            return false;
        }
        differs |= number_of(t, 1, column, &one) && value != one;
    }
    return differs;
}

/* A title without the digits that count: "v12" and "v13" are one's. */
static MtsCell stem_of(const LabelTable *t, size_t column)
{
    MtsCell title = cell_of(t, 0, column);
    while (title.size > 0 && title.data[title.size - 1] >= '0' && title.data[title.size - 1] <= '9') {
        title.size--;
    }
    return title;
}

/* Whether no column beside it is called like it: it is no value between others. */
static bool stands_apart(const LabelTable *t, size_t column)
{
    bool before = column > 0 && t->values[column - 1] && mts_cell_same(stem_of(t, column - 1), stem_of(t, column));
    bool after = column + 1 < columns_of(t) && t->values[column + 1] &&
                 mts_cell_same(stem_of(t, column + 1), stem_of(t, column));
    return !before && !after;
}

/* A column "class_id" beside the classes would be learnt, and nothing else. */
static int check_told(const LabelTable *t, MtsError *err)
{
    size_t *first = mts_calloc(t->csv.rows, sizeof *first), told = 0, values = 0, apart = SIZE_MAX;
    if (!first) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", t->path);
    }
    size_t labels = number_labels(t, first);
    bool classes = labels <= MOST_TOLD && 2 * labels < t->csv.rows;
    for (size_t c = 0; c < columns_of(t) && classes; c++) {
        bool tells = t->values[c] && tells_label(t, c, first);
        values += t->values[c];
        told += tells;
        apart = tells && stands_apart(t, c) ? c : apart;
    }
    free(first);
    MtsCell title = apart == SIZE_MAX ? (MtsCell){"", 0} : cell_of(t, 0, apart);
    return apart == SIZE_MAX || 2 * told > values /* made by rule: all numbers are the label's */
               ? MTS_OK
               : mts_fail(
                     err, MTS_EFORMAT,
                     "%s: column %zu (%.*s) has one number for each label, and so tells what is asked: leave it out",
                     t->path, apart + 1, (int)(title.size < 40 ? title.size : 40), title.data);
}

static int find_values(LabelTable *t, MtsError *err)
{
    size_t columns = columns_of(t);
    double *x = mts_calloc(t->csv.rows + 1, sizeof *x);
    t->values = mts_calloc(columns + 1, sizeof *t->values);
    if (!x || !t->values) {
        free(x);
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", t->path);
    }
    t->decimal = find_decimal(t);
    for (size_t c = 0; c < columns; c++) {
        t->values[c] = is_value(t, c) && !is_empty(t, c) && !counts_rows(t, c, x);
    }
    free(x);
    return check_told(t, err);
}

/* ---- rows of numbers ---- */

/* The numbers of row r as a series of one channel; x [columns of the header] is scratch. */
static int add_row(MtsSeriesSet *set, const LabelTable *t, size_t r, double *x, MtsError *err)
{
    MtsSeries *series = NULL;
    size_t n = 0, columns = mts_csv_columns(&t->csv, r);
    if (columns != mts_csv_columns(&t->csv, 0)) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu has %zu cells, not %zu as the first", t->path, t->csv.line[r],
                        columns, mts_csv_columns(&t->csv, 0));
    }
    for (size_t c = 0; c < columns; c++) {
        MtsCell cell = mts_csv_cell(&t->csv, r, c), title = mts_csv_cell(&t->csv, 0, c);
        if (t->values[c] && !number_of(t, r, c, &x[n++])) {
            return mts_fail(err, MTS_EFORMAT, "%s: line %zu, column %.*s: '%.*s' is no number", t->path, t->csv.line[r],
                            (int)(title.size < 40 ? title.size : 40), title.data,
                            (int)(cell.size < 40 ? cell.size : 40), cell.data);
        }
    }
    if (!n) {
        return mts_fail(err, MTS_EFORMAT, "%s: no column has values", t->path);
    }
    int rc = mts_series_from_values(&series, x, n, err);
    return rc ? rc : mts_set_add(set, series, "", 0, err);
}

static int read_rows(MtsSeriesSet *set, LabelTable *t, MtsError *err)
{
    double *x = mts_calloc(columns_of(t) + 1, sizeof *x);
    set->name = mts_strdup(t->path);
    int rc = x && set->name ? find_values(t, err) : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", t->path);
    for (size_t r = 1; !rc && r < t->csv.rows; r++) {
        rc = add_row(set, t, r, x, err);
    }
    free(x);
    return rc;
}

/* Labels, and as ids the groups, from their columns. */
static bool name_series(MtsSeriesSet *set, const LabelTable *t)
{
    bool ok = true;
    for (size_t i = 0; ok && i < set->count; i++) {
        MtsCell label = mts_csv_cell(&t->csv, i + 1, t->label);
        ok = mts_series_rename(&set->label[i], label.data, label.size);
        if (ok && t->group != SIZE_MAX) {
            MtsCell group = mts_csv_cell(&t->csv, i + 1, t->group);
            ok = mts_series_rename(&set->item[i]->id, group.data, group.size);
        }
    }
    return ok;
}

static int read_table(MtsSeriesSet *set, const char *path, const MtsLabelColumns *columns, MtsError *err)
{
    LabelTable t = {.path = path};
    int rc;
    if ((rc = mts_stage_csv(&t.csv, path, err)) || (rc = find_column(&t, columns->label, &t.label, err)) ||
        (rc = find_column(&t, columns->group, &t.group, err))) {
        goto done;
    }
    t.id = mts_stage_column(&t.csv, "id");
    if ((rc = has_lists(&t) ? mts_set_read(set, path, err) : read_rows(set, &t, err))) {
        goto done;
    }
    if (!set->count || set->count + 1 != t.csv.rows) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: has %zu series in %zu rows; every row below the header must be one", path,
                      set->count, t.csv.rows ? t.csv.rows - 1 : 0);
    } else if (!name_series(set, &t)) {
        rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    }
done:
    free(t.values);
    mts_csv_free(&t.csv);
    return rc;
}

/* A file whose format has a place for labels: .ts, JSON. */
static bool has_own_labels(const char *path)
{
    static const char *const kinds[] = {".ts", ".json", ".jsonl", ".ndjson"};
    size_t n = strlen(path);
    n -= n > 3 && mts_cell_is((MtsCell){path + n - 3, 3}, ".gz") ? 3 : 0;
    bool own = false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t k = strlen(kinds[i]);
        own |= n > k && mts_cell_is((MtsCell){path + n - k, k}, kinds[i]);
    }
    return own;
}

/* Its labels are called "label" or "class", and its groups are its ids. */
static int read_own(MtsSeriesSet *set, const char *path, const MtsLabelColumns *columns, MtsError *err)
{
    bool said = strcmp(columns->label, "label") == 0 || strcmp(columns->label, "class") == 0;
    return said && !columns->group
               ? mts_set_read(set, path, err)
               : mts_fail(err, MTS_EREQUEST,
                          "%s: labels of such a file are called label or class, and its ids group it", path);
}

/* `labels`: a sample that has all of the file's labels as options. */
static int add_labelled(MtsStage *stage, const MtsSeriesSet *set, size_t i, const MtsStageOptions *options,
                        void *labels, MtsError *err)
{
    MtsSample *s;
    (void)options;
    int rc = mts_stage_add_number(stage, i + 1, &s, err);
    if (rc || (rc = mts_set_take_at(set, i, 0, &s->series, err))) {
        return rc;
    }
    s->prompt = mts_strdup("");
    return s->prompt && mts_sample_options_of(s, labels, set->label[i]) ? MTS_OK : mts_stage_no_memory(stage, err);
}

/* A directory of records says itself what windows are of; its one column is "rhythm". */
static int read_folder(MtsSeriesSet *set, const char *path, const MtsLabelColumns *columns, MtsError *err)
{
    return !columns->group && strcmp(columns->label, "rhythm") == 0
               ? mts_ecg_rhythms(set, path, err)
               : mts_fail(err, MTS_EREQUEST,
                          "%s: a directory of WFDB records is labelled by rhythm, and grouped by record", path);
}

static int read_labelled(MtsStage *stage, MtsSeriesSet *set, const char *path, const MtsLabelColumns *columns,
                         MtsError *err)
{
    struct stat what;
    if (columns && stat(path, &what) == 0 && S_ISDIR(what.st_mode)) {
        stage->kind = mts_stage_kind("ecg");
        return read_folder(set, path, columns, err);
    }
    return !columns               ? mts_set_read(set, path, err)
           : has_own_labels(path) ? read_own(set, path, columns, err)
                                  : read_table(set, path, columns, err);
}

int mts_stage_of_labelled(MtsStage **out, const char *path, const MtsLabelColumns *columns, MtsError *err)
{
    const MtsStageOptions all = {0};
    MtsSeriesSet set = {0};
    MtsSample labels = {0};
    MtsStage *stage = *out = mts_calloc(1, sizeof *stage);
    if (!stage) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    }
    stage->kind = &mts_task_kinds[MTS_TASK_CLASSIFY];
    int rc = read_labelled(stage, &set, path, columns, err);
    if (!rc && !(rc = mts_stage_labels(&set, &all, &labels, err))) {
        rc = mts_stage_each(stage, &set, &all, add_labelled, &labels, err);
    }
    mts_sample_free_options(&labels);
    mts_set_free(&set);
    if (rc) {
        mts_stage_free(out);
    }
    return rc;
}
