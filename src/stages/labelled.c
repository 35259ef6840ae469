/* stages/labelled.c - labelled series of any kind as a stage: a file that says itself what its labels are, or a table
 * whose columns are named.
 *
 * A table's row is a series: its cells that hold lists, or all its numbers in their order. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/number.h"
#include "stages/build.h"
#include "stages/ecg.h"
#include "stages/stage.h"
#include "stages/task.h"

/* A table of words, and where in it is what. */
typedef struct LabelTable {
    const char *path;
    MtsCsv csv;
    size_t label, group, id; /* columns; SIZE_MAX: none */
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
        if (is_value(t, c) && !mts_number_parse(cell.data, cell.size, &x[n++])) {
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

static int read_rows(MtsSeriesSet *set, const LabelTable *t, MtsError *err)
{
    double *x = mts_calloc(t->csv.rows ? mts_csv_columns(&t->csv, 0) : 1, sizeof *x);
    set->name = mts_strdup(t->path);
    int rc = x && set->name ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", t->path);
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
    mts_csv_free(&t.csv);
    return rc;
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
    return columns ? read_table(set, path, columns, err) : mts_set_read(set, path, err);
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
