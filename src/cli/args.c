/* cli/args.c - the options of every command: those of the library's settings, which are rows of its tables
 * (engine/request.h), and those of the commands themselves. */
#include "cli/args.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eval/eval.h"
#include "stages/stage.h"

#define AT(field) offsetof(Args, field)

enum {
    TELLS = CMD_FORECAST | CMD_ASK | CMD_CAPTION,
    TASKS = TELLS | CMD_CLASSIFY,
    USES_MODEL = TASKS | CMD_INSPECT | CMD_TOKENIZE | CMD_SCORE | CMD_GENERATE | CMD_SEARCH | CMD_VERIFY | CMD_BENCH |
                 CMD_EVAL | CMD_CHECK | CMD_CHOOSE,
    ALL = USES_MODEL | CMD_REPLAY | CMD_REPORT | CMD_SERIES | CMD_TRAIN,
    RUNS_MODEL = TASKS | CMD_SCORE | CMD_GENERATE | CMD_SEARCH | CMD_BENCH | CMD_EVAL | CMD_CHOOSE,
    TAKES_TEXT = CMD_TOKENIZE | CMD_SCORE | CMD_GENERATE | CMD_SEARCH | CMD_CHOOSE,
    ANSWERS = CMD_GENERATE | CMD_SEARCH,
    ASKS = ANSWERS | CMD_CHOOSE,
    CHATS = ASKS | CMD_TOKENIZE,
    READS_SERIES = ASKS | CMD_SERIES | TASKS,
    SEARCHES = CMD_SEARCH | CMD_VERIFY,
    TUNES = SEARCHES | CMD_EVAL | TELLS,
    TAKES_DATA = CMD_EVAL | CMD_TRAIN,
    IN_BATCHES = ASKS | CMD_SCORE
};

/* Made of the library's tables by build(). */
static char preset_words[64], preset_search[128], preset_eval[128], methods[256], eval_methods[360];
static char default_method[32], stages[256], experiments[256];

#define HEADING(commands, text) {OPTION_HEADING, 0, text, commands, 0, NULL, 0, 0, NULL, NULL, NULL, false}
#define FLAG(letter, name, commands, field, help)                                                                      \
    {OPTION_FLAG, letter, name, commands, AT(field), NULL, 0, 0, help, NULL, NULL, false}
#define TEXT(letter, name, commands, field, value, help, fallback)                                                     \
    {OPTION_TEXT, letter, name, commands, AT(field), value, 0, 0, help, fallback, NULL, false}
#define WRITTEN(letter, name, commands, field, help, fallback)                                                         \
    {OPTION_TEXT, letter, name, commands, AT(field), "FILE", 0, 0, help, fallback, NULL, true}
#define TEXTS(name, commands, field, value, help)                                                                      \
    {OPTION_TEXTS, 0, name, commands, AT(field), value, 0, 0, help, NULL, NULL, false}
#define CHOICE(name, commands, field, words, help, fallback)                                                           \
    {OPTION_CHOICE, 0, name, commands, AT(field), words, 0, 0, help, fallback, NULL, false}
#define SIZE(letter, name, commands, field, min, max, help, fallback)                                                  \
    {OPTION_SIZE, letter, name, commands, AT(field), "N", min, max, help, fallback, NULL, false}
#define REAL(name, commands, field, min, max, help, fallback)                                                          \
    {OPTION_REAL, 0, name, commands, AT(field), "X", min, max, help, fallback, NULL, false}

