#include "model/config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What the architectures differ in (their reference implementations in `transformers`, and the conventions of
 * GGUF conversion: llama's query and key rows are permuted so that rotated pairs are neighbours; gemma's norm
 * weights have their 1 already added). */
static const struct {
    const char *name;
    bool rope_halves, qk_norm, post_norms, gelu, windows, embedding_scaled;
} architectures[] = {
    {"llama", false, false, false, false, false, false},
    {"gemma3", true, true, true, true, true, true},
    {"qwen2", true, false, false, false, false, false},
    {"qwen3", true, true, false, false, false, false},
};

/* Bounds that no real model comes near; products of any three of them fit in 64 bits. */
enum { MOST_LAYERS = 1024, MOST_WIDTH = 1 << 18, MOST_HEADS = 4096, MOST_HEAD_DIM = 1024 };
static const size_t most_context = (size_t)1 << 30;

typedef struct Reader {
    const MtsGguf *gguf;
    const char *architecture;
    MtsError *err;
    char key[128];
} Reader;

/* "<architecture>.<name>" */
static const char *key_of(Reader *r, const char *name)
{
    snprintf(r->key, sizeof r->key, "%s.%s", r->architecture, name);
    return r->key;
}

static int get_size(Reader *r, const char *name, bool required, size_t min, size_t max, size_t fallback, size_t *out)
{
    return mts_gguf_get_size(r->gguf, key_of(r, name), required, min, max, fallback, out, r->err);
}

static int get_real(Reader *r, const char *name, bool required, double min, double max, double fallback, double *out)
{
    return mts_gguf_get_real(r->gguf, key_of(r, name), required, min, max, fallback, out, r->err);
}

static int unsupported(Reader *r, const char *name, const char *value)
{
    return mts_fail(r->err, MTS_EUNSUPPORTED, "%s: %s.%s is %s, which this program does not do", mts_gguf_path(r->gguf),
                    r->architecture, name, value);
}

static int read_architecture(Reader *r, MtsConfig *c)
{
    MtsString name;
    int rc = mts_gguf_get_string(r->gguf, "general.architecture", true, &name, r->err);
    if (rc) {
        return rc;
    }
    for (size_t i = 0; i < sizeof architectures / sizeof architectures[0]; i++) {
        if (strlen(architectures[i].name) == name.size && memcmp(architectures[i].name, name.data, name.size) == 0) {
            c->architecture = r->architecture = architectures[i].name;
            c->rope_halves = architectures[i].rope_halves;
            c->qk_norm = architectures[i].qk_norm;
            c->post_norms = architectures[i].post_norms;
            c->gelu = architectures[i].gelu;
            c->window = architectures[i].windows;
            c->embedding_scale = architectures[i].embedding_scaled;
            return MTS_OK;
        }
    }
    char shown[MTS_SHOWN];
    return mts_fail(r->err, MTS_EUNSUPPORTED,
                    "%s: general.architecture is %s; this program runs llama, gemma3, qwen2 and qwen3",
                    mts_gguf_path(r->gguf), mts_str_show(name, shown));
}

static int read_sizes(Reader *r, MtsConfig *c)
{
    size_t value_dim, experts;
    int rc = get_size(r, "block_count", true, 1, MOST_LAYERS, 0, &c->layers);
    rc = rc ? rc : get_size(r, "context_length", true, 1, most_context, 0, &c->context);
    rc = rc ? rc : get_size(r, "embedding_length", true, 1, MOST_WIDTH, 0, &c->width);
    rc = rc ? rc : get_size(r, "feed_forward_length", true, 1, MOST_WIDTH, 0, &c->ffn_width);
    rc = rc ? rc : get_size(r, "attention.head_count", true, 1, MOST_HEADS, 0, &c->heads);
    rc = rc ? rc : get_size(r, "attention.head_count_kv", false, 1, c->heads, c->heads, &c->kv_heads);
    rc = rc ? rc : get_size(r, "attention.key_length", false, 2, MOST_HEAD_DIM, c->width / c->heads, &c->head_dim);
    rc = rc ? rc : get_size(r, "attention.value_length", false, 2, MOST_HEAD_DIM, c->head_dim, &value_dim);
    rc = rc ? rc : get_size(r, "expert_count", false, 0, SIZE_MAX, 0, &experts);
    if (rc) {
        return rc;
    }
    if (c->heads % c->kv_heads != 0) {
        return mts_fail(r->err, MTS_EFORMAT, "%s: %s.attention.head_count is %zu, no multiple of head_count_kv, %zu",
                        mts_gguf_path(r->gguf), r->architecture, c->heads, c->kv_heads);
    }
    if (c->head_dim == 0 || c->head_dim > MOST_HEAD_DIM || c->head_dim % 8 != 0) {
        return mts_fail(r->err, MTS_EUNSUPPORTED,
                        "%s: %s.attention.key_length is %zu; this program takes multiples of 8 up to %d",
                        mts_gguf_path(r->gguf), r->architecture, c->head_dim, MOST_HEAD_DIM);
    }
    if (value_dim != c->head_dim) {
        return unsupported(r, "attention.value_length", "another than key_length");
    }
    return experts ? unsupported(r, "expert_count", "above 0 (a mixture of experts)") : MTS_OK;
}

