/* cli/cmd_inspect.c - what is in a model file. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/out.h"
#include "core/mem.h"
#include "gguf/gguf.h"
#include "quant/quant.h"

static json_t *string_of(MtsString s)
{
    char *text = mts_strndup(s.data, s.size);
    json_t *value = text ? out_string(text) : NULL;
    free(text);
    return value ? value : json_null();
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
            json_array_append_new(types, json_pack("{s:s, s:I, s:I, s:I}", "type", mts_type_name(type), "tensors",
                                                   (json_int_t)tensors, "weights", (json_int_t)elements, "bytes",
                                                   (json_int_t)bytes));
        }
    }
    return types;
}

/* Every scalar of the metadata; an array as its length. */
static json_t *metadata_of(const MtsGguf *gguf)
{
    json_t *all = json_object();
    for (size_t i = 0; i < mts_gguf_key_count(gguf); i++) {
        const MtsGgufValue *value;
        MtsString key = mts_gguf_key_at(gguf, i, &value), text;
        char *name = mts_strndup(key.data, key.size);
        int64_t whole;
        double real;
        bool truth;
        json_t *shown;
        if (mts_gguf_type(value) == MTS_GGUF_ARRAY) {
            shown = json_pack("{s:I}", "count", (json_int_t)mts_gguf_array_count(value));
        } else if (mts_gguf_string(value, 0, &text)) {
            shown = string_of(text);
        } else if (mts_gguf_bool(value, 0, &truth)) {
            shown = json_boolean(truth);
        } else if (mts_gguf_int(value, 0, &whole)) {
            shown = json_integer(whole);
        } else {
            shown = mts_gguf_real(value, 0, &real) ? mts_json_real(real) : json_null();
        }
        if (!name || json_object_set_new(all, name, shown)) {
            json_object_set_new(all, "(a key that is no UTF-8)", json_null());
        }
        free(name);
    }
    return all;
}

static json_t *describe_model(const MtsEngine *engine, const MtsGguf *gguf)
{
    const MtsTokenizer *tokenizer = mts_engine_tokenizer(engine);
    MtsModelInfo info;
    mts_model_info(mts_engine_model(engine), &info);
    json_t *o =
        json_pack("{s:s, s:o, s:i, s:s, s:o}", "format", "gguf", "file", out_string(mts_engine_path(engine)), "version",
                  (int)mts_gguf_version(gguf), "architecture", info.architecture, "name", out_string(info.name));
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
        json_object_set_new(o, figures[i].name, json_integer((json_int_t)figures[i].value));
    }
    json_object_set_new(o, "kernels", json_string(info.kernels));
    json_object_set_new(o, "chat", json_string(mts_chat_family(tokenizer)));
    json_object_set_new(o, "bos", json_integer(mts_tokenizer_bos(tokenizer)));
    json_object_set_new(o, "eos", json_integer(mts_tokenizer_eos(tokenizer)));
    json_object_set_new(o, "tensors", types_of(gguf));
    json_object_set_new(o, "metadata", metadata_of(gguf));
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
        if (mts_table_exact(table, lambdas[i], &e, NULL) == 0) {
            json_array_append_new(exact, json_pack("{s:f, s:f, s:f, s:f, s:f}", "lambda", e.lambda, "log_z", e.log_z,
                                                   "soft_value", e.soft_value, "expected_reward", e.expected_reward,
                                                   "kl", e.kl));
        }
    }
    return json_pack("{s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:o}", "format", "table", "file",
                     out_string(mts_engine_path(engine)), "name", out_string(info.name), "vocab",
                     (json_int_t)info.vocab, "max_tokens", (json_int_t)info.max_tokens, "eos", (json_int_t)info.eos,
                     "texts", (json_int_t)info.texts, "prefixes", (json_int_t)info.prefixes, "exact", exact);
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
