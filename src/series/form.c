/* series/form.c - what kind of table a text is.
 *
 * One pass counts what the cells of each column are (series/cell.h), the first row apart. From these counts follow, in
 * this order, the decimal mark, whether the first row is a header, and the layout; docs/series.md has the rules. */
#include "series/form.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/number.h"

/* ---- counting ---- */

static int no_memory(const MtsCsvReader *r, MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "%s: memory ran out at line %zu", r->name, r->line);
}

static bool widen(MtsTableForm *form, size_t columns)
{
    if (columns <= form->widest) {
        return true;
    }
    if (!mts_grow(&form->column, &form->column_cap, columns, sizeof *form->column)) {
        return false;
    }
    memset(form->column + form->widest, 0, (columns - form->widest) * sizeof *form->column);
    form->widest = columns;
    return true;
}

/* What decides between the decimal marks, over all cells: see find_decimal(). */
typedef struct Marks {
    size_t points; /* plain numbers whose point can only be the decimal mark */
    size_t commas, grouped, either;
} Marks;

/* 1.5 or 0.125, not 1.234 and not 12. */
static bool has_point(MtsCell cell)
{
    const char *point = memchr(cell.data, '.', cell.size);
    size_t behind = point ? cell.size - (size_t)(point + 1 - cell.data) : 0;
    return point && (behind != 3 || cell.data[cell.data[0] == '-'] == '0' || point - cell.data > 4);
}

static void mark_cell(Marks *marks, MtsCellKind kind, MtsCell cell)
{
    marks->points += kind == MTS_CELL_PLAIN && has_point(cell);
    marks->commas += kind == MTS_CELL_COMMA_DECIMAL;
    marks->grouped += kind == MTS_CELL_COMMA_GROUPED;
    marks->either += kind == MTS_CELL_COMMA_EITHER;
}

/* 1.234 or -12.345. */
static bool is_doubtful(MtsCell cell)
{
    return memchr(cell.data, '.', cell.size) && !has_point(cell);
}

/* `value` is the number of a plain cell. */
static void count_cell(MtsColumnForm *column, MtsCellKind kind, MtsCell cell, double value)
{
    column->doubtful += kind == MTS_CELL_PLAIN && is_doubtful(cell);
    bool first = column->cells[MTS_CELL_PLAIN] == 0;
    column->cells[kind]++;
    if (kind == MTS_CELL_PLAIN) {
        column->falls |= !first && !(value > column->latest);
        column->latest = value;
    }
}

static int take_first_row(MtsTableForm *form, const MtsCsvReader *r, Marks *marks, MtsError *err)
{
    double unused;
    form->columns = r->count;
    form->title = mts_calloc(r->count, sizeof *form->title);
    if (!form->title || !widen(form, r->count)) {
        return no_memory(r, err);
    }
    for (size_t c = 0; c < r->count; c++) {
        form->title[c] = r->cells[c];
        form->column[c].top = mts_cell_kind(r->cells[c], form->missing, &unused);
        mark_cell(marks, form->column[c].top, r->cells[c]);
    }
    return MTS_OK;
}

/* "(s)", "[mV]" or nothing in every cell. */
static bool are_units(const MtsCsvReader *r)
{
    size_t units = 0;
    for (size_t c = 0; c < r->count; c++) {
        units += mts_cell_is_unit(r->cells[c]);
        if (!mts_cell_is_unit(r->cells[c]) && r->cells[c].size > 0) {
            return false;
        }
    }
    return units > 0;
}

/* The row below the header, where it has their units. */
static int take_units(MtsTableForm *form, const MtsCsvReader *r, MtsError *err)
{
    form->unit = mts_calloc(form->columns, sizeof *form->unit);
    for (size_t c = 0; form->unit && c < form->columns; c++) {
        size_t size = r->cells[c].size;
        form->unit[c] = size ? (MtsCell){r->cells[c].data + 1, size - 2} : r->cells[c];
    }
    return form->unit ? MTS_OK : no_memory(r, err);
}

