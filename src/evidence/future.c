/* evidence/future.c - see future.h.
 *
 * The forecaster is run at many places of the series' own past, evenly spread, each time on what came before. Its
 * errors there, over the mean magnitude of the values before, are what it may err by now: the quantile at level q of
 * step h is its path plus the ceil(q (w + 1))-th smallest of w errors (conformal prediction), between two where that is
 * no whole number. Neighbouring steps lend their errors where the places are few.
 *
 * A past that went one way for a while errs to one side, and what comes need not: the quantiles go MIRRORED of the way
 * to those of the errors with both signs. */
#include "evidence/future.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/sort.h"

enum {
    WINDOWS_MOST = 200,
    WINDOWS_LEAST = 4,
    ERRORS_LEAST = 60,
    LEAST_VALUES = 8,
    SCALED_OVER = 64,
    DAY = 24,
    WEEK = 7
};

static const double MIRRORED = 0.2;

const double mts_future_levels[MTS_FUTURE_LEVELS] = {0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95};

/* What may say what comes where nothing was learnt: a baseline, after so many steps. */
typedef struct Candidate {
    MtsBaseline baseline;
    size_t season;
    const char *name;
} Candidate;

/* A forecaster on the series' past. */
typedef struct Backtest {
    const double *x;
    size_t n, season, horizon, windows, places;
    size_t week;                     /* steps, where the season is a day's and the series is long enough; 0: none */
    const MtsForecaster *forecaster; /* NULL: */
    Candidate by;
    double *path;  /* [horizon, or the forecaster's], and behind it as much */
    double *error; /* [windows][horizon] over the unit */
    double *spare; /* the same; NULL where the forecaster is given */
    double mean;   /* of |error| */
} Backtest;

static double unit_of(const double *x, size_t n)
{
    size_t over = n < SCALED_OVER ? n : SCALED_OVER;
    double sum = 0;
    for (size_t t = n - over; t < n; t++) {
        sum += fabs(x[t]) / (double)over;
    }
    return sum > 1e-9 ? sum : 1e-9;
}

/* t->path after the first n values. */
static int run(const Backtest *t, size_t n, MtsError *err)
{
    return t->forecaster ? mts_forecaster_path(t->forecaster, t->x, n, t->path, t->path + t->forecaster->horizon, err)
                         : mts_forecaster_baseline(t->by.baseline, t->x, n, t->by.season, t->horizon, t->path, err);
}

static int try_all(Backtest *t, MtsError *err)
{
    t->mean = 0;
    for (size_t w = 0; w < t->windows; w++) {
        size_t end = t->n - t->horizon - w * t->places / t->windows;
        double unit = unit_of(t->x, end);
        int rc = run(t, end, err);
        if (rc) {
            return rc;
        }
        for (size_t h = 0; h < t->horizon; h++) {
            double e = (t->x[end + h] - t->path[h]) / unit;
            t->error[w * t->horizon + h] = e;
            t->mean += fabs(e) / (double)(t->windows * t->horizon);
        }
    }
    return MTS_OK;
}

/* The sorted errors of step h and of as many beside it as are needed; how many. */
static size_t gather(const Backtest *t, size_t h, double *sorted)
{
    size_t wide = 0, n = 0;
    while (t->windows * (2 * wide + 1) < ERRORS_LEAST && wide < t->horizon) {
        wide++;
    }
    for (size_t k = h > wide ? h - wide : 0; k <= h + wide && k < t->horizon; k++) {
        for (size_t w = 0; w < t->windows; w++) {
            sorted[n++] = t->error[w * t->horizon + k];
        }
    }
    mts_sort_doubles(sorted, n);
    return n;
}

static double quantile_of(const double *sorted, size_t n, double level)
{
    double place = fmin(fmax(level * (double)(n + 1) - 1, 0), (double)(n - 1));
    size_t below = (size_t)place, above = below + 1 < n ? below + 1 : below;
    return sorted[below] + (place - (double)below) * (sorted[above] - sorted[below]);
}

/* Of sorted[0 .. n), behind which there is room for as many twice. */
static void put_quantiles(const Backtest *t, double *sorted, size_t n, size_t h, double unit, MtsFuture *o)
{
    double *both = sorted + n;
    for (size_t i = 0; i < n; i++) {
        both[i] = sorted[i];
        both[n + i] = -sorted[i];
    }
    mts_sort_doubles(both, 2 * n);
    for (size_t q = 0; q < MTS_FUTURE_LEVELS; q++) {
        double level = mts_future_levels[q];
        double error = (1 - MIRRORED) * quantile_of(sorted, n, level) + MIRRORED * quantile_of(both, 2 * n, level);
        o->quantile[q * t->horizon + h] = t->path[h] + unit * error;
    }
}

