/* evidence/network.c - two hidden layers, trained on quantiles.
 *
 * Outputs are quantiles of every step at five levels; what is lowered is the pinball loss max(q d, (q - 1) d) of the
 * differences d, whose least expectation is at the quantile, by Adam (D. P. Kingma and J. Ba, 2015) on batches that are
 * drawn afresh. Only the median is asked for in the end: the other levels keep the hidden layers from following it
 * into noise.
 *
 * Every layer is a product of matrices, and so are both of its derivatives. Sums run over panels in their order, and no
 * function of the C library is called but the square root, which is exact to the last bit: the same lessons give the
 * same weights everywhere. One thread does it all: a product takes less than a millisecond, which is what it costs to
 * bring threads together on a busy machine. In the end weights are rounded to 16 bits. */
#include "evidence/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "evidence/sealed.h"

enum { L = MTS_NETWORK_LAYERS, HIDDEN = 96, BATCH = 256, PANEL = 4, TOP = 32767 };

static const float levels[MTS_NETWORK_LEVELS] = {0.1f, 0.25f, 0.5f, 0.75f, 0.9f};
static const float rate = 1e-3f, first_decay = 0.9f, second_decay = 0.999f, tiny = 1e-8f;

/* ---- matrices ---- */

/* c [m][n], rows `stride` apart, is a times b [k][n]; a's element (i, p) is at a[i * row + p * column]. */
typedef struct Factors {
    float *c;
    const float *a, *b;
    size_t stride, row, column, m, k, n;
} Factors;

static void product_row(const Factors *t, size_t i)
{
    float *c = t->c + i * t->stride;
    const float *a = t->a + i * t->row;
    size_t p = 0, n = t->n;
    memset(c, 0, n * sizeof *c);
    for (; p + PANEL <= t->k; p += PANEL) {
        const float *b0 = t->b + p * n, *b1 = b0 + n, *b2 = b1 + n, *b3 = b2 + n;
        float a0 = a[p * t->column], a1 = a[(p + 1) * t->column], a2 = a[(p + 2) * t->column],
              a3 = a[(p + 3) * t->column];
        for (size_t j = 0; j < n; j++) {
            c[j] += (a0 * b0[j] + a1 * b1[j]) + (a2 * b2[j] + a3 * b3[j]);
        }
    }
    for (; p < t->k; p++) {
        for (size_t j = 0; j < n; j++) {
            c[j] += a[p * t->column] * t->b[p * n + j];
        }
    }
}

static void multiply(const Factors *t)
{
    for (size_t i = 0; i < t->m; i++) {
        product_row(t, i);
    }
}

/* ---- forward ---- */

/* x [l], rows of 1 and width[l] numbers, through layer l. */
static void forward(const MtsNetwork *o, float *const *x, size_t rows)
{
    for (size_t l = 0; l < L; l++) {
        size_t in = o->width[l] + 1, out = o->width[l + 1];
        multiply(&(Factors){x[l + 1] + 1, x[l], o->weights[l], out + 1, in, 1, rows, in, out});
        for (size_t i = 0; i < rows * (out + 1); i++) {
            x[l + 1][i] = i % (out + 1) == 0 ? 1 : l + 1 < L && !(x[l + 1][i] > 0) ? 0 : x[l + 1][i];
        }
    }
}

static int new_rows(const MtsNetwork *o, float **x, size_t rows)
{
    for (size_t l = 0; l <= L; l++) {
        size_t cells;
        x[l] = mts_size_mul(rows, o->width[l] + 1, &cells) ? mts_calloc(cells, sizeof *x[l]) : NULL;
        if (!x[l]) {
            return MTS_ENOMEM;
        }
    }
    return MTS_OK;
}

static void free_rows(float **x)
{
    for (size_t l = 0; l <= L; l++) {
        free(x[l]);
    }
}

int mts_network_median(const MtsNetwork *o, const float *row, double *median, MtsError *err)
{
    float *x[L + 1] = {0};
    size_t steps = o->width[L] / MTS_NETWORK_LEVELS;
    int rc = new_rows(o, x, 1);
    if (!rc) {
        x[0][0] = 1;
        memcpy(x[0] + 1, row, o->width[0] * sizeof *row);
        forward(o, x, 1);
        for (size_t h = 0; h < steps; h++) {
            median[h] = (double)x[L][1 + MTS_NETWORK_LEVELS / 2 * steps + h];
        }
    }
    free_rows(x);
    return rc ? mts_fail(err, rc, "forecast: memory ran out") : MTS_OK;
}

/* ---- learning ---- */

size_t mts_network_size(size_t inputs, size_t steps)
{
    return (inputs + 1) * HIDDEN + (HIDDEN + 1) * HIDDEN + (HIDDEN + 1) * MTS_NETWORK_LEVELS * steps;
}

