/* series/preamble.c - what stands before a table. */
#include "series/preamble.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"

/* ---- UTF-16 ---- */

static uint32_t unit_at(const unsigned char *p, int high)
{
    return (uint32_t)p[high] << 8 | p[1 - high];
}

int mts_preamble_utf8(const char *name, char **text, size_t *size, MtsError *err)
{
    const unsigned char *p = (const unsigned char *)*text;
    const bool little = *size >= 2 && p[0] == 0xFF && p[1] == 0xFE, big = *size >= 2 && p[0] == 0xFE && p[1] == 0xFF;
    if (!little && !big) {
        return MTS_OK;
    }
    size_t units = *size / 2, n = 0;
    char *out = mts_calloc(units + 1, 3); /* at most three bytes for each unit */
    if (!out) {
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    }
    bool ok = *size % 2 == 0;
    for (size_t i = 1; ok && i < units; i++) {
        uint32_t c = unit_at(p + 2 * i, little);
        if (c >= 0xD800 && c < 0xDC00 && i + 1 < units) {
            uint32_t low = unit_at(p + 2 * ++i, little);
            c = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00) : c;
        }
        char four[4];
        size_t bytes = mts_utf8_encode(c, four);
        ok = bytes > 0;
        memcpy(out + n, four, bytes);
        n += bytes;
    }
    if (!ok) {
        free(out);
        return mts_fail(err, MTS_EFORMAT, "%s: begins as UTF-16 and is none throughout; save it as UTF-8", name);
    }
    free(*text);
    *text = out;
    *size = n;
    return MTS_OK;
}

/* ---- what is no table ---- */

static const struct {
    const char *begin, *what;
} strangers[] = {{"PAR1", "a Parquet file"},
                 {"ARROW1", "an Arrow file"},
                 {"PK\003\004", "a zip archive, as spreadsheets and numpy's .npz are"},
                 {"\xD0\xCF\x11\xE0", "an old Excel or Word file"},
                 {"\x89HDF", "an HDF5 file"},
                 {"\x93NUMPY", "a numpy array"},
                 {"MATLAB ", "a MATLAB file"},
                 {"\x80\004", "a Python pickle"},
                 {"\x80\005", "a Python pickle"},
                 {"BZh", "packed by bzip2"},
                 {"\xFD\x37zXZ", "packed by xz"},
                 {"\x28\xB5\x2F\xFD", "packed by zstd"},
                 {"SQLite format 3", "an SQLite database"},
                 {"%PDF-", "a PDF file"},
                 {"$FL2", "an SPSS file"},
                 {"<stata_dta>", "a Stata file"}};

/* Texts, in either case, and what to do about them. */
static const struct {
    const char *begin, *what;
} texts[] = {{"@relation", "an ARFF file or one of its kind: save it as CSV"},
             {"<?xml", "an XML file: save it as CSV"},
             {"<!doctype", "a web page: save its table as CSV"},
             {"<html", "a web page: save its table as CSV"},
             {"<table", "a web page: save its table as CSV"},
             {"{\"", "JSON: its name must end in .json or .jsonl"},
             {"version https://git-lfs", "what Git LFS has in a file's place: fetch the file"}};

static bool begins(const char *text, size_t size, const char *word)
{
    size_t i = 0;
    while (word[i] && i < size && (text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]) == word[i]) {
        i++;
    }
    return !word[i];
}

int mts_preamble_refuse(const char *name, const char *text, size_t size, MtsError *err)
{
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        size_t n = strlen(strangers[i].begin);
        if (size >= n && memcmp(text, strangers[i].begin, n) == 0) {
            return mts_fail(err, MTS_EUNSUPPORTED, "%s: is %s, which is not read: save it as CSV", name,
                            strangers[i].what);
        }
    }
    return MTS_OK;
}

static int refuse_texts(const char *name, const char *text, size_t size, MtsError *err)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (begins(text, size, texts[i].begin)) {
            return mts_fail(err, MTS_EUNSUPPORTED, "%s: is no table but %s", name, texts[i].what);
        }
    }
    return MTS_OK;
}

/* ---- lines ---- */

/* One past the line at `at`, its end not included. */
static size_t line_end(const char *text, size_t size, size_t at)
{
    while (at < size && text[at] != '\n' && text[at] != '\r') {
        at++;
    }
    return at;
}

static size_t next_line(const char *text, size_t size, size_t at)
{
    at = line_end(text, size, at);
    bool crlf = at + 1 < size && text[at] == '\r' && text[at + 1] == '\n';
    return at + crlf + (at < size);
}

/* "sep=;" or, in quotes, "sep=;": the character, else 0. */
static char named_delimiter(const char *line, size_t n)
{
    bool quoted = n == 7 && line[0] == '"' && line[6] == '"';
    line += quoted;
    return (n == 5 || quoted) && (memcmp(line, "sep=", 4) == 0 || memcmp(line, "SEP=", 4) == 0) ? line[4] : '\0';
}

