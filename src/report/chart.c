#include "report/chart.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- axes ---- */

typedef struct Axis {
    double low, high; /* in the axis' own measure: logarithms to base 10 where log */
    bool log;
    double from, to; /* on the drawing */
    double tick[16]; /* values, not logarithms */
    size_t ticks;
    double level_low, level_high; /* levels outside of these values are off the scale */
} Axis;

static double measure(const Axis *a, double v)
{
    return a->log ? (v > 0 ? log10(v) : NAN) : v;
}

static double place(const Axis *a, double v)
{
    return a->from + (measure(a, v) - a->low) / (a->high - a->low) * (a->to - a->from);
}

static void widen(Axis *a, double v)
{
    double x = measure(a, v);
    if (isfinite(x)) {
        a->low = !(a->low <= x) ? x : a->low;
        a->high = !(a->high >= x) ? x : a->high;
    }
}

static void linear_ticks(Axis *a, size_t wanted)
{
    double step = (a->high - a->low) / (double)wanted, size = pow(10, floor(log10(step))), lead = step / size;
    step = size * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
    for (double k = ceil(a->low / step - 1e-9); a->ticks < 16 && k * step <= a->high + 1e-9 * step; k++) {
        a->tick[a->ticks++] = k == 0 ? 0 : k * step; /* never -0 */
    }
}

static void log_ticks(Axis *a, size_t wanted)
{
    static const double leads[3][3] = {{1, 2, 5}, {1, 3, 0}, {1, 0, 0}};
    for (size_t set = 0; set < 3; set++) {
        for (double stride = 1; stride < 400; stride = set < 2 ? 400 : stride * 2) {
            a->ticks = 0;
            size_t found = 0;
            for (double e = floor(a->low / stride) * stride; e <= a->high; e += stride) {
                for (size_t k = 0; k < 3 && leads[set][k] > 0; k++) {
                    double x = e + log10(leads[set][k]);
                    if (x >= a->low - 1e-9 && x <= a->high + 1e-9) {
                        found++;
                        if (a->ticks < 16) {
                            a->tick[a->ticks++] = leads[set][k] * pow(10, e);
                        }
                    }
                }
            }
            if (found <= wanted) {
                break;
            }
        }
        if (a->ticks && a->ticks <= wanted) {
            break;
        }
    }
    if (a->ticks < 2) { /* less than a factor of two: the ends say more than one tick */
        a->ticks = 2;
        a->tick[0] = pow(10, a->low + 0.1 * (a->high - a->low));
        a->tick[1] = pow(10, a->high - 0.1 * (a->high - a->low));
    }
}

/* Room around what is to be shown, and ticks. */
static void finish(Axis *a, size_t wanted)
{
    double width = a->high - a->low;
    if (!(width > 1e-9 * (fabs(a->high) + fabs(a->low)) + 1e-300)) {
        width = a->log ? 0.3 : a->high != 0 ? fabs(a->high) * 0.2 : 1;
        a->low -= width / 2;
        a->high += width / 2;
    }
    a->low -= 0.06 * width;
    a->high += 0.06 * width;
    a->ticks = 0;
    (a->log ? log_ticks : linear_ticks)(a, wanted);
}

static const char *tick_text(double v, char out[32])
{
    double size = fabs(v);
    const char *unit = size >= 1e9 ? "G" : size >= 1e6 ? "M" : size >= 1e4 ? "k" : "";
    snprintf(out, 32, "%.4g%s",
             size > 0 ? v / (size >= 1e9   ? 1e9
                             : size >= 1e6 ? 1e6
                             : size >= 1e4 ? 1e3
                                           : 1)
                      : 0,
             unit);
    return out;
}

/* ---- points and lines ---- */

static const double W = 620, H = 340, LEFT = 66, RIGHT = 26, TOP = 12, BOTTOM = 50;

