/* cli/cmd_inspect.c - what is in a model file. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/out.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "gguf/gguf.h"
#include "quant/quant.h"

static json_t *string_of(MtsString s)
{
    return mts_json_string(s.data, strnlen(s.data, s.size));
}

/* Tensors, weights and bytes of each type. */
static json_t *types_of(const MtsGguf *gguf)
{
    json_t *types = json_array();
    for (uint32_t type = 0; type < 64; type++) {
        size_t tensors = 0, elements = 0, bytes = 0;
        for (size_t i = 0; i < mts_gguf_tensor_count(gguf); i++) {
            const MtsTensor *t = mts_gguf_tensor_at(gguf, i);
            if ((uint32_t)t->type == type) {
                tensors++;
                elements += t->elements;
                bytes += t->bytes;
            }
        }
        if (tensors) {
            json_t *o = json_object();
            mts_json_add_text(&o, "type", mts_type_name(type));
            mts_json_add_int(&o, "tensors", (json_int_t)tensors);
            mts_json_add_int(&o, "weights", (json_int_t)elements);
            mts_json_add_int(&o, "bytes", (json_int_t)bytes);
            mts_json_add(&types, NULL, o);
        }
    }
    return types;
}

/* A scalar of the metadata; an array as its length. */
static json_t *value_of(const MtsGgufValue *value)
{
    MtsString text;
    int64_t whole;
    double real;
    bool truth;
    if (mts_gguf_type(value) == MTS_GGUF_ARRAY) {
        json_t *o = json_object();
        mts_json_add_int(&o, "count", (json_int_t)mts_gguf_array_count(value));
        return o;
    }
    return mts_gguf_string(value, 0, &text)  ? string_of(text)
           : mts_gguf_bool(value, 0, &truth) ? json_boolean(truth)
           : mts_gguf_int(value, 0, &whole)  ? json_integer(whole)
           : mts_gguf_real(value, 0, &real)  ? mts_json_real(real)
                                             : json_null();
}

static json_t *metadata_of(const MtsGguf *gguf)
{
    json_t *all = json_object();
    for (size_t i = 0; i < mts_gguf_key_count(gguf); i++) {
        const MtsGgufValue *value;
        MtsString key = mts_gguf_key_at(gguf, i, &value);
        bool good = mts_utf8_valid_prefix(key.data, key.size) == key.size;
        char *name = good ? mts_strndup(key.data, key.size) : mts_strdup("(a key that is no UTF-8)");
        mts_json_add(&all, name ? name : "", name ? (good ? value_of(value) : json_null()) : NULL);
        free(name);
    }
    return all;
}

static json_t *describe_model(const MtsEngine *engine, const MtsGguf *gguf)
{
    const MtsTokenizer *tokenizer = mts_engine_tokenizer(engine);
    MtsModelInfo info;
    mts_model_info(mts_engine_model(engine), &info);
    json_t *o = json_object();
    mts_json_add_text(&o, "format", "gguf");
    mts_json_add_text(&o, "file", mts_engine_path(engine));
    mts_json_add_int(&o, "version", (json_int_t)mts_gguf_version(gguf));
    mts_json_add_text(&o, "architecture", info.architecture);
    mts_json_add_text(&o, "name", info.name);
    const struct {
        const char *name;
        uint64_t value;
    } figures[] = {{"parameters", info.parameters},
                   {"vocab", info.vocab},
                   {"context", info.context},
                   {"layers", info.layers},
                   {"width", info.width},
                   {"heads", info.heads},
                   {"kv_heads", info.kv_heads},
                   {"head_dim", info.head_dim},
                   {"ffn_width", info.ffn_width},
                   {"window", info.window},
                   {"weight_bytes", info.weight_bytes},
                   {"kv_bytes_per_token", info.kv_bytes_per_token}};
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        mts_json_add_int(&o, figures[i].name, (json_int_t)figures[i].value);
    }
    mts_json_add_text(&o, "kernels", info.kernels);
    mts_json_add_text(&o, "chat", mts_chat_family(tokenizer));
    mts_json_add_int(&o, "bos", mts_tokenizer_bos(tokenizer));
    mts_json_add_int(&o, "eos", mts_tokenizer_eos(tokenizer));
    mts_json_add(&o, "tensors", types_of(gguf));
    mts_json_add(&o, "metadata", metadata_of(gguf));
    return o;
}

static json_t *exact_of(const MtsTableExact *e)
{
    json_t *o = json_object();
    mts_json_add_real(&o, "lambda", e->lambda);
    mts_json_add_real(&o, "log_z", e->log_z);
    mts_json_add_real(&o, "soft_value", e->soft_value);
    mts_json_add_real(&o, "expected_reward", e->expected_reward);
    mts_json_add_real(&o, "kl", e->kl);
    return o;
}

static json_t *describe_table(const MtsEngine *engine)
{
    const double lambdas[] = {0.5, 1, 3};
    const MtsTable *table = mts_engine_table(engine);
    json_t *exact = json_array();
    MtsTableInfo info;
    mts_table_info(table, &info);
    for (size_t i = 0; i < sizeof lambdas / sizeof lambdas[0]; i++) {
        MtsTableExact e;
        int rc = mts_table_exact(table, lambdas[i], &e, NULL);
        if (rc == 0 || rc == MTS_ENOMEM) { /* else the table has no such values */
            mts_json_add(&exact, NULL, rc ? NULL : exact_of(&e));
        }
    }
    json_t *o = json_object();
    mts_json_add_text(&o, "format", "table");
    mts_json_add_text(&o, "file", mts_engine_path(engine));
    mts_json_add_text(&o, "name", info.name);
    mts_json_add_int(&o, "vocab", (json_int_t)info.vocab);
    mts_json_add_int(&o, "max_tokens", (json_int_t)info.max_tokens);
    mts_json_add_int(&o, "eos", (json_int_t)info.eos);
    mts_json_add_int(&o, "texts", (json_int_t)info.texts);
    mts_json_add_int(&o, "prefixes", (json_int_t)info.prefixes);
    mts_json_add(&o, "exact", exact);
    return o;
}

int cmd_inspect(const Args *args, MtsError *err)
{
    MtsEngine *engine;
    MtsGguf *gguf = NULL;
    json_t *o = NULL;
    int rc = open_engine(&engine, args, MTS_ENGINE_WHOLE, err);
    if (rc) {
        return rc;
    }
    if (mts_engine_is_table(engine)) {
        o = describe_table(engine);
    } else if ((rc = mts_gguf_open(&gguf, args->model, err)) == 0) {
        o = describe_model(engine, gguf);
    }
    if (!rc) {
        rc = out_print(args, o, err);
    }
    mts_gguf_free(&gguf);
    mts_engine_free(&engine);
    return rc;
}
