/* cli/cmd_text.c - tokenize, score and generate: one text, once through the model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/batch.h"
#include "cli/command.h"
#include "cli/out.h"

/* The tokens of the text on the command line or standard input, as it stands. */
static int read_tokens(const MtsEngine *engine, const Args *args, MtsTokens *tokens, MtsError *err)
{
    char *text;
    size_t size;
    int rc = read_text(args, &text, &size, err);
    if (!rc) {
        rc = mts_engine_tokenize(engine, text, size, tokens, err);
    }
    free(text);
    return rc;
}

/* The prompt that a template makes of the text or of --messages, and its tokens. */
static int read_chat(const MtsEngine *engine, const Args *args, json_t **o, MtsTokens *tokens, MtsError *err)
{
    Conversation chat;
    char *user = NULL, *prompt = NULL;
    int rc = conversation_open(&chat, args, err);
    if (rc || (rc = read_message(args, &user, err))) {
        goto done;
    }
    chat.input.user = user;
    if (!(rc = mts_engine_chat_tokens(engine, &chat.input, &prompt, tokens, err))) {
        mts_json_add_text(o, "prompt", prompt);
        out_date(o, &chat);
    }
done:
    free(user);
    free(prompt);
    conversation_close(&chat);
    return rc;
}

int cmd_tokenize(const Args *args, MtsError *err)
{
    MtsEngine *engine;
    MtsTokens tokens = {0};
    const char *option = args->special ? "--special" : conversation_option(args);
    if (option && !args->chat) {
        return mts_fail(err, MTS_EREQUEST, "%s is of a chat: --chat is missing", option);
    }
    int rc = open_engine(&engine, args, MTS_ENGINE_TEXT, err);
    json_t *o = rc ? NULL : json_object();
    if (!rc &&
        (rc = args->chat ? read_chat(engine, args, &o, &tokens, err) : read_tokens(engine, args, &tokens, err)) == 0) {
        mts_json_add(&o, "tokens", out_ids(tokens.ids, tokens.count));
        rc = out_print(args, o, err);
        o = NULL;
    }
    json_decref(o);
    mts_tokens_free(&tokens);
    mts_engine_free(&engine);
    return rc;
}

/* ---- score ---- */

static json_t *reals(const double *values, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        mts_json_add_real(&list, NULL, values[i]);
    }
    return list;
}

static json_t *top_of(const int32_t *ids, const double *logp, size_t top)
{
    json_t *list = json_array();
    for (size_t i = 0; i < top && ids[i] >= 0; i++) {
        json_t *pair = json_array();
        mts_json_add_int(&pair, NULL, ids[i]);
        mts_json_add_real(&pair, NULL, logp[i]);
        mts_json_add(&list, NULL, pair);
    }
    return list;
}

static json_t *describe_score(const MtsScored *s, const MtsTokens *tokens, bool table)
{
    double sum = 0;
    json_t *positions = json_array();
    for (size_t t = 0; t + 1 < s->count; t++) {
        sum += s->nll[t];
    }
    for (size_t t = 0; t < s->count && s->top > 0; t++) {
        json_t *at = json_object();
        mts_json_add_int(&at, "pos", (json_int_t)t);
        mts_json_add(&at, "top", top_of(s->ids + t * s->top, s->logp + t * s->top, s->top));
        mts_json_add(&positions, NULL, at);
    }
    json_t *o = json_object();
    mts_json_add(&o, "tokens", out_ids(tokens->ids, tokens->count));
    mts_json_add(&o, "nll", reals(s->nll, s->count - 1));
    mts_json_add_real(&o, "perplexity", s->count > 1 ? exp(sum / (double)(s->count - 1)) : NAN);
    mts_json_add(&o, "positions", positions);
    if (table) {
        mts_json_add_real(&o, "first_nll", s->first_nll);
        mts_json_add_real(&o, "logprob", -s->first_nll - sum);
        mts_json_add_real(&o, "reward", s->reward);
    }
    return o;
}

/* The text as it stands: no template, no placeholders. */
static int ask_score(Asked *asked, const MtsEngine *engine, const Args *own, const json_t *line, MtsError *err)
{
    (void)line;
    mts_request_defaults(engine, &asked->request);
    int rc = own->prompt ? mts_engine_tokenize(engine, own->prompt, strlen(own->prompt), &asked->prompt.tokens, err)
                         : mts_fail(err, MTS_EREQUEST, "it has no prompt");
    asked->request.max_tokens = 0;
    asked->request.prompt = asked->prompt.tokens.ids;
    asked->request.prompt_count = asked->prompt.tokens.count;
    return rc;
}

