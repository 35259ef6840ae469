/* series/columns.c - tables of numbers, in the four layouts that people keep series in:
 *
 *   columns   a row per time step, a column per channel; columns whose cells are not all numbers (dates,
 *             remarks) are left out, unless none is left
 *   rows      a row per series: its name, then its values (the M4 competition: "V1","V2",... as header);
 *             series end where their row's values do
 *   long      a row per value, with a column that names its series (id, unique_id, series_id, M4id) and one
 *             called value or y; other columns are left out
 *   lists     a row per series, cells that hold whole lists "[0.1, 0.2, ...]" as channels, with the columns
 *             id and label taken for what they say
 *
 * A first row is a header when it has a cell, other than its first, that is no number; or when its only cell is
 * none. A cell that stands for a missing value becomes NaN; any other cell that is no number, where a number
 * must stand, is an error with its line. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "series/csv.h"
#include "core/number.h"
#include "series/read.h"

static bool is_list(MtsCell cell)
{
    return cell.size >= 2 && cell.data[0] == '[' && cell.data[cell.size - 1] == ']';
}

static bool is_number_or_missing(MtsCell cell)
{
    double v;
    return mts_cell_missing(cell) || mts_number_parse(cell.data, cell.size, &v);
}

static int cell_value(const MtsSeriesSet *set, size_t line, MtsCell cell, double *value, MtsError *err)
{
    if (mts_cell_missing(cell)) {
        *value = NAN;
        return MTS_OK;
    }
    if (mts_number_parse(cell.data, cell.size, value)) {
        return MTS_OK;
    }
    return mts_fail(err, MTS_EFORMAT, "%s: line %zu: \"%.*s\" is not a number", set->name, line,
                    (int)(cell.size < 60 ? cell.size : 60), cell.data);
}

static bool has_header(const MtsCsv *csv)
{
    size_t columns = mts_csv_columns(csv, 0);
    for (size_t c = columns > 1 ? 1 : 0; c < columns; c++) {
        MtsCell cell = mts_csv_cell(csv, 0, c);
        if (!is_number_or_missing(cell) && !is_list(cell)) {
            return true;
        }
        if (columns == 1 && is_list(cell)) { /* "[C3-A1]" names a channel, "[1, 2]" is one */
            MtsNumber first;
            size_t at = 1;
            return !mts_number_next(cell.data, cell.size, MTS_NUMBERS_LIST, &at, &first) || first.begin != 1;
        }
    }
    return false;
}

/* The header's column of any of these names; `columns` when there is none. */
static size_t find_column(const MtsCsv *csv, const char *const *names, size_t count)
{
    size_t columns = mts_csv_columns(csv, 0);
    for (size_t c = 0; c < columns; c++) {
        for (size_t i = 0; i < count; i++) {
            if (mts_cell_is(mts_csv_cell(csv, 0, c), names[i])) {
                return c;
            }
        }
    }
    return columns;
}

static const char *const id_names[] = {"id", "unique_id", "series_id", "m4id"};
static const char *const value_names[] = {"value", "y"};
static const char *const label_names[] = {"label", "class"};

#define FIND(csv, names) find_column(csv, names, sizeof names / sizeof names[0])

/* V1, V2, ...: names of values rather than of channels. */
static bool is_value_header(MtsCell cell)
{
    if (cell.size < 2 || (cell.data[0] | 0x20) != 'v') {
        return false;
    }
    for (size_t i = 1; i < cell.size; i++) {
        if (cell.data[i] < '0' || cell.data[i] > '9') {
            return false;
        }
    }
    return true;
}

static int out_of_memory(const MtsSeriesSet *set, MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "%s: memory ran out after %zu series", set->name, set->count);
}

/* Every row as wide as the first: what is left out must be written as an empty cell. */
static int check_columns(const MtsSeriesSet *set, const MtsCsv *csv, MtsError *err)
{
    size_t columns = mts_csv_columns(csv, 0);
    for (size_t r = 1; r < csv->rows; r++) {
        if (mts_csv_columns(csv, r) != columns) {
            return mts_fail(err, MTS_EFORMAT, "%s: line %zu has %zu cells, but the first row has %zu", set->name,
                            csv->line[r], mts_csv_columns(csv, r), columns);
        }
    }
    return MTS_OK;
}

