/* evidence/beats.c - see beats.h.
 *
 * Leads are brought to about 180 values a second. Beats are found in the first lead, as J. Pan and W. J. Tompkins ("A
 * real-time QRS detection algorithm", 1985) do: a band-pass (difference of two moving means), the energy of its slope
 * over a tenth of a second, its maxima that stand out from their neighbours', and there the largest deflection.
 *
 * What a beat is like is said beside the window's own beats, so that leads, hearts and gains do not matter: intervals
 * over the median of those around, and of each lead correlation with, and size, slope, width and distance over, a
 * template: the median of those three in five beats that are nearest to the median of all. A beat that comes early and
 * is unlike the template is what a ventricular ectopic beat looks like; four products say so. */
#include "evidence/beats.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/sort.h"
#include "series/features.h"

enum { INTERVALS = 5, OF_LEAD = 13, PRODUCTS = 4, SUMS = 6, LEAST_BEATS = 4, RATE = 180, AROUND = 6, NEIGHBOURS = 8 };

#define TINY 1e-9

/* A window's leads, and the beats in it. */
typedef struct Heart {
    size_t leads, n, every; /* n values of each lead, each the mean of `every` of the window's */
    double rate;
    double *x;            /* [leads][n] */
    double *a, *b, *c;    /* [n] scratch */
    size_t *at, count;    /* [count] of the beats, ascending */
    size_t before, after; /* values of a beat before and after its place */
    size_t from, to;      /* of these, the QRS complex */
    double *beat;         /* [count][before + after + 1] of one lead */
    double *template;     /* [before + after + 1] */
    double *column;       /* [count or n] scratch */
    double *measure;      /* [count][measures] */
    double *wave;         /* [count][leads][wave_size()] over each lead's template, or NULL: nobody asked */
} Heart;

static size_t leads_of(size_t channels)
{
    return channels < MTS_BEATS_LEADS ? channels : MTS_BEATS_LEADS;
}

static size_t measures(size_t leads)
{
    return INTERVALS + OF_LEAD * leads + PRODUCTS;
}

size_t mts_beats_columns(size_t leads)
{
    return 1 + SUMS * measures(leads_of(leads));
}

bool mts_beats_fit(size_t length, double rate)
{
    return rate >= 60 && (double)length >= 4 * rate;
}

static size_t values_of(const Heart *h, double seconds)
{
    size_t n = (size_t)lround(seconds * h->rate);
    return n ? n : 1;
}

/* The mean of `width` values around place i, the ends repeated. */
static double mean_around(const double *x, size_t n, size_t width, size_t i)
{
    double sum = 0;
    for (size_t k = 0; k < width; k++) {
        size_t at = i + k < width / 2 ? 0 : i + k - width / 2;
        sum += x[at < n ? at : n - 1];
    }
    return sum / (double)width;
}

/* out [n]: the mean of `width` values around each, the ends repeated. Where no end is near, several places at a time,
 * each with its sum in the same order. */
static void smooth(const double *x, size_t n, size_t width, double *out)
{
    enum { PLACES = 8 };
    size_t before = width / 2, inside = n >= width ? n - width + before + 1 : 0, i = 0;
    for (; i < n && i < before; i++) {
        out[i] = mean_around(x, n, width, i);
    }
    for (; i + PLACES <= inside; i += PLACES) {
        const double *from = x + i - before;
        double sum[PLACES] = {0};
        for (size_t k = 0; k < width; k++) {
            for (size_t j = 0; j < PLACES; j++) {
                sum[j] += from[k + j];
            }
        }
        for (size_t j = 0; j < PLACES; j++) {
            out[i + j] = sum[j] / (double)width;
        }
    }
    for (; i < n; i++) {
        out[i] = mean_around(x, n, width, i);
    }
}

