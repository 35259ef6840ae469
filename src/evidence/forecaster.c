/* evidence/forecaster.c - direct linear forecasts that many series share.
 *
 * A window is its last value and what is left over the mean of its absolute values, so that series of all units are
 * alike. All steps of the horizon are linear in the window. Their coefficients are medians' rather than means': least
 * squares again and again, each window weighted by the inverse of its last error (and by how large the window is
 * against its future, since errors will be counted in percent), so that the wild do not decide.
 *
 * There is such a model for each of some contexts, and up to three networks (network.c) over eight seasons, which
 * take shorter ones with zeros before them; of those that a series fills the best is used, or the mean of those that
 * are nearly as good. What every one is worth is tried on the last values of each series, which its first fit has not
 * seen, and one that does not beat the best baseline there is left out. So is tried how far a series whose own values
 * before those were foretold badly should have the baseline instead. Then all are fitted again with all values. */
#include "evidence/forecaster.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "evidence/ridge.h"
#include "series/smape.h"

enum { ROUNDS = 6, MOST_WINDOWS = 16000, SCALED_OVER = 64 };
enum {
    NETWORKS = 3,
    NETWORK_WEIGHTS = 80000,
    NETWORK_SEASONS = 8,
    NETWORK_WINDOWS = 6,
    NETWORK_ROUNDS = 2000,
    NETWORK_ROUNDS_LEAST = 100
};

#define LEAST_ERROR 0.02                              /* of a window, so that none decides alone */
#define FURTHEST 8.0                                  /* from the window's last value, of what comes */
static const double nearly[] = {1, 1.05, 1.1, 1.2};   /* times the best: as good; each is tried */
static const double penalties[] = {1e-4, 3e-3, 1e-2}; /* of a window; each is tried */

typedef struct Pool {
    const MtsSeries *const *series;
    size_t count, horizon, season;
} Pool;

/* Windows of one context. */
typedef struct Windows {
    double *rows, *targets, *weights, *held; /* [count][context + 1], [count][horizon], [count], [horizon] */
    double *importance;                      /* [count] */
    size_t count;
} Windows;

/* Of x [n]: what is 1; never 0. */
static double unit_of(const double *x, size_t n)
{
    double sum = 0;
    for (size_t t = 0; t < n; t++) {
        sum += fabs(x[t]) / (double)n;
    }
    return sum > 1e-9 ? sum : 1e-9;
}

static void scale(const double *x, size_t n, double *row)
{
    double unit = unit_of(x, n);
    row[0] = 1;
    for (size_t t = 0; t < n; t++) {
        row[1 + t] = (x[t] - x[n - 1]) / unit;
    }
}

static double clipped(double x)
{
    return fmin(fmax(x, -FURTHEST), FURTHEST);
}

/* ---- windows ---- */

/* Places of a window and its future in a series without its last `cut` values. */
static size_t places(const Pool *p, size_t i, size_t context, size_t cut)
{
    size_t need = context + p->horizon + cut, n = p->series[i]->length;
    return n >= need ? n - need + 1 : 0;
}

/* What comes after x [context] as the window has it; how much it counts. */
static double scale_future(const double *x, size_t context, size_t horizon, double *to)
{
    double unit = unit_of(x, context);
    for (size_t h = 0; h < horizon; h++) {
        to[h] = clipped((x[context + h] - x[context - 1]) / unit);
    }
    return fmin(unit / unit_of(x + context, horizon), 10);
}

static void put_window(Windows *w, const double *x, size_t context, size_t horizon)
{
    scale(x, context, w->rows + w->count * (context + 1));
    w->importance[w->count] = scale_future(x, context, horizon, w->targets + w->count * horizon);
    w->count++;
}

