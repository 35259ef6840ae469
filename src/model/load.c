/* model/load.c - loading.
 *
 * Three passes. First every tensor that the architecture calls for is looked up and its shape compared with the
 * configuration, which decides how large the packed matrices are; a tensor that nobody asked for is an error, as
 * it would change what the model computes. Then memory is taken once, for all of it. Then all threads pack: the
 * list of all groups of 16 rows of all matrices is cut into one piece of equal bytes per thread, which also places
 * the pages near the thread that will use most of them. File pages are given back right after they were packed,
 * so that the weights are never resident twice. */
#include "model/load.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "encoder/encoder.h"
#include "model/team.h"

enum { FORGET = 4 << 20 }; /* bytes of the file that may be resident beside their packed form, per thread */

typedef struct Matrix {
    MtsWeights *weights;
    const MtsTensor *tensor;
    size_t offset; /* of the packed form in the arena */
} Matrix;

typedef struct Vector {
    const float **out;
    const MtsTensor *tensor;
    size_t offset; /* floats */
} Vector;

typedef struct Loader {
    MtsModel *model;
    const MtsGguf *gguf;
    MtsError *err;
    Matrix *matrices;
    Vector *vectors;
    size_t matrix_count, vector_count, matrix_cap, vector_cap;
    size_t bytes, floats; /* of the arena, of all vectors */
    char name[64];
} Loader;

/* ---- first pass: names and shapes ---- */

/* "blk.<layer>.<name>", or the name alone for layer -1. */
static const char *tensor_name(Loader *l, long layer, const char *name)
{
    if (layer < 0) {
        snprintf(l->name, sizeof l->name, "%s", name);
    } else {
        snprintf(l->name, sizeof l->name, "blk.%ld.%s", layer, name);
    }
    return l->name;
}

static int missing(Loader *l)
{
    return mts_fail(l->err, MTS_EFORMAT, "%s: tensor %s is missing", mts_gguf_path(l->gguf), l->name);
}

static int add_matrix(Loader *l, MtsWeights *w, long layer, const char *name, size_t rows, size_t cols)
{
    const MtsTensor *t = mts_gguf_tensor(l->gguf, tensor_name(l, layer, name));
    if (!t) {
        return missing(l);
    }
    if (t->dims != 2 || t->shape[0] != cols || t->shape[1] != rows) {
        return mts_fail(l->err, MTS_EFORMAT, "%s: tensor %s has %d dimensions, %zu x %zu; the metadata says %zu x %zu",
                        mts_gguf_path(l->gguf), l->name, t->dims, t->shape[0], t->shape[1], cols, rows);
    }
    size_t bytes = mts_weights_plan(w, t->type, rows, cols), end;
    if (bytes == 0 || !mts_size_add(l->bytes, bytes, &end) ||
        !mts_grow(&l->matrices, &l->matrix_cap, l->matrix_count + 1, sizeof *l->matrices)) {
        return mts_fail(l->err, MTS_ENOMEM, "%s: tensor %s is too large for this machine", mts_gguf_path(l->gguf),
                        l->name);
    }
    l->matrices[l->matrix_count++] = (Matrix){.weights = w, .tensor = t, .offset = l->bytes};
    l->bytes = end;
    return MTS_OK;
}

static int add_vector(Loader *l, const float **out, long layer, const char *name, size_t n, bool required)
{
    const MtsTensor *t = mts_gguf_tensor(l->gguf, tensor_name(l, layer, name));
    *out = NULL;
    if (!t) {
        return required ? missing(l) : MTS_OK;
    }
    if (t->dims != 1 || t->shape[0] != n) {
        return mts_fail(l->err, MTS_EFORMAT, "%s: tensor %s has %d dimensions, the first of %zu; the metadata says %zu",
                        mts_gguf_path(l->gguf), l->name, t->dims, t->shape[0], n);
    }
    if (!mts_grow(&l->vectors, &l->vector_cap, l->vector_count + 1, sizeof *l->vectors)) {
        return mts_fail(l->err, MTS_ENOMEM, "%s: memory ran out", mts_gguf_path(l->gguf));
    }
    l->vectors[l->vector_count++] = (Vector){.out = out, .tensor = t, .offset = l->floats};
    l->floats += n;
    return MTS_OK;
}

/* Widths that tensors may have. */
typedef enum Extent { WIDTH, QUERIES, KEYS, HEAD, FFN, CROSS, CROSS_PAIR, CROSS_FFN, MEDIA } Extent;