/* A sign of its own for each colour, for eyes that do not tell colours. */
static void put_mark(MtsMarkup *m, size_t colour, double x, double y, double r)
{
    switch (colour % MTS_CHART_COLOURS) {
    case 0:
        mts_put(m, "<circle class=\"c0 f\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>", x, y, r);
        break;
    case 1:
        mts_put(m, "<rect class=\"c1 f\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", x - r, y - r, 2 * r,
                2 * r);
        break;
    case 2:
        mts_put(m, "<path class=\"c2 f\" d=\"M%.1f %.1fl%.1f %.1fh%.1fz\"/>", x, y - 1.2 * r, 1.2 * r, 2.2 * r,
                -2.4 * r);
        break;
    case 3:
        mts_put(m, "<path class=\"c3 f\" d=\"M%.1f %.1fl%.1f %.1f %.1f %.1f %.1f %.1fz\"/>", x, y - 1.35 * r, 1.35 * r,
                1.35 * r, -1.35 * r, 1.35 * r, -1.35 * r, -1.35 * r);
        break;
    case 4:
        mts_put(m, "<path class=\"c4 f\" d=\"M%.1f %.1fl%.1f %.1fh%.1fz\"/>", x, y + 1.2 * r, 1.2 * r, -2.2 * r,
                -2.4 * r);
        break;
    case 5:
        mts_put(m, "<path class=\"c5 l\" d=\"M%.1f %.1fl%.1f %.1fm0 %.1fl%.1f %.1f\"/>", x - r, y - r, 2 * r, 2 * r,
                -2 * r, -2 * r, 2 * r);
        break;
    case 6:
        mts_put(m, "<path class=\"c6 l\" d=\"M%.1f %.1fh%.1fm%.1f %.1fv%.1f\"/>", x - 1.2 * r, y, 2.4 * r, -1.2 * r,
                -1.2 * r, 2.4 * r);
        break;
    default:
        mts_put(m, "<circle class=\"c7 l\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>", x, y, r);
    }
}

void mts_chart_sign(MtsMarkup *m, size_t colour)
{
    mts_put(m, "<svg class=\"sign\" width=\"14\" height=\"14\" viewBox=\"0 0 14 14\" aria-hidden=\"true\">");
    put_mark(m, colour, 7, 7, 4.2);
    mts_put(m, "</svg>");
}

static void put_head(MtsMarkup *m, const char *id, const char *title, const char *describes, double width,
                     double height)
{
    mts_put(
        m,
        "<svg class=\"chart\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-labelledby=\"%s-t %s-d\"><title id=\"%s-t\">",
        width, height, id, id, id);
    mts_put_html(m, title);
    mts_put(m, "</title><desc id=\"%s-d\">", id);
    mts_put_html(m, describes);
    mts_put(m, "</desc>");
}

static void put_axes(MtsMarkup *m, const Axis *x, const Axis *y, const char *x_name, const char *y_name, double height)
{
    char text[32];
    for (size_t i = 0; i < x->ticks; i++) {
        double at = place(x, x->tick[i]);
        mts_put(m, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/><text class=\"mid\" x=\"%.1f\" y=\"%.1f\">%s</text>",
                at, y ? y->to : TOP, y ? y->from : height - BOTTOM, at, height - BOTTOM + 16,
                tick_text(x->tick[i], text));
    }
    for (size_t i = 0; y && i < y->ticks; i++) {
        double at = place(y, y->tick[i]);
        mts_put(m, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/><text class=\"end\" x=\"%.1f\" y=\"%.1f\">%s</text>",
                x->from, at, x->to, x->from - 8, at + 4, tick_text(y->tick[i], text));
    }
    mts_put(m, "<text class=\"mid name\" x=\"%.1f\" y=\"%.1f\">", (x->from + x->to) / 2, height - BOTTOM + 38);
    mts_put_html(m, x_name);
    mts_put(m, "</text>");
    if (y) {
        mts_put(m, "<text class=\"mid name\" transform=\"translate(14 %.1f) rotate(-90)\">", (y->from + y->to) / 2);
        mts_put_html(m, y_name);
        mts_put(m, "</text>");
    }
}

static bool shown(const MtsChart *c, const MtsChartPoint *p)
{
    return isfinite(p->x) && isfinite(p->y) && (!c->log_x || p->x > 0) && (!c->log_y || p->y > 0);
}

/* On a logarithm what costs nothing has no place; it is a level that the others are compared with. */
static bool is_level(const MtsChart *c, const MtsChartPoint *p)
{
    return c->log_x && p->x == 0 && isfinite(p->y) && (!c->log_y || p->y > 0);
}

static bool level_fits(const MtsChart *c, const MtsChartPoint *p, const Axis *y)
{
    return is_level(c, p) && p->y >= y->level_low && p->y <= y->level_high;
}

static double bound(const Axis *a, double v, double otherwise)
{
    return isfinite(measure(a, v)) ? v : otherwise;
}

