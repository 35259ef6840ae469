/* report/chart.c - points, lines and bars as SVG. */
#include "report/chart.h"

#include <math.h>
#include <string.h>

#include "report/axis.h"

/* ---- points and lines ---- */

static const double W = 620, H = 340, LEFT = 66, RIGHT = 26, TOP = 12, BOTTOM = 50, UPRIGHT = 32, GLYPH = 7.5;
static const double MARK = 9, MOST_SPREAD = 36; /* a mark's width, and that of all that stand side by side */

/* A sign of its own for each colour, for eyes that do not tell colours; around (0, 0), in units of its radius. */
static const struct Mark {
    char class; /* f: filled, l: drawn */
    const char *d;
} marks[MTS_CHART_COLOURS] = {
    {'f', "M-1 0a1 1 0 1 0 2 0a1 1 0 1 0-2 0z"},     /* disc */
    {'f', "M-1-1h2v2h-2z"},                          /* square */
    {'f', "M0-1.2l1.2 2.2h-2.4z"},                   /* triangle */
    {'f', "M0-1.35l1.35 1.35-1.35 1.35-1.35-1.35z"}, /* diamond */
    {'f', "M0 1.2l1.2-2.2h-2.4z"},                   /* triangle on its head */
    {'l', "M-1-1l2 2m0-2l-2 2"},                     /* cross */
    {'l', "M-1.2 0h2.4m-1.2-1.2v2.4"},               /* plus */
    {'l', "M-1 0a1 1 0 1 0 2 0a1 1 0 1 0-2 0z"},     /* circle */
    {'l', "M-1-1h2v2h-2z"},                          /* frame */
    {'l', "M0-1.2l1.2 2.2h-2.4z"},                   /* open triangle */
    {'l', "M0-1.35l1.35 1.35-1.35 1.35-1.35-1.35z"}, /* open diamond */
    {'l', "M-1.2 0h2.4m-1.9-1l1.4 2m0-2l-1.4 2"},    /* star */
    {'f', "M-1.3-.5h2.6v1h-2.6z"},                   /* bar */
    {'l', "M0 1.2l1.2-2.2h-2.4z"},                   /* open triangle on its head */
    {'l', "M-1.3-.5h2.6v1h-2.6z"},                   /* open bar */
};

