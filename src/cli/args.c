/* cli/args.c - the options of every command. */
#include "cli/args.h"

#define AT(field) offsetof(Args, field)

enum {
    USES_MODEL = CMD_INSPECT | CMD_TOKENIZE | CMD_SCORE | CMD_GENERATE | CMD_SEARCH | CMD_VERIFY | CMD_BENCH | CMD_EVAL,
    ALL = USES_MODEL | CMD_REPLAY | CMD_REPORT,
    RUNS_MODEL = CMD_SCORE | CMD_GENERATE | CMD_SEARCH | CMD_BENCH | CMD_EVAL,
    TAKES_TEXT = CMD_TOKENIZE | CMD_SCORE | CMD_GENERATE | CMD_SEARCH,
    ANSWERS = CMD_GENERATE | CMD_SEARCH,
    SEARCHES = CMD_SEARCH | CMD_VERIFY,
    TUNES = SEARCHES | CMD_EVAL
};

#define HEADING(commands, text) {OPTION_HEADING, 0, text, commands, 0, NULL, 0, 0, NULL, NULL}
#define FLAG(letter, name, commands, field, help)                                                                      \
    {OPTION_FLAG, letter, name, commands, AT(field), NULL, 0, 0, help, NULL}
#define TEXT(letter, name, commands, field, value, help, fallback)                                                     \
    {OPTION_TEXT, letter, name, commands, AT(field), value, 0, 0, help, fallback}
#define CHOICE(name, commands, field, words, help, fallback)                                                           \
    {OPTION_CHOICE, 0, name, commands, AT(field), words, 0, 0, help, fallback}
#define SIZE(letter, name, commands, field, min, max, help, fallback)                                                  \
    {OPTION_SIZE, letter, name, commands, AT(field), "N", min, max, help, fallback}
#define REAL(name, commands, field, min, max, help, fallback)                                                          \
    {OPTION_REAL, 0, name, commands, AT(field), "X", min, max, help, fallback}