static const Option FIRST[] = {
    HEADING(USES_MODEL | CMD_REPLAY, "Model and machine"),
    TEXT('m', "model", USES_MODEL | CMD_REPLAY, model, "FILE",
         "the model: a GGUF file, or a table of exact probabilities (JSON)", "the environment's MAXTS_MODEL"),
    SIZE(0, "threads", RUNS_MODEL, threads, 1, 1024, "threads of the forward pass", "as many as it may keep busy"),
    TEXT(0, "cpu-mask", RUNS_MODEL, cpu_mask, "LIST",
         "processor features to do without, joined by commas: avx512vnni, avx512, avxvnni, avx2, amx, i8mm, dotprod, "
         "neon; or scalar for all",
         "the environment's MAXTS_CPU_MASK"),
    CHOICE("matmul", RUNS_MODEL, matmul, "auto|int8|blas",
           "matrix products: blas is OpenBLAS in fp32, whose bits may change with batch and threads", "auto"),
    FLAG(0, "exact", RUNS_MODEL, exact, "fp32 activations and fp32 keys and values instead of int8 and fp16"),
    CHOICE("kv-cache", CMD_SEARCH | CMD_EVAL, kv_cache, "on|off",
           "off: every position evaluates its whole text again, prompt included, to the same result", "on"),
    SIZE(0, "kv", ASKS | CMD_EVAL | TASKS, kv_tokens, 64, 1e9, "capacity of the KV ring over all branches, in tokens",
         "what the request needs, at most 65536"),

    HEADING(TAKES_TEXT, "Text in (standard input where neither is given)"),
    TEXT('p', "prompt", TAKES_TEXT, prompt, "TEXT", "the prompt itself", NULL),
    TEXT(0, "prompt-file", TAKES_TEXT, prompt_file, "FILE", "a file that holds it; - is standard input", NULL),
    TEXT(0, "batch-in", IN_BATCHES, batch_in, "FILE",
         "many prompts, a JSON line each: a text, or {prompt, id, system, messages, seed, options}; --out gets a line "
         "each, and the same command goes on where it ends",
         NULL),
    FLAG(0, "chat", CMD_TOKENIZE, chat, "the text as a chat's message: shows the prompt that the template makes of it"),
    TEXT(0, "system", CHATS, system, "TEXT", "the chat's system message", "the template's own"),
    TEXT(0, "messages", CHATS, messages, "FILE",
         "a whole chat (JSON): [{role, content}, ...], or an object with it as messages and tools, documents, ... "
         "beside it; a text that is given, too, is the last message",
         NULL),
    TEXT(0, "chat-template", CHATS, chat_template, "FILE", "a template (Jinja) in place of the model's own", NULL),
    TEXTS("template-var", CHATS, template_variables, "NAME=VALUE",
          "a variable of the template, its value JSON, as enable_thinking=false; as often as need be"),
    TEXT(0, "date", CHATS | CMD_EVAL | TASKS, date, "YYYY-MM-DD", "the day that the template is told (strftime_now)",
         "today; eval: none"),
    FLAG(0, "special", CHATS, special, "control tokens written out in messages become tokens; otherwise they are text"),
    FLAG(0, "raw", ASKS | CMD_EVAL | TASKS, raw, "the prompt as it is, without the model's chat template"),
    TEXT(0, "series", ASKS, series, "FILE",
         "the input time series; {series} in the prompt becomes its values, or rows for a model that reads series, and "
         "rewards see it",
         NULL),

    HEADING(READS_SERIES, "How a series' table is read (otherwise by the rules of docs/series.md)"),
    TEXT(0, "column", READS_SERIES, column, "NAMES", "channels by name or number, joined by commas",
         "all but an index"),
    TEXT(0, "delimiter", READS_SERIES, delimiter, "C", "one of , ; | or the word tab or space",
         "as the first lines say"),
    TEXT(0, "decimal", READS_SERIES, decimal, "C", ". or , for the decimal mark; the other one groups digits",
         "as the cells say"),
    CHOICE("header", READS_SERIES, header, "on|off", "whether the first row names the columns", "as the cells say"),
    TEXT(0, "na", READS_SERIES, missing, "WORDS", "more words for a missing value, joined by commas", NULL),

    HEADING(ANSWERS | CMD_EVAL | CMD_CHECK | TELLS, "Answers"),
    REAL("temperature", CMD_GENERATE, temperature, 0, MTS_TEMPERATURE_MOST,
         "of the tokens drawn, and at which --top-p and --min-p are judged; 0: the likeliest token", "0.8, tables 1"),
};