static int take_row(MtsTableForm *form, const MtsCsvReader *r, Marks *marks, MtsError *err)
{
    if (!widen(form, r->count)) {
        return no_memory(r, err);
    }
    for (size_t c = 0; c < r->count; c++) {
        double value = 0;
        MtsCellKind kind = mts_cell_kind(r->cells[c], form->missing, &value);
        count_cell(&form->column[c], kind, r->cells[c], value);
        mark_cell(marks, kind, r->cells[c]);
    }
    return MTS_OK;
}

/* ---- what a column is ---- */

static size_t cells_of(const MtsColumnForm *c, MtsCellKind kind)
{
    return c->cells[kind];
}

static size_t present(const MtsColumnForm *c)
{
    size_t n = 0;
    for (int kind = 0; kind < MTS_CELL_KINDS; kind++) {
        n += kind == MTS_CELL_MISSING ? 0 : c->cells[kind];
    }
    return n;
}

/* Cells that look like numbers, whichever the decimal mark is. */
static size_t number_like(const MtsColumnForm *c)
{
    return cells_of(c, MTS_CELL_PLAIN) + cells_of(c, MTS_CELL_COMMA_DECIMAL) + cells_of(c, MTS_CELL_COMMA_GROUPED) +
           cells_of(c, MTS_CELL_COMMA_EITHER) + cells_of(c, MTS_CELL_NEARLY);
}

static bool mostly_numbers(const MtsColumnForm *c)
{
    return number_like(c) > 0 && 2 * number_like(c) >= present(c);
}

static bool mostly(const MtsColumnForm *c, MtsCellKind kind)
{
    return cells_of(c, kind) > 0 && 2 * cells_of(c, kind) >= present(c);
}

/* Those that are numbers in this table. */
static size_t numbers(const MtsTableForm *form, const MtsColumnForm *c)
{
    size_t n = cells_of(c, MTS_CELL_PLAIN) - (form->doubt ? c->doubtful : 0);
    if (form->decimal == ',') {
        return n + cells_of(c, MTS_CELL_COMMA_DECIMAL) + cells_of(c, MTS_CELL_COMMA_EITHER);
    }
    return n + (form->groups ? cells_of(c, MTS_CELL_COMMA_GROUPED) + cells_of(c, MTS_CELL_COMMA_EITHER) : 0);
}

bool mts_form_value(const MtsTableForm *form, MtsCell cell, double *value)
{
    bool plain = form->decimal == '.' && !form->groups && !form->doubt;
    if (plain && !form->missing && mts_number_parse(cell.data, cell.size, value)) {
        return true; /* the common case; a number may be among the words of form->missing */
    }
    cell = mts_cell_trim(cell);
    if (mts_cell_missing(cell, form->missing)) {
        *value = NAN;
        return true;
    }
    if (form->doubt && is_doubtful(cell)) {
        return false;
    }
    bool ungrouped = form->decimal == '.' && !form->groups && memchr(cell.data, ',', cell.size);
    return !ungrouped && mts_cell_number(cell, form->decimal, value);
}

/* ---- the decimal mark ---- */

static void find_decimal(MtsTableForm *form, const MtsCsvReader *r, const Marks *m, char asked)
{
    bool pointless = m->points == 0 && m->grouped == 0;
    bool comma = m->commas > 0 || (m->either > 0 && r->delimiter == ';');
    form->decimal = asked ? asked : pointless && comma ? ',' : '.';
    bool unmarked = pointless && m->commas == 0 && m->either == 0;
    for (size_t c = 0; !asked && unmarked && r->delimiter == ';' && c < form->widest; c++) {
        size_t doubtful = form->column[c].doubtful; /* 999 beside 1.005: a column of thousands, or one of thousandths */
        form->doubt |= doubtful > 0 && doubtful < cells_of(&form->column[c], MTS_CELL_PLAIN);
    }
    form->groups = form->decimal == '.' && (asked == '.' || (m->grouped > 0 && m->commas == 0));
}

/* ---- the header ---- */

/* What stands over the names of rows. */
static bool is_corner(MtsCell cell)
{
    static const char *const words[] = {"id",    "unique_id", "series_id", "m4id",    "item_id",  "label", "labels",
                                        "class", "name",      "series",    "country", "category", "group", "key"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (mts_cell_is(cell, words[i])) {
            return true;
        }
    }
    return false;
}

/* Years, or under a corner that is empty or names rows numbers that count from 0 or 1, in the first row from its second
 * cell on. */
