/* report/figure.h - charts put into a page: a figure each, several under a heading. */
#ifndef MTS_REPORT_FIGURE_H
#define MTS_REPORT_FIGURE_H

#include "report/markup.h"

/* A chart's SVG as a figure with its title; nothing where `body` is empty. Frees body, and takes over its failure. */
void mts_report_figure(MtsMarkup *m, const char *title, MtsMarkup *body);

/* Figures with their heading and a sentence; nothing where there are none. Empties `figures`, likewise. */
void mts_report_figures(MtsMarkup *m, const char *title, const char *says, MtsMarkup *figures);

#endif