static size_t extent_of(const MtsConfig *c, Extent extent)
{
    switch (extent) {
    case WIDTH:
        return c->width;
    case QUERIES:
        return c->heads * c->head_dim;
    case KEYS:
        return c->kv_heads * c->head_dim;
    case HEAD:
        return c->head_dim;
    case FFN:
        return c->ffn_width;
    case CROSS:
        return c->cross_heads * c->cross_dim;
    case CROSS_PAIR:
        return 2 * c->cross_heads * c->cross_dim;
    case CROSS_FFN:
        return c->cross_ffn;
    case MEDIA:
        return c->media_width;
    }
    return 0;
}

/* A layer's tensors: where in MtsLayer each goes, and its shape. */
typedef struct MatrixRow {
    const char *name;
    size_t to;
    Extent rows, cols;
} MatrixRow;

static const MatrixRow layer_matrices[] = {
    {"attn_q.weight", offsetof(MtsLayer, q), QUERIES, WIDTH},
    {"attn_k.weight", offsetof(MtsLayer, k), KEYS, WIDTH},
    {"attn_v.weight", offsetof(MtsLayer, v), KEYS, WIDTH},
    {"attn_output.weight", offsetof(MtsLayer, o), WIDTH, QUERIES},
    {"ffn_gate.weight", offsetof(MtsLayer, gate), FFN, WIDTH},
    {"ffn_up.weight", offsetof(MtsLayer, up), FFN, WIDTH},
    {"ffn_down.weight", offsetof(MtsLayer, down), WIDTH, FFN},
};

/* Which of the architecture's columns says whether a vector is there. */
typedef enum VectorGroup { ALWAYS, QKV_BIAS, QK_NORM, POST_NORMS } VectorGroup;

typedef struct VectorRow {
    const char *name;
    size_t to;
    Extent length;
    VectorGroup group;
} VectorRow;

static const VectorRow layer_vectors[] = {
    {"attn_norm.weight", offsetof(MtsLayer, attn_norm), WIDTH, ALWAYS},
    {"attn_q.bias", offsetof(MtsLayer, q_bias), QUERIES, QKV_BIAS},
    {"attn_k.bias", offsetof(MtsLayer, k_bias), KEYS, QKV_BIAS},
    {"attn_v.bias", offsetof(MtsLayer, v_bias), KEYS, QKV_BIAS},
    {"attn_q_norm.weight", offsetof(MtsLayer, q_norm), HEAD, QK_NORM},
    {"attn_k_norm.weight", offsetof(MtsLayer, k_norm), HEAD, QK_NORM},
    {"post_attention_norm.weight", offsetof(MtsLayer, post_attn_norm), WIDTH, POST_NORMS},
    {"ffn_norm.weight", offsetof(MtsLayer, ffn_norm), WIDTH, ALWAYS},
    {"post_ffw_norm.weight", offsetof(MtsLayer, post_ffn_norm), WIDTH, POST_NORMS},
};

/* The same of layers that look at a medium before anything else. */
static const MatrixRow cross_matrices[] = {
    {"cross_q.weight", offsetof(MtsLayer, cross.q), CROSS, WIDTH},
    {"cross_kv.weight", offsetof(MtsLayer, cross.kv), CROSS_PAIR, MEDIA},
    {"cross_output.weight", offsetof(MtsLayer, cross.o), WIDTH, CROSS},
    {"cross_ffn_up.weight", offsetof(MtsLayer, cross.up), CROSS_FFN, WIDTH},
    {"cross_ffn_down.weight", offsetof(MtsLayer, cross.down), WIDTH, CROSS_FFN},
};

static const VectorRow cross_vectors[] = {
    {"cross_norm.weight", offsetof(MtsLayer, cross.norm), WIDTH, ALWAYS},
    {"cross_norm.bias", offsetof(MtsLayer, cross.norm_bias), WIDTH, ALWAYS},
    {"cross_ffn_norm.weight", offsetof(MtsLayer, cross.ffn_norm), WIDTH, ALWAYS},
    {"cross_ffn_norm.bias", offsetof(MtsLayer, cross.ffn_norm_bias), WIDTH, ALWAYS},
};

static MtsPresence presence_of(const MtsArchitecture *a, VectorGroup group)
{
    switch (group) {
    case ALWAYS:
        break;
    case QKV_BIAS:
        return a->qkv_bias;
    case QK_NORM:
        return a->qk_norm;
    case POST_NORMS:
        return a->post_norms;
    }
    return MTS_REQUIRED;
}

