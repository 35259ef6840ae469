/* engine/engine.c - opening a model file, and the way between texts and tokens. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cpu.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "encoder/encoder.h"
#include "engine/internal.h"
#include "engine/trie.h"
#include "gguf/gguf.h"
#include "model/model.h"
#include "model/team.h"
#include "tokenizer/tokenizer.h"

/* A table is JSON: its first byte that is no white space, nor a mark of byte order, opens an object. A GGUF file begins
 * with "GGUF", and whatever else there is gets the GGUF reader's sentence. */
static int looks_like_table(const char *path, bool *table, MtsError *err)
{
    MtsMap map;
    int rc = mts_map_open(&map, path, err);
    if (rc) {
        return rc;
    }
    size_t i = mts_utf8_mark((const char *)map.data, map.size);
    while (i < map.size && i < 64 && strchr(" \t\r\n", map.data[i]) && map.data[i]) {
        i++;
    }
    *table = i < map.size && map.data[i] == '{';
    mts_map_close(&map);
    return MTS_OK;
}

/* The tokenizer and the weights, or the part of them that is asked for, of a file that is open. */
static int read_gguf(MtsEngine *engine, const MtsGguf *gguf, const MtsEngineOptions *options, MtsError *err)
{
    uint32_t flags;
    char bad[32];
    if (mts_cpu_flags(options->model.cpu_mask, &flags, bad, sizeof bad)) {
        return mts_fail(err, MTS_EREQUEST, "cpu mask: '%s' is no processor feature", bad);
    }
    mts_kernels_init(&engine->kernels, flags);
    MtsModelOptions model = options->model;
    model.threads = engine->threads;
    int rc = MTS_OK;
    if (options->parts != MTS_ENGINE_WEIGHTS) {
        if ((rc = mts_tokenizer_from_gguf(&engine->tokenizer, gguf, err))) {
            return rc;
        }
        engine->vocab = mts_tokenizer_vocab(engine->tokenizer);
        if (options->parts == MTS_ENGINE_TEXT) {
            return MTS_OK;
        }
    }
    if ((rc = mts_model_from_gguf(&engine->model, gguf, &model, err))) {
        return rc;
    }
    MtsModelInfo info;
    mts_model_info(engine->model, &info);
    engine->text_tokens = info.context;
    if ((rc = mts_encoder_read(&engine->encoder, gguf, info.width, &engine->kernels, engine->threads, err))) {
        return rc;
    }
    if (!engine->tokenizer) {
        engine->vocab = info.vocab;
    }
    if (engine->vocab != info.vocab) {
        return mts_fail(err, MTS_EFORMAT, "%s: the tokenizer has %zu tokens, the model's output has %zu", engine->path,
                        engine->vocab, info.vocab);
    }
    return MTS_OK;
}

static int open_gguf(MtsEngine *engine, const MtsEngineOptions *options, MtsError *err)
{
    MtsGguf *gguf;
    int rc = mts_gguf_open(&gguf, engine->path, err);
    if (rc) {
        return rc;
    }
    rc = read_gguf(engine, gguf, options, err);
    rc = rc ? rc : mts_gguf_unchanged(gguf, err);
    mts_gguf_free(&gguf);
    return rc;
}

static int open_table(MtsEngine *engine, MtsError *err)
{
    int rc = mts_table_open(&engine->table, engine->path, err);
    if (rc) {
        return rc;
    }
    MtsTableInfo info;
    mts_table_info(engine->table, &info);
    engine->vocab = info.vocab;
    engine->text_tokens = info.max_tokens;
    return MTS_OK;
}

int mts_engine_open(MtsEngine **out, const char *path, const MtsEngineOptions *options, MtsError *err)
{
    const MtsEngineOptions defaults = {0};
    bool table = false;
    *out = NULL;
    options = options ? options : &defaults;
    int rc = looks_like_table(path, &table, err);
    if (rc) {
        return rc;
    }
    MtsEngine *engine = mts_calloc(1, sizeof *engine);
    if (!engine || !(engine->path = mts_strdup(path)) || !(engine->trie = mts_trie_new())) {
        mts_engine_free(&engine);
        return mts_fail(err, MTS_ENOMEM, "%s: no memory to open it", path);
    }
    engine->threads = options->model.threads > 0 ? options->model.threads : mts_team_processors();
    engine->kv_tokens = options->kv_tokens;
    engine->exact = options->model.exact;
    if (table) {
        rc = open_table(engine, err);
    } else {
        rc = open_gguf(engine, options, err);
    }
    if (rc) {
        mts_engine_free(&engine);
        return rc;
    }
    *out = engine;
    return MTS_OK;
}

void mts_engine_free(MtsEngine **out)
{
    MtsEngine *engine = *out;
    if (engine) {
        mts_model_free(&engine->model);
        mts_tokenizer_free(&engine->tokenizer);
        mts_encoder_free(&engine->encoder);
        mts_table_free(&engine->table);
        mts_trie_free(&engine->trie);
        free(engine->path);
        free(engine);
        *out = NULL;
    }
}

bool mts_engine_is_table(const MtsEngine *engine)
{
    return engine->table != NULL;
}

const char *mts_engine_path(const MtsEngine *engine)
{
    return engine->path;
}

const MtsTable *mts_engine_table(const MtsEngine *engine)
{
    return engine->table;
}

const MtsModel *mts_engine_model(const MtsEngine *engine)
{
    return engine->model;
}

const MtsTokenizer *mts_engine_tokenizer(const MtsEngine *engine)
{
    return engine->tokenizer;
}

/* ---- texts ---- */