/* Sorts x. */
static double median(double *x, size_t n)
{
    mts_sort_doubles(x, n);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

/* ---- where beats are ---- */

/* a: the first lead's deflection; b: the energy of its slope. */
static void energies(Heart *h)
{
    size_t n = h->n;
    smooth(h->x, n, values_of(h, 0.025), h->a);
    smooth(h->x, n, values_of(h, 0.2), h->b);
    for (size_t i = 0; i < n; i++) {
        h->a[i] -= h->b[i];
    }
    for (size_t i = 0; i < n; i++) {
        size_t low = i ? i - 1 : 0, high = i + 1 < n ? i + 1 : n - 1;
        double slope = high > low ? (h->a[high] - h->a[low]) / (double)(high - low) : 0;
        h->c[i] = slope * slope;
    }
    smooth(h->c, n, values_of(h, 0.1), h->b);
}

/* Largest of b within `reach` of i, which is the first of equals. */
static bool is_peak(const Heart *h, size_t i, size_t reach)
{
    size_t low = i > reach ? i - reach : 0, high = i + reach < h->n ? i + reach : h->n - 1;
    for (size_t k = low; k <= high; k++) {
        if (h->b[k] > h->b[i] || (k < i && h->b[k] == h->b[i])) {
            return false;
        }
    }
    return h->b[i] > 0;
}

/* Whether a peak of energy is a beat's: beside the median of the larger half of its neighbours'. */
static bool stands_out(Heart *h, size_t k, size_t peaks)
{
    size_t low = k > NEIGHBOURS ? k - NEIGHBOURS : 0, high = k + NEIGHBOURS + 1 < peaks ? k + NEIGHBOURS + 1 : peaks;
    double near[2 * NEIGHBOURS + 1];
    size_t n = high - low;
    for (size_t i = 0; i < n; i++) {
        near[i] = h->b[h->at[low + i]];
    }
    mts_sort_doubles(near, n);
    return h->b[h->at[k]] > 0.12 * median(near + n / 2, n - n / 2);
}

/* The largest deflection near a peak of energy. */
static size_t top_near(const Heart *h, size_t peak)
{
    size_t reach = values_of(h, 0.08), best = peak > reach ? peak - reach : 0;
    for (size_t i = best; i <= peak + reach && i < h->n; i++) {
        best = fabs(h->a[i]) > fabs(h->a[best]) ? i : best;
    }
    return best;
}

static void find_beats(Heart *h)
{
    size_t reach = values_of(h, 0.2), peaks = 0;
    energies(h);
    for (size_t i = 0; i < h->n; i++) {
        if (is_peak(h, i, reach)) {
            h->at[peaks++] = i;
        }
    }
    for (size_t k = 0; k < peaks; k++) { /* column: 1 where it is one */
        h->column[k] = stands_out(h, k, peaks);
    }
    for (size_t k = 0; k < peaks; k++) {
        size_t top = top_near(h, h->at[k]);
        if (h->column[k] > 0 && (h->count == 0 || top > h->at[h->count - 1])) {
            h->at[h->count++] = top;
        }
    }
}

/* ---- intervals ---- */

static double limited(double x, double low, double high)
{
    return x > low ? (x < high ? x : high) : low; /* what is no number is low */
}

/* Before and after each beat, over the median of those before the beats around. Two of `out` [count] each. */
static void intervals(Heart *h)
{
    size_t n = h->count, width = measures(h->leads);
    double *pre = h->a, *near = h->column;
    for (size_t i = 1; i < n; i++) {
        near[i - 1] = (double)(h->at[i] - h->at[i - 1]);
        pre[i] = near[i - 1];
    }
    double usual = median(near, n - 1);
    pre[0] = usual;
    for (size_t i = 0; i < n; i++) {
        size_t low = i > AROUND ? i - AROUND : 0, high = i + AROUND + 1 < n ? i + AROUND + 1 : n;
        memcpy(near, pre + low, (high - low) * sizeof *near);
        double around = median(near, high - low), post = i + 1 < n ? pre[i + 1] : usual;
        const double all[INTERVALS] = {pre[i] / around, post / around, pre[i] / (i ? pre[i - 1] : usual), post / pre[i],
                                       (pre[i] + post) / (2 * around)};
        for (size_t k = 0; k < INTERVALS; k++) {
            h->measure[i * width + k] = limited(all[k], 0, 4);
        }
    }
}

/* ---- shapes ---- */

static size_t span(const Heart *h)
{
    return h->before + h->after + 1;
}

static double norm(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i] * x[i];
    }
    return sqrt(sum);
}

static double height(const double *x, size_t n)
{
    double low = x[0], high = x[0];
    for (size_t i = 1; i < n; i++) {
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
    }
    return high - low;
}

static double steepest(const double *x, size_t n)
{
    double most = 0;
    for (size_t i = 1; i < n; i++) {
        most = fmax(most, fabs(x[i] - x[i - 1]));
    }
    return most;
}