static const Option AFTER_ANSWER[] = {
    SIZE(0, "vocab-top", ANSWERS | CMD_EVAL, vocab_top, 1, 1e9,
         "the K likeliest next tokens and no other cut: --top-k K --top-p 1 --min-p 0, unless those are given", NULL),
    TEXTS("stop", ANSWERS, stop, "TEXT",
          "a text that ends the answer and is no part of it; as often as need be, the first to come counts"),
    TEXT(0, "constraint", ANSWERS | CMD_CHECK, constraint, "REGEX",
         "only answers that match this regular expression (PCRE2) from their first byte to their last", NULL),
    TEXT(0, "schema", ANSWERS | CMD_CHECK, schema, "FILE", "only answers that are JSON valid under this JSON schema",
         NULL),
    TEXT(0, "grammar", ANSWERS | CMD_CHECK, grammar, "FILE",
         "only answers that this grammar makes: GBNF, as llama.cpp has it, or a part of Lark's notation", NULL),
    CHOICE("whitespace", ANSWERS | CMD_CHECK, whitespace, "compact|any",
           "of JSON under --schema: one blank behind ',' and ':' or none, or all that JSON allows", "compact"),
    CHOICE("order", ANSWERS | CMD_CHECK, order, "any|properties",
           "of an object's members under --schema: any, or as the schema lists them", "any"),
    FLAG(0, "strict", ANSWERS | CMD_CHECK, strict, "refuse a schema with a keyword that JSON Schema does not have"),
    SIZE(0, "constraint-memory", ANSWERS | CMD_CHECK, constraint_memory, 1, 1 << 20,
         "MiB that a constraint may take, and half as many million steps to read it or to make a mask", "512"),
    TEXT(0, "bench", CMD_CHECK, instances, "FILE",
         "schemas and instances of them, one JSON object a line, plain or gzip: {id, schema, tests[{valid, data}]}",
         NULL),
};

static const Option BEFORE_SEARCH[] = {
    HEADING(TUNES, "Search"),
    CHOICE("preset", CMD_SEARCH | TELLS, preset, preset_words, preset_search, MTS_PRESET_DEFAULT),
    TEXT(0, "reward", CMD_SEARCH, reward, "SPEC",
         "NAME, NAME:ARGUMENT or a weighted sum of them (docs/rewards.md); a table has its own",
         "spectral with --series, else logprob"),
    TEXT(0, "outlook", CMD_SEARCH, outlook, "FILE",
         "maxent-ts: begins from what the searches of a run of eval --learn taught, its records", NULL),
};

static const Option BEFORE_STOP[] = {
    HEADING(CMD_SEARCH | CMD_EVAL | TELLS, "When to stop (Ctrl-C stops with what there is so far)"),
};

static const Option AFTER_STOP[] = {
    WRITTEN(0, "save", CMD_SEARCH, save, "a checkpoint that keeps every finished rollout", NULL),
    TEXT(0, "resume", CMD_SEARCH, resume, "FILE",
         "a checkpoint to go on from, to the same result as an uninterrupted search", NULL),

    HEADING(CMD_BENCH, "What to measure (lists are joined by commas)"),
    TEXT(0, "prefill", CMD_BENCH, prefill, "LIST", "lengths of prompts to evaluate, in tokens", "128,512"),
    TEXT(0, "prompt-tokens", CMD_BENCH, prompt_tokens, "LIST", "lengths of the prompts that sequences share, in tokens",
         "434"),
    TEXT(0, "sequences", CMD_BENCH, sequences, "LIST", "how many sequences go on from it at once", "1,4,10,16,32"),

    HEADING(SEARCHES, "What to keep and show"),
    WRITTEN(0, "trace", CMD_SEARCH, trace, "every step as a JSON line; maxts replay recomputes it", NULL),
    FLAG(0, "explain", CMD_SEARCH, explain, "shows the tree: rollouts, p, soft value and policy of each node"),
    CHOICE("explain-as", CMD_SEARCH, explain_as, "text|dot|json", "the tree in this form; dot: nothing but the graph",
           "text"),
    FLAG(0, "live", CMD_SEARCH, live, "draws the tree on standard error as it grows, where that is a terminal"),
};