static int cut_windows(Windows *w, const Pool *p, size_t context, size_t cut, MtsError *err)
{
    size_t all = 0, room = 0;
    for (size_t i = 0; i < p->count; i++) {
        all += places(p, i, context, cut);
    }
    size_t stride = (all / MOST_WINDOWS / p->season + 1) * p->season; /* all at the phase of the end */
    for (size_t i = 0; i < p->count; i++) {
        room += (places(p, i, context, cut) + stride - 1) / stride;
    }
    *w = (Windows){.rows = mts_calloc(room * (context + 1), sizeof *w->rows),
                   .targets = mts_calloc(room * p->horizon, sizeof *w->targets),
                   .weights = mts_calloc(room, sizeof *w->weights),
                   .held = mts_calloc(p->horizon, sizeof *w->held),
                   .importance = mts_calloc(room, sizeof *w->importance)};
    if (!w->rows || !w->targets || !w->weights || !w->held || !w->importance) {
        return mts_fail(err, MTS_ENOMEM, "forecast: memory ran out for %zu windows of %zu values", room, context);
    }
    for (size_t i = 0; i < p->count; i++) {
        size_t n = places(p, i, context, cut);
        for (size_t at = n; at > 0; at = at > stride ? at - stride : 0) { /* the last ones first: they matter most */
            put_window(w, p->series[i]->values + at - 1, context, p->horizon);
        }
    }
    return MTS_OK;
}

static void free_windows(Windows *w)
{
    free(w->rows);
    free(w->targets);
    free(w->weights);
    free(w->held);
    free(w->importance);
}

/* ---- one model ---- */

static void apply(const double *row, const double *weights, size_t columns, size_t horizon, double *out)
{
    memset(out, 0, horizon * sizeof *out);
    for (size_t j = 0; j < columns; j++) {
        for (size_t h = 0; h < horizon; h++) {
            out[h] += row[j] * weights[j * horizon + h];
        }
    }
}

/* Weights of the windows by what the model says of them now. */
static void weigh(Windows *w, const double *model, size_t columns, size_t horizon)
{
    for (size_t i = 0; i < w->count; i++) {
        double error = 0;
        apply(w->rows + i * columns, model, columns, horizon, w->held);
        for (size_t h = 0; h < horizon; h++) {
            error += fabs(w->held[h] - w->targets[i * horizon + h]) / (double)horizon;
        }
        w->weights[i] = w->importance[i] / fmax(error, LEAST_ERROR);
    }
}

static int fit(const Pool *p, size_t context, size_t cut, double penalty, double *model, MtsError *err)
{
    Windows w;
    int rc = cut_windows(&w, p, context, cut, err);
    for (size_t i = 0; !rc && i < w.count; i++) {
        w.weights[i] = w.importance[i];
    }
    for (int round = 0; !rc && round <= ROUNDS; round++) {
        if (round) {
            weigh(&w, model, context + 1, p->horizon);
        }
        rc = mts_ridge_fit(w.rows, w.targets, w.weights, w.count, context + 1, p->horizon, penalty, model, err);
    }
    free_windows(&w);
    return rc;
}

/* ---- the network ---- */

/* Windows at any place of the end's phase in any series; a series comes by the root of how many it has. */
typedef struct Draws {
    const Pool *p;
    size_t context, least, cut;
    double *upto;         /* [count] sums of the roots */
    double *row, *future; /* scratch: [context + 1], [horizon] */
} Draws;

/* The last values of x [n] as a network reads them, zeros before them. */
static void network_row(const double *x, size_t n, size_t context, double *scaled, float *row)
{
    size_t have = n < context ? n : context;
    scale(x + n - have, have, scaled);
    for (size_t t = 0; t < context; t++) {
        row[t] = t + have < context ? 0 : (float)clipped(scaled[1 + t + have - context]);
    }
}

static float draw_window(const void *from, MtsRng *rng, float *row, float *target)
{
    const Draws *d = from;
    const Pool *p = d->p;
    double at = mts_rng_uniform(rng) * d->upto[p->count - 1];
    size_t low = 0, high = p->count - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (d->upto[middle] > at) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    size_t room = places(p, low, d->least, d->cut), seasons = (room - 1) / p->season + 1;
    size_t end = d->least + room - 1 - p->season * (size_t)(mts_rng_uniform(rng) * (double)seasons);
    size_t have = end < d->context ? end : d->context;
    const double *x = p->series[low]->values + end - have;
    network_row(x, have, d->context, d->row, row);
    double count = scale_future(x, have, p->horizon, d->future);
    for (size_t h = 0; h < p->horizon; h++) {
        target[h] = (float)d->future[h];
    }
    return (float)count;
}