/* The beats of a lead without its slow waves. */
static void cut_beats(Heart *h, size_t lead)
{
    const double *x = h->x + lead * h->n;
    smooth(x, h->n, values_of(h, 0.3), h->b);
    smooth(h->b, h->n, values_of(h, 0.7), h->c);
    smooth(x, h->n, values_of(h, 0.015), h->b);
    for (size_t i = 0; i < h->count; i++) {
        for (size_t t = 0; t < span(h); t++) {
            size_t at = h->at[i] + t < h->before ? 0 : h->at[i] + t - h->before;
            at = at < h->n ? at : h->n - 1;
            h->beat[i * span(h) + t] = h->b[at] - h->c[at];
        }
    }
}

typedef struct Apart {
    double distance;
    size_t beat;
} Apart;

static int by_distance(const void *a, const void *b)
{
    const Apart *x = a, *y = b;
    return x->distance != y->distance ? (x->distance > y->distance) - (x->distance < y->distance)
                                      : (x->beat > y->beat) - (x->beat < y->beat);
}

/* The median of beats order[0 .. n). */
static void median_beat(Heart *h, const Apart *order, size_t n)
{
    for (size_t t = 0; t < span(h); t++) {
        for (size_t i = 0; i < n; i++) {
            h->column[i] = h->beat[order[i].beat * span(h) + t];
        }
        h->template[t] = median(h->column, n);
    }
}

static int make_template(Heart *h)
{
    Apart *order = mts_calloc(h->count, sizeof *order);
    if (!order) {
        return MTS_ENOMEM;
    }
    for (size_t i = 0; i < h->count; i++) {
        order[i].beat = i;
    }
    median_beat(h, order, h->count);
    for (size_t i = 0; i < h->count; i++) {
        for (size_t t = h->from; t < h->to; t++) {
            double d = h->beat[i * span(h) + t] - h->template[t];
            order[i].distance += d * d;
        }
    }
    mts_sort(order, h->count, sizeof *order, by_distance);
    size_t near = h->count * 6 / 10;
    median_beat(h, order, near ? near : 1);
    free(order);
    return MTS_OK;
}

/* Seconds from the first to the last steep place. */
static double steep_width(const Heart *h, const double *beat, double *scratch)
{
    size_t low = h->before - values_of(h, 0.14), n = h->before + values_of(h, 0.18) - low - 1, first = n, last = 0;
    double *step = scratch, *even = scratch + n, most = 0;
    for (size_t i = 0; i < n; i++) {
        step[i] = fabs(beat[low + i + 1] - beat[low + i]);
    }
    smooth(step, n, values_of(h, 0.02), even);
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, even[i]);
    }
    for (size_t i = 0; i < n; i++) {
        first = even[i] > 0.2 * most && first == n ? i : first;
        last = even[i] > 0.2 * most ? i : last;
    }
    return first < n ? (double)(last - first) / h->rate : 0;
}

/* Seconds above half of the largest deflection. */
static double half_width(const Heart *h, const double *beat)
{
    size_t low = h->from - values_of(h, 0.06), high = h->to + values_of(h, 0.08), n = 0;
    double most = 0;
    for (size_t i = low; i < high; i++) {
        most = fmax(most, fabs(beat[i]));
    }
    for (size_t i = low; i < high; i++) {
        n += fabs(beat[i]) > 0.5 * most;
    }
    return (double)n / h->rate;
}

/* Largest correlation with the template over small shifts. */
static double alike(const Heart *h, const double *beat)
{
    const double *t = h->template + h->from;
    size_t n = h->to - h->from, reach = values_of(h, 0.02);
    double best = -2, size = norm(t, n) + TINY;
    for (size_t k = 0; k <= 2 * reach; k += 2) {
        const double *u = beat + h->from + k - reach;
        double sum = 0;
        for (size_t i = 0; i < n; i++) {
            sum += u[i] * t[i];
        }
        best = fmax(best, sum / (norm(u, n) * size + TINY));
    }
    return best;
}

/* Slow against fast in the QRS complex, as a logarithm. */
static double slowness(const Heart *h, const double *beat, double *scratch)
{
    double slow = 0, fast = 0;
    smooth(beat, span(h), values_of(h, 0.06), scratch);
    for (size_t i = h->from; i < h->to; i++) {
        slow += scratch[i] * scratch[i];
        fast += (beat[i] - scratch[i]) * (beat[i] - scratch[i]);
    }
    return log((sqrt(slow) + TINY) / (sqrt(fast) + TINY));
}

/* What a beat is like by itself. */
typedef struct BeatShape {
    double size, tall, steep, wide, half, late, early; /* late, early: means behind and before the QRS complex */
} BeatShape;