static const Option BEFORE_GRID[] = {
    HEADING(TAKES_DATA, "Data (docs/stages.md)"),
    TEXT(0, "stage", TAKES_DATA, stage, "WORD", stages, NULL),
    TEXT(0, "data", TAKES_DATA, data, "FILE", "its samples", NULL),
    TEXT(0, "more", TAKES_DATA, more, "FILE", "the hypnogram, the captions, the futures, PTB-XL's folder", NULL),
    TEXT(0, "train", CMD_EVAL, train, "FILE",
         "labelled series, or what maxts train made of them, FILE.evidence: {train} in the reward", NULL),
    TEXT(0, "answers", CMD_EVAL, answers, "LIST", "har: the labels that may be answered, joined by commas",
         "what the evidence of --train knows, else the labels of --data"),
    SIZE(0, "samples", CMD_EVAL, samples, 0, 1e9, "how many, the first ones; 0: all", "3, 10 or 50 by the preset"),
    FLAG(0, "spread", CMD_EVAL, spread, "that many evenly over the file, not the first ones"),
    HEADING(TASKS, "The series and what is asked of it"),
    SIZE(0, "points", CMD_EVAL | TASKS, points, 0, 10000,
         "most values of a channel that a prompt shows; 0: the stage's own", "0"),
    SIZE(0, "context", CMD_EVAL, context, 0, 1e6, "forecast: values that are shown; 0: 72", "0"),
    SIZE(0, "horizon", TAKES_DATA, horizon, 0, 1e6, "forecast: values that are asked for; 0: all that came", "0"),

    SIZE(0, "horizon", CMD_FORECAST, horizon, 1, 1024, "steps to forecast", NULL),
    SIZE(0, "season", CMD_FORECAST, season, 1, 4096, "steps of a season; 1: none", "as the series shows"),
    TEXT(0, "labels", CMD_CLASSIFY, labels, "LIST", "the labels to tell apart, joined by commas",
         "all that the evidence knows"),
    TEXT(0, "train", CMD_CLASSIFY, train, "FILE", "labelled series to learn from, now", NULL),
    FLAG(0, "beats", CMD_CLASSIFY, beats, "which single beats of an electrocardiogram are ventricular, by --evidence"),
    TEXT(0, "evidence", CMD_FORECAST | CMD_CLASSIFY, evidence, "FILE", "what maxts train made of such series", NULL),
    TEXT(0, "reward", TELLS, eval_reward, "SPEC", "as in search; {horizon} and {season} are the forecast's",
         "forecast (with --evidence: evidence), else claims"),

    HEADING(CMD_EVAL, "Runs (lists are joined by commas; their product is the grid)"),
    TEXT(0, "method", CMD_EVAL, methods, "LIST", eval_methods, default_method),
    CHOICE("preset", CMD_EVAL, preset, preset_words, preset_eval, MTS_PRESET_DEFAULT),
};

