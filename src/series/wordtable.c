/* series/wordtable.c - all rows of a table at once. */
#include "series/wordtable.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "series/preamble.h"

static bool keep_row(MtsCsv *csv, const MtsCsvReader *r)
{
    if (!mts_grow(&csv->first, &csv->first_cap, csv->rows + 2, sizeof *csv->first) ||
        !mts_grow(&csv->line, &csv->line_cap, csv->rows + 1, sizeof *csv->line) ||
        !mts_grow(&csv->cells, &csv->cell_cap, csv->cell_count + r->count, sizeof *csv->cells)) {
        return false;
    }
    csv->first[csv->rows] = csv->cell_count;
    csv->line[csv->rows++] = r->line;
    for (size_t i = 0; i < r->count; i++) {
        MtsCell cell = r->cells[i];
        if (r->doubled && cell.size) {
            cell.size = mts_csv_undouble(r, csv->text + (cell.data - csv->text), cell.size);
        }
        csv->cells[csv->cell_count++] = cell;
    }
    csv->first[csv->rows] = csv->cell_count;
    return true;
}

int mts_csv_parse(MtsCsv *csv, const char *name, char *text, size_t size, MtsError *err)
{
    MtsCsvReader r = {0};
    bool more = false;
    memset(csv, 0, sizeof *csv);
    int rc = mts_preamble_refuse(name, text, size, err);
    rc = rc ? rc : mts_preamble_begin(&r, name, &text, &size, 0, err);
    csv->text = text;
    csv->delimiter = r.delimiter;
    while (!rc && !(rc = mts_csv_next(&r, &more, err)) && more) {
        if (!keep_row(csv, &r)) {
            rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out at line %zu", name, r.line);
        }
    }
    if (!rc && csv->rows == 0) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: is empty", name);
    }
    mts_csv_end(&r);
    if (rc) {
        mts_csv_free(csv);
    }
    return rc;
}

void mts_csv_free(MtsCsv *csv)
{
    free(csv->text);
    free(csv->cells);
    free(csv->first);
    free(csv->line);
    memset(csv, 0, sizeof *csv);
}

size_t mts_csv_columns(const MtsCsv *csv, size_t row)
{
    return csv->first[row + 1] - csv->first[row];
}

MtsCell mts_csv_cell(const MtsCsv *csv, size_t row, size_t column)
{
    return column < mts_csv_columns(csv, row) ? csv->cells[csv->first[row] + column] : (MtsCell){"", 0};
}
