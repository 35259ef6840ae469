/* series/columns.c - a table of numbers to its series, in the layout that series/form.h has found. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "series/form.h"
#include "series/preamble.h"
#include "series/read.h"
#include "series/times.h"

enum { TIME_COLUMNS = 2 }; /* a date, a time of day */

/* One table being read: the set, the text and what was found out about it. */
typedef struct Table {
    MtsSeriesSet *set;
    MtsCsvReader *csv;
    const MtsTableForm *form;
    size_t time[TIME_COLUMNS], times; /* the first columns of dates and times of day */
} Table;

static int out_of_memory(const Table *t, MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "%s: memory ran out after %zu series", t->set->name, t->set->count);
}

static int shown(MtsCell cell)
{
    return (int)(cell.size < 60 ? cell.size : 60);
}

static int cell_value(const Table *t, MtsCell cell, double *value, MtsError *err)
{
    if (mts_form_value(t->form, cell, value)) {
        return MTS_OK;
    }
    char place[40];
    return mts_fail(err, MTS_EFORMAT, "%s: %s: \"%.*s\" is not a number", t->set->name,
                    mts_set_place(t->set, t->csv->line, place), shown(cell), cell.data);
}

static MtsCell cell_at(const MtsCsvReader *csv, size_t column)
{
    return column < csv->count ? csv->cells[column] : (MtsCell){"", 0};
}

/* A name with doubled quotes made single. */
static bool rename_field(const Table *t, char **field, MtsCell name)
{
    char *plain = mts_csv_plain(t->csv, name);
    bool ok = plain && mts_series_rename(field, plain, strlen(plain));
    free(plain);
    return ok;
}

/* What the row at hand says of its time. */
static void note_time(const Table *t, MtsTimes *times)
{
    MtsCell cells[TIME_COLUMNS];
    for (size_t i = 0; i < t->times; i++) {
        cells[i] = cell_at(t->csv, t->time[i]);
    }
    mts_times_add(times, cells, t->times, t->csv->line);
}

/* Rows that go to and fro in time are no series, or several. A column that counts says their order, too. */
static int check_order(const Table *t, const MtsTimes *times, MtsError *err)
{
    char place[40];
    size_t line = t->set->indices ? 0 : mts_times_mixed(times);
    return line ? mts_fail(err, MTS_EFORMAT,
                           "%s: %s: its date is before that of the row above, while others are after: sort the rows by "
                           "date; a column id tells several series apart",
                           t->set->name, mts_set_place(t->set, line, place))
                : MTS_OK;
}

/* A series is in the order of time, whatever its rows are in. */
static void turn_round(double *values, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        double last = values[n - 1 - i];
        values[n - 1 - i] = values[i];
        values[i] = last;
    }
}

/* Stands behind the header, and its units. */
static int begin(const Table *t, MtsError *err)
{
    bool more;
    mts_csv_rewind(t->csv);
    int rc = t->form->header ? mts_csv_next(t->csv, &more, err) : MTS_OK;
    return rc || !t->form->unit ? rc : mts_csv_next(t->csv, &more, err);
}

/* Every row as wide as the first: what is left out must be written as an empty cell. */
static int check_width(const Table *t, MtsError *err)
{
    const MtsTableForm *f = t->form;
    const char d = t->csv->delimiter;
    const char *what = d == ',' ? "commas" : d == ';' ? "semicolons" : d == '\t' ? "tabs" : d == '|' ? "|" : "blanks";
    return f->odd_line == 0
               ? MTS_OK
               : mts_fail(err, MTS_EFORMAT, "%s: line %zu has %zu cells, but the first row has %zu (%s delimit them)",
                          t->set->name, f->odd_line, f->odd_count, f->columns, what);
}

/* ---- rows ---- */

static int read_one_row(const Table *t, MtsSeries *s, MtsError *err)
{
    for (size_t i = 0; i < s->length; i++) {
        int rc = cell_value(t, cell_at(t->csv, i + 1), &s->values[i], err);
        if (rc) {
            return rc;
        }
    }
    return rename_field(t, &s->id, cell_at(t->csv, 0)) ? MTS_OK : out_of_memory(t, err);
}

