/* model/config.c - the metadata, read and checked. */
#include "model/config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Bounds that no real model comes near; products of any three of them fit in 64 bits. */
enum { MOST_LAYERS = 1024, MOST_WIDTH = 1 << 18, MOST_HEADS = 4096, MOST_HEAD_DIM = 1024 };
static const size_t most_context = (size_t)1 << 30;

typedef struct ConfigReader {
    const MtsGguf *gguf;
    const MtsArchitecture *architecture;
    MtsError *err;
    char key[128];
} ConfigReader;

/* "<architecture>.<name>" */
static const char *key_of(ConfigReader *r, const char *name)
{
    snprintf(r->key, sizeof r->key, "%s.%s", r->architecture->name, name);
    return r->key;
}

static int get_size(ConfigReader *r, const char *name, bool required, size_t min, size_t max, size_t fallback,
                    size_t *out)
{
    return mts_gguf_get_size(r->gguf, key_of(r, name), required, min, max, fallback, out, r->err);
}

static int get_real(ConfigReader *r, const char *name, bool required, double min, double max, double fallback,
                    double *out)
{
    return mts_gguf_get_real(r->gguf, key_of(r, name), required, min, max, fallback, out, r->err);
}

static int unsupported(ConfigReader *r, const char *name, const char *value)
{
    return mts_fail(r->err, MTS_EUNSUPPORTED, "%s: %s.%s is %s, which this program does not do", mts_gguf_path(r->gguf),
                    r->architecture->name, name, value);
}

/* A size of every layer, which files may give for each. */
static int get_layers_size(ConfigReader *r, const char *name, bool required, size_t max, size_t fallback,
                           const MtsConfig *c, size_t *out)
{
    const MtsGgufValue *value = mts_gguf_find(r->gguf, key_of(r, name));
    if (!value || mts_gguf_type(value) != MTS_GGUF_ARRAY) {
        return get_size(r, name, required, 1, max, fallback, out);
    }
    int64_t first = 0, other = 0;
    bool same = mts_gguf_array_count(value) == c->layers;
    for (size_t i = 0; same && i < c->layers; i++) {
        same = mts_gguf_int(value, i, i == 0 ? &first : &other) && (i == 0 || other == first);
    }
    if (!same || first < 1 || (uint64_t)first > max) {
        return unsupported(r, name, "no list of one possible size for all layers");
    }
    *out = (size_t)first;
    return MTS_OK;
}

static int read_architecture(ConfigReader *r, MtsConfig *c)
{
    MtsString name;
    int rc = mts_gguf_get_string(r->gguf, "general.architecture", true, &name, r->err);
    if (rc) {
        return rc;
    }
    c->architecture = r->architecture = mts_architecture_find(name.data, name.size);
    if (!c->architecture) {
        char shown[MTS_SHOWN], list[MTS_ARCHITECTURE_LIST];
        return mts_fail(r->err, MTS_EUNSUPPORTED, "%s: general.architecture is %s; this program runs %s",
                        mts_gguf_path(r->gguf), mts_str_show(name, shown), mts_architecture_list(list));
    }
    return MTS_OK;
}

static int read_sizes(ConfigReader *r, MtsConfig *c)
{
    size_t value_dim, experts;
    int rc;
    if ((rc = get_size(r, "block_count", true, 1, MOST_LAYERS, 0, &c->layers)) ||
        (rc = get_size(r, "context_length", true, 1, most_context, 0, &c->context)) ||
        (rc = get_size(r, "embedding_length", true, 1, MOST_WIDTH, 0, &c->width)) ||
        (rc = get_layers_size(r, "feed_forward_length", true, MOST_WIDTH, 0, c, &c->ffn_width)) ||
        (rc = get_layers_size(r, "attention.head_count", true, MOST_HEADS, 0, c, &c->heads)) ||
        (rc = get_layers_size(r, "attention.head_count_kv", false, c->heads, c->heads, c, &c->kv_heads)) ||
        (rc = get_size(r, "attention.key_length", false, 2, MOST_HEAD_DIM, c->width / c->heads, &c->head_dim)) ||
        (rc = get_size(r, "attention.value_length", false, 2, MOST_HEAD_DIM, c->head_dim, &value_dim)) ||
        (rc = get_size(r, "expert_count", false, 0, SIZE_MAX, 0, &experts))) {
        return rc;
    }
    if (c->heads % c->kv_heads != 0) {
        return mts_fail(r->err, MTS_EFORMAT, "%s: %s.attention.head_count is %zu, no multiple of head_count_kv, %zu",
                        mts_gguf_path(r->gguf), r->architecture->name, c->heads, c->kv_heads);
    }
    if (c->head_dim == 0 || c->head_dim > MOST_HEAD_DIM || c->head_dim % 8 != 0) {
        return mts_fail(r->err, MTS_EUNSUPPORTED,
                        "%s: %s.attention.key_length is %zu; this program takes multiples of 8 up to %d",
                        mts_gguf_path(r->gguf), r->architecture->name, c->head_dim, MOST_HEAD_DIM);
    }
    if (value_dim != c->head_dim) {
        return unsupported(r, "attention.value_length", "another than key_length");
    }
    return experts ? unsupported(r, "expert_count", "above 0 (a mixture of experts)") : MTS_OK;
}