const Option ARGS_OPTIONS[] = {
    HEADING(USES_MODEL, "Model and machine"),
    TEXT('m', "model", USES_MODEL, model, "FILE", "the model: a GGUF file, or a table of exact probabilities (JSON)",
         NULL),
    SIZE(0, "threads", RUNS_MODEL, threads, 1, 1024, "threads of the forward pass", "all processors"),
    TEXT(0, "cpu-mask", RUNS_MODEL, cpu_mask, "LIST",
         "processor features to do without, joined by commas: avx512vnni, avx512, avxvnni, avx2, amx, i8mm, dotprod, "
         "neon; or scalar for all",
         "the environment's MAXTS_CPU_MASK"),
    CHOICE("matmul", RUNS_MODEL, matmul, "auto|int8|blas",
           "matrix products: blas is OpenBLAS in fp32, whose bits may change with batch and threads", "auto"),
    FLAG(0, "exact", RUNS_MODEL, exact, "fp32 activations and fp32 keys and values instead of int8 and fp16"),
    CHOICE("kv-cache", CMD_SEARCH | CMD_EVAL, kv_cache, "on|off",
           "off: every position evaluates its whole text again, prompt included, to the same result", "on"),
    SIZE(0, "kv", ANSWERS | CMD_EVAL, kv_tokens, 64, 1e9, "capacity of the KV ring over all branches, in tokens",
         "what the request needs, at most 65536"),

    HEADING(TAKES_TEXT, "Text in (standard input where neither is given)"),
    TEXT('p', "prompt", TAKES_TEXT, prompt, "TEXT", "the prompt itself", NULL),
    TEXT(0, "prompt-file", TAKES_TEXT, prompt_file, "FILE", "a file that holds it; - is standard input", NULL),
    TEXT(0, "system", ANSWERS, system, "TEXT", "the chat's system message", "the template's own"),
    FLAG(0, "raw", ANSWERS | CMD_EVAL, raw, "the prompt as it is, without the model's chat template"),
    TEXT(0, "series", ANSWERS, series, "FILE",
         "the input time series; {series} in the prompt becomes its values, and rewards see it", NULL),

    HEADING(ANSWERS | CMD_EVAL, "Answers"),
    SIZE('n', "max-tokens", ANSWERS, max_tokens, 1, 1e6, "longest answer, in tokens", "50, or a table's own"),
    REAL("temperature", ANSWERS, temperature, 0, 100,
         "of the tokens drawn; it never changes the search's target; 0: generate takes the likeliest token",
         "0.8, "
         "tables 1"),
    SIZE(0, "top-k", ANSWERS | CMD_EVAL, top_k, 0, 1e9, "only the k likeliest next tokens; 0: all", "50, tables 0"),
    REAL("top-p", ANSWERS | CMD_EVAL, top_p, 1e-9, 1,
         "only the likeliest next tokens that hold this share of the probability at the temperature", "0.9, tables 1"),
    REAL("min-p", ANSWERS | CMD_EVAL, min_p, 0, 1,
         "only next tokens with at least this share of the likeliest one's "
         "probability at the temperature",
         "0"),
    SIZE(0, "vocab-top", ANSWERS | CMD_EVAL, vocab_top, 1, 1e9,
         "the K likeliest next tokens and no other cut: --top-k K --top-p 1 --min-p 0, unless those are given", NULL),
    CHOICE("end-stop", ANSWERS | CMD_EVAL, end_stop, "on|off", "whether an end token ends the answer", "on"),
    TEXT(0, "constraint", ANSWERS, constraint, "REGEX",
         "only answers that match this regular expression (PCRE2) from their first byte to their last", NULL),
    TEXT(0, "schema", ANSWERS, schema, "FILE", "only answers that are JSON valid under this JSON schema", NULL),
    {OPTION_SEED, 0, "seed", ANSWERS | CMD_VERIFY, AT(seed), "N", 0, 0, "of all that is drawn", "0"},

    HEADING(TUNES, "Search"),
    CHOICE("preset", CMD_SEARCH, preset, "quick|balanced|quality", "rollouts and tokens: 5 of 30, 10 of 50, 20 of 100",
           "balanced"),
    TEXT(0, "method", SEARCHES, method, "WORD",
         "greedy, sample, beam, best-of-n, smc, mcts, dts, dts-star or maxent-ts", "maxent-ts"),
    TEXT(0, "reward", CMD_SEARCH, reward, "SPEC",
         "NAME, NAME:ARGUMENT or a weighted sum of them (docs/rewards.md); a table has its own",
         "spectral with --series, else logprob"),
    REAL("lambda", SEARCHES, lambda, 0, 1e6, "weight of the reward against the model", "1"),
    SIZE(0, "rollouts", SEARCHES, rollouts, 1, 1e7, "finished texts (beams, particles) asked for", "10"),
    SIZE(0, "in-flight", TUNES, in_flight, 1, 1e6,
         "rollouts selected before the first of them is backed up, or that compete in a wave where the reward scores "
         "prefixes; part of the result's definition",
         "the rollouts, at most 16; mcts, dts, dts-star and tables 1; maxent-ts with a reward of prefixes half the "
         "rollouts, at "
         "most 8"),
    SIZE(0, "batch", TUNES, batch, 1, 1e6, "most positions in one forward step; never changes a result", "64"),
    SIZE('k', "expansion", SEARCHES, expansion, 1, 1e6, "children per expansion (mcts, dts)", "3"),
    CHOICE("uct", TUNES, uct, "on|off", "mcts: UCT rather than PUCT", "on"),
    REAL("c-uct", TUNES, c_uct, 0, 1e6, "exploration constant (mcts, dts-star)", "1"),
    REAL("widening-c", TUNES, widening_c, 1e-6, 1e6, "dts-star: fewer than C N^alpha children at N visits", "2"),
    REAL("widening-alpha", TUNES, widening_alpha, 0, 1, "dts-star: the power alpha", "0.8"),
    CHOICE("resampling", TUNES, resampling, "multinomial|stratified|systematic", "smc", "systematic"),
    REAL("ess-threshold", TUNES, ess_threshold, 0, 1, "smc: resample below this share of effective particles", "0.5"),
    REAL("shrinkage", TUNES, shrinkage, 0, 1e6, "maxent-ts: how little of a reward its tokens are taken to explain",
         "3"),
    REAL("exploration", TUNES, exploration, 0, 1,
         "maxent-ts: share of the rollouts that select by prior alone; none in waves", "0.1"),
    SIZE(0, "sweep", TUNES, sweep, 0, 1e6,
         "maxent-ts: finished continuations scored at each position passed; no positions, only rewards",
         "16; 0 where the reward is a program"),
    SIZE(0, "look-ahead", TUNES, look_ahead, 0, 1e6,
         "maxent-ts, smc: likeliest next tokens whose prefixes a reward of prefixes is asked for; no positions",
         "8; 0 where the reward is a program"),

    HEADING(CMD_SEARCH | CMD_EVAL, "When to stop (Ctrl-C stops with what there is so far)"),
    SIZE(0, "nfe", CMD_SEARCH | CMD_EVAL, nfe, 1, 1e12,
         "token positions evaluated after the prompt; eval: of each search, in place of "
         "--rollouts",
         "no limit"),
    REAL("seconds", CMD_SEARCH | CMD_EVAL, seconds, 1e-3, 1e9, "time of the search", "no limit"),
    REAL("log-z-tolerance", CMD_SEARCH | CMD_EVAL, log_z_tolerance, 1e-12, 1e6, "standard error of log Z", "off"),
    REAL("mass-tolerance", CMD_SEARCH | CMD_EVAL, mass_tolerance, 1e-12, 1,
         "how little the leading answer's share may still move", "off"),
    SIZE(0, "min-rollouts", CMD_SEARCH | CMD_EVAL, min_rollouts, 1, 1e7, "before a tolerance may stop it", "4"),

    TEXT(0, "save", CMD_SEARCH, save, "FILE", "a checkpoint that keeps every finished rollout", NULL),
    TEXT(0, "resume", CMD_SEARCH, resume, "FILE",
         "a checkpoint to go on from, to the same result as an uninterrupted search", NULL),

    HEADING(CMD_BENCH, "What to measure (lists are joined by commas)"),
    TEXT(0, "prefill", CMD_BENCH, prefill, "LIST", "lengths of prompts to evaluate, in tokens", "128,512"),
    TEXT(0, "prompt-tokens", CMD_BENCH, prompt_tokens, "LIST", "lengths of the prompts that sequences share, in tokens",
         "434"),
    TEXT(0, "sequences", CMD_BENCH, sequences, "LIST", "how many sequences go on from it at once", "1,4,10,16,32"),

    HEADING(CMD_SEARCH, "What to keep and show"),
    TEXT(0, "trace", CMD_SEARCH, trace, "FILE", "every step as a JSON line; maxts replay recomputes it", NULL),
    FLAG(0, "explain", CMD_SEARCH, explain, "shows the tree: rollouts, p, soft value and policy of each node"),
    FLAG(0, "complete-sample", CMD_SEARCH, complete_sample,
         "maxent-ts: draws `sampled` from all texts, by one more rollout where it falls on an unseen one"),

    HEADING(CMD_EVAL, "Data (docs/stages.md)"),
    TEXT(0, "stage", CMD_EVAL, stage, "WORD", "har, sleep, ecg, tsqa, m4 or forecast; a table is its own", NULL),
    TEXT(0, "data", CMD_EVAL, data, "FILE", "its samples", NULL),
    TEXT(0, "more", CMD_EVAL, more, "FILE", "the hypnogram, the captions, the futures, PTB-XL's folder", NULL),
    TEXT(0, "train", CMD_EVAL, train, "FILE", "labelled series that {train} stands for in the reward", NULL),
    SIZE(0, "samples", CMD_EVAL, samples, 0, 1e9, "how many, the first ones; 0: all", "3, 10 or 50 by the preset"),
    FLAG(0, "spread", CMD_EVAL, spread, "that many evenly over the file, not the first ones"),
    SIZE(0, "points", CMD_EVAL, points, 0, 10000, "most values of a channel that a prompt shows; 0: the stage's own",
         "0"),
    SIZE(0, "context", CMD_EVAL, context, 0, 1e6, "forecast: values that are shown; 0: 72", "0"),
    SIZE(0, "horizon", CMD_EVAL, horizon, 0, 1e6, "forecast: values that are asked for; 0: all that came", "0"),

    HEADING(CMD_EVAL, "Runs (lists are joined by commas; their product is the grid)"),
    TEXT(0, "method", CMD_EVAL, methods, "LIST",
         "greedy, sample, beam, best-of-n, smc, mcts, dts, dts-star, maxent-ts; forecasts also naive, seasonal-naive",
         "maxent-ts"),
    CHOICE("preset", CMD_EVAL, preset, "quick|balanced|quality",
           "rollouts, tokens and samples: 5, 30, 3; 10, 50, 10; 20, 100, 50", "balanced"),
    TEXT(0, "rollouts", CMD_EVAL, rollouts_list, "LIST", "finished texts (beams, particles)", "by the preset"),
    TEXT('n', "max-tokens", CMD_EVAL, max_tokens_list, "LIST", "longest answer, in tokens",
         "by the preset; forecasts what the horizon may need"),
    TEXT(0, "lambda", CMD_EVAL, lambdas, "LIST", "weight of the reward against the model", "1"),
    TEXT(0, "temperature", CMD_EVAL, temperatures, "LIST", "of the tokens drawn", "0.8, tables 1"),
    TEXT('k', "expansion", CMD_EVAL, expansions, "LIST", "children per expansion (mcts, dts)", "3"),
    TEXT(0, "seeds", CMD_EVAL, seeds, "LIST", "seeds and ranges of them: 0..4", "0"),
    TEXT(0, "reward", CMD_EVAL, eval_reward, "SPEC",
         "as in search; {options}, {train}, {horizon}, {season} are the sample's",
         "option (with --train and class-spectral), claims, forecast"),
    TEXT(0, "constraint", CMD_EVAL, eval_constraint, "REGEX",
         "as in search; or the word none, answer (one option), numbers (as many as the horizon)", "forecasts numbers"),
    TEXT(0, "experiment", CMD_EVAL, experiment, "WORD",
         "optimisations, or ablation:rollouts, ablation:lambda, ablation:temperature, ablation:k, ablation:methods",
         NULL),
    SIZE(0, "total-nfe", CMD_EVAL, total_nfe, 1, 1e12,
         "positions for all samples together, most where the answer is least certain", "off"),

    HEADING(CMD_EVAL, "Records"),
    TEXT('o', "out", CMD_EVAL, out, "FILE", "one JSON line a record; the same command goes on where the file ends",
         "the stage's name .jsonl"),
    TEXT(0, "shard", CMD_EVAL, shard, "I/N", "only samples I, I + N, ..., counted from 0", "all"),
    TEXT(0, "merge", CMD_EVAL, merge, "FILE", "joins the files of all shards that are named after it, and runs nothing",
         NULL),
    SIZE(0, "keep-trees", CMD_EVAL, keep_trees, 0, 1e6, "first samples whose records show their trees", "3"),

    HEADING(CMD_REPORT, "What to write (one of them at least)"),
    TEXT('o', "out", CMD_REPORT, out, "FILE", "one HTML page that needs nothing else", NULL),
    TEXT(0, "markdown", CMD_REPORT, markdown, "FILE", "the tables in Markdown", NULL),
    TEXT(0, "latex", CMD_REPORT, latex, "FILE", "the tables in LaTeX, without packages", NULL),
    TEXT(0, "csv", CMD_REPORT, csv, "FILE", "the rows with all digits: mean, bounds and samples of every number", NULL),
    SIZE(0, "samples", CMD_REPORT, samples, 0, 1e9, "most samples that the page shows; 0: all", "0"),

    HEADING(CMD_VERIFY, "Runs"),
    SIZE(0, "runs", CMD_VERIFY, runs, 2, 1e7, "searches with seeds seed, seed + 1, ...", "400"),

    HEADING(ALL, "Output"),
    SIZE(0, "top", CMD_SCORE, top, 0, 1000, "likeliest next tokens listed per position", "8"),
    FLAG(0, "json", ALL, json, "JSON also where standard output is a terminal"),
    FLAG('h', "help", ALL, help, "this text"),
};

const size_t ARGS_OPTION_COUNT = sizeof ARGS_OPTIONS / sizeof ARGS_OPTIONS[0];
