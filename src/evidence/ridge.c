/* evidence/ridge.c - ridge regression from sums of products.
 *
 * With G = sum z z' and C = sum z y' over the rows, the weights are W = (G + penalty D)^-1 C, where D is 1 on the
 * diagonal but for the constant. Each fold keeps its own G and C; the sums without a fold are all less its own, so
 * trying a penalty costs a Cholesky factorisation a fold and no look at the rows. A factor's leading block is the
 * factor of the leading block: fewer columns are tried at no cost.
 *
 * Every element's sum runs over the rows in their order, whoever adds it: more threads do not change a bit. No BLAS is
 * called, whose order of sums differs from build to build. */
#include "evidence/ridge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

enum { PANEL = 8, BLOCK = 32 }; /* rows that one pass over a matrix adds, rows of it that a thread takes */

static const double penalties[] = {1, 10, 30, 100, 300, 1000, 3000, 10000, 100000};

enum { PENALTIES = sizeof penalties / sizeof penalties[0] };

/* FoldSums over some rows; g holds its upper triangle. */
typedef struct FoldSums {
    double *g; /* [columns][columns] */
    double *c; /* [columns][outputs] */
} FoldSums;

typedef struct RidgeWork {
    const MtsRidgeData *d;
    FoldSums all, *fold;            /* fold [folds] */
    FoldSums *own;                  /* [folds]: the sums without the fold, which are solved in their place */
    double **w;                     /* [folds] of [columns][outputs] */
    double *held[MTS_RIDGE_WIDTHS]; /* [count][outputs] under the penalty that is tried */
} RidgeWork;

void mts_standardise(double *rows, size_t count, size_t columns, double *mean, double *scale)
{
    for (size_t j = 0; j < columns; j++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < count; i++) {
            sum += rows[i * columns + j];
        }
        mean[j] = j ? sum / (double)count : 0;
        for (size_t i = 0; i < count; i++) {
            double x = rows[i * columns + j] - mean[j];
            squares += x * x;
        }
        double deviation = sqrt(squares / (double)count);
        scale[j] = j && deviation > 1e-9 * (1 + fabs(mean[j])) ? deviation : 1;
        for (size_t i = 0; i < count; i++) {
            rows[i * columns + j] = (rows[i * columns + j] - mean[j]) / scale[j];
        }
    }
}

/* Row i of a's upper triangle += sign * sum over r of u[r][i] u[r]. */
static void add_products(double *row, size_t n, size_t i, const double *const u[PANEL], double sign)
{
    const double *v[PANEL]; /* in registers, which the compiler of a sanitised build does not see of u */
    double f[PANEL];
    for (size_t r = 0; r < PANEL; r++) {
        v[r] = u[r];
        f[r] = sign * u[r][i];
    }
    for (size_t j = i; j < n; j++) {
        row[j] += ((f[0] * v[0][j] + f[1] * v[1][j]) + (f[2] * v[2][j] + f[3] * v[3][j])) +
                  ((f[4] * v[4][j] + f[5] * v[5][j]) + (f[6] * v[6][j] + f[7] * v[7][j]));
    }
}

/* a += sum of u u' over u [count], a multiple of PANEL. A thread has rows of a, all of u. */
static void add_all(double *a, size_t n, const double *const *u, size_t count)
{
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 1) if (n >= 2 * BLOCK)
#endif
    for (size_t from = 0; from < n; from += BLOCK) {
        for (size_t r = 0; r < count; r += PANEL) {
            for (size_t i = from; i < n && i < from + BLOCK; i++) {
                add_products(a + i * n, n, i, u + r, 1);
            }
        }
    }
}

/* ---- sums ---- */

static void add_targets(FoldSums *s, const MtsRidgeData *d, size_t i)
{
    for (size_t j = 0; j < d->columns; j++) {
        for (size_t k = 0; k < d->outputs; k++) {
            s->c[j * d->outputs + k] += d->rows[i * d->columns + j] * d->targets[i * d->outputs + k];
        }
    }
}

