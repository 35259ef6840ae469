/* series/csv.c - delimited text to cells.
 *
 * Delimited text to cells, in one pass over the text and in place: an unquoted cell is never longer than what
 * it was written as. */
#include "series/csv.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

static char find_delimiter(const char *text, size_t size)
{
    bool quoted = false, comma = false, semicolon = false;
    for (size_t i = 0; i < size && (quoted || (text[i] != '\n' && text[i] != '\r')); i++) {
        if (text[i] == '"') {
            quoted = !quoted;
        } else if (!quoted) {
            if (text[i] == '\t') {
                return '\t';
            }
            comma |= text[i] == ',';
            semicolon |= text[i] == ';';
        }
    }
    return comma ? ',' : semicolon ? ';' : ' ';
}

static bool add_cell(MtsCsv *csv, const char *data, size_t size)
{
    if (!mts_grow(&csv->cells, &csv->cell_cap, csv->cell_count + 1, sizeof *csv->cells)) {
        return false;
    }
    csv->cells[csv->cell_count++] = (MtsCell){data, size};
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

typedef struct CsvCursor {
    const char *name;
    char *text;
    size_t size, at, line;
} CsvCursor;

static bool at_line_end(const CsvCursor *c)
{
    return c->at >= c->size || c->text[c->at] == '\n' || c->text[c->at] == '\r';
}

static void skip_line_end(CsvCursor *c)
{
    if (c->at < c->size) {
        bool crlf = c->text[c->at] == '\r' && c->at + 1 < c->size && c->text[c->at + 1] == '\n';
        c->at += crlf ? 2 : 1;
        c->line++;
    }
}

/* A cell in quotes; the cursor stands on the opening one. "" inside stands for one quote. */
static int quoted_cell(CsvCursor *c, MtsCell *cell, MtsError *err)
{
    size_t begun = c->line, out = ++c->at;
    cell->data = c->text + c->at;
    for (;; c->at++) {
        if (c->at >= c->size) {
            return mts_fail(err, MTS_EFORMAT, "%s: line %zu: a quote is opened and never closed", c->name, begun);
        }
        if (c->text[c->at] == '"') {
            if (c->at + 1 >= c->size || c->text[c->at + 1] != '"') {
                break;
            }
            c->at++;
        }
        c->line += c->text[c->at] == '\n';
        c->text[out++] = c->text[c->at];
    }
    c->at++;
    cell->size = (size_t)(c->text + out - cell->data);
    return MTS_OK;
}

static int read_row(MtsCsv *csv, CsvCursor *c, MtsError *err)
{
    char d = csv->delimiter;
    for (;;) {
        while (!at_line_end(c) && is_blank(c->text[c->at]) && c->text[c->at] != d) {
            c->at++;
        }
        if (d == ' ') { /* runs of white space separate and surround */
            while (!at_line_end(c) && is_blank(c->text[c->at])) {
                c->at++;
            }
            if (at_line_end(c)) {
                return MTS_OK;
            }
        }
        MtsCell cell = {NULL, 0};
        if (!at_line_end(c) && c->text[c->at] == '"') {
            int rc = quoted_cell(c, &cell, err);
            if (rc) {
                return rc;
            }
            while (d != ' ' && !at_line_end(c) && is_blank(c->text[c->at]) && c->text[c->at] != d) {
                c->at++;
            }
            bool ends = at_line_end(c) || c->text[c->at] == d || (d == ' ' && is_blank(c->text[c->at]));
            if (!ends) {
                return mts_fail(err, MTS_EFORMAT, "%s: line %zu: text follows a closing quote", c->name, c->line);
            }
        } else {
            size_t begin = c->at;
            while (!at_line_end(c) && c->text[c->at] != d && !(d == ' ' && is_blank(c->text[c->at]))) {
                c->at++;
            }
            size_t end = c->at;
            while (end > begin && is_blank(c->text[end - 1])) {
                end--;
            }
            cell = (MtsCell){c->text + begin, end - begin};
        }
        if (!add_cell(csv, cell.data, cell.size)) {
            return mts_fail(err, MTS_ENOMEM, "%s: memory ran out at line %zu", c->name, c->line);
        }
        if (at_line_end(c)) {
            return MTS_OK;
        }
        if (d != ' ') {
            c->at++; /* the delimiter; a cell follows it even at the end of the line */
        }
    }
}

/* Whether the line at the cursor holds nothing but white space and delimiters' blanks. */
static bool blank_line(const CsvCursor *c)
{
    size_t i = c->at;
    while (i < c->size && is_blank(c->text[i])) {
        i++;
    }
    return i >= c->size || c->text[i] == '\n' || c->text[i] == '\r';
}

int mts_csv_parse(MtsCsv *csv, const char *name, char *text, size_t size, bool tabs, MtsError *err)
{
    memset(csv, 0, sizeof *csv);
    csv->text = text;
    int rc = MTS_OK;
    CsvCursor c = {name, text, size, 0, 1};
    if (memchr(text, 0, size)) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: has a zero byte and is not a text file", name);
        goto done;
    }
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        c.at = 3;
    }
    csv->delimiter = tabs ? '\t' : find_delimiter(text + c.at, size - c.at);
    while (c.at < c.size) {
        if (blank_line(&c)) {
            while (!at_line_end(&c)) {
                c.at++;
            }
            skip_line_end(&c);
            continue;
        }
        if (!mts_grow(&csv->first, &csv->first_cap, csv->rows + 2, sizeof *csv->first) ||
            !mts_grow(&csv->line, &csv->line_cap, csv->rows + 1, sizeof *csv->line)) {
            rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out at line %zu", name, c.line);
            goto done;
        }
        csv->first[csv->rows] = csv->cell_count;
        csv->line[csv->rows] = c.line;
        rc = read_row(csv, &c, err);
        if (rc) {
            goto done;
        }
        csv->first[++csv->rows] = csv->cell_count;
        skip_line_end(&c);
    }
    if (csv->rows == 0) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: is empty", name);
    }
done:
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

bool mts_cell_is(MtsCell cell, const char *word)
{
    size_t n = strlen(word);
    if (cell.size != n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        char a = cell.data[i], b = word[i];
        a = (char)(a >= 'A' && a <= 'Z' ? a + 32 : a);
        b = (char)(b >= 'A' && b <= 'Z' ? b + 32 : b);
        if (a != b) {
            return false;
        }
    }
    return true;
}

bool mts_cell_missing(MtsCell cell)
{
    static const char *const words[] = {"na", "n/a", "nan", "null", "none", "?", "-"};
    if (cell.size == 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (mts_cell_is(cell, words[i])) {
            return true;
        }
    }
    return false;
}