static int fit_network(const Pool *p, MtsForecasterModel *m, size_t cut, MtsError *err)
{
    Draws d = {p,
               m->context,
               m->least,
               cut,
               mts_calloc(p->count, sizeof *d.upto),
               mts_calloc(m->context + 1, sizeof *d.row),
               mts_calloc(p->horizon, sizeof *d.future)};
    size_t windows = 0;
    int rc = d.upto && d.row && d.future ? MTS_OK : mts_fail(err, MTS_ENOMEM, "forecast: memory ran out");
    for (size_t i = 0; !rc && i < p->count; i++) {
        size_t room = places(p, i, m->least, cut);
        windows += (room + p->season - 1) / p->season;
        d.upto[i] = (i ? d.upto[i - 1] : 0) + sqrt((double)room);
    }
    size_t rounds = windows / NETWORK_WINDOWS;
    rounds = rounds < NETWORK_ROUNDS_LEAST ? NETWORK_ROUNDS_LEAST : rounds < NETWORK_ROUNDS ? rounds : NETWORK_ROUNDS;
    if (!rc) {
        mts_network_free(&m->network);
        rc = mts_network_learn(&m->network,
                               &(MtsNetworkLessons){m->context, p->horizon, rounds, m->seed, draw_window, &d}, err);
    }
    free(d.upto);
    free(d.row);
    free(d.future);
    return rc;
}

/* ---- any model ---- */

static int fit_model(const Pool *p, MtsForecasterModel *m, size_t cut, MtsError *err)
{
    return m->weights ? fit(p, m->context, cut, m->penalty, m->weights, err) : fit_network(p, m, cut, err);
}

/* path [horizon] after x [n], n >= least, and its unit; row [MTS_FORECASTER_MOST_CONTEXT + 1] is scratch. */
static int run(const MtsForecasterModel *m, const double *x, size_t n, size_t horizon, double *row, double *path,
               double *unit, MtsError *err)
{
    size_t have = n < m->context ? n : m->context;
    const double *last = x + n - have;
    *unit = unit_of(last, have);
    if (m->weights) {
        scale(last, have, row);
        apply(row, m->weights, m->context + 1, horizon, path);
    } else {
        float in[MTS_FORECASTER_MOST_CONTEXT];
        network_row(x, n, m->context, row, in);
        int rc = mts_network_median(m->network, in, path, err);
        if (rc) {
            return rc;
        }
    }
    for (size_t h = 0; h < horizon; h++) {
        path[h] = last[have - 1] + *unit * clipped(path[h]);
    }
    return MTS_OK;
}

/* ---- what each is worth ---- */

static void add_errors(double *spread, const double *actual, const double *path, double unit, size_t horizon)
{
    for (size_t h = 0; h < horizon; h++) {
        spread[h] += fabs(actual[h] - path[h]) / unit;
    }
}

static double baseline_unit(const double *x, size_t n)
{
    size_t over = n < SCALED_OVER ? n : SCALED_OVER;
    return unit_of(x + n - over, over);
}

/* The baselines on the last values of every series that has a season and a horizon before them. */
static int try_baselines(MtsForecaster *o, const Pool *p, double *path, MtsError *err)
{
    double *spread[MTS_BASELINES] = {0};
    size_t tried = 0;
    int rc = MTS_OK;
    for (int b = 0; b < MTS_BASELINES; b++) {
        spread[b] = mts_calloc(o->horizon, sizeof *spread[b]);
        rc = spread[b] ? rc : mts_fail(err, MTS_ENOMEM, "forecast: memory ran out");
    }
    for (size_t i = 0; !rc && i < p->count; i++) {
        const double *x = p->series[i]->values;
        if (!places(p, i, o->season > 8 ? o->season : 8, 0)) {
            continue;
        }
        size_t n = p->series[i]->length - o->horizon;
        tried++;
        for (int b = 0; !rc && b < MTS_BASELINES; b++) {
            rc = mts_forecaster_baseline((MtsBaseline)b, x, n, o->season, o->horizon, path, err);
            o->smape[b] += rc ? 0 : mts_smape(x + n, path, o->horizon);
            add_errors(spread[b], x + n, path, baseline_unit(x, n), o->horizon);
        }
    }
    for (int b = 0; tried && b < MTS_BASELINES; b++) {
        o->smape[b] /= (double)tried;
        o->baseline = o->smape[b] < o->smape[o->baseline] ? (MtsBaseline)b : o->baseline;
    }
    for (size_t h = 0; !rc && h < o->horizon; h++) {
        o->spread[h] = fmax(spread[o->baseline][h] / (double)(tried ? tried : 1), 1e-6);
    }
    for (int b = 0; b < MTS_BASELINES; b++) {
        free(spread[b]);
    }
    return rc || tried ? rc
                       : mts_fail(err, MTS_EREQUEST,
                                  "forecast: no series has the %zu values that a horizon of %zu after a season needs",
                                  o->horizon + (o->season > 8 ? o->season : 8), o->horizon);
}

