/* report/figure.c - charts put into a page: a figure each, several under a heading. */
#include "report/figure.h"

static void take(MtsMarkup *m, MtsMarkup *part)
{
    m->failed = m->failed || part->failed;
    mts_bytes_free(&part->out);
    *part = (MtsMarkup){0};
}

void mts_report_figure(MtsMarkup *m, const char *title, MtsMarkup *body)
{
    if (body->out.len) {
        mts_put(m, "<figure><figcaption>");
        mts_put_html(m, title);
        mts_put(m, "</figcaption>\n%s</figure>\n", body->out.data);
    }
    take(m, body);
}

void mts_report_figures(MtsMarkup *m, const char *title, const char *says, MtsMarkup *figures)
{
    if (figures->out.len) {
        mts_put(m, "<h3>%s</h3>\n<p>%s</p>\n<div class=\"figures\">\n%s</div>\n", title, says, figures->out.data);
    }
    take(m, figures);
}
