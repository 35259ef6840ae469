/* cli/out.c - see out.h.
 *
 * The readable form follows the object: scalars as "name  value", a list of objects as a table with one column
 * a field, any other list on wrapped lines, an object inside an object below its name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/out.h"
#include "core/mem.h"
#include "core/utf8.h"

enum { NAME_WIDTH = 18, LINE_WIDTH = 110, CELL_WIDTH = 60, CELLS = 32 };

bool out_is_json(const Args *args)
{
    return args->json || !isatty(STDOUT_FILENO);
}

int out_flush(MtsError *err)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return mts_fail(err, MTS_EIO, "standard output: %s", errno ? strerror(errno) : "not everything was written");
    }
    return MTS_OK;
}

void out_text(const char *text, size_t size, int indent)
{
    for (size_t i = 0, n; i < size; i += n) {
        uint32_t cp = 0;
        n = mts_utf8_decode(text + i, size - i, &cp);
        if ((n == 0 || mts_utf8_is_control(cp)) && text[i] != '\n' && text[i] != '\t') {
            fputs("\xEF\xBF\xBD", stdout);
        } else {
            fwrite(text + i, 1, n, stdout);
        }
        n = n ? n : 1;
        if (text[i] == '\n') {
            printf("%*s", indent, "");
        }
    }
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
    } else if (json_is_array(value)) {
        list_cell(value, json_is_array(json_array_get(value, 0)) ? ", " : " ", out, size);
    } else if (json_is_null(value)) {
        snprintf(out, size, "-");
    } else {
        char *text = mts_json_text(value);
        snprintf(out, size, "%s", text ? text : "?");
        free(text);
    }
}

/* Columns on screen, one a character. */
static size_t columns(const char *text)
{
    size_t n = 0;
    for (; *text; text++) {
        n += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return n;
}

static void put_padded(const char *text, size_t width)
{
    fputs(text, stdout);
    for (size_t n = columns(text); n < width; n++) {
        putchar(' ');
    }
}

static void put_table(const json_t *rows)
{
    const char *names[CELLS];
    size_t width[CELLS], n = 0, i;
    const json_t *row, *value;
    const char *name;
    char text[CELL_WIDTH + 1];
    json_object_foreach((json_t *)json_array_get(rows, 0), name, value)
    {
        if (n < CELLS) {
            names[n] = name;
            width[n++] = strlen(name);
        }
    }
    json_array_foreach(rows, i, row)
    {
        for (size_t c = 0; c < n; c++) {
            cell(json_object_get(row, names[c]), text, sizeof text);
            size_t wide = columns(text);
            width[c] = wide > width[c] ? wide : width[c];
        }
    }
    for (size_t c = 0; c < n; c++) {
        fputs("  ", stdout);
        put_padded(names[c], width[c]);
    }
    putchar('\n');
    json_array_foreach(rows, i, row)
    {
        for (size_t c = 0; c < n; c++) {
            cell(json_object_get(row, names[c]), text, sizeof text);
            fputs("  ", stdout);
            put_padded(text, c + 1 < n ? width[c] : 0);
        }
        putchar('\n');
    }
}

static void put_list(const json_t *list)
{
    size_t i, column = 2;
    const json_t *value;
    char text[CELL_WIDTH + 1];
    fputs("  ", stdout);
    json_array_foreach(list, i, value)
    {
        cell(value, text, sizeof text);
        size_t wide = columns(text) + 1;
        if (column + wide > LINE_WIDTH) {
            fputs("\n  ", stdout);
            column = 2;
        }
        printf("%s ", text);
        column += wide;
    }
    putchar('\n');
}

/* A member's name, which may be a hostile file's own; in a column of `width`. */
static void put_name(const char *name, int indent, int width)
{
    char shown[256];
    mts_utf8_printable(name, strlen(name), shown, sizeof shown);
    printf("%*s%-*s", indent, "", width, shown);
}

static void put_object(const json_t *object, int indent)
{
    const char *name;
    const json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        if (json_is_array(value) && json_array_size(value) > 0) {
            put_name(name, indent, 0);
            putchar('\n');
            if (json_is_object(json_array_get(value, 0))) {
                put_table(value);
            } else {
                put_list(value);
            }
        } else if (json_is_object(value)) {
            put_name(name, indent, 0);
            putchar('\n');
            put_object(value, indent + 2);
        } else if (json_is_string(value)) {
            put_name(name, indent, NAME_WIDTH - indent);
            putchar(' ');
            out_text(json_string_value(value), json_string_length(value), 0);
            putchar('\n');
        } else {
            char text[64];
            cell(value, text, sizeof text);
            put_name(name, indent, NAME_WIDTH - indent);
            printf(" %s\n", text);
        }
    }
}

int out_print(const Args *args, json_t *object, MtsError *err)
{
    int rc;
    if (!object) {
        return mts_fail(err, MTS_ENOMEM, "no memory for the output");
    }
    if (out_is_json(args)) {
        rc = mts_json_print(stdout, "standard output", object, err);
    } else {
        put_object(object, 0);
        rc = out_flush(err);
    }
    json_decref(object);
    return rc;
}