/* YaRN's numbers, where the file's type says so; `factor` is what slow pairs are slowed by. */
static int read_yarn(ConfigReader *r, const MtsConfig *c, double factor, MtsRopeForm *form)
{
    size_t trained;
    double attention;
    int rc;
    if ((rc = get_size(r, "rope.scaling.original_context_length", false, 1, most_context, c->context, &trained)) ||
        (rc = get_real(r, "rope.scaling.attn_factor", false, 1e-3, 1e3, 1.0, &attention)) ||
        (rc = get_real(r, "rope.scaling.yarn_beta_fast", false, 1e-3, 1e6, 32.0, &form->beta_fast)) ||
        (rc = get_real(r, "rope.scaling.yarn_beta_slow", false, 1e-3, 1e6, 1.0, &form->beta_slow))) {
        return rc;
    }
    form->trained = (double)trained;
    form->length = attention * (factor > 1 ? 1 + 0.1 * log(factor) : 1);
    return form->base > 1 ? MTS_OK : unsupported(r, "rope.freq_base", "1, with YaRN,");
}

static int read_rope(ConfigReader *r, MtsConfig *c)
{
    const double window_base = r->architecture->window_rope_base;
    double factor, old_factor; /* files of 2023 have rope.scale_linear */
    int rc;
    c->rope = c->rope_window = (MtsRopeForm){.scale = 1, .length = 1};
    if ((rc = get_size(r, "rope.dimension_count", false, 2, c->head_dim, c->head_dim, &c->rope_dims)) ||
        (rc = get_real(r, "rope.freq_base", false, 1.0, 1e12, 10000.0, &c->rope.base)) ||
        (rc = get_real(r, "rope.freq_base_swa", false, 1.0, 1e12, window_base, &c->rope_window.base)) ||
        (rc = get_real(r, "rope.scale_linear", false, 1e-3, 1e6, 1.0, &old_factor)) ||
        (rc = get_real(r, "rope.scaling.factor", false, 1e-3, 1e6, old_factor, &factor))) {
        return rc;
    }
    if (c->rope_dims % 2 != 0) {
        return unsupported(r, "rope.dimension_count", "odd");
    }
    c->rope.scale = 1.0 / factor;
    MtsString type;
    if (!mts_gguf_find(r->gguf, key_of(r, "rope.scaling.type"))) {
        return MTS_OK;
    }
    rc = mts_gguf_get_string(r->gguf, r->key, true, &type, r->err);
    if (rc) {
        return rc;
    }
    if (mts_str_is(type, "none")) {
        c->rope.scale = 1.0;
    } else if (mts_str_is(type, "yarn")) {
        return read_yarn(r, c, factor, &c->rope);
    } else if (!mts_str_is(type, "linear")) {
        return unsupported(r, "rope.scaling.type", "neither none nor linear nor yarn");
    }
    return MTS_OK;
}

/* Window layers and caps. */
static int read_windows(ConfigReader *r, MtsConfig *c)
{
    const size_t pattern = r->architecture->window_pattern;
    const bool windows = pattern > 0;
    double softcap, attention_softcap;
    size_t window;
    int rc;
    if ((rc = get_size(r, "attention.sliding_window", windows, windows ? 1 : 0, most_context, 0, &window)) ||
        (rc = get_size(r, "attention.sliding_window_pattern", false, 1, MOST_LAYERS, pattern, &c->window_pattern)) ||
        (rc = get_real(r, "final_logit_softcapping", false, 0.0, 1e6, 0.0, &softcap)) ||
        (rc = get_real(r, "attn_logit_softcapping", false, 0.0, 1e6, 0.0, &attention_softcap))) {
        return rc;
    }
    if (attention_softcap > 0) {
        return unsupported(r, "attn_logit_softcapping", "above 0");
    }
    if (!windows && window > 0 && window < c->context) {
        return unsupported(r, "attention.sliding_window", "below the context length");
    }
    c->window = windows ? window : 0;
    c->final_softcap = (float)softcap;
    return MTS_OK;
}