typedef struct Learning {
    MtsNetwork *o;
    const MtsNetworkLessons *lessons;
    float *x[L + 1], *d[L + 1];    /* rows of 1 and the layer's numbers; the loss's derivative by those numbers */
    float *targets, *count;        /* [BATCH][steps], [BATCH] */
    float *slope[L], *turned[L];   /* by each weight; the weights transposed, without the constants */
    float *first[L], *second[L];   /* its decaying mean and that of its square */
    float first_left, second_left; /* what both still owe to their start at 0 */
} Learning;

static size_t cells_of(const MtsNetwork *o, size_t l)
{
    return (o->width[l] + 1) * o->width[l + 1];
}

static void draw_batch(Learning *w, size_t round)
{
    const MtsNetworkLessons *t = w->lessons;
    for (size_t i = 0; i < BATCH; i++) {
        MtsRng rng = mts_rng(t->seed, i, (uint32_t)round);
        float *row = w->x[0] + i * (t->inputs + 1);
        row[0] = 1;
        w->count[i] = t->draw(t->from, &rng, row + 1, w->targets + i * t->steps);
    }
}

/* By each output: -q where the truth is above it, 1 - q below. */
static void loss_slopes(Learning *w)
{
    size_t steps = w->lessons->steps, out = w->o->width[L];
    for (size_t i = 0; i < BATCH; i++) {
        for (size_t k = 0; k < out; k++) {
            float truth = w->targets[i * steps + k % steps], x = w->x[L][i * (out + 1) + 1 + k], q = levels[k / steps];
            w->d[L][i * out + k] = truth > x ? -q * w->count[i] : truth < x ? (1 - q) * w->count[i] : 0;
        }
    }
}

static void backward(Learning *w)
{
    const MtsNetwork *o = w->o;
    loss_slopes(w);
    for (size_t l = L; l-- > 0;) {
        size_t in = o->width[l], out = o->width[l + 1];
        multiply(&(Factors){w->slope[l], w->x[l], w->d[l + 1], out, 1, in + 1, in + 1, BATCH, out});
        if (l == 0) {
            continue;
        }
        for (size_t j = 0; j < in; j++) {
            for (size_t k = 0; k < out; k++) {
                w->turned[l][k * in + j] = o->weights[l][(j + 1) * out + k];
            }
        }
        multiply(&(Factors){w->d[l], w->d[l + 1], w->turned[l], in, out, 1, BATCH, out, in});
        for (size_t i = 0; i < BATCH * in; i++) {
            w->d[l][i] = w->x[l][i / in * (in + 1) + 1 + i % in] > 0 ? w->d[l][i] : 0;
        }
    }
}

/* Adam's step, whose rate falls to 0 in a line. */
static void step(Learning *w, size_t round)
{
    float now = rate * (1 - (float)round / (float)w->lessons->rounds);
    w->first_left *= first_decay;
    w->second_left *= second_decay;
    for (size_t l = 0; l < L; l++) {
        for (size_t i = 0; i < cells_of(w->o, l); i++) {
            float g = w->slope[l][i] / (float)(BATCH * w->o->width[L]);
            float m = w->first[l][i] += (1 - first_decay) * (g - w->first[l][i]);
            float v = w->second[l][i] += (1 - second_decay) * (g * g - w->second[l][i]);
            w->o->weights[l][i] -= now * m / (1 - w->first_left) / (sqrtf(v / (1 - w->second_left)) + tiny);
        }
    }
}

/* Evenly within one over the root of how many come in. */
static void begin(MtsNetwork *o, uint64_t seed)
{
    for (size_t l = 0; l < L; l++) {
        MtsRng rng = mts_rng(seed, BATCH + l, 0);
        double most = 1 / sqrt((double)o->width[l]);
        for (size_t i = 0; i < cells_of(o, l); i++) {
            o->weights[l][i] = (float)((2 * mts_rng_uniform(&rng) - 1) * most);
        }
    }
}

/* To 16-bit multiples of the least power of two that holds them all. */
static void round_weights(MtsNetwork *o)
{
    for (size_t l = 0; l < L; l++) {
        float most = 0;
        for (size_t i = 0; i < cells_of(o, l); i++) {
            most = fmaxf(most, fabsf(o->weights[l][i]));
        }
        for (o->unit[l] = 0x1p-30f; o->unit[l] * TOP < most; o->unit[l] *= 2) {
        }
        for (size_t i = 0; i < cells_of(o, l); i++) {
            o->weights[l][i] = rintf(o->weights[l][i] / o->unit[l]) * o->unit[l];
        }
    }
}

static int new_network(MtsNetwork **network, size_t inputs, size_t hidden, size_t outputs)
{
    MtsNetwork *o = *network = mts_calloc(1, sizeof *o);
    if (!o) {
        return MTS_ENOMEM;
    }
    o->width[0] = inputs;
    o->width[1] = o->width[2] = hidden;
    o->width[L] = outputs;
    for (size_t l = 0; l < L; l++) {
        if (!(o->weights[l] = mts_calloc(cells_of(o, l), sizeof *o->weights[l]))) {
            return MTS_ENOMEM;
        }
    }
    return MTS_OK;
}

