/* series/csv.c - delimited text to cells.
 *
 * The reader keeps one row and changes nothing, so a file of any size costs its text and a row, and may be gone
 * through twice: once to see what it is, once for its values. */
#include "series/csv.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"

enum { LINES_LOOKED_AT = 100 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

static bool at_line_end(const MtsCsvReader *r)
{
    return r->at >= r->size || r->text[r->at] == '\n' || r->text[r->at] == '\r';
}

static void skip_line_end(MtsCsvReader *r)
{
    if (r->at < r->size) {
        bool crlf = r->text[r->at] == '\r' && r->at + 1 < r->size && r->text[r->at + 1] == '\n';
        r->at += crlf ? 2 : 1;
        r->next_line++;
    }
}

/* ---- the delimiter ---- */

/* How often `mark` stands outside quotes in the line at *at, which moves on to the next one. */
static size_t count_in_line(const char *text, size_t size, size_t *at, char mark, char quote)
{
    size_t n = 0, i = *at;
    bool quoted = false;
    for (; i < size && (quoted || (text[i] != '\n' && text[i] != '\r')); i++) {
        quoted ^= text[i] == quote;
        n += !quoted && text[i] == mark;
    }
    while (i < size && (text[i] == '\n' || text[i] == '\r')) {
        i++;
    }
    *at = i;
    return n;
}

static bool in_every_line(const char *text, size_t size, char mark, char quote)
{
    size_t at = 0, first = count_in_line(text, size, &at, mark, quote);
    for (int line = 1; first > 0 && at < size && line < LINES_LOOKED_AT; line++) {
        if (count_in_line(text, size, &at, mark, quote) != first) {
            return false;
        }
    }
    return first > 0;
}

static bool in_first_line(const char *text, size_t size, char mark, char quote)
{
    size_t at = 0;
    return count_in_line(text, size, &at, mark, quote) > 0;
}

static char find_delimiter(const char *text, size_t size, char quote)
{
    return in_first_line(text, size, '\t', quote)  ? '\t'
           : in_every_line(text, size, ';', quote) ? ';'
           : in_every_line(text, size, '|', quote) ? '|'
           : in_first_line(text, size, ',', quote) ? ','
           : in_first_line(text, size, ';', quote) ? ';'
                                                   : ' ';
}

/* ---- a row ---- */

/* A cell in quotes; the reader stands on the opening one. */
static int quoted_cell(MtsCsvReader *r, MtsCell *cell, MtsError *err)
{
    size_t begun = r->next_line;
    cell->data = r->text + ++r->at;
    for (;; r->at++) {
        if (r->at >= r->size) {
            return mts_fail(err, MTS_EFORMAT, "%s: line %zu: a quote is opened and never closed", r->name, begun);
        }
        if (r->text[r->at] == r->quote) {
            if (r->at + 1 >= r->size || r->text[r->at + 1] != r->quote) {
                break;
            }
            r->doubled = true;
            r->at++;
        }
        r->next_line += r->text[r->at] == '\n';
    }
    cell->size = (size_t)(r->text + r->at - cell->data);
    r->at++;
    return MTS_OK;
}

static void plain_cell(MtsCsvReader *r, MtsCell *cell)
{
    char d = r->delimiter;
    size_t begin = r->at;
    while (!at_line_end(r) && r->text[r->at] != d && !(d == ' ' && is_blank(r->text[r->at]))) {
        r->at++;
    }
    size_t end = r->at;
    while (end > begin && is_blank(r->text[end - 1])) {
        end--;
    }
    *cell = (MtsCell){r->text + begin, end - begin};
}

static void skip_blanks(MtsCsvReader *r)
{
    while (!at_line_end(r) && is_blank(r->text[r->at]) && (r->delimiter == ' ' || r->text[r->at] != r->delimiter)) {
        r->at++;
    }
}

static int next_cell(MtsCsvReader *r, MtsCell *cell, MtsError *err)
{
    if (at_line_end(r) || r->text[r->at] != r->quote) {
        plain_cell(r, cell);
        return MTS_OK;
    }
    int rc = quoted_cell(r, cell, err);
    if (rc) {
        return rc;
    }
    bool blank = !at_line_end(r) && is_blank(r->text[r->at]);
    skip_blanks(r);
    if (!at_line_end(r) && r->text[r->at] != r->delimiter && !(r->delimiter == ' ' && blank)) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu: text follows a closing quote", r->name, r->next_line);
    }
    return MTS_OK;
}