/* ---- rows ---- */

static int read_rows(MtsSeriesSet *set, const MtsCsv *csv, size_t first_row, MtsError *err)
{
    for (size_t r = first_row; r < csv->rows; r++) {
        size_t columns = mts_csv_columns(csv, r);
        size_t length = columns > 1 ? columns - 1 : 0;
        while (length > 0 && mts_cell_missing(mts_csv_cell(csv, r, length))) {
            length--;
        }
        MtsCell id = mts_csv_cell(csv, r, 0);
        MtsSeries *s = mts_series_alloc(1, length);
        if (!s || !mts_series_rename(&s->id, id.data, id.size)) {
            mts_series_free(&s);
            return out_of_memory(set, err);
        }
        int rc = MTS_OK;
        for (size_t i = 0; i < length && !rc; i++) {
            rc = cell_value(set, csv->line[r], mts_csv_cell(csv, r, i + 1), &s->values[i], err);
        }
        if (rc) {
            mts_series_free(&s);
            return rc;
        }
        rc = mts_set_add(set, s, "", 0, err);
        if (rc) {
            return rc;
        }
    }
    return MTS_OK;
}

/* ---- long ---- */

typedef struct LongSeries {
    MtsCell id;
    double *values;
    size_t length, cap;
} LongSeries;