static bool counts_up(const MtsTableForm *form)
{
    const bool corner = form->column[0].top == MTS_CELL_MISSING || is_corner(form->title[0]);
    double before = 0, step = 0;
    for (size_t c = 1; c < form->columns; c++) {
        double v;
        if (!mts_number_parse(form->title[c].data, form->title[c].size, &v) || v != floor(v)) {
            return false;
        }
        step = c == 2 ? v - before : step;
        bool counter = corner && (v == 0 || v == 1);
        bool begins = c > 1 || counter || (v >= 1500 && v <= 2500);
        if (!begins || (c > 1 && !(v - before > 0 && v - before == step))) {
            return false;
        }
        before = v;
    }
    return form->columns > 2;
}

static bool all_tops(const MtsTableForm *form, size_t from, MtsCellKind kind)
{
    for (size_t c = from; c < form->columns; c++) {
        if (form->column[c].top != kind) {
            return false;
        }
    }
    return form->columns > from;
}

/* A first row that names periods rather than channels: its own cells are years or dates, and rows begin with words. */
static bool names_periods(const MtsTableForm *form)
{
    MtsCellKind corner = form->column[0].top;
    return form->columns > 1 && (corner == MTS_CELL_WORDS || corner == MTS_CELL_MISSING) &&
           mostly(&form->column[0], MTS_CELL_WORDS) && mostly_numbers(&form->column[1]) &&
           (counts_up(form) || all_tops(form, 1, MTS_CELL_TIME));
}

/* As pandas writes what has no names: an empty corner, and the columns and rows count. */
static bool names_by_number(const MtsTableForm *form)
{
    return form->columns > 1 && form->column[0].top == MTS_CELL_MISSING && mostly_numbers(&form->column[0]) &&
           (form->columns > 2 ? counts_up(form) : mts_cell_is(form->title[1], "0"));
}

static bool has_header(const MtsTableForm *form)
{
    if (names_periods(form) || names_by_number(form) || form->row_names) {
        return true;
    }
    for (size_t c = 0; c < form->columns; c++) {
        const MtsColumnForm *column = &form->column[c];
        bool values = mostly_numbers(column) || mostly(column, MTS_CELL_TIME) || mostly(column, MTS_CELL_LIST);
        bool word = column->top == MTS_CELL_WORDS || (column->top == MTS_CELL_LIST && form->columns == 1);
        bool alone = form->rows == 0 && all_tops(form, 0, MTS_CELL_WORDS);
        if (word && (values || alone) && !(column->top == MTS_CELL_LIST && mostly(column, MTS_CELL_LIST))) {
            return true;
        }
    }
    return false;
}

/* The first row is values like the others. */
static void count_first_row(MtsTableForm *form)
{
    for (size_t c = 0; c < form->columns; c++) {
        MtsColumnForm *column = &form->column[c];
        double first;
        column->cells[column->top]++;
        if (mts_number_parse(form->title[c].data, form->title[c].size, &first)) {
            column->falls |= column->cells[MTS_CELL_PLAIN] > 1 && first >= column->latest;
        }
        form->title[c] = (MtsCell){"", 0};
    }
    form->rows++;
}

/* ---- the layout ---- */

static size_t find_title(const MtsTableForm *form, const char *const *names, size_t count)
{
    for (size_t c = 0; c < form->columns; c++) {
        for (size_t i = 0; i < count; i++) {
            if (mts_cell_is(form->title[c], names[i])) {
                return c;
            }
        }
    }
    return form->columns;
}

/* V1, V2, ...: names of values rather than of channels, where rows begin with words. */
static bool is_value_name(MtsCell cell)
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

static void find_titles(MtsTableForm *form)
{
    static const char *const ids[] = {"id", "unique_id", "series_id", "m4id", "item_id"},
                             *const values[] = {"value", "y", "target"}, *const labels[] = {"label", "class"};
    form->id = find_title(form, ids, sizeof ids / sizeof ids[0]);
    bool item = form->id < form->columns && mts_cell_is(form->title[form->id], "item_id"); /* GluonTS: its target */
    form->value = find_title(form, values, sizeof values / sizeof values[0] - !item);
    form->label = find_title(form, labels, sizeof labels / sizeof labels[0]);
}