/* The fold's rows; `list` [count + PANEL] is scratch, `zeros` [columns] fills the last panel. */
static void add_fold(FoldSums *s, const MtsRidgeData *d, int fold, const double **list, const double *zeros)
{
    size_t n = 0;
    for (size_t i = 0; i < d->count; i++) {
        if (d->fold[i] == fold) {
            list[n++] = d->rows + i * d->columns;
            add_targets(s, d, i);
        }
    }
    for (; n % PANEL; n++) {
        list[n] = zeros;
    }
    add_all(s->g, d->columns, list, n);
}

static int new_sums(FoldSums *s, const MtsRidgeData *d)
{
    size_t square;
    s->g = mts_size_mul(d->columns, d->columns, &square) ? mts_calloc(square, sizeof *s->g) : NULL;
    s->c = mts_calloc(d->columns * d->outputs, sizeof *s->c);
    return s->g && s->c ? MTS_OK : MTS_ENOMEM;
}

static int sum_up(RidgeWork *w)
{
    const MtsRidgeData *d = w->d;
    double *zeros = mts_calloc(d->columns, sizeof *zeros);
    const double **list = mts_calloc(d->count + PANEL, sizeof(double *));
    int rc = zeros && list ? new_sums(&w->all, d) : MTS_ENOMEM;
    for (size_t f = 0; !rc && f < d->folds; f++) {
        if ((rc = new_sums(&w->fold[f], d))) {
            break;
        }
        add_fold(&w->fold[f], d, (int)f, list, zeros);
        for (size_t i = 0; i < d->columns * d->columns; i++) {
            w->all.g[i] += w->fold[f].g[i];
        }
        for (size_t i = 0; i < d->columns * d->outputs; i++) {
            w->all.c[i] += w->fold[f].c[i];
        }
    }
    free(list);
    free(zeros);
    return rc;
}

/* ---- solving ---- */

/* a = U'U in place, U upper. A penalty keeps every pivot above 0; what rounding makes of it is held there. */
static void factorise(double *a, size_t n)
{
    static const double floor_of_pivots = 1e-9;
    for (size_t from = 0; from < n; from += PANEL) {
        size_t to = from + PANEL < n ? from + PANEL : n;
        const double *u[PANEL];
        for (size_t i = from; i < to; i++) {
            double *row = a + i * n;
            for (size_t r = from; r < i; r++) {
                const double *above = a + r * n;
                for (size_t j = i; j < n; j++) {
                    row[j] -= above[i] * above[j];
                }
            }
            double pivot = sqrt(row[i] > floor_of_pivots ? row[i] : floor_of_pivots);
            for (size_t j = i; j < n; j++) {
                row[j] /= pivot;
            }
            u[i - from] = row;
        }
        for (size_t i = to; i < n; i++) {
            add_products(a + i * n, n, i, u, -1);
        }
    }
}

/* w = (U'U)^-1 c over the first `width` of n columns. */
static void solve(const double *u, size_t n, size_t width, const double *c, size_t outputs, double *w)
{
    memcpy(w, c, width * outputs * sizeof *w);
    for (size_t i = 0; i < width; i++) {
        for (size_t k = 0; k < outputs; k++) {
            w[i * outputs + k] /= u[i * n + i];
        }
        for (size_t j = i + 1; j < width; j++) {
            for (size_t k = 0; k < outputs; k++) {
                w[j * outputs + k] -= u[i * n + j] * w[i * outputs + k];
            }
        }
    }
    for (size_t i = width; i-- > 0;) {
        for (size_t j = i + 1; j < width; j++) {
            for (size_t k = 0; k < outputs; k++) {
                w[i * outputs + k] -= u[i * n + j] * w[j * outputs + k];
            }
        }
        for (size_t k = 0; k < outputs; k++) {
            w[i * outputs + k] /= u[i * n + i];
        }
    }
}

