/* stages/labelled.c - labelled series of any kind as a stage: a file that says itself what its labels are, or a table
 * whose columns are named.
 *
 * A table's row is a series: its cells that hold lists, or all its numbers in their order. What counts the rows is none
 * of its numbers, and a column that is not called like the others, or tells the label, no input. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/number.h"
#include "core/sort.h"
#include "series/form.h"
#include "stages/build.h"
#include "stages/ecg.h"
#include "stages/stage.h"
#include "stages/task.h"

/* A table of words, and where in it is what. */
typedef struct LabelTable {
    const char *path;
    MtsCsv csv;
    size_t top;              /* its first row below the header, 0 where there is none */
    size_t label, group, id; /* columns; SIZE_MAX: none */
    char decimal;            /* mark of the numbers */
    bool *values;            /* [columns]: whether they are a series' */
} LabelTable;

static size_t columns_of(const LabelTable *t)
{
    return t->csv.rows ? mts_csv_columns(&t->csv, 0) : 0;
}

static MtsCell cell_of(const LabelTable *t, size_t r, size_t column)
{
    return mts_cell_trim(mts_csv_cell(&t->csv, r, column));
}

static MtsCell title_of(const LabelTable *t, size_t column)
{
    return t->top ? cell_of(t, 0, column) : (MtsCell){"", 0};
}

static int shown(MtsCell cell)
{
    return (int)(cell.size < 40 ? cell.size : 40);
}

/* ---- where it says what ---- */

/* Whether the first row is values: numbers stand over numbers throughout, in steps that are unlike, as those of times
 * or of counted columns are not. */
static bool begins_with_values(const LabelTable *t)
{
    double before = 0, step = 0;
    size_t numbers = 0;
    bool even = true;
    for (size_t c = 0; c < columns_of(t); c++) {
        double above, below;
        bool is = mts_cell_kind(cell_of(t, 0, c), NULL, &above) == MTS_CELL_PLAIN;
        if (t->csv.rows < 2 || mts_cell_kind(cell_of(t, 1, c), NULL, &below) != MTS_CELL_PLAIN) {
            continue;
        }
        if (!is) {
            return false;
        }
        even = even && (numbers < 1 || above > before) && (numbers < 2 || fabs(above - before - step) < 1e-6 * step);
        step = above - before;
        before = above;
        numbers++;
    }
    return numbers > 0 && !even;
}

/* "1" is the first column of a table without a header. */
static int find_numbered(const LabelTable *t, const char *name, size_t *column, MtsError *err)
{
    double number;
    bool is = mts_number_parse(name, strlen(name), &number) && number == floor(number);
    if (is && number >= 1 && number <= (double)columns_of(t)) {
        *column = (size_t)number - 1;
        return MTS_OK;
    }
    return mts_fail(err, MTS_EREQUEST,
                    "%s: has no header; its columns are called by their numbers, 1 to %zu, not '%.80s'", t->path,
                    columns_of(t), name);
}

static int unknown_column(const LabelTable *t, const char *name, MtsError *err)
{
    MtsBytes names = {0};
    bool ok = mts_bytes_append_str(&names, "");
    for (size_t c = 0; ok && c < columns_of(t) && c < 8; c++) {
        MtsCell cell = title_of(t, c);
        ok = mts_bytes_printf(&names, "%s%.*s", c ? ", " : "", shown(cell), cell.data);
    }
    int rc = ok ? mts_fail(err, MTS_EREQUEST, "%s: no column is called '%.80s'; the first ones are %s", t->path, name,
                           names.data)
                : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", t->path);
    mts_bytes_free(&names);
    return rc;
}

static int find_column(const LabelTable *t, const char *name, size_t *column, MtsError *err)
{
    size_t found = 0;
    *column = SIZE_MAX;
    if (name && !t->top) {
        return find_numbered(t, name, column, err);
    }
    for (size_t c = columns_of(t); name && c-- > 0;) {
        bool is = mts_cell_is(title_of(t, c), name);
        *column = is ? c : *column;
        found += is;
    }
    return !name || found == 1 ? MTS_OK
           : found             ? mts_fail(err, MTS_EREQUEST, "%s: %zu columns are called '%.80s'", t->path, found, name)
                               : unknown_column(t, name, err);
}