static void put_mark(MtsMarkup *m, size_t colour, double x, double y, double r)
{
    colour %= MTS_CHART_COLOURS;
    mts_put(m, "<path class=\"c%zu %c\" transform=\"translate(%.1f %.1f) scale(%.1f)\" d=\"%s\"/>", colour,
            marks[colour].class, x, y, r, marks[colour].d);
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

static void put_axes(MtsMarkup *m, const MtsAxis *x, const MtsAxis *y, const char *x_name, const char *y_name,
                     double height)
{
    char text[32];
    for (size_t i = 0; i < x->ticks; i++) {
        double at = mts_axis_place(x, x->tick[i]);
        mts_put(m, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/><text class=\"mid\" x=\"%.1f\" y=\"%.1f\">%s</text>",
                at, y ? y->to : TOP, y ? y->from : height - BOTTOM, at, height - BOTTOM + 16,
                mts_tick_text(x->tick[i], text));
    }
    for (size_t i = 0; y && i < y->ticks; i++) {
        double at = mts_axis_place(y, y->tick[i]);
        mts_put(m, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/><text class=\"end\" x=\"%.1f\" y=\"%.1f\">%s</text>",
                x->from, at, x->to, x->from - 8, at + 4, mts_tick_text(y->tick[i], text));
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

/* What a chart is drawn on. */
typedef struct Plot {
    const MtsChart *chart;
    MtsAxis x, y;
    double level_low, level_high; /* levels outside of these values are off the scale */
    double apart, shift; /* of one series from the next where marks would hide each other, and of this one: units */
} Plot;

static double place_x(const Plot *p, double v)
{
    return mts_axis_place(&p->x, v) + p->shift;
}

static bool level_fits(const Plot *p, const MtsChartPoint *point)
{
    return is_level(p->chart, point) && point->y >= p->level_low && point->y <= p->level_high;
}

static double bound(const MtsAxis *a, double v, double otherwise)
{
    return isfinite(mts_axis_measure(a, v)) ? v : otherwise;
}

static void put_says(MtsMarkup *m, const MtsChartSeries *s, const MtsChartPoint *point)
{
    mts_put(m, "<title>");
    mts_put_html(m, point->says ? point->says : s->name);
    mts_put(m, "</title>");
}

static void put_level(MtsMarkup *m, const Plot *p, const MtsChartSeries *s, const MtsChartPoint *point)
{
    double y = mts_axis_place(&p->y, point->y);
    mts_put(m, "<path class=\"c%zu thin dashed\" d=\"M%.1f %.1fH%.1f\">", s->colour % MTS_CHART_COLOURS, p->x.from, y,
            p->x.to);
    put_says(m, s, point);
    mts_put(m, "</path>");
    put_mark(m, s->colour, p->x.from, y, 4.4);
}

/* A point with its intervals. */
static void put_point(MtsMarkup *m, const Plot *p, const MtsChartSeries *s, const MtsChartPoint *point)
{
    double x = place_x(p, point->x), y = mts_axis_place(&p->y, point->y);
    size_t colour = s->colour % MTS_CHART_COLOURS;
    mts_put(m, "<g>");
    put_says(m, s, point);
    if (isfinite(point->y_low) && isfinite(point->y_high)) {
        mts_put(m, "<path class=\"c%zu bar\" d=\"M%.1f %.1fV%.1f\"/>", colour, x,
                mts_axis_place(&p->y, bound(&p->y, point->y_low, point->y)),
                mts_axis_place(&p->y, bound(&p->y, point->y_high, point->y)));
    }
    if (isfinite(point->x_low) && isfinite(point->x_high)) {
        mts_put(m, "<path class=\"c%zu bar\" d=\"M%.1f %.1fH%.1f\"/>", colour,
                place_x(p, bound(&p->x, point->x_low, point->x)), y, place_x(p, bound(&p->x, point->x_high, point->x)));
    }
    put_mark(m, s->colour, x, y, 4.4);
    mts_put(m, "</g>");
}

static void put_line(MtsMarkup *m, const Plot *p, const MtsChartSeries *s)
{
    bool first = true;
    mts_put(m, "<path class=\"c%zu l\" d=\"", s->colour % MTS_CHART_COLOURS);
    for (size_t i = 0; i < s->count; i++) {
        const MtsChartPoint *point = &s->points[i];
        if (shown(p->chart, point)) {
            mts_put(m, "%c%.1f %.1f", first ? 'M' : 'L', place_x(p, point->x), mts_axis_place(&p->y, point->y));
            first = false;
        }
    }
    mts_put(m, "%s\"/>", first ? "M0 0" : "");
}

static void put_series(MtsMarkup *m, const Plot *p, const MtsChartSeries *s)
{
    if (s->line) {
        put_line(m, p, s);
    }
    for (size_t i = 0; s->marks && i < s->count; i++) {
        if (level_fits(p, &s->points[i])) {
            put_level(m, p, s, &s->points[i]);
        }
        if (shown(p->chart, &s->points[i])) {
            put_point(m, p, s, &s->points[i]);
        }
    }
}

/* Widens the axes to the points of a series; returns how many have a place. */
static size_t widen_to(Plot *p, const MtsChartSeries *s)
{
    size_t found = 0;
    for (size_t i = 0; i < s->count; i++) {
        const MtsChartPoint *point = &s->points[i];
        if (shown(p->chart, point)) {
            mts_axis_widen(&p->x, point->x);
            mts_axis_widen(&p->y, point->y);
            mts_axis_widen(&p->x, point->x_low);
            mts_axis_widen(&p->x, point->x_high);
            mts_axis_widen(&p->y, point->y_low);
            mts_axis_widen(&p->y, point->y_high);
            found++;
        }
    }
    return found;
}

/* Levels belong to the picture where they leave the rest of it room. */
static void widen_to_levels(Plot *p)
{
    const MtsChart *c = p->chart;
    double room = 1.5 * (p->y.high - p->y.low);
    p->level_low = c->log_y ? pow(10, p->y.low - room) : p->y.low - room;
    p->level_high = c->log_y ? pow(10, p->y.high + room) : p->y.high + room;
    for (size_t s = 0; s < c->count; s++) {
        for (size_t i = 0; i < c->series[s].count; i++) {
            if (level_fits(p, &c->series[s].points[i])) {
                mts_axis_widen(&p->y, c->series[s].points[i].y);
            }
        }
    }
}

/* Whether two series have marks above one another: within the width of one. */
static bool marks_meet(const Plot *p, const MtsChartSeries *a, const MtsChartSeries *b)
{
    for (size_t i = 0; a->marks && b->marks && i < a->count; i++) {
        for (size_t k = 0; k < b->count; k++) {
            const MtsChartPoint *one = &a->points[i], *other = &b->points[k];
            if (shown(p->chart, one) && shown(p->chart, other) &&
                fabs(mts_axis_place(&p->x, one->x) - mts_axis_place(&p->x, other->x)) < MARK) {
                return true;
            }
        }
    }
    return false;
}

/* Where the marks of a series stand in the mean; NaN where it has none. */
static double middle(const Plot *p, const MtsChartSeries *s)
{
    double sum = 0, n = 0;
    for (size_t i = 0; s->marks && i < s->count; i++) {
        if (shown(p->chart, &s->points[i])) {
            sum += mts_axis_place(&p->x, s->points[i].x);
            n++;
        }
    }
    return sum / n;
}

/* How far series s is moved: in the order in which they stand, so that none is moved onto another. */
static double shift_of(const Plot *p, size_t s)
{
    const MtsChart *c = p->chart;
    double at = middle(p, &c->series[s]), left = 0, right = 0;
    for (size_t k = 0; k < c->count; k++) {
        double other = middle(p, &c->series[k]);
        left += other < at || (other == at && k < s);
        right += other > at || (other == at && k > s);
    }
    return p->apart * (left - right) / 2;
}

/* Series whose marks meet stand side by side, so that none hides another or its interval. */
static void spread(Plot *p)
{
    const MtsChart *c = p->chart;
    for (size_t a = 0; a < c->count && p->apart == 0; a++) {
        for (size_t b = 0; b < a && p->apart == 0; b++) {
            p->apart = marks_meet(p, &c->series[a], &c->series[b]) ? fmin(MARK, MOST_SPREAD / (double)c->count) : 0;
        }
    }
}

/* A series that has a place, and the level of it that has none. */
static void put_legend_item(MtsMarkup *m, const Plot *p, const MtsChartSeries *s)
{
    bool any = false;
    const MtsChartPoint *off = NULL;
    for (size_t i = 0; i < s->count; i++) {
        const MtsChartPoint *point = &s->points[i];
        any = any || shown(p->chart, point) || is_level(p->chart, point);
        off = is_level(p->chart, point) && !level_fits(p, point) ? point : off;
    }
    if (!any) {
        return;
    }
    mts_put(m, "<li>");
    mts_chart_sign(m, s->colour);
    mts_put_html_some(m, s->name, 60);
    if (off) {
        char text[32];
        mts_put(m, " (off the scale: %s)", mts_number_text(off->y, text));
    }
    mts_put(m, "</li>");
}

/* Where the drawing begins: behind the axis' name, which stands upright, and the widest number. */
static double left_of(const MtsAxis *y)
{
    double most = LEFT;
    char text[32];
    for (size_t i = 0; i < y->ticks; i++) {
        most = fmax(most, UPRIGHT + GLYPH * (double)strlen(mts_tick_text(y->tick[i], text)));
    }
    return most;
}

bool mts_chart_points(MtsMarkup *m, const MtsChart *chart)
{
    Plot p = {.chart = chart,
              .x = {.low = NAN, .high = NAN, .log = chart->log_x, .from = LEFT, .to = W - RIGHT},
              .y = {.low = NAN, .high = NAN, .log = chart->log_y, .from = H - BOTTOM, .to = TOP}};
    size_t found = 0;
    for (size_t s = 0; s < chart->count; s++) {
        found += widen_to(&p, &chart->series[s]);
    }
    if (!found) {
        return false;
    }
    widen_to_levels(&p);
    mts_axis_finish(&p.y, 6);
    p.x.from = left_of(&p.y);
    mts_axis_finish(&p.x, 7);
    put_head(m, chart->id, chart->title, chart->describes, W, H);
    put_axes(m, &p.x, &p.y, chart->x_axis, chart->y_axis, H);
    spread(&p);
    for (size_t s = 0; s < chart->count; s++) {
        p.shift = shift_of(&p, s);
        put_series(m, &p, &chart->series[s]);
    }
    mts_put(m, "</svg>\n");
    if (chart->count > 1) {
        mts_put(m, "<ul class=\"legend\">");
        for (size_t s = 0; s < chart->count; s++) {
            put_legend_item(m, &p, &chart->series[s]);
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

/* Room for the longest name. */
static double names_width(const MtsChartBar *bars, size_t count)
{
    double names = 0;
    for (size_t i = 0; i < count; i++) {
        size_t n = characters(bars[i].name);
        double width = 7.2 * (double)(n < NAME_CHARACTERS + 1 ? n : NAME_CHARACTERS + 1) + 16;
        names = width > names ? width : names;
    }
    return names;
}

/* One bar with its name before it, its interval over it and its number behind it. */
static void put_bar(MtsMarkup *m, const MtsAxis *x, const MtsChartBar *b, double mid)
{
    double names = x->from, end = names;
    char text[32];
    mts_put(m, "<g><title>");
    mts_put_html(m, b->name);
    mts_put(m, ": %s</title><text class=\"end\" x=\"%.1f\" y=\"%.1f\">", mts_number_text(b->value, text), names - 8,
            mid + 4);
    mts_put_html_some(m, b->name, NAME_CHARACTERS);
    mts_put(m, "</text>");
    if (isfinite(b->value)) {
        end = mts_axis_place(x, b->value);
        mts_put(m, "<rect class=\"c%zu f\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"14\"/>",
                b->colour % MTS_CHART_COLOURS, names, mid - 7, end - names);
    }
    if (isfinite(b->value) && isfinite(b->low) && isfinite(b->high)) {
        double low = mts_axis_place(x, b->low), high = mts_axis_place(x, b->high);
        mts_put(m, "<path class=\"whisker\" d=\"M%.1f %.1fH%.1fM%.1f %.1fv8M%.1f %.1fv8\"/>", low, mid, high, low,
                mid - 4, high, mid - 4);
        end = high > end ? high : end;
    }
    mts_put(m, "<text x=\"%.1f\" y=\"%.1f\">%s</text></g>", end + 8, mid + 4, text);
}

bool mts_chart_bars(MtsMarkup *m, const char *id, const char *title, const char *describes, const char *axis,
                    const MtsChartBar *bars, size_t count)
{
    double height = TOP + 24 * (double)count + BOTTOM;
    MtsAxis x = {.from = names_width(bars, count), .to = W - 70};
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        any = any || isfinite(bars[i].value);
        mts_axis_widen(&x, bars[i].value);
        mts_axis_widen(&x, bars[i].high);
    }
    if (!any) {
        return false;
    }
    x.high = x.high > 0 ? x.high : 1;
    mts_axis_linear_ticks(&x, 5);
    put_head(m, id, title, describes, W, height);
    put_axes(m, &x, NULL, axis, NULL, height);
    for (size_t i = 0; i < count; i++) {
        put_bar(m, &x, &bars[i], TOP + 24 * (double)i + 12);
    }
    mts_put(m, "</svg>\n");
    return true;
}

/* ---- small drawings ---- */

static void put_small_line(MtsMarkup *m, const MtsChartLine *l, const MtsAxis *x, const MtsAxis *y)
{
    const char *dashed = l->dashed ? " dashed" : "";
    if (l->colour >= 0) {
        mts_put(m, "<path class=\"c%d thin%s\" d=\"", l->colour % MTS_CHART_COLOURS, dashed);
    } else {
        mts_put(m, "<path class=\"%s%s\" d=\"", l->colour == -1 ? "ink thin" : "faint thin", dashed);
    }
    for (size_t i = 0; i < l->count; i++) {
        mts_put(m, "%c%.1f %.1f", i ? 'L' : 'M', mts_axis_place(x, (double)(l->from + i)),
                mts_axis_place(y, l->values[i]));
    }
    mts_put(m, "%s\"/>", l->count ? "" : "M0 0");
}

void mts_chart_lines(MtsMarkup *m, const char *says, const MtsChartLine *lines, size_t count, size_t divider,
                     double width, double height)
{
    MtsAxis y = {.low = NAN, .high = NAN, .from = height - 3, .to = 3}, x = {.high = 1, .from = 2, .to = 2};
    size_t steps = 1;
    for (size_t k = 0; k < count; k++) {
        for (size_t i = 0; i < lines[k].count; i++) {
            mts_axis_widen(&y, lines[k].values[i]);
        }
        steps = lines[k].from + lines[k].count > steps ? lines[k].from + lines[k].count : steps;
    }
    if (steps > 1) {
        x.high = (double)(steps - 1);
        x.to = width - 2;
    }
    if (!(y.high - y.low > 0)) {
        y.low = isfinite(y.low) ? y.low - 1 : 0;
        y.high = y.low + 2;
    }
    mts_put(m, "<svg class=\"small\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" role=\"img\"><title>",
            width, height, width, height);
    mts_put_html(m, says);
    mts_put(m, "</title>");
    if (divider) {
        mts_put(m, "<path class=\"grid\" d=\"M%.1f 0V%.0f\"/>", mts_axis_place(&x, (double)divider - 0.5), height);
    }
    for (size_t k = 0; k < count; k++) {
        put_small_line(m, &lines[k], &x, &y);
    }
    mts_put(m, "</svg>");
}