/* The factor of all sums without a fold's (`less` NULL: of all), and their products with the targets. */
static void prepare(const RidgeWork *w, const FoldSums *less, double penalty, FoldSums *own)
{
    const MtsRidgeData *d = w->d;
    size_t n = d->columns;
    for (size_t i = 0; i < n * n; i++) {
        own->g[i] = w->all.g[i] - (less ? less->g[i] : 0);
    }
    for (size_t j = 1; j < n; j++) {
        own->g[j * n + j] += penalty;
    }
    for (size_t i = 0; i < n * d->outputs; i++) {
        own->c[i] = w->all.c[i] - (less ? less->c[i] : 0);
    }
    factorise(own->g, n);
}

static void apply(const MtsRidgeData *d, size_t i, const double *w, size_t width, double *out)
{
    memset(out, 0, d->outputs * sizeof *out);
    for (size_t j = 0; j < width; j++) {
        for (size_t k = 0; k < d->outputs; k++) {
            out[k] += d->rows[i * d->columns + j] * w[j * d->outputs + k];
        }
    }
}

/* What a fold's rows are given by the others'. */
static void hold_out_fold(RidgeWork *w, size_t f, double penalty)
{
    const MtsRidgeData *d = w->d;
    prepare(w, &w->fold[f], penalty, &w->own[f]);
    for (size_t t = 0; t < MTS_RIDGE_WIDTHS && d->width[t]; t++) {
        solve(w->own[f].g, d->columns, d->width[t], w->own[f].c, d->outputs, w->w[f]);
        for (size_t i = 0; i < d->count; i++) {
            if ((size_t)d->fold[i] == f) {
                apply(d, i, w->w[f], d->width[t], w->held[t] + i * d->outputs);
            }
        }
    }
}

/* A thread has whole folds. */
static void hold_out(RidgeWork *w, double penalty)
{
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 1)
#endif
    for (size_t f = 0; f < w->d->folds; f++) {
        hold_out_fold(w, f, penalty);
    }
}

static double squared_error(const MtsRidgeData *d, const double *held)
{
    double sum = 0;
    for (size_t i = 0; i < d->count; i++) {
        for (size_t k = 0; k < d->outputs; k++) {
            double e = held[i * d->outputs + k] - d->targets[i * d->outputs + k];
            sum += e * e;
        }
    }
    return sum;
}

/* Tries every penalty with every width; the first of the best stays. */
static void choose(RidgeWork *w, MtsRidge *ridge)
{
    const MtsRidgeData *d = w->d;
    double least = HUGE_VAL;
    for (size_t p = 0; p < PENALTIES; p++) {
        hold_out(w, penalties[p]);
        for (size_t t = 0; t < MTS_RIDGE_WIDTHS && d->width[t]; t++) {
            double error = squared_error(d, w->held[t]);
            if (error < least) {
                least = error;
                ridge->penalty = penalties[p];
                ridge->width = d->width[t];
                memcpy(ridge->held, w->held[t], d->count * d->outputs * sizeof *ridge->held);
            }
        }
    }
    prepare(w, NULL, ridge->penalty, &w->own[0]);
    solve(w->own[0].g, d->columns, ridge->width, w->own[0].c, d->outputs, ridge->weights);
    for (size_t f = 0; ridge->without && f < d->folds; f++) {
        double *weights = ridge->without + f * ridge->width * d->outputs;
        prepare(w, &w->fold[f], ridge->penalty, &w->own[f]);
        solve(w->own[f].g, d->columns, ridge->width, w->own[f].c, d->outputs, weights);
    }
}

static void free_sums(FoldSums *s)
{
    free(s->g);
    free(s->c);
}

static void free_work(RidgeWork *w)
{
    for (size_t f = 0; f < w->d->folds; f++) {
        if (w->fold) {
            free_sums(&w->fold[f]);
        }
        if (w->own) {
            free_sums(&w->own[f]);
        }
        if (w->w) {
            free(w->w[f]);
        }
    }
    for (size_t t = 0; t < MTS_RIDGE_WIDTHS; t++) {
        free(w->held[t]);
    }
    free(w->fold);
    free(w->own);
    free(w->w);
    free_sums(&w->all);
}