static const Option AFTER_GRID[] = {
    TEXT(0, "seeds", CMD_EVAL, seeds, "LIST", "seeds and ranges of them: 0..4", "0"),
    TEXT(0, "reward", CMD_EVAL, eval_reward, "SPEC",
         "as in search; {options}, {question}, {train}, {horizon}, {season} are the sample's",
         "option (with --train and class-spectral), of FILE.evidence evidence, claims, forecast"),
    TEXT(0, "constraint", CMD_EVAL, eval_constraint, "REGEX",
         "as in search; or the word none, answer (one option), numbers (as many as the horizon)",
         "classes answer, forecasts numbers"),
    FLAG(0, "learn", CMD_EVAL, learn,
         "maxent-ts: each search begins from what those of the same run taught on the samples before it"),
    TEXT(0, "outlook", CMD_EVAL, outlook, "FILE",
         "maxent-ts: all searches begin from what those of another run of --learn taught", NULL),
    TEXT(0, "experiment", CMD_EVAL, experiment, "WORD", experiments, NULL),
    SIZE(0, "total-nfe", CMD_EVAL, total_nfe, 1, 1e12,
         "positions for all samples together, most where the answer is least certain", "off"),

    HEADING(CMD_EVAL, "Records"),
    WRITTEN('o', "out", CMD_EVAL, out, "one JSON line a record; the same command goes on where the file ends",
            "the stage's name .jsonl"),
    TEXT(0, "shard", CMD_EVAL, shard, "I/N", "only samples I, I + N, ..., counted from 0", "all"),
    WRITTEN(0, "merge", CMD_EVAL, merge, "joins the files of all shards that are named after it, and runs nothing",
            NULL),
    SIZE(0, "keep-trees", CMD_EVAL, keep_trees, 0, 1e6, "first samples whose records show their trees", "3"),

    TEXT(0, "labels", CMD_TRAIN, label_column, "COLUMN",
         "instead of --stage: --data is a table with a series a row, whose labels are in this column", NULL),
    TEXT(0, "group", CMD_TRAIN, group_column, "COLUMN",
         "with --labels: who or what a series is of; what is of one is held out together", "the ids, else blocks"),
    HEADING(CMD_TRAIN, "What to write"),
    WRITTEN('o', "out", CMD_TRAIN, out, "the evidence, for the reward evidence:FILE (docs/evidence.md)", NULL),

    HEADING(CMD_REPORT, "What to write (one of them at least)"),
    WRITTEN('o', "out", CMD_REPORT, out, "one HTML page that needs nothing else", NULL),
    WRITTEN(0, "markdown", CMD_REPORT, markdown, "the tables in Markdown", NULL),
    WRITTEN(0, "latex", CMD_REPORT, latex, "the tables in LaTeX, without packages", NULL),
    WRITTEN(0, "csv", CMD_REPORT, csv, "the rows with all digits: mean, bounds and samples of every number", NULL),
    SIZE(0, "samples", CMD_REPORT, samples, 0, 1e9, "most samples that the page shows; 0: all", "0"),

    WRITTEN(0, "svg", CMD_FORECAST, svg, "a picture: what was, the median, bands of 50, 80 and 90 %", NULL),
    WRITTEN(0, "csv", CMD_FORECAST, csv, "median and quantiles of each step", NULL),

    HEADING(CMD_CHOOSE, "The options"),
    TEXT(0, "options", CMD_CHOOSE, choices, "LIST", "texts joined by commas; one that holds a comma in quotation marks",
         NULL),
    REAL("tolerance", CMD_CHOOSE, tolerance, 0, 0.999,
         "share of the probability that tokenisations may hold and be left out; 0: all are evaluated", "0.001"),

    HEADING(CMD_REPLAY, "What to show (-m MODEL gives tokens their texts, a table its exact Z)"),
    FLAG(0, "table", CMD_REPLAY, table, "a line a rollout: its text, q, z, and K, u and the mean of z after it"),
    FLAG(0, "step", CMD_REPLAY, step, "rollout by rollout, walked by keys on a terminal"),
    WRITTEN(0, "html", CMD_REPLAY, html, "one page with a slider and the tree to unfold", NULL),

    HEADING(CMD_VERIFY, "Runs"),
    SIZE(0, "runs", CMD_VERIFY, runs, 2, 1e7, "searches with seeds seed, seed + 1, ...", "400"),

    HEADING(ALL, "Output"),
    SIZE(0, "top", CMD_SCORE, top, 0, 1000, "likeliest next tokens listed per position", "8"),
    FLAG(0, "json", ALL, json, "JSON also where standard output is a terminal"),
    FLAG(0, "text", ANSWERS, text, "the text of the answer (of search the best one) and nothing else"),
    WRITTEN('o', "out", ALL & ~(unsigned)(CMD_EVAL | CMD_REPORT | CMD_TRAIN), out,
            "the results in this file, whole or not at all, as a pipe would get them", "standard output"),
    FLAG('q', "quiet", IN_BATCHES | CMD_EVAL | CMD_BENCH | TELLS, quiet,
         "no progress and no remarks on standard error"),
    CHOICE("color", ALL, color, "auto|always|never",
           "emphasis in what is made to be read; auto: on a terminal, unless the environment has NO_COLOR", "auto"),
    FLAG('h', "help", ALL, help, "this text"),
};