static bool is_value(const LabelTable *t, size_t column)
{
    return column != t->label && column != t->group && column != t->id;
}

/* Whether the first row below the header holds lists. */
static bool has_lists(const LabelTable *t)
{
    for (size_t c = 0; t->csv.rows > t->top && c < mts_csv_columns(&t->csv, t->top); c++) {
        if (is_value(t, c) && mts_cell_is_list(cell_of(t, t->top, c))) {
            return true;
        }
    }
    return false;
}

/* ---- which columns are values ---- */

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
    for (size_t r = t->top; r < t->csv.rows; r++) {
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
    size_t n = t->csv.rows - t->top;
    MtsCell title = title_of(t, column);
    bool counts = n > 1 && mts_index_name(title) && (title.size > 0 || column == 0);
    for (size_t i = 0; i < n && counts; i++) {
        counts = number_of(t, i + t->top, column, &x[i]) && x[i] == floor(x[i]);
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
    for (size_t r = t->top; r < t->csv.rows && labels <= MOST_TOLD; r++) {
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
    for (size_t r = t->top; r < t->csv.rows; r++) {
        if (!number_of(t, r, column, &value) || !number_of(t, first[r], column, &before) || value != before) {
            return false;
        }
        differs |= number_of(t, t->top, column, &one) && value != one;
    }
    return differs;
}

/* A title without the digits that count: "v12" and "v[13]" are one's, and so are years and other numbers. */
static MtsCell stem_of(const LabelTable *t, size_t column)
{
    static const char counting[] = "0123456789.,:_-()[] ";
    MtsCell title = title_of(t, column);
    bool number = title.size > 0 && strchr("+-0123456789", title.data[0]);
    while (title.size > 0 && (number || strchr(counting, title.data[title.size - 1]))) {
        title.size--;
    }
    return title;
}

/* The first column of values that is called as more than half of them are; SIZE_MAX: none is. *count: how many. */
static size_t find_usual(const LabelTable *t, size_t *count)
{
    size_t usual = SIZE_MAX, votes = 0, values = 0;
    for (size_t c = 0; c < columns_of(t); c++) { /* Boyer and Moore's vote */
        if (t->values[c]) {
            usual = votes ? usual : c;
            votes = votes == 0 || mts_cell_same(stem_of(t, c), stem_of(t, usual)) ? votes + 1 : votes - 1;
        }
    }
    *count = 0;
    for (size_t c = columns_of(t); c-- > 0;) {
        bool is = t->values[c] && mts_cell_same(stem_of(t, c), stem_of(t, usual));
        values += t->values[c];
        *count += is;
        usual = is ? c : usual;
    }
    return 2 * *count > values ? usual : SIZE_MAX;
}

/* "subject" or "time" beside "v0", "v1", ...: what a series is of, and no value. */
static int check_names(const LabelTable *t, size_t usual, size_t count, MtsError *err)
{
    for (size_t c = 0; c < columns_of(t); c++) {
        MtsCell title = title_of(t, c), other = title_of(t, usual);
        if (t->values[c] && !mts_cell_same(stem_of(t, c), stem_of(t, usual))) {
            return mts_fail(
                err, MTS_EFORMAT,
                "%s: column %zu (%.*s) is not called like the %zu values (%.*s, ...) and would be one: leave "
                "it out, or name it by --group or id",
                t->path, c + 1, shown(title), title.data, count, shown(other), other.data);
        }
    }
    return MTS_OK;
}

/* A column "class_id" beside the classes would be learnt, and nothing else. */
static int check_told(const LabelTable *t, MtsError *err)
{
    size_t *first = mts_calloc(t->csv.rows, sizeof *first), told = 0, values = 0, which = SIZE_MAX;
    if (!first) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", t->path);
    }
    size_t labels = number_labels(t, first);
    bool classes = labels <= MOST_TOLD && 2 * labels < t->csv.rows;
    for (size_t c = 0; c < columns_of(t) && classes; c++) {
        bool tells = t->values[c] && tells_label(t, c, first);
        values += t->values[c];
        told += tells;
        which = tells ? c : which;
    }
    free(first);
    MtsCell title = which == SIZE_MAX ? (MtsCell){"", 0} : title_of(t, which);
    return which == SIZE_MAX || 2 * told > values /* made by rule: all numbers are the label's */
               ? MTS_OK
               : mts_fail(
                     err, MTS_EFORMAT,
                     "%s: column %zu (%.*s) has one number for each label, and so tells what is asked: leave it out",
                     t->path, which + 1, shown(title), title.data);
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
    size_t count, usual = find_usual(t, &count);
    return usual == SIZE_MAX ? check_told(t, err) : check_names(t, usual, count, err);
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
        MtsCell cell = mts_csv_cell(&t->csv, r, c), title = title_of(t, c);
        if (t->values[c] && !number_of(t, r, c, &x[n++])) {
            return mts_fail(err, MTS_EFORMAT, "%s: line %zu, column %zu (%.*s): '%.*s' is no number", t->path,
                            t->csv.line[r], c + 1, shown(title), title.data, shown(cell), cell.data);
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
    for (size_t r = t->top; !rc && r < t->csv.rows; r++) {
        rc = add_row(set, t, r, x, err);
    }
    free(x);
    return rc;
}

/* Labels, and as ids the groups, from their columns. */
static bool name_series(MtsSeriesSet *set, const LabelTable *t)
{
    size_t owner = t->group != SIZE_MAX ? t->group : t->id;
    bool ok = true;
    for (size_t i = 0; ok && i < set->count; i++) {
        MtsCell label = cell_of(t, i + t->top, t->label);
        ok = mts_series_rename(&set->label[i], label.data, label.size);
        if (ok && owner != SIZE_MAX) {
            MtsCell is = cell_of(t, i + t->top, owner);
            ok = mts_series_rename(&set->item[i]->id, is.data, is.size);
        }
    }
    return ok;
}

static int read_table(MtsSeriesSet *set, const char *path, const MtsLabelColumns *columns, MtsError *err)
{
    LabelTable t = {.path = path};
    int rc = mts_stage_csv(&t.csv, path, err);
    if (rc) {
        goto done;
    }
    double number;
    bool titled = !mts_number_parse(columns->label, strlen(columns->label), &number) &&
                  mts_stage_column(&t.csv, columns->label) != SIZE_MAX;
    t.top = titled || !begins_with_values(&t);
    if ((rc = find_column(&t, columns->label, &t.label, err)) ||
        (rc = find_column(&t, columns->group, &t.group, err))) {
        goto done;
    }
    t.id = t.top ? mts_stage_column(&t.csv, "id") : SIZE_MAX;
    if ((rc = has_lists(&t) ? mts_set_read(set, path, err) : read_rows(set, &t, err))) {
        goto done;
    }
    if (!set->count || set->count + t.top != t.csv.rows) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: has %zu series in %zu rows; every row below the header must be one", path,
                      set->count, t.csv.rows - t.top);
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

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Ids that are all different, as numbers of rows and cases are, say nothing of what belongs together. */
static int drop_lone_ids(MtsStage *stage, MtsError *err)
{
    const char **id = mts_calloc(stage->count, sizeof *id);
    bool lone = true;
    if (!id) {
        return mts_stage_no_memory(stage, err);
    }
    for (size_t i = 0; i < stage->count; i++) {
        id[i] = stage->samples[i].series->id;
    }
    mts_sort((void *)id, stage->count, sizeof *id, by_text);
    for (size_t i = 1; i < stage->count; i++) {
        lone = lone && strcmp(id[i - 1], id[i]) != 0;
    }
    free((void *)id);
    for (size_t i = 0; lone && i < stage->count; i++) {
        stage->samples[i].series->id[0] = '\0';
    }
    return MTS_OK;
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
        rc = rc ? rc : drop_lone_ids(stage, err);
        rc = rc || !stage->count ? rc : mts_stage_check_options(stage, path, &stage->samples[0], err);
    }
    mts_sample_free_options(&labels);
    mts_set_free(&set);
    if (rc) {
        mts_stage_free(out);
    }
    return rc;
}
