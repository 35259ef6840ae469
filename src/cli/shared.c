/* cli/shared.c - from the command line to an engine and a request. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "core/file.h"
#include "core/error.h"
#include "core/mem.h"

enum { MAX_TEXT = 64 << 20 }; /* bytes of a prompt */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

void catch_interrupts(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool stop_asked(void *context)
{
    (void)context;
    return interrupted != 0;
}

int open_engine(MtsEngine **engine, const Args *args, MtsEngineParts parts, MtsError *err)
{
    *engine = NULL;
    if (!args->model) {
        return mts_fail(err, MTS_EREQUEST, "--model is missing: which GGUF file or table?");
    }
    MtsEngineOptions options = {.model = {.cpu_mask = args->cpu_mask, .exact = args->exact}, .parts = parts};
    options.model.threads = args->threads == CLI_NO_SIZE ? 0 : (int)args->threads;
    options.kv_tokens = args->kv_tokens == CLI_NO_SIZE ? 0 : args->kv_tokens;
    options.model.matmul = !args->matmul || strcmp(args->matmul, "auto") == 0 ? MTS_MATMUL_AUTO
                           : strcmp(args->matmul, "int8") == 0                ? MTS_MATMUL_INT8
                                                                              : MTS_MATMUL_BLAS;
    return mts_engine_open(engine, args->model, &options, err);
}

int read_text(const Args *args, char **text, size_t *size, MtsError *err)
{
    *text = NULL;
    if (args->prompt && args->prompt_file) {
        return mts_fail(err, MTS_EREQUEST, "--prompt and --prompt-file: only one of them can be the text");
    }
    if (args->prompt) {
        *size = strlen(args->prompt);
        *text = mts_strdup(args->prompt);
        return *text ? MTS_OK : mts_fail(err, MTS_ENOMEM, "no memory for the prompt");
    }
    if (!args->prompt_file && isatty(STDIN_FILENO)) {
        fputs("maxts: reading the text from the terminal; Ctrl-D ends it\n", stderr);
    }
    return mts_read_file(args->prompt_file ? args->prompt_file : "-", MAX_TEXT, text, size, err);
}

/* ---- a request ---- */

static void take_size(size_t given, size_t *into)
{
    *into = given == CLI_NO_SIZE ? *into : given;
}

static void take_real(double given, double *into)
{
    *into = isnan(given) ? *into : given;
}

int apply_search_options(const Args *args, MtsSearchSettings *s, MtsError *err)
{
    if (args->method && mts_method_from_name(args->method, &s->method)) {
        return mts_fail(err, MTS_EREQUEST,
                        "--method: '%s' is none of greedy, sample, beam, best-of-n, smc, mcts, dts, "
                        "dts-star, maxent-ts",
                        args->method);
    }
    size_t nfe = 0;
    s->seed = args->seed;
    take_real(args->lambda, &s->lambda);
    take_size(args->rollouts, &s->rollouts);
    take_size(args->in_flight, &s->in_flight);
    take_size(args->batch, &s->batch);
    take_size(args->expansion, &s->expansion);
    take_real(args->c_uct, &s->c_uct);
    take_real(args->widening_c, &s->widening_c);
    take_real(args->widening_alpha, &s->widening_alpha);
    take_real(args->ess_threshold, &s->ess_threshold);
    take_real(args->shrinkage, &s->shrinkage);
    take_real(args->exploration, &s->exploration);
    take_size(args->sweep, &s->sweep);
    take_size(args->look_ahead, &s->look_ahead);
    take_size(args->nfe, &nfe);
    s->max_nfe = nfe ? nfe : s->max_nfe;
    take_real(args->seconds, &s->max_seconds);
    take_real(args->log_z_tolerance, &s->log_z_tolerance);
    take_real(args->mass_tolerance, &s->mass_tolerance);
    take_size(args->min_rollouts, &s->min_rollouts);
    s->save = args->save;
    s->resume = args->resume;
    s->trace = args->trace;
    s->keep_tree = args->explain;
    s->complete_sample = args->complete_sample;
    if (args->uct) {
        s->use_uct = strcmp(args->uct, "on") == 0;
    }
    if (args->resampling) {
        s->resampling = strcmp(args->resampling, "multinomial") == 0  ? MTS_MULTINOMIAL
                        : strcmp(args->resampling, "stratified") == 0 ? MTS_STRATIFIED
                                                                      : MTS_SYSTEMATIC;
    }
    return MTS_OK;
}

static const struct Preset {
    const char *name;
    size_t rollouts, max_tokens;
} PRESETS[] = {{"quick", 5, 30}, {"balanced", 10, 50}, {"quality", 20, 100}};

static void apply_preset(const char *name, MtsRequest *request)
{
    for (size_t i = 0; name && i < sizeof PRESETS / sizeof PRESETS[0]; i++) {
        if (strcmp(name, PRESETS[i].name) == 0) {
            request->search.rollouts = PRESETS[i].rollouts;
            request->max_tokens = PRESETS[i].max_tokens;
        }
    }
}

void apply_cut(const Args *args, MtsCut *cut)
{
    if (args->vocab_top != CLI_NO_SIZE) {
        *cut = (MtsCut){.temperature = cut->temperature, .top_k = args->vocab_top, .top_p = 1};
    }
    take_real(args->temperature, &cut->temperature);
    take_size(args->top_k, &cut->top_k);
    take_real(args->top_p, &cut->top_p);
    take_real(args->min_p, &cut->min_p);
}

static int make_prompt(Asked *asked, const MtsEngine *engine, const Args *args, MtsError *err)
{
    size_t size;
    if (mts_engine_is_table(engine)) {
        return args->prompt || args->prompt_file
                   ? mts_fail(err, MTS_EREQUEST, "%s: a table's texts begin at its root and take no prompt",
                              args->model)
                   : MTS_OK;
    }
    int rc = read_text(args, &asked->text, &size, err);
    if (rc) {
        return rc;
    }
    if (strlen(asked->text) != size) {
        return mts_fail(err, MTS_EREQUEST, "the prompt holds a NUL byte at %zu", strlen(asked->text));
    }
    char *filled;
    if ((rc = mts_prompt_fill(asked->text, asked->series, &filled, err)) != 0) {
        return rc;
    }
    free(asked->text);
    asked->text = filled;
    return args->raw ? mts_engine_tokenize(engine, asked->text, strlen(asked->text), &asked->tokens, err)
                     : mts_engine_chat(engine, args->system, asked->text, &asked->tokens, err);
}

static int make_constraint(Asked *asked, const Args *args, MtsError *err)
{
    if (args->constraint && args->schema) {
        return mts_fail(err, MTS_EREQUEST, "--constraint and --schema: only one of them can hold");
    }
    asked->request.constraint = args->constraint;
    if (args->schema) {
        int rc = mts_schema_constraint(args->schema, &asked->pattern, err);
        asked->request.constraint = asked->pattern;
        return rc;
    }
    return MTS_OK;
}

int ask(Asked *asked, const MtsEngine *engine, const Args *args, MtsError *err)
{
    MtsRequest *request = &asked->request;
    int rc;
    mts_request_defaults(engine, request);
    apply_preset(args->preset, request);
    apply_cut(args, &request->cut);
    take_size(args->max_tokens, &request->max_tokens);
    request->end_stop = !args->end_stop || strcmp(args->end_stop, "on") == 0;
    request->no_cache = args->kv_cache && strcmp(args->kv_cache, "off") == 0;
    request->reward = args->reward;
    request->search.temperature = request->cut.temperature;
    request->search.stop = stop_asked;
    if (args->raw && args->system) {
        return mts_fail(err, MTS_EREQUEST, "--raw and --system: a prompt without a template has no system message");
    }
    if ((rc = apply_search_options(args, &request->search, err)) != 0 ||
        (rc = make_constraint(asked, args, err)) != 0) {
        return rc;
    }
    if (args->series && (rc = mts_series_read(&asked->series, args->series, err)) != 0) {
        return rc;
    }
    if ((rc = make_prompt(asked, engine, args, err)) != 0) {
        return rc;
    }
    request->series = asked->series;
    request->prompt_text = asked->text;
    request->prompt = asked->tokens.ids;
    request->prompt_count = asked->tokens.count;
    return MTS_OK;
}

void asked_free(Asked *asked)
{
    free(asked->text);
    free(asked->pattern);
    mts_series_free(&asked->series);
    mts_tokens_free(&asked->tokens);
    memset(asked, 0, sizeof *asked);
}