/* ---- the list that is made of them ---- */

enum { MOST = 200, GRID = -1, OWN = -2 };

#define ROWS(of) {of, sizeof of / sizeof of[0], OWN}
#define SETTINGS(group) {NULL, 0, group}

static const struct Piece {
    const Option *rows;
    size_t count;
    int group; /* OWN: rows; GRID: eval's lists; otherwise settings of an MtsSettingGroup */
} PIECES[] = {
    ROWS(FIRST),
    SETTINGS(MTS_SETTINGS_ANSWER),
    ROWS(AFTER_ANSWER),
    ROWS(BEFORE_SEARCH),
    SETTINGS(MTS_SETTINGS_SEARCH),
    ROWS(BEFORE_STOP),
    SETTINGS(MTS_SETTINGS_STOP),
    ROWS(AFTER_STOP),
    SETTINGS(MTS_SETTINGS_SHOW),
    ROWS(BEFORE_GRID),
    SETTINGS(GRID),
    ROWS(AFTER_GRID),
};

static Option options[MOST];
static size_t option_count;

static Option *add(void)
{
    assert(option_count < MOST);
    return &options[option_count++];
}

static unsigned commands_of(const MtsSetting *row)
{
    return (row->commands & MTS_TAKES_GENERATE ? CMD_GENERATE : 0u) |
           (row->commands & MTS_TAKES_SEARCH ? CMD_SEARCH | TELLS : 0u) |
           (row->commands & MTS_TAKES_VERIFY ? CMD_VERIFY : 0u) | (row->commands & MTS_TAKES_EVAL ? CMD_EVAL : 0u);
}

/* What an option takes, by the kind of its setting. */
static const struct {
    OptionKind kind;
    const char *value;
} TAKES[] = {
    [MTS_SETTING_REAL] = {OPTION_REAL, "X"},          [MTS_SETTING_SIZE] = {OPTION_SIZE, "N"},
    [MTS_SETTING_COUNT] = {OPTION_SIZE, "N"},         [MTS_SETTING_SEED] = {OPTION_SEED, "N"},
    [MTS_SETTING_SWITCH] = {OPTION_CHOICE, "on|off"}, [MTS_SETTING_FLAG] = {OPTION_FLAG, NULL},
    [MTS_SETTING_WORD] = {OPTION_CHOICE, NULL},       [MTS_SETTING_METHOD] = {OPTION_TEXT, "WORD"},
};

/* The word of a list "one|two|three" at a place. */
static void word_at(const char *words, size_t place, char *out, size_t size)
{
    for (; place > 0; place--) {
        words = strchr(words, '|') + 1;
    }
    snprintf(out, size, "%.*s", (int)strcspn(words, "|"), words);
}

static const char *fallback_of(const MtsSetting *row, char *scratch, size_t size)
{
    if (row->fallback || row->kind == MTS_SETTING_FLAG) {
        return row->fallback;
    }
    if (row->kind == MTS_SETTING_METHOD) {
        return default_method;
    }
    if (row->kind == MTS_SETTING_SWITCH || row->kind == MTS_SETTING_WORD) {
        bool on_off = row->kind == MTS_SETTING_SWITCH;
        word_at(on_off ? "off|on" : row->words, (size_t)row->initial, scratch, size);
    } else {
        snprintf(scratch, size, "%g", row->initial);
    }
    return scratch;
}