static BeatShape shape_of(const Heart *h, const double *beat)
{
    const double *u = beat + h->from;
    size_t n = h->to - h->from, late = h->before + values_of(h, 0.16);
    return (BeatShape){.size = norm(u, n),
                       .tall = height(u, n),
                       .steep = steepest(u, n) + TINY,
                       .wide = steep_width(h, beat, h->a),
                       .half = half_width(h, beat),
                       .late = mts_mean(beat + late, span(h) - late),
                       .early = mts_mean(beat, h->from)};
}

/* One beat beside the template. */
static void compare(Heart *h, const double *beat, const BeatShape *usual, double *out)
{
    const double *t = h->template + h->from, *u = beat + h->from;
    const BeatShape it = shape_of(h, beat);
    size_t n = h->to - h->from, early = h->before - values_of(h, 0.2);
    double tall = usual->tall + TINY, scale = usual->size / sqrt((double)n) + TINY, apart = 0;
    for (size_t i = 0; i < n; i++) {
        apart += (u[i] - t[i]) * (u[i] - t[i]);
    }
    const double all[OF_LEAD] = {
        alike(h, beat),
        log(it.size / (usual->size + TINY) + 1e-3),
        log(it.tall / tall + 1e-3),
        log(it.steep / usual->steep),
        it.wide - usual->wide,
        log((it.half + 0.004) / (usual->half + 0.004)),
        it.half,
        it.wide,
        slowness(h, beat, h->a),
        (it.late - usual->late) / scale,
        (it.early - usual->early) / scale,
        sqrt(apart / (double)n) / scale,
        height(beat + early, values_of(h, 0.2) - values_of(h, 0.07)) / tall,
    };
    for (size_t k = 0; k < OF_LEAD; k++) {
        out[k] = limited(all[k], -1000, 1000);
    }
}

/* What is kept of each beat's course: from before the QRS complex to the wave after it. */
static size_t wave_from(const Heart *h)
{
    return h->before - values_of(h, 0.14);
}

static size_t wave_size(const Heart *h)
{
    return values_of(h, 0.4);
}

static void keep_waves(Heart *h, size_t lead, double size)
{
    size_t n = wave_size(h);
    double scale = size / sqrt((double)(h->to - h->from)) + TINY;
    for (size_t i = 0; i < h->count; i++) {
        for (size_t t = 0; t < n; t++) {
            h->wave[(i * h->leads + lead) * n + t] = h->beat[i * span(h) + wave_from(h) + t] / scale;
        }
    }
}

static int shapes(Heart *h)
{
    size_t width = measures(h->leads);
    for (size_t c = 0; c < h->leads; c++) {
        cut_beats(h, c);
        int rc = make_template(h);
        if (rc) {
            return rc;
        }
        const BeatShape usual = shape_of(h, h->template);
        for (size_t i = 0; i < h->count; i++) {
            compare(h, h->beat + i * span(h), &usual, h->measure + i * width + INTERVALS + c * OF_LEAD);
        }
        if (h->wave) {
            keep_waves(h, c, usual.size);
        }
    }
    return MTS_OK;
}

/* Early, or followed by a pause, or wide, and unlike the template. */
static void products(Heart *h)
{
    size_t width = measures(h->leads);
    for (size_t i = 0; i < h->count; i++) {
        double *m = h->measure + i * width, *out = m + INTERVALS + OF_LEAD * h->leads, unlike = 1, wider = 0;
        for (size_t c = 0; c < h->leads; c++) {
            unlike -= m[INTERVALS + c * OF_LEAD] / (double)h->leads;
            wider += m[INTERVALS + c * OF_LEAD + 5] / (double)h->leads;
        }
        double early = limited(1 - m[0], 0, 1), pause = limited(m[1] - 1, 0, 1.5);
        wider = fmax(0, wider);
        out[0] = early * unlike;
        out[1] = pause * unlike;
        out[2] = early * wider;
        out[3] = unlike * wider;
    }
}

/* ---- rows ---- */

static void sum_up(Heart *h, double *row)
{
    size_t width = measures(h->leads), n = h->count;
    for (size_t k = 0; k < width; k++) {
        double *x = h->column, squares = 0;
        for (size_t i = 0; i < n; i++) {
            x[i] = h->measure[i * width + k];
        }
        double middle = mts_mean(x, n);
        for (size_t i = 0; i < n; i++) {
            squares += (x[i] - middle) * (x[i] - middle);
        }
        double half = median(x, n); /* and x is in order */
        const double sums[SUMS] = {x[0], x[1], x[n - 1], x[n - 2], half, sqrt(squares / (double)n)};
        for (size_t i = 0; i < SUMS; i++) {
            row[1 + i * width + k] = sums[i];
        }
    }
}