static int conclude(const Backtest *t, MtsFuture *o, MtsError *err)
{
    double *sorted = mts_calloc(t->windows * t->horizon, 3 * sizeof *sorted), unit = unit_of(t->x, t->n);
    int rc = sorted ? run(t, t->n, err) : mts_fail(err, MTS_ENOMEM, "forecast: memory ran out");
    for (size_t h = 0; !rc && h < t->horizon; h++) {
        put_quantiles(t, sorted, gather(t, h, sorted), h, unit, o);
    }
    o->by = t->forecaster ? "evidence" : t->by.name;
    o->windows = t->windows;
    o->error = t->mean * unit;
    free(sorted);
    return rc;
}

/* The baselines, and where the season is a day the same time a week before; how many. */
static size_t candidates(const Backtest *t, Candidate all[MTS_BASELINES + 1])
{
    size_t count = 0;
    for (; count < MTS_BASELINES; count++) {
        all[count] = (Candidate){(MtsBaseline)count, t->season, mts_baseline_names[count]};
    }
    if (t->week) {
        all[count++] = (Candidate){MTS_SEASONAL, t->week, "week"};
    }
    return count;
}

/* The forecaster that is given, or the best candidate, whose errors are kept while others are tried in `spare`. */
static int choose(Backtest *t, MtsError *err)
{
    Candidate all[MTS_BASELINES + 1], best = {0};
    double least = HUGE_VAL, *kept = t->error, *tried = t->spare;
    size_t count = candidates(t, all);
    int rc = MTS_OK;
    if (t->forecaster) {
        return try_all(t, err);
    }
    for (size_t c = 0; c < count && !rc; c++) {
        t->by = all[c];
        t->error = tried;
        if (!(rc = try_all(t, err)) && t->mean < least) {
            best = t->by;
            least = t->mean;
            tried = kept;
            kept = t->error;
        }
    }
    t->by = best;
    t->mean = least;
    t->error = kept;
    t->spare = tried;
    return rc;
}

static int check(const Backtest *t, size_t least, MtsError *err)
{
    if (t->horizon < 1 || t->horizon > MTS_FORECASTER_MOST_HORIZON) {
        return mts_fail(err, MTS_EREQUEST, "forecast: a horizon of %zu is not from 1 to %d", t->horizon,
                        MTS_FORECASTER_MOST_HORIZON);
    }
    if (t->forecaster && t->horizon > t->forecaster->horizon) {
        return mts_fail(err, MTS_EREQUEST, "forecast: the evidence was learnt for %zu steps, which %zu is beyond",
                        t->forecaster->horizon, t->horizon);
    }
    if (t->n < least + t->horizon + WINDOWS_LEAST) {
        return mts_fail(err, MTS_EREQUEST,
                        "forecast: the series has %zu values; %zu steps after a season of %zu need %zu at least, to "
                        "see how far off they are",
                        t->n, t->horizon, t->season, least + t->horizon + WINDOWS_LEAST);
    }
    return MTS_OK;
}

int mts_future_make(MtsFuture **out, const double *x, size_t n, size_t season, size_t horizon,
                    const MtsForecaster *forecaster, MtsError *err)
{
    Backtest t = {.x = x, .n = n, .season = season, .horizon = horizon, .forecaster = forecaster};
    size_t least = season > LEAST_VALUES ? season : LEAST_VALUES,
           steps = forecaster && forecaster->horizon > horizon ? forecaster->horizon : horizon;
    least = forecaster && forecaster->season > least ? forecaster->season : least;
    *out = NULL;
    int rc = check(&t, least, err);
    if (rc) {
        return rc;
    }
    if (!forecaster && season % DAY == 0 && n / (2 * WEEK) >= season && n - 2 * WEEK * season >= horizon) {
        least = t.week = WEEK * season;
    }
    t.places = n - horizon - least + 1;
    t.windows = t.places < WINDOWS_MOST ? t.places : WINDOWS_MOST;
    MtsFuture *o = *out = mts_calloc(1, sizeof *o);
    t.path = mts_calloc(2 * steps, sizeof *t.path);
    t.error = mts_calloc(t.windows * horizon, sizeof *t.error);
    t.spare = forecaster ? NULL : mts_calloc(t.windows * horizon, sizeof *t.spare);
    if (!o || !t.path || !t.error || (!forecaster && !t.spare) ||
        !(o->quantile = mts_calloc(MTS_FUTURE_LEVELS * horizon, sizeof *o->quantile))) {
        rc = mts_fail(err, MTS_ENOMEM, "forecast: memory ran out");
    } else {
        o->horizon = horizon;
        o->season = season;
        rc = choose(&t, err);
        rc = rc ? rc : conclude(&t, o, err);
    }
    free(t.path);
    free(t.error);
    free(t.spare);
    if (rc) {
        mts_future_free(out);
    }
    return rc;
}

void mts_future_free(MtsFuture **future)
{
    if (*future) {
        free((*future)->quantile);
        free(*future);
        *future = NULL;
    }
}