static int make_room(Learning *w)
{
    const MtsNetwork *o = w->o;
    int rc = new_rows(o, w->x, BATCH);
    w->targets = mts_calloc(BATCH * w->lessons->steps, sizeof *w->targets);
    w->count = mts_calloc(BATCH, sizeof *w->count);
    bool ok = !rc && w->targets && w->count;
    for (size_t l = 0; ok && l < L; l++) {
        size_t cells = cells_of(o, l);
        w->d[l + 1] = mts_calloc(BATCH * o->width[l + 1], sizeof *w->d[l]);
        w->slope[l] = mts_calloc(cells, sizeof *w->slope[l]);
        w->turned[l] = mts_calloc(cells, sizeof *w->turned[l]);
        w->first[l] = mts_calloc(cells, sizeof *w->first[l]);
        w->second[l] = mts_calloc(cells, sizeof *w->second[l]);
        ok = w->d[l + 1] && w->slope[l] && w->turned[l] && w->first[l] && w->second[l];
    }
    return ok ? MTS_OK : MTS_ENOMEM;
}

static void free_room(Learning *w)
{
    free_rows(w->x);
    free(w->targets);
    free(w->count);
    for (size_t l = 0; l < L; l++) {
        free(w->d[l + 1]);
        free(w->slope[l]);
        free(w->turned[l]);
        free(w->first[l]);
        free(w->second[l]);
    }
}

int mts_network_learn(MtsNetwork **network, const MtsNetworkLessons *lessons, MtsError *err)
{
    Learning w = {.lessons = lessons, .first_left = 1, .second_left = 1};
    int rc = new_network(network, lessons->inputs, HIDDEN, MTS_NETWORK_LEVELS * lessons->steps);
    w.o = *network;
    rc = rc ? rc : make_room(&w);
    if (!rc) {
        begin(w.o, lessons->seed);
        for (size_t round = 0; round < lessons->rounds; round++) {
            draw_batch(&w, round);
            forward(w.o, w.x, BATCH);
            backward(&w);
            step(&w, round);
        }
        round_weights(w.o);
    }
    if (w.o) {
        free_room(&w);
    }
    if (rc) {
        mts_network_free(network);
        return mts_fail(err, rc, "forecast: memory ran out for a network");
    }
    return MTS_OK;
}

void mts_network_free(MtsNetwork **network)
{
    for (size_t l = 0; *network && l < L; l++) {
        free((*network)->weights[l]);
    }
    free(*network);
    *network = NULL;
}

/* ---- the file ---- */

json_t *mts_network_json(const MtsNetwork *o)
{
    json_t *file = json_object(), *layers = json_array();
    mts_json_add_int(&file, "hidden", (json_int_t)o->width[1]);
    for (size_t l = 0; l < L; l++) {
        json_t *layer = json_object(), *list = json_array();
        mts_json_add_real(&layer, "unit", (double)o->unit[l]);
        for (size_t i = 0; i < cells_of(o, l); i++) {
            mts_json_add_int(&list, NULL, (json_int_t)(o->weights[l][i] / o->unit[l]));
        }
        mts_json_add(&layer, "weights", list);
        mts_json_add(&layers, NULL, layer);
    }
    mts_json_add(&file, "layers", layers);
    return file;
}

static int read_layer(MtsNetwork *o, const json_t *layers, size_t l, const char *name, MtsError *err)
{
    const json_t *layer = json_array_get(layers, l);
    double unit, *list = NULL;
    int rc = mts_sealed_read_real(layer, name, "unit", 0x1p-30, 1, &unit, err);
    if (!rc && !(rc = mts_sealed_read_numbers(layer, name, "weights", cells_of(o, l), &list, err))) {
        o->unit[l] = (float)unit;
        for (size_t i = 0; !rc && i < cells_of(o, l); i++) {
            rc = fabs(list[i]) <= TOP
                     ? MTS_OK
                     : mts_fail(err, MTS_EFORMAT, "%s: a weight is not from %d to %d", name, -TOP, TOP);
            o->weights[l][i] = (float)list[i] * o->unit[l];
        }
    }
    free(list);
    return rc;
}

int mts_network_read(MtsNetwork **network, const json_t *o, const char *name, size_t inputs, size_t steps,
                     MtsError *err)
{
    const json_t *layers = json_object_get(o, "layers");
    size_t hidden;
    *network = NULL;
    int rc = mts_sealed_read_size(o, name, "hidden", MTS_NETWORK_MOST, &hidden, err);
    if (!rc && new_network(network, inputs, hidden, MTS_NETWORK_LEVELS * steps)) {
        rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    }
    for (size_t l = 0; !rc && l < L; l++) {
        rc = read_layer(*network, layers, l, name, err);
    }
    if (rc) {
        mts_network_free(network);
    }
    return rc;
}