static int read_rows(const Table *t, MtsError *err)
{
    bool more = true;
    int rc = begin(t, err);
    while (!rc && !(rc = mts_csv_next(t->csv, &more, err)) && more) {
        size_t length = t->csv->count - 1;
        while (length > 0 && mts_cell_missing(cell_at(t->csv, length), t->form->missing)) {
            length--;
        }
        MtsSeries *s = mts_series_alloc(1, length);
        rc = s ? read_one_row(t, s, err) : out_of_memory(t, err);
        if (rc) {
            mts_series_free(&s);
            return rc;
        }
        rc = mts_set_add(t->set, s, "", 0, err);
    }
    return rc;
}

/* ---- long ---- */

typedef struct LongSeries {
    MtsCell id;
    double *values;
    size_t length, cap;
    MtsTimes times;
} LongSeries;

typedef struct LongTable {
    LongSeries *series; /* [count] in the order of their first rows */
    size_t count, cap;
} LongTable;

static int compare_id(const void *a, const void *b)
{
    const MtsCell *x = a, *y = b;
    size_t n = x->size < y->size ? x->size : y->size;
    int order = n ? memcmp(x->data, y->data, n) : 0;
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

/* Rows of one series may not be torn apart by another's: that is almost always a file put together wrongly. */
static int check_together(const Table *t, const LongTable *l, MtsError *err)
{
    MtsCell *ids = mts_calloc(l->count, sizeof *ids);
    if (!ids) {
        return out_of_memory(t, err);
    }
    for (size_t i = 0; i < l->count; i++) {
        ids[i] = l->series[i].id;
    }
    qsort(ids, l->count, sizeof *ids, compare_id);
    int rc = MTS_OK;
    for (size_t i = 1; i < l->count && !rc; i++) {
        if (mts_cell_same(ids[i - 1], ids[i])) {
            rc = mts_fail(err, MTS_EFORMAT, "%s: the rows of series \"%.*s\" are not together", t->set->name,
                          shown(ids[i]), ids[i].data);
        }
    }
    free(ids);
    return rc;
}

static int take_long_row(const Table *t, LongTable *l, MtsError *err)
{
    MtsCell id = cell_at(t->csv, t->form->id);
    if (l->count == 0 || !mts_cell_same(l->series[l->count - 1].id, id)) {
        if (!mts_grow(&l->series, &l->cap, l->count + 1, sizeof *l->series)) {
            return out_of_memory(t, err);
        }
        l->series[l->count++] = (LongSeries){.id = id};
    }
    LongSeries *s = &l->series[l->count - 1];
    if (!mts_grow(&s->values, &s->cap, s->length + 1, sizeof *s->values)) {
        return out_of_memory(t, err);
    }
    note_time(t, &s->times);
    return cell_value(t, cell_at(t->csv, t->form->value), &s->values[s->length++], err);
}

static int keep_long(const Table *t, const LongSeries *l, MtsError *err)
{
    int rc = check_order(t, &l->times, err);
    if (rc) {
        return rc;
    }
    MtsSeries *s = mts_series_alloc(1, l->length);
    if (!s || !rename_field(t, &s->id, l->id)) {
        mts_series_free(&s);
        return out_of_memory(t, err);
    }
    memcpy(s->values, l->values, l->length * sizeof *s->values);
    if (mts_times_fall(&l->times)) {
        turn_round(s->values, s->length);
    }
    return mts_set_add(t->set, s, "", 0, err);
}

static int read_long(const Table *t, MtsError *err)
{
    LongTable l = {0};
    bool more = true;
    int rc;
    if ((rc = check_width(t, err)) || (rc = begin(t, err))) {
        return rc;
    }
    while (!rc && !(rc = mts_csv_next(t->csv, &more, err)) && more) {
        rc = take_long_row(t, &l, err);
    }
    rc = rc ? rc : check_together(t, &l, err);
    for (size_t i = 0; i < l.count; i++) {
        rc = rc ? rc : keep_long(t, &l.series[i], err);
        free(l.series[i].values);
    }
    free(l.series);
    return rc;
}

/* ---- lists ---- */

/* "[0.1, -2]" or "[[0.1, -2]]", as JSON or Python write it, to fresh values. */
static int read_list(const Table *t, MtsCell cell, double **values, size_t *length, MtsError *err)
{
    size_t cap = 0;
    for (int depth = 0; depth < 2 && mts_cell_is_list(cell); depth++) {
        cell = mts_cell_trim((MtsCell){cell.data + 1, cell.size - 2});
    }
    while (cell.size > 0) {
        const char *comma = memchr(cell.data, ',', cell.size);
        size_t n = comma ? (size_t)(comma - cell.data) : cell.size;
        if (!mts_grow(values, &cap, *length + 1, sizeof **values)) {
            return out_of_memory(t, err);
        }
        int rc = cell_value(t, mts_cell_trim((MtsCell){cell.data, n}), &(*values)[(*length)++], err);
        if (rc) {
            return rc;
        }
        n += comma != NULL;
        cell = (MtsCell){cell.data + n, cell.size - n};
    }
    return MTS_OK;
}

static bool is_header_again(const Table *t)
{
    for (size_t c = 0; c < t->form->columns; c++) {
        if (!mts_cell_same(t->form->title[c], cell_at(t->csv, c))) {
            return false;
        }
    }
    return true;
}

/* The columns that hold lists. */
typedef struct ListColumns {
    size_t *lists, count;
} ListColumns;

/* The lists of the row at hand to one series. */
static MtsSeries *join_lists(const Table *t, const ListColumns *l, double *const *values, const size_t *length)
{
    size_t longest = 0;
    for (size_t i = 0; i < l->count; i++) {
        longest = length[i] > longest ? length[i] : longest;
    }
    MtsSeries *s = mts_series_alloc(l->count, longest);
    bool ok = s && rename_field(t, &s->id, cell_at(t->csv, t->form->id));
    for (size_t i = 0; ok && i < l->count; i++) {
        if (length[i]) {
            memcpy(s->values + i * longest, values[i], length[i] * sizeof **values);
        }
        ok = rename_field(t, &s->names[i], t->form->title[l->lists[i]]);
    }
    if (!ok) {
        mts_series_free(&s);
    }
    return s;
}

static int read_list_row(const Table *t, const ListColumns *l, MtsError *err)
{
    double **values = mts_calloc(l->count, sizeof *values);
    size_t *length = mts_calloc(l->count, sizeof *length);
    int rc = values && length ? MTS_OK : out_of_memory(t, err);
    char place[40];
    for (size_t i = 0; i < l->count && !rc; i++) {
        MtsCell cell = cell_at(t->csv, l->lists[i]);
        rc = mts_cell_is_list(cell)
                 ? read_list(t, cell, &values[i], &length[i], err)
                 : mts_fail(err, MTS_EFORMAT, "%s: %s: column %zu holds no list in brackets", t->set->name,
                            mts_set_place(t->set, t->csv->line, place), l->lists[i] + 1);
    }
    MtsSeries *s = rc ? NULL : join_lists(t, l, values, length);
    MtsCell label = cell_at(t->csv, t->form->label);
    if (!rc) {
        rc = s ? mts_set_add(t->set, s, label.data, label.size, err) : out_of_memory(t, err);
    }
    for (size_t i = 0; values && i < l->count; i++) {
        free(values[i]);
    }
    free(values);
    free(length);
    return rc;
}

static int read_lists(const Table *t, MtsError *err)
{
    bool more = true;
    ListColumns l = {0};
    int rc;
    if ((rc = check_width(t, err)) || (rc = begin(t, err))) {
        return rc;
    }
    l.lists = mts_calloc(t->form->columns, sizeof *l.lists);
    if (!l.lists) {
        return out_of_memory(t, err);
    }
    for (size_t c = 0; c < t->form->columns; c++) {
        if (t->form->column[c].cells[MTS_CELL_LIST] > 0) {
            l.lists[l.count++] = c;
        }
    }
    while (!rc && !(rc = mts_csv_next(t->csv, &more, err)) && more) {
        rc = is_header_again(t) ? MTS_OK : read_list_row(t, &l, err); /* published HAR files have such rows */
    }
    free(l.lists);
    return rc;
}

/* ---- columns ---- */

/* The first cell that is no number, of each column that is no channel: all in one pass, for there may be thousands. */
static int find_odd_cells(const Table *t, MtsAside *note, size_t pending, MtsError *err)
{
    bool more = true;
    int rc = begin(t, err);
    while (!rc && pending > 0 && !(rc = mts_csv_next(t->csv, &more, err)) && more) {
        for (size_t c = 0; c < t->form->columns; c++) {
            MtsCell cell = cell_at(t->csv, c);
            double unused;
            bool waits = note[c].column > 0 && note[c].line == 0;
            if (waits && (note[c].use == MTS_COLUMN_EMPTY || !mts_form_value(t->form, cell, &unused))) {
                note[c].line = t->csv->line;
                note[c].cell = mts_strndup(cell.data, (size_t)shown(cell));
                pending--;
            }
        }
    }
    return rc;
}

/* Keeps the columns that are no channels for sentences. */
static int put_aside(const Table *t, MtsError *err)
{
    MtsAside *note = mts_calloc(t->form->columns, sizeof *note);
    size_t pending = 0;
    for (size_t c = 0; note && c < t->form->columns; c++) {
        MtsColumnUse use = mts_form_use(t->form, c);
        if (use > MTS_COLUMN_INDEX) {
            note[c] = (MtsAside){.use = use, .column = c + 1, .index = mts_index_name(t->form->title[c])};
            pending++;
        }
    }
    int rc = note ? find_odd_cells(t, note, pending, err) : out_of_memory(t, err);
    for (size_t c = 0; note && c < t->form->columns; c++) {
        if (note[c].column > 0) {
            note[c].name = mts_csv_plain(t->csv, t->form->title[c]);
            int kept = mts_set_put_aside(t->set, &note[c], rc ? NULL : err);
            rc = rc ? rc : kept;
        }
    }
    free(note);
    return rc;
}

/* Channels first, then what only a name brings: an index is numbers too. */
static size_t pick_columns(const MtsTableForm *form, size_t *pick, size_t *indices)
{
    size_t count = 0;
    *indices = 0;
    for (MtsColumnUse use = MTS_COLUMN_CHANNEL; use <= MTS_COLUMN_INDEX; use++) {
        for (size_t c = 0; c < form->columns; c++) {
            if (mts_form_use(form, c) == use) {
                pick[count++] = c;
                *indices += use == MTS_COLUMN_INDEX;
            }
        }
    }
    return count;
}

/* Where all rows but the last begin with a date or a number that counts, a last one that begins with words or nothing
 * is a sum or a note; where rows begin with words, the word tells. */
static int check_last_row(const Table *t, MtsError *err)
{
    static const char *const sums[] = {"total", "totals", "total:", "grand total", "sum",      "sum:",    "average",
                                       "mean",  "summe",  "gesamt", "mittelwert",  "somme",    "moyenne", "suma",
                                       "media", "totale", "totaal", "promedio",    "subtotal", "summary"};
    MtsCell cell = cell_at(t->csv, 0);
    const MtsColumnForm *column = &t->form->column[0];
    double unused;
    MtsColumnUse use = mts_form_use(t->form, 0);
    MtsCellKind kind = mts_cell_kind(cell, t->form->missing, &unused);
    bool stamped = t->form->rows > 2 && (use == MTS_COLUMN_TIME || mts_form_counts(t->form, 0));
    bool counted = t->form->rows > 2 && use == MTS_COLUMN_BROKEN && t->form->header && !column->falls;
    bool odd = (stamped && kind == MTS_CELL_MISSING && column->cells[MTS_CELL_MISSING] == 1) ||
               ((stamped || counted) && kind == MTS_CELL_WORDS);
    for (size_t i = 0; t->form->rows > 1 && i < sizeof sums / sizeof sums[0]; i++) {
        odd |= mts_cell_is(cell, sums[i]);
    }
    char place[40];
    if (odd && cell.size == 0) {
        return mts_fail(err, MTS_EFORMAT, "%s: %s: the last row begins with nothing, unlike all others: leave it out",
                        t->set->name, mts_set_place(t->set, t->csv->line, place));
    }
    return odd ? mts_fail(err, MTS_EFORMAT,
                          "%s: %s: \"%.*s\" begins the last row, which is no value of the series: leave it out",
                          t->set->name, mts_set_place(t->set, t->csv->line, place), shown(cell), cell.data)
               : MTS_OK;
}

static int fill_columns(const Table *t, MtsSeries *s, const size_t *pick, MtsError *err)
{
    bool more = true;
    MtsTimes times = {0};
    int rc = begin(t, err);
    for (size_t r = 0; !rc && !(rc = mts_csv_next(t->csv, &more, err)) && more; r++) {
        note_time(t, &times);
        for (size_t i = 0; i < s->channels && !rc; i++) {
            rc = cell_value(t, cell_at(t->csv, pick[i]), &s->values[i * s->length + r], err);
        }
    }
    rc = rc ? rc : check_last_row(t, err);
    rc = rc ? rc : check_order(t, &times, err);
    for (size_t i = 0; i < s->channels && mts_times_fall(&times); i++) {
        turn_round(s->values + i * s->length, s->length);
    }
    for (size_t i = 0; i < s->channels && !rc; i++) {
        MtsCell title = t->form->title[pick[i]];
        bool bracketed = mts_cell_is_list(title); /* a name in brackets */
        title = bracketed ? (MtsCell){title.data + 1, title.size - 2} : title;
        bool unit = t->form->unit && t->form->unit[pick[i]].size > 0;
        bool named =
            rename_field(t, &s->names[i], title) && (!unit || rename_field(t, &s->units[i], t->form->unit[pick[i]]));
        rc = named ? MTS_OK : out_of_memory(t, err);
    }
    return rc;
}

static int read_columns(const Table *t, MtsError *err)
{
    const MtsTableForm *form = t->form;
    size_t indices = 0, *pick = mts_calloc(form->columns, sizeof *pick);
    int rc = pick ? check_width(t, err) : out_of_memory(t, err);
    if (!rc && form->rows == 0) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: has a header and no values", t->set->name);
    }
    rc = rc ? rc : put_aside(t, err);
    size_t channels = rc ? 0 : pick_columns(form, pick, &indices);
    if (!rc && channels == 0) {
        rc = mts_set_explain(t->set, "", 0, err);
    }
    t->set->indices = indices;
    if (!rc) {
        MtsSeries *s = mts_series_alloc(channels, form->rows);
        rc = s ? fill_columns(t, s, pick, err) : out_of_memory(t, err);
        if (rc) {
            mts_series_free(&s);
        } else {
            rc = mts_set_add(t->set, s, "", 0, err);
        }
    }
    free(pick);
    return rc;
}

int mts_read_table(MtsSeriesSet *set, char *text, size_t size, const MtsSeriesOptions *options, MtsError *err)
{
    MtsCsvReader csv = {0};
    MtsTableForm form = {0};
    Table table = {.set = set, .csv = &csv, .form = &form};
    int rc = mts_preamble_begin(&csv, set->name, &text, &size, options->delimiter, err);
    if (rc || (rc = mts_form_find(&form, &csv, options, err))) {
        goto done;
    }
    for (size_t c = 0; c < form.columns && table.times < TIME_COLUMNS; c++) {
        if (mts_form_use(&form, c) == MTS_COLUMN_TIME) {
            table.time[table.times++] = c;
        }
    }
    switch (form.layout) {
    case MTS_LAYOUT_ROWS:
        rc = read_rows(&table, err);
        break;
    case MTS_LAYOUT_LONG:
        rc = read_long(&table, err);
        break;
    case MTS_LAYOUT_LISTS:
        rc = read_lists(&table, err);
        break;
    case MTS_LAYOUT_COLUMNS:
        rc = read_columns(&table, err);
        break;
    }
done:
    mts_form_free(&form);
    mts_csv_end(&csv);
    free(text);
    return rc;
}