/* The option of setting `index`; eval's, which takes a list, where `list`. */
static void add_setting(size_t index, bool list)
{
    static char names[ARGS_SETTINGS_MOST][32], fallbacks[ARGS_SETTINGS_MOST][32];
    assert(index < ARGS_SETTINGS_MOST);
    const MtsSetting *row = mts_request_setting(index);
    Option *o = add();
    *o = (Option){.kind = list ? OPTION_TEXT : TAKES[row->kind].kind,
                  .letter = row->letter,
                  .name = mts_setting_option(row, names[index], sizeof names[index]),
                  .commands = list ? CMD_EVAL : commands_of(row),
                  .offset =
                      list ? AT(lists) + (row->wheel - 1) * sizeof(char *) : AT(settings) + index * sizeof(ArgValue),
                  .value = list         ? "LIST"
                           : row->words ? row->words
                                        : TAKES[row->kind].value,
                  .min = row->min,
                  .max = row->max,
                  .help = row->kind == MTS_SETTING_METHOD ? methods : row->help,
                  .way_out = row->way_out,
                  .fallback = fallback_of(row, fallbacks[index], sizeof fallbacks[index])};
}

static void add_settings(int group)
{
    for (size_t i = 0; i < mts_request_setting_count(); i++) {
        const MtsSetting *row = mts_request_setting(i);
        if (row->commands && (int)row->group == group) {
            add_setting(i, false);
        }
    }
}

static void add_grid(void)
{
    size_t n = mts_request_setting_count();
    for (unsigned wheel = 1; mts_request_wheel(wheel) < n; wheel++) {
        add_setting(mts_request_wheel(wheel), true);
    }
}

static void write_texts(void)
{
    size_t search = (size_t)snprintf(preset_search, sizeof preset_search, "rollouts and tokens:");
    size_t eval = (size_t)snprintf(preset_eval, sizeof preset_eval, "rollouts, tokens and samples:");
    for (size_t i = 0; i < mts_preset_count; i++) {
        const MtsPreset *p = &mts_presets[i];
        search += (size_t)snprintf(preset_search + search, sizeof preset_search - search, "%s %zu of %zu", i ? "," : "",
                                   p->rollouts, p->max_tokens);
        eval += (size_t)snprintf(preset_eval + eval, sizeof preset_eval - eval, "%s %zu, %zu, %zu", i ? ";" : "",
                                 p->rollouts, p->max_tokens, p->samples);
    }
    MtsSearchSettings defaults;
    mts_search_defaults(&defaults);
    mts_preset_list("|", preset_words, sizeof preset_words);
    mts_method_list(", ", methods, sizeof methods);
    mts_eval_experiments(experiments, sizeof experiments);
    mts_stage_names(stages, sizeof stages);
    snprintf(stages + strlen(stages), sizeof stages - strlen(stages), "; a table is its own");
    snprintf(eval_methods, sizeof eval_methods, "%s; forecasts also naive, seasonal-naive; reward-alone", methods);
    snprintf(default_method, sizeof default_method, "%s", mts_method_name(defaults.method));
}

const Option *args_options(size_t *count)
{
    if (option_count == 0) {
        write_texts();
        for (size_t i = 0; i < sizeof PIECES / sizeof PIECES[0]; i++) {
            for (size_t k = 0; k < PIECES[i].count; k++) {
                *add() = PIECES[i].rows[k];
            }
            if (PIECES[i].group == GRID) {
                add_grid();
            } else if (PIECES[i].group != OWN) {
                add_settings(PIECES[i].group);
            }
        }
    }
    *count = option_count;
    return options;
}

bool args_setting(const Args *args, size_t index, const MtsSetting *row, double *value)
{
    const ArgValue *given = &args->settings[index];
    const Option option = {.kind = TAKES[row->kind].kind, .offset = AT(settings) + index * sizeof(ArgValue)};
    bool there = options_given(&option, args);
    switch (option.kind) {
    case OPTION_REAL:
        *value = given->real;
        return there;
    case OPTION_SIZE:
        *value = (double)given->size;
        return there;
    case OPTION_FLAG:
        *value = 1;
        return there;
    case OPTION_CHOICE:
        *value = there ? (double)options_choice(row->words ? row->words : "off|on", given->text) : 0;
        return there;
    default:
        return false; /* seeds and methods are more than a number */
    }
}