static bool same_cell(MtsCell a, MtsCell b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static int compare_id(const void *a, const void *b)
{
    const MtsCell *x = a, *y = b;
    size_t n = x->size < y->size ? x->size : y->size;
    int order = n ? memcmp(x->data, y->data, n) : 0;
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

/* Rows of one series may not be torn apart by another's: that is almost always a file put together wrongly. */
static int check_runs(const MtsSeriesSet *set, const LongSeries *runs, size_t count, MtsError *err)
{
    MtsCell *ids = mts_calloc(count, sizeof *ids);
    if (!ids) {
        return out_of_memory(set, err);
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = runs[i].id;
    }
    qsort(ids, count, sizeof *ids, compare_id);
    int rc = MTS_OK;
    for (size_t i = 1; i < count && !rc; i++) {
        if (same_cell(ids[i - 1], ids[i])) {
            rc = mts_fail(err, MTS_EFORMAT, "%s: the rows of series \"%.*s\" are not together", set->name,
                          (int)(ids[i].size < 60 ? ids[i].size : 60), ids[i].data);
        }
    }
    free(ids);
    return rc;
}

static int read_long(MtsSeriesSet *set, const MtsCsv *csv, size_t id_column, size_t value_column, MtsError *err)
{
    LongSeries *runs = NULL;
    size_t count = 0, cap = 0;
    int rc = check_columns(set, csv, err);
    if (rc) {
        return rc;
    }
    for (size_t r = 1; r < csv->rows; r++) {
        MtsCell id = mts_csv_cell(csv, r, id_column);
        if (count == 0 || !same_cell(runs[count - 1].id, id)) {
            if (!mts_grow(&runs, &cap, count + 1, sizeof *runs)) {
                rc = out_of_memory(set, err);
                goto done;
            }
            runs[count++] = (LongSeries){id, NULL, 0, 0};
        }
        LongSeries *run = &runs[count - 1];
        if (!mts_grow(&run->values, &run->cap, run->length + 1, sizeof *run->values)) {
            rc = out_of_memory(set, err);
            goto done;
        }
        rc = cell_value(set, csv->line[r], mts_csv_cell(csv, r, value_column), &run->values[run->length++], err);
        if (rc) {
            goto done;
        }
    }
    rc = check_runs(set, runs, count, err);
    for (size_t i = 0; i < count && !rc; i++) {
        MtsSeries *s = mts_series_alloc(1, runs[i].length);
        if (!s || !mts_series_rename(&s->id, runs[i].id.data, runs[i].id.size)) {
            mts_series_free(&s);
            rc = out_of_memory(set, err);
            break;
        }
        memcpy(s->values, runs[i].values, runs[i].length * sizeof *s->values);
        rc = mts_set_add(set, s, "", 0, err);
    }
done:
    for (size_t i = 0; i < count; i++) {
        free(runs[i].values);
    }
    free(runs);
    return rc;
}

/* ---- lists ---- */

/* "[0.1, -2]" or "[[0.1, -2]]", as JSON or Python write it, to fresh values. */
static int read_list(const MtsSeriesSet *set, size_t line, MtsCell cell, double **values, size_t *length, MtsError *err)
{
    size_t begin = 0, end = cell.size, cap = 0;
    *values = NULL;
    *length = 0;
    for (int depth = 0; depth < 2 && end - begin >= 2 && cell.data[begin] == '[' && cell.data[end - 1] == ']';
         depth++) {
        begin++;
        end--;
        while (begin < end && cell.data[begin] == ' ') {
            begin++;
        }
        while (end > begin && cell.data[end - 1] == ' ') {
            end--;
        }
    }
    while (begin < end) {
        const char *comma = memchr(cell.data + begin, ',', end - begin);
        size_t stop = comma ? (size_t)(comma - cell.data) : end;
        size_t a = begin, b = stop;
        while (a < b && (cell.data[a] == ' ' || cell.data[a] == '\n' || cell.data[a] == '\r')) {
            a++;
        }
        while (b > a && (cell.data[b - 1] == ' ' || cell.data[b - 1] == '\n' || cell.data[b - 1] == '\r')) {
            b--;
        }
        if (!mts_grow(values, &cap, *length + 1, sizeof **values)) {
            return out_of_memory(set, err);
        }
        int rc = cell_value(set, line, (MtsCell){cell.data + a, b - a}, &(*values)[(*length)++], err);
        if (rc) {
            return rc;
        }
        begin = stop + 1;
    }
    return MTS_OK;
}

static bool row_is_header_again(const MtsCsv *csv, size_t row)
{
    size_t columns = mts_csv_columns(csv, 0);
    for (size_t c = 0; c < columns; c++) {
        if (!same_cell(mts_csv_cell(csv, 0, c), mts_csv_cell(csv, row, c))) {
            return false;
        }
    }
    return true;
}

static int read_list_row(MtsSeriesSet *set, const MtsCsv *csv, size_t row, const size_t *lists, size_t channels,
                         MtsError *err)
{
    size_t longest = 0, id = FIND(csv, id_names), label = FIND(csv, label_names);
    MtsSeries *s = NULL;
    double **values = mts_calloc(channels, sizeof *values);
    size_t *length = mts_calloc(channels, sizeof *length);
    int rc = values && length ? MTS_OK : out_of_memory(set, err);
    for (size_t i = 0; i < channels && !rc; i++) {
        MtsCell cell = mts_csv_cell(csv, row, lists[i]);
        if (!is_list(cell)) {
            rc = mts_fail(err, MTS_EFORMAT, "%s: line %zu: column %zu holds no list in brackets", set->name,
                          csv->line[row], lists[i] + 1);
            break;
        }
        rc = read_list(set, csv->line[row], cell, &values[i], &length[i], err);
        longest = length[i] > longest ? length[i] : longest;
    }
    if (!rc) {
        s = mts_series_alloc(channels, longest);
        MtsCell name = mts_csv_cell(csv, row, id);
        bool ok = s && mts_series_rename(&s->id, name.data, name.size);
        for (size_t i = 0; ok && i < channels; i++) {
            MtsCell title = mts_csv_cell(csv, 0, lists[i]);
            if (length[i]) {
                memcpy(s->values + i * longest, values[i], length[i] * sizeof **values);
            }
            ok = mts_series_rename(&s->names[i], title.data, title.size);
        }
        if (ok) {
            MtsCell text = mts_csv_cell(csv, row, label);
            rc = mts_set_add(set, s, text.data, text.size, err);
            s = NULL;
        } else {
            rc = out_of_memory(set, err);
        }
    }
    for (size_t i = 0; values && i < channels; i++) {
        free(values[i]);
    }
    free(values);
    free(length);
    mts_series_free(&s);
    return rc;
}

/* Column numbers whose cell in the first row after the header is a list. */
static size_t list_columns(const MtsCsv *csv, size_t *lists)
{
    size_t columns = mts_csv_columns(csv, 0), count = 0;
    for (size_t c = 0; csv->rows > 1 && c < columns; c++) {
        if (is_list(mts_csv_cell(csv, 1, c))) {
            lists[count++] = c;
        }
    }
    return count;
}

static int read_lists(MtsSeriesSet *set, const MtsCsv *csv, const size_t *lists, size_t channels, MtsError *err)
{
    int rc = check_columns(set, csv, err);
    for (size_t r = 1; r < csv->rows && !rc; r++) {
        if (row_is_header_again(csv, r)) { /* published HAR files have such rows where parts were joined */
            continue;
        }
        rc = read_list_row(set, csv, r, lists, channels, err);
    }
    return rc;
}

/* ---- columns ---- */

static bool column_is_numeric(const MtsCsv *csv, size_t first_row, size_t column)
{
    bool any = false;
    for (size_t r = first_row; r < csv->rows; r++) {
        MtsCell cell = mts_csv_cell(csv, r, column);
        if (!is_number_or_missing(cell)) {
            return false;
        }
        any |= !mts_cell_missing(cell);
    }
    return any;
}

static int read_columns(MtsSeriesSet *set, const MtsCsv *csv, bool header, MtsError *err)
{
    size_t first = header ? 1 : 0, columns = mts_csv_columns(csv, 0), channels = 0;
    int rc = check_columns(set, csv, err);
    if (rc) {
        return rc;
    }
    if (csv->rows == first) {
        return mts_fail(err, MTS_EFORMAT, "%s: has a header and no values", set->name);
    }
    size_t *pick = mts_calloc(columns, sizeof *pick);
    if (!pick) {
        return out_of_memory(set, err);
    }
    for (size_t c = 0; c < columns; c++) {
        if (column_is_numeric(csv, first, c)) {
            pick[channels++] = c;
        }
    }
    MtsSeries *s = NULL;
    if (channels == 0) { /* the first cell that is no number says what is wrong */
        for (size_t r = first; r < csv->rows && !rc; r++) {
            double unused;
            rc = cell_value(set, csv->line[r], mts_csv_cell(csv, r, columns - 1), &unused, err);
        }
        if (!rc) {
            rc = mts_fail(err, MTS_EFORMAT, "%s: has no column with a value", set->name);
        }
        goto done;
    }
    s = mts_series_alloc(channels, csv->rows - first);
    if (!s) {
        rc = out_of_memory(set, err);
        goto done;
    }
    for (size_t i = 0; i < channels && !rc; i++) {
        for (size_t r = first; r < csv->rows && !rc; r++) {
            rc = cell_value(set, csv->line[r], mts_csv_cell(csv, r, pick[i]), &s->values[i * s->length + r - first],
                            err);
        }
        MtsCell title = header ? mts_csv_cell(csv, 0, pick[i]) : (MtsCell){"", 0};
        if (is_list(title)) { /* a name in brackets */
            title = (MtsCell){title.data + 1, title.size - 2};
        }
        if (!rc && !mts_series_rename(&s->names[i], title.data, title.size)) {
            rc = out_of_memory(set, err);
        }
    }
    if (!rc) {
        rc = mts_set_add(set, s, "", 0, err);
        s = NULL;
    }
done:
    free(pick);
    mts_series_free(&s);
    return rc;
}

int mts_read_table(MtsSeriesSet *set, char *text, size_t size, bool tabs, MtsError *err)
{
    MtsCsv csv;
    int rc = mts_csv_parse(&csv, set->name, text, size, tabs, err);
    if (rc) {
        return rc;
    }
    bool header = has_header(&csv);
    size_t columns = mts_csv_columns(&csv, 0);
    size_t *lists = mts_calloc(columns, sizeof *lists);
    if (!lists) {
        rc = out_of_memory(set, err);
        goto done;
    }
    size_t id = FIND(&csv, id_names), value = FIND(&csv, value_names),
           list_count = header ? list_columns(&csv, lists) : 0;
    if (list_count > 0) {
        rc = read_lists(set, &csv, lists, list_count, err);
    } else if (header && columns > 1 && is_value_header(mts_csv_cell(&csv, 0, 1))) {
        rc = read_rows(set, &csv, 1, err);
    } else if (!header && columns > 1 && !is_number_or_missing(mts_csv_cell(&csv, 0, 0))) {
        rc = read_rows(set, &csv, 0, err);
    } else if (header && id < columns && value < columns) {
        rc = read_long(set, &csv, id, value, err);
    } else {
        rc = read_columns(set, &csv, header, err);
    }
done:
    free(lists);
    mts_csv_free(&csv);
    return rc;
}