/* The model that has not seen the last values, on them, beside the best baseline; path [horizon] is scratch. */
static int try_model(MtsForecasterModel *m, const MtsForecaster *o, const Pool *p, double *row, double *path,
                     MtsError *err)
{
    m->smape = m->floor_smape = 0;
    m->tried = 0;
    memset(m->spread, 0, o->horizon * sizeof *m->spread);
    for (size_t i = 0; i < p->count; i++) {
        const double *x = p->series[i]->values;
        size_t n = p->series[i]->length - o->horizon;
        double unit;
        if (!places(p, i, m->least, 0)) {
            continue;
        }
        int rc = run(m, x, n, o->horizon, row, path, &unit, err);
        if (rc) {
            return rc;
        }
        m->smape += mts_smape(x + n, path, o->horizon);
        add_errors(m->spread, x + n, path, unit, o->horizon);
        if ((rc = mts_forecaster_baseline(o->baseline, x, n, o->season, o->horizon, path, err))) {
            return rc;
        }
        m->floor_smape += mts_smape(x + n, path, o->horizon);
        m->tried++;
    }
    m->smape /= (double)m->tried;
    m->floor_smape /= (double)m->tried;
    for (size_t h = 0; h < o->horizon; h++) {
        m->spread[h] = fmax(m->spread[h] / (double)m->tried, 1e-6);
    }
    return MTS_OK;
}

static void free_model(MtsForecasterModel *m)
{
    free(m->weights);
    free(m->spread);
    mts_network_free(&m->network);
    *m = (MtsForecasterModel){0};
}

/* Every penalty, and the best once more. */
static int try_penalties(MtsForecasterModel *m, const MtsForecaster *o, const Pool *p, double *row, double *path,
                         MtsError *err)
{
    enum { TRIES = sizeof penalties / sizeof penalties[0] };
    double best = 0, least = HUGE_VAL;
    int rc = MTS_OK;
    for (size_t i = 0; !rc && i <= TRIES; i++) {
        m->penalty = i < TRIES ? penalties[i] : best;
        if (!(rc = fit_model(p, m, o->horizon, err)) && !(rc = try_model(m, o, p, row, path, err)) &&
            m->smape < least) {
            best = m->penalty;
            least = m->smape;
        }
    }
    return rc;
}

/* A model that has not seen the last values and is good at them: linear, or a network where there is a seed. */
static int add_model(MtsForecaster *o, const Pool *p, size_t context, uint64_t seed, double *row, double *path,
                     MtsError *err)
{
    MtsForecasterModel *m = &o->model[o->models];
    bool linear = !seed;
    size_t enough = 0, least = linear ? context : 2 * o->horizon;
    for (size_t i = 0; i < p->count; i++) {
        enough += places(p, i, least, o->horizon);
    }
    if (enough < 2 * (context + 1)) {
        return MTS_OK;
    }
    *m = (MtsForecasterModel){.context = context,
                              .least = least,
                              .seed = seed,
                              .weights = linear ? mts_calloc((context + 1) * o->horizon, sizeof *m->weights) : NULL,
                              .spread = mts_calloc(o->horizon, sizeof *m->spread)};
    o->models++;
    if ((linear && !m->weights) || !m->spread) {
        return mts_fail(err, MTS_ENOMEM, "forecast: memory ran out");
    }
    int rc = linear ? try_penalties(m, o, p, row, path, err) : fit_network(p, m, o->horizon, err);
    if (rc || (!linear && (rc = try_model(m, o, p, row, path, err)))) {
        return rc;
    }
    if (m->smape >= m->floor_smape) {
        free_model(m);
        o->models--;
    }
    return MTS_OK;
}