/* A layer's tensors by the rows of two tables. */
static int add_rows(Loader *l, size_t index, const VectorRow *vectors, size_t vector_count, const MatrixRow *matrices,
                    size_t matrix_count)
{
    const MtsConfig *c = &l->model->config;
    char *y = (char *)&l->model->layers[index];
    long layer = (long)index;
    int rc;
    for (size_t i = 0; i < vector_count; i++) {
        const MtsPresence presence = presence_of(c->architecture, vectors[i].group);
        const float **to = (const float **)(void *)(y + vectors[i].to);
        if (presence != MTS_ABSENT && (rc = add_vector(l, to, layer, vectors[i].name, extent_of(c, vectors[i].length),
                                                       presence == MTS_REQUIRED))) {
            return rc;
        }
    }
    for (size_t i = 0; i < matrix_count; i++) {
        MtsWeights *to = (MtsWeights *)(void *)(y + matrices[i].to);
        if ((rc = add_matrix(l, to, layer, matrices[i].name, extent_of(c, matrices[i].rows),
                             extent_of(c, matrices[i].cols)))) {
            return rc;
        }
    }
    return MTS_OK;
}

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static int add_layer(Loader *l, size_t index)
{
    const MtsConfig *c = &l->model->config;
    MtsLayer *y = &l->model->layers[index];
    int rc = add_rows(l, index, layer_vectors, COUNT(layer_vectors), layer_matrices, COUNT(layer_matrices));
    if (!rc && c->cross_heads && mts_gguf_tensor(l->gguf, tensor_name(l, (long)index, "cross_q.weight"))) {
        rc = add_rows(l, index, cross_vectors, COUNT(cross_vectors), cross_matrices, COUNT(cross_matrices));
    }
    y->window = mts_config_is_window(c, index);
    y->kv_index = y->window ? l->model->window_layers : index - l->model->window_layers;
    l->model->window_layers += y->window;
    return rc;
}

static bool wanted(const Loader *l, const MtsTensor *t)
{
    for (size_t i = 0; i < l->matrix_count; i++) {
        if (l->matrices[i].tensor == t) {
            return true;
        }
    }
    for (size_t i = 0; i < l->vector_count; i++) {
        if (l->vectors[i].tensor == t) {
            return true;
        }
    }
    return false;
}

static int check_all_wanted(Loader *l)
{
    size_t count = mts_gguf_tensor_count(l->gguf);
    for (size_t i = 0; l->matrix_count + l->vector_count != count && i < count; i++) {
        const MtsTensor *t = mts_gguf_tensor_at(l->gguf, i);
        if (!wanted(l, t) && !mts_encoder_owns(t->name)) {
            char shown[MTS_SHOWN];
            return mts_fail(l->err, MTS_EUNSUPPORTED, "%s: tensor %s is not one that this program knows in %s models",
                            mts_gguf_path(l->gguf), mts_str_show(t->name, shown), l->model->config.architecture->name);
        }
    }
    return MTS_OK;
}

static bool any_looks(const MtsModel *m)
{
    size_t i = 0;
    while (i < m->config.layers && !m->layers[i].cross.q.rows) {
        i++;
    }
    return i < m->config.layers;
}

static int plan(Loader *l)
{
    MtsModel *m = l->model;
    const MtsConfig *c = &m->config;
    int rc = add_matrix(l, &m->embedding, -1, "token_embd.weight", c->vocab, c->width);
    for (size_t i = 0; i < c->layers && !rc; i++) {
        rc = add_layer(l, i);
    }
    if (!rc && c->cross_heads && !any_looks(m)) {
        rc = mts_fail(l->err, MTS_EFORMAT, "%s: opentslm.cross.head_count is %zu, but no layer has a cross_q.weight",
                      mts_gguf_path(l->gguf), c->cross_heads);
    }
    if (rc || (rc = add_vector(l, &m->output_norm, -1, "output_norm.weight", c->width, true)) ||
        (rc = add_vector(l, &m->rope_factors, -1, "rope_freqs.weight", c->rope_dims / 2, false))) {
        return rc;
    }
    if (mts_gguf_tensor(l->gguf, "output.weight") &&
        (rc = add_matrix(l, &m->output, -1, "output.weight", c->vocab, c->width))) {
        return rc;
    }
    return check_all_wanted(l);
}

/* ---- second and third pass: memory, packing ---- */

static int allocate(Loader *l)
{
    MtsModel *m = l->model;
    m->arena = mts_reserve(l->bytes); /* not zeroed: packing writes every byte that is read, padding included */
    if (!m->arena) {
        return mts_fail(l->err, MTS_ENOMEM, "%s: no memory for %zu bytes of weights", mts_gguf_path(l->gguf), l->bytes);
    }
    m->arena_bytes = l->bytes;
    m->vectors = mts_aligned_calloc(l->floats, sizeof *m->vectors);
    m->vector_count = l->floats;
    if (!m->vectors) {
        return mts_fail(l->err, MTS_ENOMEM, "%s: no memory for %zu weights", mts_gguf_path(l->gguf), l->floats);
    }
    return MTS_OK;
}