/* '#' with a cell behind it is a name ("#,x,y"). */
static bool is_comment(const char *text, size_t size, size_t at)
{
    bool mark = at < size && (text[at] == '#' || text[at] == '%');
    return mark && !(at + 1 < size && text[at + 1] != '\0' && strchr(",;\t|", text[at + 1]));
}

static bool is_blank_line(const char *text, size_t size, size_t at)
{
    size_t end = line_end(text, size, at);
    while (at < end && (text[at] == ' ' || text[at] == '\t')) {
        at++;
    }
    return at == end;
}

/* The cells of the first row of a text of its own, none where there is none or a broken one, which is the table's to
 * tell; *numbers says whether one of them begins like a number. MTS_ENOMEM is the only failure. */
static int count_cells(const char *text, size_t size, char *delimiter, size_t *count, bool *numbers)
{
    MtsCsvReader r;
    bool more = false;
    MtsError unused = {0};
    int rc = mts_csv_begin(&r, "", text, size, *delimiter, &unused);
    rc = rc ? rc : mts_csv_next(&r, &more, &unused);
    *count = rc || !more ? 0 : r.count;
    *delimiter = r.delimiter;
    *numbers = false;
    for (size_t c = 0; c < *count; c++) {
        *numbers |= r.cells[c].size > 0 && strchr("0123456789+-.", r.cells[c].data[0]);
    }
    mts_csv_end(&r);
    return rc == MTS_ENOMEM ? rc : MTS_OK;
}

/* Where the comment at `at` names the columns of the row at `row`, *start is where its names begin; else it stays. */
static int find_names(const char *text, size_t size, size_t at, size_t row, char delimiter, size_t *start)
{
    bool numbers, unused;
    size_t cells, names, end = line_end(text, size, at), from = at;
    int rc = count_cells(text + row, size - row, &delimiter, &cells, &numbers);
    if (rc || !numbers || (rc = count_cells(text + at, end - at, &delimiter, &names, &unused))) {
        return rc;
    }
    if (names != cells || delimiter != ' ') { /* "# x y" over three columns: '#' is a name */
        do {
            from++;
        } while (from < end && strchr("#% \t", text[from]));
        if ((rc = count_cells(text + from, end - from, &delimiter, &names, &unused))) {
            return rc;
        }
    }
    *start = names == cells ? from : *start;
    return MTS_OK;
}

typedef struct Preamble {
    size_t start;   /* of the first row, in bytes */
    size_t lines;   /* before the first row's */
    char delimiter; /* that the text names, 0: none */
} Preamble;

static int pass_over(Preamble *p, const char *name, const char *text, size_t size, char delimiter, MtsError *err)
{
    size_t at = mts_utf8_mark(text, size), comment = size, comment_line = 0;
    *p = (Preamble){at, 0, named_delimiter(text + at, line_end(text, size, at) - at)};
    if (p->delimiter) {
        at = next_line(text, size, at);
        p->lines++;
        if (!strchr(",;\t| ", p->delimiter)) {
            return mts_fail(err, MTS_EUNSUPPORTED, "%s: line 1: the delimiter '%c' is not one of , ; | tab and blank",
                            name, p->delimiter);
        }
    }
    delimiter = delimiter ? delimiter : p->delimiter;
    for (size_t line = p->lines; at < size && (is_comment(text, size, at) || is_blank_line(text, size, at)); line++) {
        comment = is_comment(text, size, at) ? at : comment;
        comment_line = is_comment(text, size, at) ? line : comment_line;
        at = next_line(text, size, at);
        p->lines = line + 1;
    }
    p->start = at;
    if (refuse_texts(name, text + at, size - at, err)) {
        return MTS_EUNSUPPORTED;
    }
    int rc = comment < size ? find_names(text, size, comment, at, delimiter, &p->start) : MTS_OK;
    p->lines = p->start < at ? comment_line : p->lines;
    return rc ? mts_fail(err, rc, "%s: memory ran out", name) : MTS_OK;
}

int mts_preamble_begin(MtsCsvReader *r, const char *name, char **text, size_t *size, char delimiter, MtsError *err)
{
    Preamble before;
    int rc;
    if ((rc = mts_preamble_utf8(name, text, size, err)) ||
        (rc = pass_over(&before, name, *text, *size, delimiter, err)) ||
        (rc = mts_csv_begin(r, name, *text + before.start, *size - before.start,
                            delimiter ? delimiter : before.delimiter, err))) {
        return rc;
    }
    r->lines_before = before.lines;
    mts_csv_rewind(r);
    return MTS_OK;
}