/* `what` is what sentences call the text. */
static int text_check(const char *what, const char *text, size_t size, MtsError *err)
{
    size_t valid = mts_utf8_valid_prefix(text, size);
    if (size == 0) {
        return mts_fail(err, MTS_EREQUEST, "%s is empty", what);
    }
    if (valid < size) {
        return mts_fail(err, MTS_EREQUEST, "%s is no valid UTF-8: byte %zu is 0x%02x", what, valid,
                        (unsigned)(unsigned char)text[valid]);
    }
    return MTS_OK;
}

/* "3,1,2" (spaces and line ends around the numbers do not matter) to ids below the vocabulary. */
static int read_ids(const MtsEngine *engine, const char *text, size_t size, MtsTokens *tokens, MtsError *err)
{
    size_t at = 0;
    while (at < size) {
        size_t start = at, end;
        uint64_t id = 0;
        while (at < size && text[at] != ',') {
            at++;
        }
        for (end = at; end > start && strchr(" \t\r\n", text[end - 1]); end--) {
        }
        while (start < end && strchr(" \t\r\n", text[start])) {
            start++;
        }
        bool number = start < end && end - start < 10;
        for (size_t i = start; i < end && number; i++) {
            number = text[i] >= '0' && text[i] <= '9';
            id = id * 10 + (uint64_t)(text[i] - '0');
        }
        if (!number || id >= engine->vocab) {
            return mts_fail(err, MTS_EREQUEST, "%s: '%.*s' is no token id of this table, 0 to %zu", engine->path,
                            (int)(end - start < 40 ? end - start : 40), text + start, engine->vocab - 1);
        }
        if (!mts_grow(&tokens->ids, &tokens->cap, tokens->count + 1, sizeof *tokens->ids)) {
            return mts_fail(err, MTS_ENOMEM, "no memory for %zu tokens", tokens->count + 1);
        }
        tokens->ids[tokens->count++] = (int32_t)id;
        at++;
    }
    return MTS_OK;
}

int mts_tokenizer_check(const MtsEngine *engine, MtsError *err)
{
    return engine->table || engine->tokenizer
               ? MTS_OK
               : mts_fail(err, MTS_EREQUEST, "%s: was opened for its weights alone", engine->path);
}

int mts_engine_tokenize(const MtsEngine *engine, const char *text, size_t size, MtsTokens *tokens, MtsError *err)
{
    int rc;
    if ((rc = mts_tokenizer_check(engine, err)) || (rc = text_check("the text", text, size, err))) {
        return rc;
    }
    return engine->table ? read_ids(engine, text, size, tokens, err)
                         : mts_tokenize(engine->tokenizer, text, size, true, true, tokens, err);
}

int mts_engine_chat_tokens(const MtsEngine *engine, const MtsChatInput *input, char **text, MtsTokens *tokens,
                           MtsError *err)
{
    const struct {
        const char *what, *of;
    } given[] = {{"the prompt", input->user},
                 {"the system message", input->system},
                 {"the chat", input->messages},
                 {"a variable of the template", input->variables},
                 {"the template", input->template_text}};
    int rc;
    if (text) {
        *text = NULL;
    }
    if ((rc = mts_tokenizer_check(engine, err))) {
        return rc;
    }
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        const char *of = given[i].of;
        if (of && (i == 0 || *of) && (rc = text_check(given[i].what, of, strlen(of), err))) {
            return rc;
        }
    }
    if (engine->table) {
        return mts_fail(err, MTS_EREQUEST, "%s: a table has no chat template", engine->path);
    }
    return mts_chat_tokens(engine->tokenizer, input, text, tokens, err);
}

int mts_engine_chat(const MtsEngine *engine, const char *system, const char *user, MtsTokens *tokens, MtsError *err)
{
    const MtsChatInput input = {.system = system, .user = user};
    return mts_engine_chat_tokens(engine, &input, NULL, tokens, err);
}

/* A table's tokens are their numbers. */
static int write_ids(const int32_t *tokens, size_t count, char **text, size_t *size, MtsError *err)
{
    MtsBytes bytes = {0};
    bool ok = mts_bytes_append_str(&bytes, "");
    for (size_t i = 0; i < count && ok; i++) {
        ok = mts_bytes_printf(&bytes, "%s%d", i ? "," : "", (int)tokens[i]);
    }
    if (!ok) {
        mts_bytes_free(&bytes);
        return mts_fail(err, MTS_ENOMEM, "no memory for the text of %zu tokens", count);
    }
    *text = bytes.data;
    if (size) {
        *size = bytes.len;
    }
    return MTS_OK;
}

int mts_engine_text(const MtsEngine *engine, const int32_t *tokens, size_t count, char **text, size_t *size,
                    MtsError *err)
{
    *text = NULL;
    int rc = mts_tokenizer_check(engine, err);
    if (rc) {
        return rc;
    }
    return engine->table ? write_ids(tokens, count, text, size, err)
                         : mts_detokenize(engine->tokenizer, tokens, count, false, text, size, err);
}

int mts_context_check(const MtsEngine *engine, size_t prompt, size_t answer, MtsError *err)
{
    size_t most = engine->text_tokens;
    if (!engine->table && !engine->model) {
        return mts_fail(err, MTS_EREQUEST, "%s: was opened for its tokens alone", engine->path);
    }
    if (prompt > most) {
        return mts_fail(err, MTS_EREQUEST, "%s: a text of %zu tokens does not fit into its context of %zu",
                        engine->path, prompt, most);
    }
    if (answer > most - prompt) {
        return mts_fail(err, MTS_EREQUEST,
                        "%s: a prompt of %zu tokens and answers of up to %zu do not fit into its "
                        "context of %zu",
                        engine->path, prompt, answer, most);
    }
    return MTS_OK;
}