/* The sum of sMAPE on the last values as the forecaster is now. */
static int try_all(const MtsForecaster *o, const Pool *p, double *path, double *sum, MtsError *err)
{
    *sum = 0;
    for (size_t i = 0; i < p->count; i++) {
        const double *x = p->series[i]->values;
        size_t n = p->series[i]->length - o->horizon;
        if (!places(p, i, o->season > 8 ? o->season : 8, 0)) {
            continue;
        }
        int rc = mts_forecaster_path(o, x, n, path, path + o->horizon, err);
        if (rc) {
            return rc;
        }
        *sum += mts_smape(x + n, path, o->horizon);
    }
    return MTS_OK;
}

/* How many models are as good as the best, and how far they are trusted: what the last values speak for. */
static int choose_mixture(MtsForecaster *o, const Pool *p, double *path, MtsError *err)
{
    double least = HUGE_VAL, sum, best_nearly = 1;
    size_t best_trust = 0;
    for (size_t k = 0; k < sizeof nearly / sizeof nearly[0]; k++) {
        for (size_t trust = 0; trust <= MTS_FORECASTER_MOST_TRUST; trust++) {
            o->nearly = nearly[k];
            o->trust = trust;
            int rc = try_all(o, p, path, &sum, err);
            if (rc) {
                return rc;
            }
            if (sum < least) {
                least = sum;
                best_nearly = nearly[k];
                best_trust = trust;
            }
        }
    }
    o->nearly = best_nearly;
    o->trust = best_trust;
    return MTS_OK;
}

/* Models without the last values, what all are worth, and the models with them. */
static int learn(MtsForecaster *o, const Pool *p, double *row, double *path, MtsError *err)
{
    size_t h = o->horizon, longest = NETWORK_SEASONS * (o->season > 1 ? o->season : h);
    const size_t week = o->season > 1 ? 7 * o->season : 0; /* days of hours, hours of minutes: seven are often one */
    int rc = try_baselines(o, p, path, err);
    for (size_t c = 2 * h; !rc && c <= MTS_FORECASTER_MOST_CONTEXT && o->models + NETWORKS + 1 < MTS_FORECASTER_MODELS;
         c *= 2) {
        if (week > c / 2 && week < c && c > 2 * h) {
            rc = add_model(o, p, week, 0, row, path, err);
        }
        rc = rc ? rc : add_model(o, p, c, 0, row, path, err);
    }
    longest = longest < MTS_FORECASTER_MOST_CONTEXT ? longest : MTS_FORECASTER_MOST_CONTEXT;
    for (uint64_t seed = 1; !rc && longest >= 2 * h && seed <= NETWORKS &&
                            (seed == 1 || seed * mts_network_size(longest, h) <= NETWORK_WEIGHTS);
         seed++) {
        rc = add_model(o, p, longest, seed, row, path, err);
    }
    if (rc || (rc = choose_mixture(o, p, path, err))) {
        return rc;
    }
    for (size_t i = 0; !rc && i < o->models; i++) {
        rc = fit_model(p, &o->model[i], 0, err);
    }
    return rc;
}

int mts_forecaster_learn(MtsForecaster **forecaster, const MtsSeries *const *series, size_t count, size_t horizon,
                         size_t season, MtsError *err)
{
    const Pool p = {series, count, horizon, season};
    MtsForecaster *o = *forecaster = mts_calloc(1, sizeof *o);
    double *row = mts_calloc(MTS_FORECASTER_MOST_CONTEXT + 1, sizeof *row),
           *path = mts_calloc(2 * horizon, sizeof *path);
    int rc = MTS_ENOMEM;
    if (o && row && path) {
        o->horizon = horizon;
        o->season = season;
        o->spread = mts_calloc(horizon, sizeof *o->spread);
        o->about = json_object();
        rc = o->spread && o->about ? MTS_OK : rc;
    }
    rc = rc ? mts_fail(err, rc, "forecast: memory ran out") : learn(o, &p, row, path, err);
    free(row);
    free(path);
    if (rc) {
        mts_forecaster_free(forecaster);
    }
    return rc;
}