static size_t top_of_score(const Args *args)
{
    return args->top == CLI_NO_SIZE ? 8 : args->top;
}

static int score_line(const MtsEngine *engine, const Args *own, const Asked *asked, const json_t *line, json_t **answer,
                      MtsError *err)
{
    (void)line;
    MtsScored *scored;
    int rc = mts_engine_score_next(engine, asked->request.beginnings, asked->prompt.tokens.ids,
                                   asked->prompt.tokens.count, top_of_score(own), &scored, err);
    if (!rc && !(*answer = describe_score(scored, &asked->prompt.tokens, mts_engine_is_table(engine)))) {
        rc = mts_fail(err, MTS_ENOMEM, "no memory for the answer");
    }
    mts_scored_free(&scored);
    return rc;
}

static const BatchKind SCORED = {"score", {NULL}, false, ask_score, score_line};

int cmd_score(const Args *args, MtsError *err)
{
    MtsEngine *engine;
    MtsTokens tokens = {0};
    MtsScored *scored = NULL;
    if (args->batch_in) {
        return batch_run(&SCORED, args, err);
    }
    int rc = open_engine(&engine, args, MTS_ENGINE_WHOLE, err);
    if (!rc && (rc = read_tokens(engine, args, &tokens, err)) == 0) {
        rc = mts_engine_score(engine, tokens.ids, tokens.count, top_of_score(args), &scored, err);
    }
    if (!rc) {
        rc = out_print(args, describe_score(scored, &tokens, mts_engine_is_table(engine)), err);
    }
    mts_scored_free(&scored);
    mts_tokens_free(&tokens);
    mts_engine_free(&engine);
    return rc;
}

/* ---- generate ---- */

static int write_text(void *context, const char *text, size_t size, MtsError *err)
{
    (void)context;
    out_text(text, size, 0);
    return out_flush(err);
}

static json_t *describe_generated(const MtsGenerated *g, const Asked *asked)
{
    json_t *o = json_object();
    mts_json_add(&o, "text", out_answer(g->text, g->text_size));
    mts_json_add(&o, "tokens", out_ids(g->tokens, g->count));
    mts_json_add_real(&o, "logprob", g->logp);
    mts_json_add_text(&o, "stop_reason", g->stop_reason);
    mts_json_add_int(&o, "prompt_tokens", (json_int_t)asked->request.prompt_count);
    out_date(&o, &asked->chat);
    mts_json_add_real(&o, "prefill_seconds", g->prefill_seconds);
    mts_json_add_real(&o, "decode_seconds", g->decode_seconds);
    return o;
}

static int put_generated(const Args *args, const MtsGenerated *g, const Asked *asked, MtsError *err)
{
    if (args->json) {
        return out_print(args, describe_generated(g, asked), err);
    }
    if (!out_is_terminal()) { /* there it stands already */
        out_whole_text(g->text, g->text_size);
    }
    out_puts("\n");
    return out_flush(err);
}

static int generate_line(const MtsEngine *engine, const Args *own, const Asked *asked, const json_t *line,
                         json_t **answer, MtsError *err)
{
    (void)line;
    MtsGenerated *generated = NULL;
    int rc = mts_engine_generate(engine, &asked->request, own->temperature == 0, NULL, NULL, &generated, err);
    if (!rc && !(*answer = describe_generated(generated, asked))) {
        rc = mts_fail(err, MTS_ENOMEM, "no memory for the answer");
    }
    mts_generated_free(&generated);
    return rc;
}

static const BatchKind GENERATED = {"generate", {"system", "messages", "seed"}, true, batch_ask, generate_line};

/* A text, for people and for what comes behind a pipe, unless --json asks for more. It is seen as it grows on a
 * terminal; elsewhere nothing is written unless all of it is. */
int cmd_generate(const Args *args, MtsError *err)
{
    MtsEngine *engine;
    Asked asked = {0};
    MtsGenerated *generated = NULL;
    bool grows = !args->json && out_is_terminal(), greedy = args->temperature == 0;
    if (args->batch_in) {
        return batch_run(&GENERATED, args, err);
    }
    int rc = open_engine(&engine, args, MTS_ENGINE_WHOLE, err);
    if (rc) {
        return rc;
    }
    if ((rc = ask(&asked, engine, args, err))) {
        goto done;
    }
    catch_interrupts();
    if ((rc = mts_engine_generate(engine, &asked.request, greedy, grows ? write_text : NULL, NULL, &generated, err))) {
        goto done;
    }
    rc = put_generated(args, generated, &asked, err);
done:
    mts_generated_free(&generated);
    asked_free(&asked);
    mts_engine_free(&engine);
    return rc;
}