static MtsLayout find_layout(const MtsTableForm *form, bool periods)
{
    bool words_first = form->columns > 1 && mostly(&form->column[0], MTS_CELL_WORDS);
    for (size_t c = 0; form->header && c < form->columns; c++) {
        if (mostly(&form->column[c], MTS_CELL_LIST)) {
            return MTS_LAYOUT_LISTS;
        }
    }
    if (form->id < form->columns && form->value < form->columns) {
        return MTS_LAYOUT_LONG;
    }
    bool rows = words_first && !form->row_names && (!form->header || periods || is_value_name(form->title[1]));
    return rows ? MTS_LAYOUT_ROWS : MTS_LAYOUT_COLUMNS;
}

/* ---- all of it ---- */

static int count_all(MtsTableForm *form, MtsCsvReader *r, Marks *marks, MtsError *err)
{
    bool more = false;
    size_t other = 0, quoted = 0; /* rows that have one cell more than the first; those whose first cell is in quotes */
    int rc = mts_csv_next(r, &more, err);
    if (rc || !more) {
        return rc ? rc : mts_fail(err, MTS_EFORMAT, "%s: is empty", r->name);
    }
    if ((rc = take_first_row(form, r, marks, err)) != 0) {
        return rc;
    }
    while (!(rc = mts_csv_next(r, &more, err)) && more) {
        if (form->rows == 0 && !form->unit && r->count == form->columns && are_units(r)) {
            if ((rc = take_units(form, r, err)) != 0) {
                return rc;
            }
            continue;
        }
        if ((rc = take_row(form, r, marks, err)) != 0) {
            return rc;
        }
        form->rows++;
        other += r->count == form->columns + 1;
        quoted += r->cells[0].data > r->text && r->cells[0].data[-1] == r->quote;
        if (r->count != form->columns && form->odd_line == 0) {
            form->odd_line = r->line;
            form->odd_count = r->count;
        }
    }
    bool one_more = form->rows > 0 && other == form->rows;
    bool trailing =
        one_more && present(&form->column[form->columns]) == 0; /* a delimiter ends every row but the first */
    /* "0,1,5" under "t,v" may be 0 and 1.5, whose decimal comma delimits */
    bool split =
        r->delimiter == ',' && marks->points == 0 && quoted < form->rows && !mostly(&form->column[0], MTS_CELL_WORDS);
    form->row_names = one_more && !trailing && !split && all_tops(form, 0, MTS_CELL_WORDS) &&
                      !mostly(&form->column[0], MTS_CELL_LIST);
    form->odd_line = trailing ? 0 : form->odd_line;
    return rc;
}

/* R leaves out the title of the column that holds the rows' names. */
static bool title_row_names(MtsTableForm *form)
{
    MtsCell *wider = mts_calloc(form->columns + 1, sizeof *wider);
    if (wider) {
        wider[0] = (MtsCell){"", 0};
        memcpy(wider + 1, form->title, form->columns * sizeof *wider);
        free(form->title);
        form->title = wider;
        form->columns++;
        form->odd_line = 0;
    }
    return wider != NULL;
}

int mts_form_find(MtsTableForm *form, MtsCsvReader *r, const MtsSeriesOptions *options, MtsError *err)
{
    Marks marks = {0};
    memset(form, 0, sizeof *form);
    form->missing = options->missing;
    mts_csv_rewind(r);
    int rc = count_all(form, r, &marks, err);
    if (rc) {
        return rc;
    }
    find_decimal(form, r, &marks, options->decimal);
    bool periods = names_periods(form);
    form->row_names = form->row_names && options->header != MTS_HEADER_NO;
    form->header = options->header == MTS_HEADER_AUTO ? has_header(form) : options->header == MTS_HEADER_YES;
    if (form->row_names && !title_row_names(form)) {
        return no_memory(r, err);
    }
    if ((!form->header || form->row_names) && form->unit) {
        return mts_fail(err, MTS_EFORMAT, "%s: line 2 has units, but the line above it names no columns", r->name);
    }
    if (!form->header) {
        count_first_row(form);
    }
    find_titles(form);
    form->layout = find_layout(form, periods && form->header);
    return MTS_OK;
}

