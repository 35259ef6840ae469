/* cli/out.c - see out.h.
 *
 * The readable form follows the object: scalars as "name  value", a list of objects as a table with one column
 * a field, any other list on wrapped lines, an object inside an object below its name.
 *
 * A table that is wider than the screen: first its columns of words are made narrower, to SHORTEST at least, and what
 * they lose is marked "…"; numbers are never cut. Columns that still do not fit come below, in a table of their own
 * that begins with the first column again. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/out.h"
#include "cli/screen.h"
#include "core/error.h"
#include "core/mem.h"
#include "core/output.h"
#include "core/utf8.h"

enum { NAME_WIDTH = 18, LINE_WIDTH = 110, CELL_WIDTH = 60, CELLS = 32, SHORTEST = 8, GAP = 2 };

/* ---- where to ---- */

static struct {
    MtsOutput *file; /* NULL: standard output */
    MtsBytes bytes;  /* what will be in the file */
    bool lost;       /* some of it there was no memory for */
    bool closed;     /* standard output has no reader any more */
} to;

void out_write(const char *text, size_t size)
{
    if (to.file) {
        to.lost = to.lost || !mts_bytes_append(&to.bytes, text, size);
    } else {
        fwrite(text, 1, size, stdout);
    }
}

void out_puts(const char *text)
{
    out_write(text, strlen(text));
}

void out_printf(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    if (to.file) {
        to.lost = to.lost || !mts_bytes_vprintf(&to.bytes, format, list);
    } else if (vprintf(format, list) < 0 && !ferror(stdout)) {
        to.lost = true; /* the stream does not tell */
    }
    va_end(list);
}

static int told_lost(MtsError *err)
{
    return mts_fail(err, MTS_ENOMEM, "memory ran out before the results were written");
}

int out_begin(const char *path, MtsError *err)
{
    memset(&to, 0, sizeof to);
    return path ? mts_output_open(&to.file, path, err) : MTS_OK;
}

int out_end(int rc, MtsError *err)
{
    if (!to.file) {
        return rc;
    }
    if (to.lost && !rc) {
        rc = told_lost(err);
    }
    rc = rc ? rc : mts_output_replace(to.file, to.bytes.data ? to.bytes.data : "", to.bytes.len, err);
    mts_output_close(&to.file);
    mts_bytes_free(&to.bytes);
    memset(&to, 0, sizeof to);
    return rc;
}

size_t out_width(void)
{
    return to.file ? 0 : screen_width(STDOUT_FILENO);
}

size_t out_height(void)
{
    return to.file || !isatty(STDOUT_FILENO) ? 0 : screen_height(STDOUT_FILENO);
}

const char *out_bold(void)
{
    return to.file ? "" : screen_bold(STDOUT_FILENO);
}

const char *out_plain(void)
{
    return to.file ? "" : screen_plain(STDOUT_FILENO);
}

bool out_is_terminal(void)
{
    return !to.file && isatty(STDOUT_FILENO);
}

bool out_is_json(const Args *args)
{
    return args->json || !out_is_terminal();
}

bool out_closed(void)
{
    return to.closed;
}

/* Whether whoever read standard output went away: what an earlier write failed of, the stream does not tell. */
static bool is_reader_gone(void)
{
    struct pollfd end = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return errno == EPIPE || (poll(&end, 1, 0) == 1 && (end.revents & POLLERR));
}

int out_flush(MtsError *err)
{
    if (to.lost) {
        return told_lost(err);
    }
    errno = 0;
    if (to.file || (fflush(stdout) == 0 && !ferror(stdout))) {
        return MTS_OK;
    }
    to.closed = to.closed || is_reader_gone();
    return errno ? mts_fail(err, MTS_EIO, "standard output: cannot be written whole: %s", strerror(errno))
                 : mts_fail(err, MTS_EIO, "standard output: could not be written whole"); /* why, the stream forgot */
}

/* ---- texts ---- */

/* The bytes of the words, beginning at text, that fit into `columns` together; one word at least. */
static size_t words_that_fit(const char *text, size_t columns)
{
    size_t fits = 0;
    for (size_t at = 0; text[at]; at += strspn(text + at, " ")) {
        at += strcspn(text + at, " ");
        if (fits && screen_columns(text, at) > columns) {
            break;
        }
        fits = at;
    }
    return fits;
}

void out_line(const char *format, ...)
{
    char line[2048];
    size_t width = out_width();
    va_list list;
    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    const char *at = line;
    while (width && screen_columns(at, strlen(at)) > width) {
        size_t fits = words_that_fit(at, width);
        out_printf("%.*s\n", (int)fits, at);
        at += fits + strspn(at + fits, " ");
    }
    out_printf(*at || at == line ? "%s\n" : "%s", at);
}