static void heart_free(Heart *h)
{
    free(h->x);
    free(h->a);
    free(h->b);
    free(h->c);
    free(h->at);
    free(h->column);
    free(h->beat);
    free(h->template);
    free(h->measure);
    free(h->wave);
}

static int heart_new(Heart *h, const MtsSeries *s)
{
    size_t every = (size_t)lround(s->sampling_rate / RATE);
    every = every ? every : 1;
    *h = (Heart){.leads = leads_of(s->channels),
                 .every = every,
                 .n = s->length / every,
                 .rate = s->sampling_rate / (double)every};
    size_t room = h->n + 2 * RATE; /* scratch is also for what is cut of a beat */
    h->x = mts_calloc(h->leads * h->n, sizeof *h->x);
    h->a = mts_calloc(room, sizeof *h->a);
    h->b = mts_calloc(room, sizeof *h->b);
    h->c = mts_calloc(room, sizeof *h->c);
    h->column = mts_calloc(room, sizeof *h->column);
    h->at = mts_calloc(room, sizeof *h->at);
    if (!h->x || !h->a || !h->b || !h->c || !h->column || !h->at) {
        return MTS_ENOMEM;
    }
    for (size_t c = 0; c < h->leads; c++) {
        for (size_t t = 0; t < h->n * every; t++) {
            h->x[c * h->n + t / every] += s->values[c * s->length + t] / (double)every;
        }
    }
    return MTS_OK;
}

static int measure_beats(Heart *h, bool waves)
{
    h->before = values_of(h, 0.22);
    h->after = values_of(h, 0.34);
    h->from = h->before - values_of(h, 0.1);
    h->to = h->before + values_of(h, 0.12);
    h->beat = mts_calloc(h->count * span(h), sizeof *h->beat);
    h->template = mts_calloc(span(h), sizeof *h->template);
    h->measure = mts_calloc(h->count * measures(h->leads), sizeof *h->measure);
    h->wave = waves ? mts_calloc(h->count * h->leads * wave_size(h), sizeof *h->wave) : NULL;
    if (!h->beat || !h->template || !h->measure || (waves && !h->wave)) {
        return MTS_ENOMEM;
    }
    intervals(h);
    int rc = shapes(h);
    if (!rc) {
        products(h);
    }
    return rc;
}

int mts_beats_row(const MtsSeries *window, double *row, MtsError *err)
{
    Heart h;
    memset(row, 0, mts_beats_columns(window->channels) * sizeof *row);
    int rc = heart_new(&h, window);
    if (!rc) {
        find_beats(&h);
        row[0] = (double)h.count;
    }
    if (!rc && h.count >= LEAST_BEATS && !(rc = measure_beats(&h, false))) {
        sum_up(&h, row);
    }
    heart_free(&h);
    return rc ? mts_fail(err, rc, "evidence: memory ran out") : MTS_OK;
}

static size_t *take_places(Heart *h)
{
    size_t *at = h->at;
    for (size_t i = 0; i < h->count; i++) {
        at[i] *= h->every;
    }
    h->at = NULL;
    return at;
}

int mts_beats_find(const MtsSeries *window, size_t **at, size_t *count, MtsError *err)
{
    Heart h;
    int rc = heart_new(&h, window);
    if (!rc) {
        find_beats(&h);
    }
    *at = rc ? NULL : take_places(&h);
    *count = rc ? 0 : h.count;
    heart_free(&h);
    return rc ? mts_fail(err, rc, "evidence: memory ran out") : MTS_OK;
}

int mts_beats_measure(MtsBeats *beats, const MtsSeries *record, MtsError *err)
{
    Heart h;
    *beats = (MtsBeats){.leads = leads_of(record->channels), .of_lead = OF_LEAD, .intervals = INTERVALS};
    int rc = heart_new(&h, record);
    if (!rc) {
        find_beats(&h);
    }
    if (!rc && h.count >= LEAST_BEATS && !(rc = measure_beats(&h, true))) {
        beats->count = h.count;
        beats->columns = measures(h.leads);
        beats->wave_size = h.leads * wave_size(&h);
        beats->at = take_places(&h);
        beats->measure = h.measure;
        beats->wave = h.wave;
        h.measure = h.wave = NULL;
    }
    heart_free(&h);
    return rc ? mts_fail(err, rc, "evidence: memory ran out") : MTS_OK;
}

void mts_beats_free(MtsBeats *beats)
{
    free(beats->at);
    free(beats->measure);
    free(beats->wave);
    *beats = (MtsBeats){0};
}