void mts_form_free(MtsTableForm *form)
{
    free(form->title);
    free(form->unit);
    free(form->column);
    memset(form, 0, sizeof *form);
}

/* ---- columns ---- */

/* Whether the cell is one of `words`, which '|' parts; no empty one is among them. */
static bool is_one_of(MtsCell cell, const char *words)
{
    for (const char *word = words; word && cell.size > 0; word = strchr(word, '|') ? strchr(word, '|') + 1 : NULL) {
        size_t n = strcspn(word, "|"), i = 0;
        while (i < n && i < cell.size && (cell.data[i] == word[i] || (cell.data[i] | 0x20) == word[i])) {
            i++;
        }
        if (i == n && i == cell.size) {
            return true;
        }
    }
    return false;
}

/* A title without the unit of time at its end: "time (s)", "time[ms]", "t_sec", "elapsed in s". */
static MtsCell without_unit(MtsCell title)
{
    static const char units[] =
        "s|sec|secs|second|seconds|ms|msec|msecs|milliseconds|us|\xC2\xB5s|\xCE\xBCs|ns|min|mins|"
        "minutes|h|hr|hrs|hours|d|days|unix|utc|gmt|epoch|local";
    size_t n = title.size, open = n;
    char last = n ? title.data[n - 1] : '\0';
    bool bracketed = last == ')' || last == ']';
    while (open > 0 && !(bracketed ? strchr("([", title.data[open - 1]) : strchr("_ ", title.data[open - 1]))) {
        open--;
    }
    MtsCell unit = {title.data + open, n - open - bracketed};
    if (open == 0 || n == 0 || !is_one_of(unit, units)) {
        return title;
    }
    MtsCell rest = mts_cell_trim((MtsCell){title.data, open - 1});
    bool in = rest.size > 3 && memcmp(rest.data + rest.size - 3, " in", 3) == 0;
    return in ? mts_cell_trim((MtsCell){rest.data, rest.size - 3}) : rest;
}

bool mts_index_name(MtsCell title)
{
    static const char names[] =
        "#|i|idx|index|n|no|no.|nr|obs|row|rownames|step|sample|samples|sample #|sample_number|sample index|frame|t|"
        "time|times|timestamp|timestamps|ts|time stamp|time_stamp|date|day|datetime|date time|date_time|year|seconds|"
        "second|sec|ms|milliseconds|elapsed|elapsed time|elapsed_time|seconds_elapsed|unnamed: 0|epoch|unix time|"
        "unix_time|unixtime|unix timestamp|unix_timestamp|relative time|rel. time|zeit|datum|jahr|temps|fecha|tiempo";
    bool lead = title.size == 1 && title.data[0] == 'I'; /* an electrocardiogram's */
    MtsCell bare = without_unit(title), end = bare;
    end.data += bare.size > 9 ? bare.size - 9 : 0; /* "sensor timestamp [ns]" */
    end.size = bare.size > 9 ? 9 : bare.size;
    return title.size == 0 ||
           (!lead && (is_one_of(title, names) || is_one_of(bare, names) || mts_cell_is(end, "timestamp")));
}

bool mts_form_counts(const MtsTableForm *form, size_t column)
{
    const MtsColumnForm *c = &form->column[column];
    return form->header && !c->falls && mts_index_name(form->title[column]);
}

MtsColumnUse mts_form_use(const MtsTableForm *form, size_t column)
{
    const MtsColumnForm *c = &form->column[column];
    size_t there = present(c), n = numbers(form, c);
    if (there == 0) {
        return MTS_COLUMN_EMPTY;
    }
    if (n == there) {
        bool rises = !c->falls && cells_of(c, MTS_CELL_PLAIN) == form->rows && form->rows > 1;
        bool counter = column == 0 && form->columns > 2 && mostly(&form->column[1], MTS_CELL_TIME);
        bool index = form->header ? mts_index_name(form->title[column]) : counter;
        return rises && index ? MTS_COLUMN_INDEX : MTS_COLUMN_CHANNEL;
    }
    if (n == 0 && mostly(c, MTS_CELL_TIME)) {
        return MTS_COLUMN_TIME;
    }
    return mostly_numbers(c) ? MTS_COLUMN_BROKEN : MTS_COLUMN_WORDS;
}