static int make_work(RidgeWork *w, size_t cells, size_t results)
{
    size_t folds = w->d->folds;
    w->fold = mts_calloc(folds, sizeof *w->fold);
    w->own = mts_calloc(folds, sizeof *w->own);
    w->w = mts_calloc(folds, sizeof *w->w);
    int rc = w->fold && w->own && w->w ? MTS_OK : MTS_ENOMEM;
    for (size_t f = 0; !rc && f < folds; f++) {
        rc = new_sums(&w->own[f], w->d);
        w->w[f] = mts_calloc(cells, sizeof *w->w[f]);
        rc = w->w[f] ? rc : MTS_ENOMEM;
    }
    for (size_t t = 0; t < MTS_RIDGE_WIDTHS; t++) {
        w->held[t] = mts_calloc(results, sizeof *w->held[t]);
        rc = w->held[t] ? rc : MTS_ENOMEM;
    }
    return rc;
}

int mts_ridge(MtsRidge *ridge, const MtsRidgeData *d, MtsError *err)
{
    RidgeWork w = {.d = d};
    size_t results = d->count * d->outputs, cells = d->columns * d->outputs;
    *ridge = (MtsRidge){.weights = mts_calloc(cells, sizeof *ridge->weights),
                        .without = d->apart ? mts_calloc(d->folds * cells, sizeof *ridge->without) : NULL,
                        .held = mts_calloc(results, sizeof *ridge->held)};
    bool ok = ridge->weights && ridge->held && (ridge->without || !d->apart);
    int rc = ok ? make_work(&w, cells, results) : MTS_ENOMEM;
    if (rc || (rc = sum_up(&w))) {
        mts_fail(err, rc, "ridge: memory ran out for %zu rows of %zu columns", d->count, d->columns);
        mts_ridge_free(ridge);
    } else {
        choose(&w, ridge);
    }
    free_work(&w);
    return rc;
}

void mts_ridge_free(MtsRidge *ridge)
{
    free(ridge->weights);
    free(ridge->without);
    free(ridge->held);
    *ridge = (MtsRidge){0};
}

/* Rows times the roots of what they count, and zeros that fill the last panel; sums of all of them. */
int mts_ridge_fit(const double *rows, const double *targets, const double *importance, size_t count, size_t columns,
                  size_t outputs, double penalty, double *weights, MtsError *err)
{
    MtsRidgeData d = {.targets = targets, .columns = columns, .outputs = outputs};
    size_t padded = (count + PANEL - 1) / PANEL * PANEL, cells;
    double sum = 0, *scaled = mts_size_mul(padded, columns, &cells) ? mts_calloc(cells, sizeof *scaled) : NULL;
    const double **list = mts_calloc(padded, sizeof(double *));
    FoldSums s = {0};
    int rc = scaled && list ? new_sums(&s, &d) : MTS_ENOMEM;
    for (size_t i = 0; !rc && i < padded; i++) {
        list[i] = scaled + i * columns;
        for (size_t j = 0; i < count && j < columns; j++) {
            scaled[i * columns + j] = sqrt(importance[i]) * rows[i * columns + j];
            for (size_t k = 0; k < outputs; k++) {
                s.c[j * outputs + k] += importance[i] * rows[i * columns + j] * targets[i * outputs + k];
            }
        }
        sum += i < count ? importance[i] : 0;
    }
    if (!rc) {
        add_all(s.g, columns, list, padded);
        for (size_t j = 1; j < columns; j++) {
            s.g[j * columns + j] += penalty * sum;
        }
        factorise(s.g, columns);
        solve(s.g, columns, columns, s.c, outputs, weights);
    }
    free_sums(&s);
    free(list);
    free(scaled);
    return rc ? mts_fail(err, rc, "ridge: memory ran out for %zu rows of %zu columns", count, columns) : MTS_OK;
}
