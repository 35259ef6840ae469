/* report/markup.c - a text that grows, and other people's words put into it so that they stay words. */
#include "report/markup.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

void mts_put(MtsMarkup *m, const char *format, ...)
{
    char small[512], *text = small;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (n >= (int)sizeof small) {
        text = malloc((size_t)n + 1);
        if (text) {
            va_start(args, format);
            vsnprintf(text, (size_t)n + 1, format, args);
            va_end(args);
        }
    }
    m->failed = m->failed || n < 0 || !text || !mts_bytes_append(&m->out, text, (size_t)n);
    if (text != small) {
        free(text);
    }
}

static void put_bytes(MtsMarkup *m, const char *text, size_t n)
{
    m->failed = m->failed || !mts_bytes_append(&m->out, text, n);
}

static bool in_xml(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' ||
           (c >= 0x20 && c != 0x7F && !(c >= 0x80 && c < 0xA0) && c != 0xFFFE && c != 0xFFFF);
}

bool mts_put_html_some(MtsMarkup *m, const char *text, size_t most)
{
    size_t left = strlen(text);
    for (size_t count = 0; left > 0; count++) {
        uint32_t c;
        size_t n = mts_utf8_decode(text, left, &c);
        if (count == most) {
            mts_put(m, "…");
            return true;
        }
        const char *entity = n == 0 || !in_xml(c) ? "\xEF\xBF\xBD"
                             : c == '&'           ? "&amp;"
                             : c == '<'           ? "&lt;"
                             : c == '>'           ? "&gt;"
                             : c == '"'           ? "&quot;"
                             : c == '\''          ? "&#39;"
                             : c == '\r'          ? "&#13;"
                                                  : NULL;
        put_bytes(m, entity ? entity : text, entity ? strlen(entity) : n);
        text += n ? n : 1;
        left -= n ? n : 1;
    }
    return false;
}

void mts_put_html(MtsMarkup *m, const char *text)
{
    mts_put_html_some(m, text, SIZE_MAX);
}

void mts_put_markdown(MtsMarkup *m, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\`*_{}[]()<>#+!|~&$", *text)) {
            mts_put(m, "\\");
        }
        put_bytes(m, (unsigned char)*text < 0x20 ? " " : text, 1);
    }
}

void mts_put_latex(MtsMarkup *m, const char *text)
{
    static const char special[] = "\\{}$&#%_^~<>|\"";
    static const char *const as[] = {"\\textbackslash{}",
                                     "\\{",
                                     "\\}",
                                     "\\$",
                                     "\\&",
                                     "\\#",
                                     "\\%",
                                     "\\_",
                                     "\\textasciicircum{}",
                                     "\\textasciitilde{}",
                                     "\\textless{}",
                                     "\\textgreater{}",
                                     "\\textbar{}",
                                     "\\textquotedbl{}"};
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        const char *at = strchr(special, *text);
        if ((c & 0xC0) == 0x80) {
            continue; /* the rest of a character that is a ? already */
        }
        if (at) {
            mts_put(m, "%s", as[at - special]);
        } else {
            put_bytes(m, c >= 0x7F ? "?" : c < 0x20 ? " " : text, 1);
        }
    }
}

void mts_put_csv(MtsMarkup *m, const char *text)
{
    bool formula = *text && strchr("=+-@\t\r", *text);
    if (!formula && !strpbrk(text, ",\"\r\n")) {
        mts_put(m, "%s", text);
        return;
    }
    mts_put(m, "\"%s", formula ? "'" : "");
    for (; *text; text++) {
        put_bytes(m, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    }
    mts_put(m, "\"");
}

const char *mts_number_text(double x, char out[32])
{
    if (!isfinite(x)) {
        return strcpy(out, "-");
    }
    if (fabs(x) >= 1e15 || (x != 0 && fabs(x) < 5e-5)) {
        snprintf(out, 32, "%.2g", x);
        return out;
    }
    snprintf(out, 32, "%.2e", x); /* its exponent after rounding: 9.996 is 10.0 */
    int size = atoi(strchr(out, 'e') + 1), places = size >= 2 ? 0 : size <= -3 ? 5 : 2 - size;
    places = x == floor(x) && fabs(x) < 1e15 ? 0 : places;
    snprintf(out, 32, "%.*f", places, x);
    if (places > 3) {
        size_t n = strlen(out);
        while (out[n - 1] == '0') {
            out[--n] = '\0';
        }
    }
    if (strspn(out, "-0.") == strlen(out)) {
        strcpy(out, "0");
    }
    return out;
}