static void put_series(MtsMarkup *m, const MtsChart *c, const MtsChartSeries *s, const Axis *x, const Axis *y)
{
    bool first = true;
    if (s->line) {
        mts_put(m, "<path class=\"c%zu l\" d=\"", s->colour % MTS_CHART_COLOURS);
        for (size_t i = 0; i < s->count; i++) {
            if (shown(c, &s->points[i])) {
                mts_put(m, "%c%.1f %.1f", first ? 'M' : 'L', place(x, s->points[i].x), place(y, s->points[i].y));
                first = false;
            }
        }
        mts_put(m, "%s\"/>", first ? "M0 0" : "");
    }
    for (size_t i = 0; s->marks && i < s->count; i++) {
        const MtsChartPoint *p = &s->points[i];
        if (level_fits(c, p, y)) {
            mts_put(m, "<path class=\"c%zu thin dashed\" d=\"M%.1f %.1fH%.1f\"><title>", s->colour % MTS_CHART_COLOURS,
                    x->from, place(y, p->y), x->to);
            mts_put_html(m, p->says ? p->says : s->name);
            mts_put(m, "</title></path>");
            put_mark(m, s->colour, x->from, place(y, p->y), 4.4);
        }
        if (!shown(c, p)) {
            continue;
        }
        double px = place(x, p->x), py = place(y, p->y);
        mts_put(m, "<g><title>");
        mts_put_html(m, p->says ? p->says : s->name);
        mts_put(m, "</title>");
        if (isfinite(p->y_low) && isfinite(p->y_high)) {
            mts_put(m, "<path class=\"c%zu bar\" d=\"M%.1f %.1fV%.1f\"/>", s->colour % MTS_CHART_COLOURS, px,
                    place(y, bound(y, p->y_low, p->y)), place(y, bound(y, p->y_high, p->y)));
        }
        if (isfinite(p->x_low) && isfinite(p->x_high)) {
            mts_put(m, "<path class=\"c%zu bar\" d=\"M%.1f %.1fH%.1f\"/>", s->colour % MTS_CHART_COLOURS,
                    place(x, bound(x, p->x_low, p->x)), py, place(x, bound(x, p->x_high, p->x)));
        }
        put_mark(m, s->colour, px, py, 4.4);
        mts_put(m, "</g>");
    }
}

bool mts_chart_points(MtsMarkup *m, const MtsChart *chart)
{
    Axis x = {NAN, NAN, chart->log_x, LEFT, W - RIGHT, {0}, 0, 0, 0},
         y = {NAN, NAN, chart->log_y, H - BOTTOM, TOP, {0}, 0, 0, 0};
    size_t found = 0;
    for (size_t s = 0; s < chart->count; s++) {
        for (size_t i = 0; i < chart->series[s].count; i++) {
            const MtsChartPoint *p = &chart->series[s].points[i];
            if (shown(chart, p)) {
                widen(&x, p->x);
                widen(&y, p->y);
                widen(&x, p->x_low);
                widen(&x, p->x_high);
                widen(&y, p->y_low);
                widen(&y, p->y_high);
                found++;
            }
        }
    }
    if (!found) {
        return false;
    }
    /* Levels belong to the picture where they leave the rest of it room. */
    double room = 1.5 * (y.high - y.low);
    y.level_low = chart->log_y ? pow(10, y.low - room) : y.low - room;
    y.level_high = chart->log_y ? pow(10, y.high + room) : y.high + room;
    for (size_t s = 0; s < chart->count; s++) {
        for (size_t i = 0; i < chart->series[s].count; i++) {
            if (level_fits(chart, &chart->series[s].points[i], &y)) {
                widen(&y, chart->series[s].points[i].y);
            }
        }
    }
    finish(&x, 7);
    finish(&y, 6);
    put_head(m, chart->id, chart->title, chart->describes, W, H);
    put_axes(m, &x, &y, chart->x_axis, chart->y_axis, H);
    for (size_t s = 0; s < chart->count; s++) {
        put_series(m, chart, &chart->series[s], &x, &y);
    }
    mts_put(m, "</svg>\n");
    if (chart->count > 1) {
        mts_put(m, "<ul class=\"legend\">");
        for (size_t s = 0; s < chart->count; s++) {
            size_t places = 0;
            const MtsChartPoint *off = NULL;
            for (size_t i = 0; i < chart->series[s].count; i++) {
                const MtsChartPoint *p = &chart->series[s].points[i];
                places += shown(chart, p) || is_level(chart, p);
                off = is_level(chart, p) && !level_fits(chart, p, &y) ? p : off;
            }
            if (!places) {
                continue;
            }
            mts_put(m, "<li>");
            mts_chart_sign(m, chart->series[s].colour);
            mts_put_html_some(m, chart->series[s].name, 60);
            if (off) {
                char text[32];
                mts_put(m, " (off the scale: %s)", mts_number_text(off->y, text));
            }
            mts_put(m, "</li>");
        }
        mts_put(m, "</ul>\n");
    }
    return true;
}