static int read_rope(Reader *r, MtsConfig *c)
{
    double factor;
    int rc = get_size(r, "rope.dimension_count", false, 2, c->head_dim, c->head_dim, &c->rope_dims);
    rc = rc ? rc : get_real(r, "rope.freq_base", false, 1.0, 1e12, 10000.0, &c->rope_base);
    rc = rc ? rc : get_real(r, "rope.freq_base_swa", false, 1.0, 1e12, 10000.0, &c->rope_base_window);
    rc = rc ? rc : get_real(r, "rope.scaling.factor", false, 1e-3, 1e6, 1.0, &factor);
    if (rc) {
        return rc;
    }
    if (c->rope_dims % 2 != 0) {
        return unsupported(r, "rope.dimension_count", "odd");
    }
    c->rope_scale = 1.0 / factor;
    MtsString type;
    if (!mts_gguf_find(r->gguf, key_of(r, "rope.scaling.type"))) {
        return MTS_OK;
    }
    rc = mts_gguf_get_string(r->gguf, r->key, true, &type, r->err);
    if (rc) {
        return rc;
    }
    if (type.size == 4 && memcmp(type.data, "none", 4) == 0) {
        c->rope_scale = 1.0;
    } else if (type.size != 6 || memcmp(type.data, "linear", 6) != 0) {
        return unsupported(r, "rope.scaling.type", "neither none nor linear");
    }
    return MTS_OK;
}

/* gemma3's window layers, scales and caps. */
static int read_windows(Reader *r, MtsConfig *c)
{
    double softcap, attention_softcap;
    bool windows = c->window;
    size_t window;
    int rc = get_size(r, "attention.sliding_window", windows, windows ? 1 : 0, most_context, 0, &window);
    rc = rc ? rc : get_size(r, "attention.sliding_window_pattern", false, 1, MOST_LAYERS, 6, &c->window_pattern);
    rc = rc ? rc : get_real(r, "final_logit_softcapping", false, 0.0, 1e6, 0.0, &softcap);
    rc = rc ? rc : get_real(r, "attn_logit_softcapping", false, 0.0, 1e6, 0.0, &attention_softcap);
    if (rc) {
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

int mts_config_read(MtsConfig *c, const MtsGguf *gguf, MtsError *err)
{
    memset(c, 0, sizeof *c);
    Reader reader = {.gguf = gguf, .err = err}, *r = &reader;
    double epsilon;
    int rc = read_architecture(r, c);
    rc = rc ? rc : read_sizes(r, c);
    rc = rc ? rc : get_real(r, "attention.layer_norm_rms_epsilon", true, 0.0, 1.0, 0.0, &epsilon);
    rc = rc ? rc : read_rope(r, c);
    rc = rc ? rc : read_windows(r, c);
    if (rc) {
        return rc;
    }
    c->norm_epsilon = (float)epsilon;
    c->embedding_scale = c->embedding_scale > 0 ? sqrtf((float)c->width) : 1.0f;
    /* gemma3's 27B (the one of 62 layers) scales by the width per head instead of the head's size */
    double scaled_by = c->window && c->layers == 62 ? (double)c->width / (double)c->heads : (double)c->head_dim;
    c->attention_scale = (float)(1.0 / sqrt(scaled_by));
    const MtsTensor *embedding = mts_gguf_tensor(gguf, "token_embd.weight");
    if (!embedding) {
        return mts_fail(err, MTS_EFORMAT, "%s: tensor token_embd.weight is missing", mts_gguf_path(gguf));
    }
    if (embedding->dims != 2 || embedding->shape[0] != c->width || embedding->shape[1] > INT32_MAX) {
        return mts_fail(err, MTS_EFORMAT,
                        "%s: tensor token_embd.weight is %zu x %zu; its rows should have %s.embedding_length, %zu",
                        mts_gguf_path(gguf), embedding->shape[0], embedding->shape[1], c->architecture, c->width);
    }
    c->vocab = embedding->shape[1];
    return MTS_OK;
}
