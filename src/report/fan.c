/* report/fan.c - see fan.h. */
#include "report/fan.h"

#include <math.h>

#include "report/axis.h"

static const double W = 860, H = 380, LEFT = 70, RIGHT = 20, TOP = 40, BOTTOM = 46;

static const char STYLE[] =
    "<style>svg{--ink:#1b1f24;--faint:#656d76;--line:#d6dbe1;--page:#fff;--band:#0b62c4}"
    "@media(prefers-color-scheme:dark){svg{--ink:#e6eaf0;--faint:#9aa5b1;--line:#333b46;--page:#12161c;--band:#6cb2ff}}"
    "text{fill:var(--ink);font:13px system-ui,sans-serif}.t{font-weight:600;font-size:15px}.f{fill:var(--faint)}"
    ".m{text-anchor:middle}.e{text-anchor:end}.g{stroke:var(--line);fill:none}.p{stroke:var(--ink);fill:none;"
    "stroke-width:1.6}.c{stroke:var(--band);fill:none;stroke-width:2.2}.b{fill:var(--band);fill-opacity:.18}"
    ".d{stroke:var(--faint);stroke-dasharray:4 3}rect{fill:var(--page)}</style>";

static void put_axes(MtsMarkup *m, const MtsAxis *x, const MtsAxis *y, const char *unit)
{
    char text[32];
    for (size_t i = 0; i < y->ticks; i++) {
        double at = mts_axis_place(y, y->tick[i]);
        mts_put(m, "<path class=\"g\" d=\"M%.1f %.1fH%.1f\"/><text class=\"e\" x=\"%.1f\" y=\"%.1f\">%s</text>", LEFT,
                at, W - RIGHT, LEFT - 8, at + 4, mts_tick_text(y->tick[i], text));
    }
    for (size_t i = 0; i < x->ticks; i++) {
        double at = mts_axis_place(x, x->tick[i]);
        mts_put(m, "<path class=\"g\" d=\"M%.1f %.1fv5\"/><text class=\"m\" x=\"%.1f\" y=\"%.1f\">%s</text>", at,
                H - BOTTOM, at, H - BOTTOM + 20, mts_tick_text(x->tick[i], text));
    }
    mts_put(m, "<text class=\"m f\" x=\"%.1f\" y=\"%.1f\">steps after the last value</text>", (LEFT + W - RIGHT) / 2,
            H - 8);
    mts_put(m, "<text class=\"f\" x=\"8\" y=\"%.1f\">", TOP - 6);
    mts_put_html_some(m, unit, 12);
    mts_put(m, "</text>");
}

static void put_line(MtsMarkup *m, const char *class, const MtsAxis *x, const MtsAxis *y, const double *values,
                     size_t count, double from)
{
    mts_put(m, "<path class=\"%s\" d=\"", class);
    for (size_t i = 0; i < count; i++) {
        mts_put(m, "%c%.1f %.1f", i ? 'L' : 'M', mts_axis_place(x, from + (double)i), mts_axis_place(y, values[i]));
    }
    mts_put(m, "%s\"/>", count ? "" : "M0 0");
}

static void put_band(MtsMarkup *m, const MtsFan *f, size_t band, const MtsAxis *x, const MtsAxis *y)
{
    mts_put(m, "<path class=\"b\" d=\"");
    for (size_t h = 0; h < f->steps; h++) {
        mts_put(m, "%c%.1f %.1f", h ? 'L' : 'M', mts_axis_place(x, (double)(h + 1)),
                mts_axis_place(y, f->low[band][h]));
    }
    for (size_t h = f->steps; h-- > 0;) {
        mts_put(m, "L%.1f %.1f", mts_axis_place(x, (double)(h + 1)), mts_axis_place(y, f->high[band][h]));
    }
    mts_put(m, "z\"/>");
}

void mts_report_fan(MtsMarkup *m, const MtsFan *f)
{
    MtsAxis x = {.low = NAN, .high = NAN, .from = LEFT, .to = W - RIGHT},
            y = {.low = NAN, .high = NAN, .from = H - BOTTOM, .to = TOP};
    double first = 1 - (double)f->past_count;
    mts_axis_widen(&x, first);
    mts_axis_widen(&x, (double)f->steps);
    for (size_t i = 0; i < f->past_count; i++) {
        mts_axis_widen(&y, f->past[i]);
    }
    for (size_t h = 0; h < f->steps; h++) {
        mts_axis_widen(&y, f->low[0][h]);
        mts_axis_widen(&y, f->high[0][h]);
    }
    mts_axis_linear_ticks(&x, 9);
    mts_axis_finish(&y, 6);
    mts_put(m, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" role=\"img\">%s<title>", W, H,
            STYLE);
    mts_put_html(m, f->title);
    mts_put(m, "</title><rect width=\"%.0f\" height=\"%.0f\"/><text class=\"t\" x=\"%.0f\" y=\"20\">", W, H, LEFT);
    mts_put_html_some(m, f->title, 90);
    mts_put(m, "</text>");
    put_axes(m, &x, &y, f->unit);
    for (size_t b = 0; b < MTS_FAN_BANDS; b++) {
        put_band(m, f, b, &x, &y);
    }
    mts_put(m, "<path class=\"d\" d=\"M%.1f %.1fV%.1f\"/>", mts_axis_place(&x, 0), TOP, H - BOTTOM);
    put_line(m, "p", &x, &y, f->past, f->past_count, first);
    put_line(m, "c", &x, &y, f->median, f->steps, 1);
    mts_put(m, "</svg>\n");
}