static int read_row(MtsCsvReader *r, MtsError *err)
{
    r->count = 0;
    r->line = r->next_line;
    for (;;) {
        skip_blanks(r);
        if (r->delimiter == ' ' && at_line_end(r)) { /* white space surrounds too */
            return MTS_OK;
        }
        if (r->count == MTS_CSV_MOST_CELLS) {
            return mts_fail(err, MTS_ECAPACITY, "%s: line %zu has more than %zu cells, the most that a row may have",
                            r->name, r->line, MTS_CSV_MOST_CELLS);
        }
        if (!mts_grow(&r->cells, &r->cell_cap, r->count + 1, sizeof *r->cells)) {
            return mts_fail(err, MTS_ENOMEM, "%s: memory ran out at line %zu", r->name, r->line);
        }
        int rc = next_cell(r, &r->cells[r->count++], err);
        if (rc || at_line_end(r)) {
            return rc;
        }
        r->at += r->delimiter != ' '; /* a cell follows a delimiter even at the end of the line */
    }
}

/* ---- the reader ---- */

/* An apostrophe where the text begins with one that another closes at a cell's end ('t','v'), else '"'. */
static char quote_of(const char *text, size_t size)
{
    size_t at = 1;
    while (at < size && text[0] == '\'' && text[at] != '\'' && text[at] != '\n') {
        at++;
    }
    bool closed =
        at < size && text[0] == '\'' && text[at] == '\'' && at + 1 < size && strchr(",;\t| \r\n", text[at + 1]);
    return closed ? '\'' : '"';
}

int mts_csv_begin(MtsCsvReader *r, const char *name, const char *text, size_t size, char delimiter, MtsError *err)
{
    memset(r, 0, sizeof *r);
    if (memchr(text, 0, size)) {
        return mts_fail(err, MTS_EFORMAT, "%s: has a zero byte and is not a text file", name);
    }
    size_t mark = mts_utf8_mark(text, size);
    r->name = name;
    r->text = text + mark;
    r->size = size - mark;
    r->quote = quote_of(r->text, r->size);
    r->delimiter = delimiter ? delimiter : find_delimiter(r->text, r->size, r->quote);
    r->next_line = 1;
    return MTS_OK;
}

void mts_csv_rewind(MtsCsvReader *r)
{
    r->at = 0;
    r->next_line = r->lines_before + 1;
}

/* Passes over lines that hold nothing but white space. */
static void skip_blank_lines(MtsCsvReader *r)
{
    for (size_t i = r->at; i < r->size; i++) {
        if (r->text[i] == '\n' || r->text[i] == '\r') {
            r->at = i;
            skip_line_end(r);
            i = r->at - 1;
        } else if (!is_blank(r->text[i])) {
            return;
        }
    }
    r->at = r->size;
}

int mts_csv_next(MtsCsvReader *r, bool *more, MtsError *err)
{
    skip_blank_lines(r);
    *more = r->at < r->size;
    int rc = *more ? read_row(r, err) : MTS_OK;
    if (!rc && *more) {
        skip_line_end(r);
    }
    return rc;
}

void mts_csv_end(MtsCsvReader *r)
{
    free(r->cells);
    memset(r, 0, sizeof *r);
}

size_t mts_csv_undouble(const MtsCsvReader *r, char *s, size_t n)
{
    char quote = r->quote;
    size_t out = 0;
    for (size_t i = 0; i < n; i++) {
        s[out++] = s[i];
        i += s[i] == quote && i + 1 < n && s[i + 1] == quote;
    }
    return out;
}

char *mts_csv_plain(const MtsCsvReader *r, MtsCell cell)
{
    char *copy = mts_strndup(cell.data ? cell.data : "", cell.size);
    if (copy && r->doubled) {
        copy[mts_csv_undouble(r, copy, cell.size)] = '\0';
    }
    return copy;
}