void mts_forecaster_free(MtsForecaster **forecaster)
{
    MtsForecaster *o = *forecaster;
    if (o) {
        for (size_t i = 0; i < o->models; i++) {
            free_model(&o->model[i]);
        }
        free(o->spread);
        json_decref(o->about);
        free(o);
    }
    *forecaster = NULL;
}

/* What a model left of the baseline's error. */
static double left_of(const MtsForecasterModel *m)
{
    return m->smape / m->floor_smape;
}

/* The mean of the models that n values fill and that are nearly as good as the best; how many they are. */
static int mean_path(const MtsForecaster *o, const double *x, size_t n, double *path, double *spread, double *room,
                     size_t *used, MtsError *err)
{
    double best = HUGE_VAL, *row = room, *own = room + MTS_FORECASTER_MOST_CONTEXT + 1, unit;
    *used = 0;
    for (size_t i = 0; i < o->models; i++) {
        best = o->model[i].least <= n ? fmin(best, left_of(&o->model[i])) : best;
    }
    memset(path, 0, o->horizon * sizeof *path);
    memset(spread, 0, o->horizon * sizeof *spread);
    for (size_t i = 0; i < o->models; i++) {
        const MtsForecasterModel *m = &o->model[i];
        if (m->least > n || left_of(m) > o->nearly * best) {
            continue;
        }
        int rc = run(m, x, n, o->horizon, row, own, &unit, err);
        if (rc) {
            return rc;
        }
        for (size_t h = 0; h < o->horizon; h++) {
            path[h] += own[h];
            spread[h] += unit * m->spread[h];
        }
        ++*used;
    }
    for (size_t h = 0; *used && h < o->horizon; h++) {
        path[h] /= (double)*used;
        spread[h] /= (double)*used;
    }
    return MTS_OK;
}

/* How far the models are to be trusted with this series, 0 to 1: on its own last values, which stand in for what comes,
 * a power of baseline's error / models' where theirs is larger; 1 where it is not, or the series too short to say. */
static int trust_in(const MtsForecaster *o, const double *x, size_t n, double *path, double *spread, double *room,
                    double *base, double *trust, MtsError *err)
{
    size_t before = n > o->horizon ? n - o->horizon : 0, used = 0;
    double models = 0, baseline = 0;
    int rc;
    *trust = 1;
    if (!o->trust || before < o->season || before < 8) {
        return MTS_OK;
    }
    if ((rc = mean_path(o, x, before, path, spread, room, &used, err)) || !used ||
        (rc = mts_forecaster_baseline(o->baseline, x, before, o->season, o->horizon, base, err))) {
        return rc;
    }
    for (size_t h = 0; h < o->horizon; h++) {
        models += fabs(x[before + h] - path[h]);
        baseline += fabs(x[before + h] - base[h]);
    }
    for (size_t k = 0; models > baseline && k < o->trust; k++) {
        *trust *= baseline / models;
    }
    return MTS_OK;
}

int mts_forecaster_path(const MtsForecaster *o, const double *x, size_t n, double *path, double *spread, MtsError *err)
{
    size_t need = o->season > 8 ? o->season : 8, models;
    if (n < need) {
        return mts_fail(err, MTS_EREQUEST, "evidence: the series has %zu values; a forecast needs %zu at least", n,
                        need);
    }
    double *room = mts_calloc(MTS_FORECASTER_MOST_CONTEXT + 1 + 2 * o->horizon, sizeof *room);
    if (!room) {
        return mts_fail(err, MTS_ENOMEM, "evidence: memory ran out");
    }
    double *base = room + MTS_FORECASTER_MOST_CONTEXT + 1 + o->horizon, trust = 0;
    int rc;
    if ((rc = trust_in(o, x, n, path, spread, room, base, &trust, err)) ||
        (rc = mts_forecaster_baseline(o->baseline, x, n, o->season, o->horizon, base, err)) ||
        (rc = mean_path(o, x, n, path, spread, room, &models, err))) {
        goto done;
    }
    for (size_t h = 0; h < o->horizon; h++) {
        double w = models ? trust : 0;
        path[h] = w * path[h] + (1 - w) * base[h];
        spread[h] = w * spread[h] + (1 - w) * baseline_unit(x, n) * o->spread[h];
    }
done:
    free(room);
    return rc;
}
