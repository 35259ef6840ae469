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
#include "core/near.h"

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

static const char *volatile model_path;

/* A file that somebody makes shorter while it is mapped ends there with a signal: that is a sentence too. Only calls
 * that a signal handler may make. */
static void on_lost_page(int signal_number, siginfo_t *info, void *context)
{
    static const char said[] = ": it, or a file of its data, was made shorter or became unreadable while it was read\n";
    (void)context;
    if (info->si_code != BUS_ADRERR) {
        signal(signal_number, SIG_DFL); /* not of a file: as if we had not been there */
        return;
    }
    const char *path = model_path;
    if (write(STDERR_FILENO, "maxts: ", 7) < 0 || write(STDERR_FILENO, path, strlen(path)) < 0 ||
        write(STDERR_FILENO, said, sizeof said - 1) < 0) {
        /* Nobody listens; the status says it. */
    }
    _exit(1);
}

static void catch_lost_pages(const char *path)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    model_path = path;
    action.sa_sigaction = on_lost_page;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGBUS, &action, NULL);
}

int open_engine(MtsEngine **engine, const Args *args, MtsEngineParts parts, MtsError *err)
{
    *engine = NULL;
    if (!args->model) {
        return mts_fail(err, MTS_EREQUEST, "--model is missing: which GGUF file or table? (or MAXTS_MODEL)");
    }
    catch_lost_pages(args->model);
    MtsEngineOptions options = {.model = {.cpu_mask = args->cpu_mask, .exact = args->exact}, .parts = parts};
    options.model.threads = args->threads == CLI_NO_SIZE ? 0 : (int)args->threads;
    options.kv_tokens = args->kv_tokens == CLI_NO_SIZE ? 0 : args->kv_tokens;
    options.model.matmul = !args->matmul || strcmp(args->matmul, "auto") == 0 ? MTS_MATMUL_AUTO
                           : strcmp(args->matmul, "int8") == 0                ? MTS_MATMUL_INT8
                                                                              : MTS_MATMUL_BLAS;
    int rc = mts_engine_open(engine, args->model, &options, err);
    if (!rc && args->boxed && !args->quiet) {
        fprintf(stderr, "maxts: no --model: %s, the small one that comes with maxts\n", args->model);
    }
    if (!rc && !args->quiet && mts_engine_tokenizer(*engine) &&
        mts_tokenizer_is_guessed(mts_engine_tokenizer(*engine))) {
        fprintf(stderr,
                "maxts: %s does not say how text is cut into words (tokenizer.ggml.pre): by the default, and "
                "where the model learnt another way, some words are not the tokens that it knows\n",
                args->model);
    }
    return rc;
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

int read_message(const Args *args, char **text, MtsError *err)
{
    size_t size;
    *text = NULL;
    if ((args->messages || args->messages_text) && !args->prompt && !args->prompt_file) {
        return MTS_OK;
    }
    int rc = read_text(args, text, &size, err);
    if (!rc && strlen(*text) != size) {
        rc = mts_fail(err, MTS_EREQUEST, "the prompt holds a NUL byte at %zu", strlen(*text));
    }
    return rc;
}

/* ---- a series ---- */

/* A word or the character itself; 0: neither. */
static char mark_of(const char *given, const char *const *words, const char *marks)
{
    for (size_t i = 0; marks[i]; i++) {
        bool itself = given[0] == marks[i] && given[1] == '\0';
        if (itself || (words[i] && strcmp(given, words[i]) == 0)) {
            return marks[i];
        }
    }
    return '\0';
}

int series_options(const Args *args, MtsSeriesOptions *o, MtsError *err)
{
    static const char *const delimiters[] = {"comma", "semicolon", "bar", "tab", "space"}, *const decimals[] = {
                                                                                               "point", "comma"};
    *o = (MtsSeriesOptions){.columns = args->column, .missing = args->missing};
    if (args->delimiter && (o->delimiter = mark_of(args->delimiter, delimiters, ",;|\t ")) == '\0') {
        return mts_fail(err, MTS_EREQUEST, "--delimiter: '%s' is none of , ; | tab space", args->delimiter);
    }
    if (args->decimal && (o->decimal = mark_of(args->decimal, decimals, ".,")) == '\0') {
        return mts_fail(err, MTS_EREQUEST, "--decimal: '%s' is neither . nor ,", args->decimal);
    }
    if (o->decimal && o->decimal == o->delimiter) {
        return mts_fail(err, MTS_EREQUEST, "--decimal and --delimiter: %s cannot be both", args->decimal);
    }
    if (args->header) {
        o->header = strcmp(args->header, "on") == 0 ? MTS_HEADER_YES : MTS_HEADER_NO;
    }
    return MTS_OK;
}

/* ---- a request ---- */

static int apply_method(const char *name, MtsMethod *method, MtsError *err)
{
    if (mts_method_from_name(name, method)) {
        char methods[256], hint[MTS_NEAR_HINT];
        mts_method_list(", ", methods, sizeof methods);
        return mts_fail(err, MTS_EREQUEST, "--method: '%s' is none of %s%s", name, methods,
                        mts_near_in(name, strlen(name), methods, ", ", hint, sizeof hint));
    }
    return MTS_OK;
}

int apply_settings(const Args *args, MtsRequest *request, MtsError *err)
{
    int rc;
    const MtsPreset *preset = args->preset ? mts_preset_find(args->preset) : NULL;
    if (preset) {
        request->search.rollouts = preset->rollouts;
        request->max_tokens = preset->max_tokens;
    }
    if (args->vocab_top != CLI_NO_SIZE) {
        request->cut = (MtsCut){.temperature = request->cut.temperature, .top_k = args->vocab_top, .top_p = 1};
    }
    for (size_t i = 0; i < mts_request_setting_count(); i++) {
        const MtsSetting *row = mts_request_setting(i);
        const ArgValue *given = &args->settings[i];
        void *base = mts_request_setting_base(request, i);
        double value;
        if (!row->commands) {
            continue;
        }
        if (row->kind == MTS_SETTING_SEED) {
            mts_setting_put_seed(row, base, given->seed);
        } else if (row->kind == MTS_SETTING_METHOD && given->text) {
            if ((rc = apply_method(given->text, &request->search.method, err))) {
                return rc;
            }
        } else if (args_setting(args, i, row, &value)) {
            mts_setting_put(row, base, value);
        }
    }
    if (!isnan(args->temperature)) { /* 0: of no effect where the likeliest token is taken */
        request->cut.temperature = args->temperature > 0 ? args->temperature : 1;
    }
    request->no_cache = args->kv_cache && strcmp(args->kv_cache, "off") == 0;
    request->stops = args->stop.items;
    request->stop_count = args->stop.count;
    request->search.save = args->save;
    request->search.resume = args->resume;
    request->search.trace = args->trace;
    request->search.keep_tree = args->explain || args->explain_as;
    request->search.stop = stop_asked;
    return MTS_OK;
}

/* A model that reads series sees them where the prompt says {series}, and its prompt has no template. */
static int make_series_prompt(Asked *asked, const MtsEngine *engine, const Args *args, MtsError *err)
{
    const char *option = conversation_option(args);
    return option ? mts_fail(err, MTS_EREQUEST,
                             "%s: %s reads the series of a prompt itself, and such a prompt has no template", option,
                             args->model)
                  : mts_engine_series_prompt(engine, asked->text, asked->series, &asked->prompt, err);
}

static int make_prompt(Asked *asked, const MtsEngine *engine, const Args *args, MtsError *err)
{
    char *filled;
    int rc;
    if (mts_engine_is_table(engine)) {
        return args->prompt || args->prompt_file
                   ? mts_fail(err, MTS_EREQUEST, "%s: a table's texts begin at its root and take no prompt",
                              args->model)
                   : MTS_OK;
    }
    if ((rc = read_message(args, &asked->text, err))) {
        return rc;
    }
    bool reads = asked->text && mts_engine_reads_series(engine) && strstr(asked->text, "{series}");
    if (reads && (rc = make_series_prompt(asked, engine, args, err))) {
        return rc;
    }
    if (asked->text) {
        if ((rc = mts_prompt_fill(asked->text, asked->series, &filled, err)) != 0) {
            return rc;
        }
        free(asked->text);
        asked->text = filled;
    }
    if (reads) {
        return MTS_OK;
    }
    if (args->raw) {
        return mts_engine_tokenize(engine, asked->text, strlen(asked->text), &asked->prompt.tokens, err);
    }
    if ((rc = conversation_open(&asked->chat, args, err))) {
        return rc;
    }
    asked->chat.input.user = asked->text;
    rc = mts_engine_chat_tokens(engine, &asked->chat.input, NULL, &asked->prompt.tokens, err);
    return rc || asked->text ? rc : conversation_last(&asked->chat, &asked->text, err);
}

unsigned constraint_options(const Args *args)
{
    return (args->whitespace && strcmp(args->whitespace, "any") == 0 ? MTS_CONSTRAINT_ANY_SPACE : 0u) |
           (args->order && strcmp(args->order, "properties") == 0 ? MTS_CONSTRAINT_ORDERED : 0u) |
           (args->strict ? MTS_CONSTRAINT_STRICT : 0u);
}

size_t constraint_memory(const Args *args)
{
    size_t mib = args->constraint_memory;
    return mib == CLI_NO_SIZE ? 0 : mib <= SIZE_MAX >> 20 ? mib << 20 : SIZE_MAX; /* all that there is */
}

int read_constraint(const Args *args, MtsConstraintForm *form, char **text, MtsError *err)
{
    const char *file = args->schema ? args->schema : args->grammar;
    *text = NULL;
    *form = args->schema ? MTS_CONSTRAINT_SCHEMA : args->grammar ? MTS_CONSTRAINT_GRAMMAR : MTS_CONSTRAINT_PATTERN;
    if ((args->constraint != NULL) + (args->schema != NULL) + (args->grammar != NULL) > 1) {
        return mts_fail(err, MTS_EREQUEST, "--constraint, --schema and --grammar: only one of them can hold");
    }
    if (file) {
        return mts_constraint_read_file(file, text, err);
    }
    if (args->constraint && !(*text = mts_strdup(args->constraint))) {
        return mts_fail(err, MTS_ENOMEM, "no memory for a constraint");
    }
    return MTS_OK;
}

static int make_constraint(Asked *asked, const Args *args, MtsError *err)
{
    int rc = read_constraint(args, &asked->request.constraint_form, &asked->constraint, err);
    asked->request.constraint = asked->constraint;
    asked->request.constraint_options = constraint_options(args);
    asked->request.constraint_memory = constraint_memory(args);
    asked->request.constraint_name = args->schema ? args->schema : args->grammar;
    return rc;
}

int ask(Asked *asked, const MtsEngine *engine, const Args *args, MtsError *err)
{
    MtsRequest *request = &asked->request;
    int rc;
    mts_request_defaults(engine, request);
    request->reward = args->reward;
    if (args->raw && (conversation_option(args) || args->special)) {
        const char *option = conversation_option(args);
        return mts_fail(err, MTS_EREQUEST, "--raw and %s: a prompt without a template has no %s",
                        option ? option : "--special",
                        !option                           ? "messages"
                        : strcmp(option, "--system") == 0 ? "system message"
                                                          : "use for it");
    }
    if ((rc = apply_settings(args, request, err)) || (rc = make_constraint(asked, args, err))) {
        return rc;
    }
    MtsSeriesOptions series;
    if (args->series && ((rc = series_options(args, &series, err)) ||
                         (rc = mts_series_read_with(&asked->series, args->series, &series, err)))) {
        return rc;
    }
    if ((rc = make_prompt(asked, engine, args, err)) != 0) {
        return rc;
    }
    request->series = asked->series;
    request->prompt_text = asked->text;
    request->prompt = asked->prompt.tokens.ids;
    request->prompt_count = asked->prompt.tokens.count;
    request->prompt_rows = asked->prompt.rows;
    request->prompt_media = &asked->prompt.media;
    return MTS_OK;
}

void asked_free(Asked *asked)
{
    free(asked->text);
    free(asked->constraint);
    mts_series_free(&asked->series);
    mts_prompt_free(&asked->prompt);
    conversation_close(&asked->chat);
    memset(asked, 0, sizeof *asked);
}