void out_text(const char *text, size_t size, int indent)
{
    for (size_t i = 0, n; i < size; i += n) {
        uint32_t cp = 0;
        n = mts_utf8_decode(text + i, size - i, &cp);
        if ((n == 0 || mts_utf8_is_control(cp)) && text[i] != '\n' && text[i] != '\t') {
            out_puts("\xEF\xBF\xBD");
        } else {
            out_write(text + i, n);
        }
        n = n ? n : 1;
        if (text[i] == '\n') {
            out_printf("%*s", indent, "");
        }
    }
}

void out_whole_text(const char *text, size_t size)
{
    if (out_is_terminal()) {
        out_text(text, size, 0);
    } else {
        out_write(text, size);
    }
}

json_t *out_answer(const char *text, size_t size)
{
    return mts_utf8_valid_prefix(text, size) == size ? json_stringn(text, size) : mts_json_string(text, size);
}

json_t *out_string(const char *text)
{
    return mts_json_string(text, strlen(text));
}

json_t *out_ids(const int32_t *ids, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        mts_json_add_int(&list, NULL, ids[i]);
    }
    return list;
}

static void cell(const json_t *value, char *out, size_t size);

/* "1 -0.5, 7 -1.2": a list, and a list of lists. */
static void list_cell(const json_t *list, const char *join, char *out, size_t size)
{
    size_t i, n = 0;
    const json_t *value;
    out[0] = '\0';
    json_array_foreach(list, i, value)
    {
        n += (size_t)snprintf(out + n, size - n, "%s", i ? join : "");
        if (n + 1 < size) {
            cell(value, out + n, size - n);
            n += strlen(out + n);
        }
        if (n + 1 >= size) {
            break;
        }
    }
}

/* A scalar or list in few characters, an object as JSON. In cells, line ends show as \n. */
static void cell(const json_t *value, char *out, size_t size)
{
    if (json_is_string(value)) {
        char whole[4 * CELL_WIDTH];
        size_t n = 0;
        for (const char *s = json_string_value(value); *s && n + 3 < sizeof whole; s++) {
            if (*s == '\n') {
                whole[n++] = '\\';
                whole[n++] = 'n';
            } else {
                whole[n++] = *s;
            }
        }
        mts_utf8_printable(whole, n - mts_utf8_pending(whole, n), out, size);
    } else if (json_is_real(value)) {
        snprintf(out, size, "%.5g", json_real_value(value));
    } else if (json_is_integer(value)) {
        snprintf(out, size, "%lld", (long long)json_integer_value(value));
    } else if (json_is_boolean(value)) {
        snprintf(out, size, "%s", json_is_true(value) ? "true" : "false");
    } else if (json_is_array(value)) {
        list_cell(value, json_is_array(json_array_get(value, 0)) ? ", " : " ", out, size);
    } else if (json_is_null(value)) {
        snprintf(out, size, "-");
    } else {
        char *text = mts_json_text(value);
        to.lost = to.lost || !text;
        snprintf(out, size, "%s", text ? text : "");
        free(text);
    }
}

static void put_padded(const char *text, size_t width)
{
    out_puts(text);
    for (size_t n = screen_columns(text, strlen(text)); n < width; n++) {
        out_puts(" ");
    }
}

/* ---- tables ---- */

typedef struct Grid {
    const json_t *rows;
    const char *names[CELLS];
    size_t width[CELLS], count;
    bool words[CELLS]; /* not only numbers: may be cut */
} Grid;

/* A string that begins like a number, "0.93 ±0.02", is one. */
static bool is_words(const json_t *v)
{
    const char *text = json_is_string(v) ? json_string_value(v) : "";
    return json_is_array(v) || json_is_object(v) || (*text && !strchr("+-.0123456789", *text));
}

static void measure(Grid *t, const json_t *rows)
{
    size_t i;
    const json_t *row, *value;
    const char *name;
    char text[CELL_WIDTH + 1];
    *t = (Grid){.rows = rows};
    json_object_foreach((json_t *)json_array_get(rows, 0), name, value)
    {
        if (t->count < CELLS) {
            t->names[t->count] = name;
            t->width[t->count++] = screen_columns(name, strlen(name));
        }
    }
    json_array_foreach(rows, i, row)
    {
        for (size_t c = 0; c < t->count; c++) {
            const json_t *v = json_object_get(row, t->names[c]);
            cell(v, text, sizeof text);
            size_t wide = screen_columns(text, strlen(text));
            t->width[c] = wide > t->width[c] ? wide : t->width[c];
            t->words[c] = t->words[c] || is_words(v);
        }
    }
}

/* Makes the widest columns of words narrower until all fit, or none can give any more. */
static void squeeze(Grid *t, size_t screen)
{
    for (;;) {
        size_t all = 0, widest = CELLS;
        for (size_t c = 0; c < t->count; c++) {
            all += GAP + t->width[c];
            size_t name = screen_columns(t->names[c], strlen(t->names[c]));
            bool gives = t->words[c] && t->width[c] > SHORTEST && t->width[c] > name;
            widest = gives && (widest == CELLS || t->width[c] > t->width[widest]) ? c : widest;
        }
        if (all <= screen || widest == CELLS) {
            return;
        }
        t->width[widest]--;
    }
}

