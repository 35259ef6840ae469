/* report/markup.h - a text that grows, and other people's words put into it so that they stay words.
 *
 * Everything a report shows may come from a hostile file: answers of a model, names, keys. It reaches a page through
 * one of the functions below and no other way. */
#ifndef MTS_REPORT_MARKUP_H
#define MTS_REPORT_MARKUP_H

#include <stdbool.h>

#include "core/error.h"
#include "core/mem.h"

typedef struct MtsMarkup {
    MtsBytes out;
    bool failed; /* memory ran out somewhere; what follows is not written */
} MtsMarkup;

void mts_put(MtsMarkup *m, const char *format, ...) MTS_PRINTF(2, 3);

/* HTML and XML, between tags or in a quoted attribute: & < > " ' become entities, what XML has no place for (control
 * characters, U+FFFE) U+FFFD. The second ends after `most` characters with an ellipsis; true: it was cut. */
void mts_put_html(MtsMarkup *m, const char *text);
bool mts_put_html_some(MtsMarkup *m, const char *text, size_t most);

/* A cell of a Markdown table, of a LaTeX tabular (ASCII; other characters become ?), of a CSV (RFC 4180; a text that a
 * spreadsheet would run as a formula gets an apostrophe before it). Line ends become blanks in the first two. */
void mts_put_markdown(MtsMarkup *m, const char *text);
void mts_put_latex(MtsMarkup *m, const char *text);
void mts_put_csv(MtsMarkup *m, const char *text);

/* Three significant digits, without an exponent from 5e-5 to 1e15; "-" for NaN. Returns out [32]. */
const char *mts_number_text(double x, char out[32]);

#endif