/* Layers that look at a medium have sizes of their own (docs/opentslm.md). */
static int read_cross(ConfigReader *r, MtsConfig *c)
{
    const MtsGguf *g = r->gguf;
    int rc = mts_gguf_get_size(g, "opentslm.cross.head_count", false, 0, MOST_HEADS, 0, &c->cross_heads, r->err);
    if (rc || c->cross_heads == 0) {
        return rc;
    }
    if ((rc = mts_gguf_get_size(g, "opentslm.cross.key_length", true, 8, MOST_HEAD_DIM, 0, &c->cross_dim, r->err)) ||
        (rc = mts_gguf_get_size(g, "opentslm.cross.feed_forward_length", true, 1, MOST_WIDTH, 0, &c->cross_ffn,
                                r->err)) ||
        (rc = mts_gguf_get_size(g, "opentslm.embedding_length", true, 1, MOST_WIDTH, 0, &c->media_width, r->err))) {
        return rc;
    }
    return c->cross_dim % 8 == 0 ? MTS_OK
                                 : mts_fail(r->err, MTS_EUNSUPPORTED,
                                            "%s: opentslm.cross.key_length is %zu; this program takes multiples of 8",
                                            mts_gguf_path(g), c->cross_dim);
}

/* Keys by which other programs compute, and this one does not: only values that change nothing are taken. */
static int refuse_others(ConfigReader *r, const MtsConfig *c)
{
    const bool yarn = c->rope.trained > 0; /* which has read its own attn_factor */
    const struct {
        const char *name;
        double idle;
        bool counts; /* 0 is a number as any other; elsewhere it stands for none */
    } keys[] = {{"attention.clamp_kqv", 0, false},
                {"attention.max_alibi_bias", 0, false},
                {"attention.scale", c->attention_scale, false},
                {"embedding_scale", 1, false},
                {"residual_scale", 1, false},
                {"logit_scale", 1, false},
                {"attention.causal", 1, false},
                {"rope.scaling.yarn_ext_factor", yarn, yarn},
                {"rope.scaling.yarn_attn_factor", 1, false},
                {"rope.scaling.yarn_log_multiplier", 0, false},
                {"rope.scaling.attn_factor", 1, false}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] - yarn; i++) {
        const MtsGgufValue *value = mts_gguf_find(r->gguf, key_of(r, keys[i].name));
        double real = NAN;
        bool flag = false, single = value && mts_gguf_type(value) != MTS_GGUF_ARRAY;
        if (single && mts_gguf_bool(value, 0, &flag)) {
            real = flag ? 1 : keys[i].idle == 1 ? NAN : 0;
        } else if (single) {
            mts_gguf_real(value, 0, &real);
        }
        if (value && (real != 0 || keys[i].counts) && !(fabs(real - keys[i].idle) <= 1e-6 * keys[i].idle)) {
            return unsupported(r, keys[i].name, "a number that changes what is computed");
        }
    }
    return MTS_OK;
}

/* What the embedding and q.k are multiplied by. */
static void set_scales(MtsConfig *c)
{
    const MtsArchitecture *a = c->architecture;
    const bool by_width = a->layers_by_width > 0 && c->layers == a->layers_by_width;
    const double scaled_by = by_width ? (double)c->width / (double)c->heads : (double)c->head_dim;
    c->embedding_scale = a->embedding_scaled ? sqrtf((float)c->width) : 1.0f;
    c->attention_scale = (float)(1.0 / sqrt(scaled_by));
}

int mts_config_read(MtsConfig *c, const MtsGguf *gguf, MtsError *err)
{
    memset(c, 0, sizeof *c);
    ConfigReader reader = {.gguf = gguf, .err = err}, *r = &reader;
    double epsilon;
    int rc;
    if ((rc = read_architecture(r, c)) || (rc = read_sizes(r, c)) ||
        (rc = get_real(r, "attention.layer_norm_rms_epsilon", true, 0.0, 1.0, 0.0, &epsilon)) ||
        (rc = read_rope(r, c)) || (rc = read_windows(r, c)) || (rc = read_cross(r, c))) {
        return rc;
    }
    c->norm_epsilon = (float)epsilon;
    set_scales(c);
    if ((rc = refuse_others(r, c))) {
        return rc;
    }
    const MtsTensor *embedding = mts_gguf_tensor(gguf, "token_embd.weight");
    if (!embedding) {
        return mts_fail(err, MTS_EFORMAT, "%s: tensor token_embd.weight is missing", mts_gguf_path(gguf));
    }
    if (embedding->dims != 2 || embedding->shape[0] != c->width || embedding->shape[1] > INT32_MAX) {
        return mts_fail(err, MTS_EFORMAT,
                        "%s: tensor token_embd.weight is %zu x %zu; its rows should have %s.embedding_length, %zu",
                        mts_gguf_path(gguf), embedding->shape[0], embedding->shape[1], c->architecture->name, c->width);
    }
    c->vocab = embedding->shape[1];
    return MTS_OK;
}