/* This thread's groups of one matrix: those that begin in its share of all packed bytes. */
static void pack_share(const Loader *l, const Matrix *m, size_t begin, size_t end)
{
    const MtsWeights *w = m->weights;
    size_t g0 = begin > m->offset ? (begin - m->offset + w->group_bytes - 1) / w->group_bytes : 0;
    size_t g1 = end > m->offset ? (end - m->offset + w->group_bytes - 1) / w->group_bytes : 0;
    g1 = g1 < w->groups ? g1 : w->groups;
    size_t row_bytes = m->tensor->bytes / w->rows, some = FORGET / (row_bytes * MTS_GROUP) + 1;
    for (size_t g = g0, next; g < g1; g = next) {
        next = g1 - g > some ? g + some : g1;
        mts_pack(w, g, next, m->tensor->data);
        size_t r0 = g * MTS_GROUP, r1 = next * MTS_GROUP < w->rows ? next * MTS_GROUP : w->rows;
        mts_gguf_forget(l->gguf, (const unsigned char *)m->tensor->data + r0 * row_bytes, (r1 - r0) * row_bytes);
    }
}

static void pack(Loader *l, int threads)
{
    MtsModel *m = l->model;
    for (size_t i = 0; i < l->matrix_count; i++) {
        l->matrices[i].weights->data = m->arena + l->matrices[i].offset;
    }
    (void)threads;
    MTS_TEAM(threads)
    {
        size_t rank = mts_team_rank(), size = mts_team_size();
        size_t begin = mts_team_share(l->bytes, rank, size), end = mts_team_share(l->bytes, rank + 1, size);
        for (size_t i = 0; i < l->matrix_count; i++) {
            pack_share(l, &l->matrices[i], begin, end);
        }
    }
    for (size_t i = 0; i < l->vector_count; i++) {
        const Vector *v = &l->vectors[i];
        float *out = m->vectors + v->offset;
        mts_dequantize(v->tensor->type, v->tensor->data, out, v->tensor->elements);
        *v->out = out;
    }
}

static int choose_forms(Loader *l)
{
    MtsModel *m = l->model;
    MtsWeights **all = mts_calloc(l->matrix_count, sizeof *all);
    int rc = all ? MTS_OK : mts_fail(l->err, MTS_ENOMEM, "%s: memory ran out", mts_gguf_path(l->gguf));
    for (size_t i = 0; all && i < l->matrix_count; i++) {
        all[i] = l->matrices[i].weights;
    }
    if (!rc && !m->exact && !m->blas) {
        rc = mts_choose_forms(&m->choices, m->kernels, all, l->matrix_count, l->err);
    }
    free(all);
    if (!m->output.data) {
        m->output = m->embedding;
    }
    return rc;
}

static int check_factors(const Loader *l)
{
    const MtsModel *m = l->model;
    for (size_t i = 0; m->rope_factors && i < m->config.rope_dims / 2; i++) {
        if (!(m->rope_factors[i] > 0) || isinf(m->rope_factors[i])) {
            return mts_fail(l->err, MTS_EFORMAT,
                            "%s: tensor rope_freqs.weight holds %g; factors are above 0 and finite",
                            mts_gguf_path(l->gguf), (double)m->rope_factors[i]);
        }
    }
    return MTS_OK;
}

int mts_load(MtsModel *model, const MtsGguf *gguf, int threads, MtsError *err)
{
    Loader loader = {.model = model, .gguf = gguf, .err = err}, *l = &loader;
    int rc;
    model->layers = mts_calloc(model->config.layers, sizeof *model->layers);
    if (!model->layers) {
        rc = mts_fail(err, MTS_ENOMEM, "%s: memory ran out", mts_gguf_path(gguf));
        goto done;
    }
    if ((rc = plan(l)) || (rc = allocate(l))) {
        goto done;
    }
    pack(l, threads);
    if ((rc = check_factors(l)) || (rc = choose_forms(l))) {
        goto done;
    }
    for (size_t i = 0; i < l->matrix_count; i++) {
        model->parameters += l->matrices[i].tensor->elements;
    }
    model->parameters += l->floats;
done:
    free(l->matrices);
    free(l->vectors);
    return rc;
}

void mts_load_clear(MtsModel *model)
{
    free(model->layers);
    free(model->choices.file);
    mts_aligned_free(model->arena);
    mts_aligned_free(model->vectors);
}