/* ---- bars ---- */

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++) {
        n += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return n;
}

enum { NAME_CHARACTERS = 34 };

bool mts_chart_bars(MtsMarkup *m, const char *id, const char *title, const char *describes, const char *axis,
                    const MtsChartBar *bars, size_t count)
{
    double names = 0, height = TOP + 24 * (double)count + BOTTOM;
    Axis x = {0, 0, false, 0, W - 70, {0}, 0, 0, 0};
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        size_t n = characters(bars[i].name);
        double width = 7.2 * (double)(n < NAME_CHARACTERS + 1 ? n : NAME_CHARACTERS + 1) + 16;
        names = width > names ? width : names;
        any = any || isfinite(bars[i].value);
        widen(&x, bars[i].value);
        widen(&x, bars[i].high);
    }
    if (!any) {
        return false;
    }
    x.from = names;
    x.high = x.high > 0 ? x.high : 1;
    x.ticks = 0;
    linear_ticks(&x, 5);
    put_head(m, id, title, describes, W, height);
    put_axes(m, &x, NULL, axis, NULL, height);
    for (size_t i = 0; i < count; i++) {
        const MtsChartBar *b = &bars[i];
        double top = TOP + 24 * (double)i, mid = top + 12;
        char text[32];
        mts_put(m, "<g><title>");
        mts_put_html(m, b->name);
        mts_put(m, ": %s</title><text class=\"end\" x=\"%.1f\" y=\"%.1f\">", mts_number_text(b->value, text), names - 8,
                mid + 4);
        mts_put_html_some(m, b->name, NAME_CHARACTERS);
        mts_put(m, "</text>");
        double end = names;
        if (isfinite(b->value)) {
            end = place(&x, b->value);
            mts_put(m, "<rect class=\"c%zu f\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"14\"/>",
                    b->colour % MTS_CHART_COLOURS, names, mid - 7, end - names);
            if (isfinite(b->low) && isfinite(b->high)) {
                mts_put(m, "<path class=\"whisker\" d=\"M%.1f %.1fH%.1fM%.1f %.1fv8M%.1f %.1fv8\"/>", place(&x, b->low),
                        mid, place(&x, b->high), place(&x, b->low), mid - 4, place(&x, b->high), mid - 4);
                end = place(&x, b->high) > end ? place(&x, b->high) : end;
            }
        }
        mts_put(m, "<text x=\"%.1f\" y=\"%.1f\">%s</text></g>", end + 8, mid + 4, text);
    }
    mts_put(m, "</svg>\n");
    return true;
}

/* ---- small drawings ---- */

void mts_chart_lines(MtsMarkup *m, const char *says, const MtsChartLine *lines, size_t count, size_t divider,
                     double width, double height)
{
    Axis y = {NAN, NAN, false, height - 3, 3, {0}, 0, 0, 0};
    size_t steps = 1;
    for (size_t k = 0; k < count; k++) {
        for (size_t i = 0; i < lines[k].count; i++) {
            widen(&y, lines[k].values[i]);
        }
        steps = lines[k].from + lines[k].count > steps ? lines[k].from + lines[k].count : steps;
    }
    double scale = steps > 1 ? (width - 4) / (double)(steps - 1) : 0;
    if (!(y.high - y.low > 0)) {
        y.low = isfinite(y.low) ? y.low - 1 : 0;
        y.high = y.low + 2;
    }
    mts_put(m, "<svg class=\"small\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" role=\"img\"><title>",
            width, height, width, height);
    mts_put_html(m, says);
    mts_put(m, "</title>");
    if (divider) {
        mts_put(m, "<path class=\"grid\" d=\"M%.1f 0V%.0f\"/>", 2 + ((double)divider - 0.5) * scale, height);
    }
    for (size_t k = 0; k < count; k++) {
        const MtsChartLine *l = &lines[k];
        if (l->colour >= 0) {
            mts_put(m, "<path class=\"c%d thin%s\" d=\"", l->colour % MTS_CHART_COLOURS, l->dashed ? " dashed" : "");
        } else {
            mts_put(m, "<path class=\"%s%s\" d=\"", l->colour == -1 ? "ink thin" : "faint thin",
                    l->dashed ? " dashed" : "");
        }
        for (size_t i = 0; i < l->count; i++) {
            mts_put(m, "%c%.1f %.1f", i ? 'L' : 'M', 2 + (double)(l->from + i) * scale, place(&y, l->values[i]));
        }
        mts_put(m, "%s\"/>", l->count ? "" : "M0 0");
    }
    mts_put(m, "</svg>");
}