/* A cell of a width, the last of its line unpadded. */
static void put_cell(const char *text, size_t width, bool last)
{
    char cut[CELL_WIDTH + 8];
    size_t size = strlen(text);
    if (screen_columns(text, size) > width) {
        size_t fits = screen_fit(text, size, width - 1);
        snprintf(cut, sizeof cut, "%.*s\xE2\x80\xA6", (int)fits, text);
        text = cut;
    }
    out_printf("%*s", GAP, "");
    put_padded(text, last ? 0 : width);
}

/* Columns 0 (where it is not among them) and from .. end of all rows. */
static void put_block(const Grid *t, size_t from, size_t end)
{
    size_t i;
    const json_t *row;
    char text[CELL_WIDTH + 1];
    out_puts(out_bold());
    for (size_t k = from ? from - 1 : 0; k < end; k++) {
        size_t c = from && k == from - 1 ? 0 : k;
        put_cell(t->names[c], t->width[c], k + 1 == end);
    }
    out_printf("%s\n", out_plain());
    json_array_foreach(t->rows, i, row)
    {
        for (size_t k = from ? from - 1 : 0; k < end; k++) {
            size_t c = from && k == from - 1 ? 0 : k;
            cell(json_object_get(row, t->names[c]), text, sizeof text);
            put_cell(text, t->width[c], k + 1 == end);
        }
        out_puts("\n");
    }
}

/* The end of the block that begins with column `from`. */
static size_t block_end(const Grid *t, size_t from)
{
    size_t screen = out_width(), used = from ? GAP + t->width[0] : 0, end = from;
    for (; end < t->count && (end == from || !screen || used + GAP + t->width[end] <= screen); end++) {
        used += GAP + t->width[end];
    }
    return end;
}

static void lay_out(Grid *t, const json_t *rows)
{
    measure(t, rows);
    if (out_width()) {
        squeeze(t, out_width());
    }
}

void out_table(const json_t *rows)
{
    Grid t;
    lay_out(&t, rows);
    for (size_t from = 0, end; from < t.count; from = end) {
        end = block_end(&t, from);
        put_block(&t, from, end);
    }
}

size_t out_table_blocks(const json_t *rows)
{
    Grid t;
    size_t blocks = 0;
    lay_out(&t, rows);
    for (size_t from = 0; from < t.count; from = block_end(&t, from)) {
        blocks++;
    }
    return blocks;
}

void out_cut_line(const char *line)
{
    size_t screen = out_width(), size = strlen(line);
    bool cut = screen && screen_columns(line, size) > screen;
    out_printf("%.*s%s\n", (int)(cut ? screen_fit(line, size, screen - 1) : size), line, cut ? "\xE2\x80\xA6" : "");
}

static void put_list(const json_t *list)
{
    size_t i, column = 2, screen = out_width(), most = screen ? screen : LINE_WIDTH;
    const json_t *value;
    char text[CELL_WIDTH + 1];
    out_puts("  ");
    json_array_foreach(list, i, value)
    {
        cell(value, text, sizeof text);
        size_t wide = screen_columns(text, strlen(text)) + 1;
        if (column > 2 && column + wide - 1 > most) {
            out_puts("\n  ");
            column = 2;
        }
        out_printf("%s ", text);
        column += wide;
    }
    out_puts("\n");
}

/* A member's name, which may be a hostile file's own; in a column of `width`. */
static void put_name(const char *name, int indent, int width)
{
    char shown[256];
    mts_utf8_printable(name, strlen(name), shown, sizeof shown);
    out_printf("%*s%-*s", indent, "", width, shown);
}

static void put_object(const json_t *object, int indent)
{
    const char *name;
    const json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        if (json_is_array(value) && json_array_size(value) > 0) {
            put_name(name, indent, 0);
            out_puts("\n");
            if (json_is_object(json_array_get(value, 0))) {
                out_table(value);
            } else {
                put_list(value);
            }
        } else if (json_is_object(value)) {
            put_name(name, indent, 0);
            out_puts("\n");
            put_object(value, indent + 2);
        } else if (json_is_string(value)) {
            put_name(name, indent, NAME_WIDTH - indent);
            out_puts(" ");
            out_text(json_string_value(value), json_string_length(value), 0);
            out_puts("\n");
        } else {
            char text[64];
            cell(value, text, sizeof text);
            put_name(name, indent, NAME_WIDTH - indent);
            out_printf(" %s\n", text);
        }
    }
}

int out_print(const Args *args, json_t *object, MtsError *err)
{
    if (object && out_is_json(args)) {
        char *text = mts_json_text(object);
        json_decref(object);
        object = NULL;
        if (text) {
            out_printf("%s\n", text);
            free(text);
            return out_flush(err);
        }
    }
    if (!object) {
        return mts_fail(err, MTS_ENOMEM, "no memory for the output");
    }
    put_object(object, 0);
    json_decref(object);
    return out_flush(err);
}

void out_date(json_t **object, const Conversation *chat)
{
    if (chat->dated) {
        mts_json_add_text(object, "date", chat->date);
    }
}
