/* maxts/engine.h - text in, searched text out.
 *
 * An engine is a model file made ready: a GGUF model with its tokenizer, or a table of exact probabilities
 * (JSON), which is searched by the same calls and is how the algorithm is taught and audited. A table's texts
 * are its token ids written out, "3,1,2".
 *
 * An engine is immutable once open. Each call below makes the session it needs, so calls on one engine may
 * run on several threads at once. What a call hands out through a pointer is the caller's and released with the
 * function beside it, or with free() where it says malloc'ed; on failure it is NULL. What needs the weights or the
 * tokenizer is MTS_EREQUEST of an engine that was opened without them.
 */
#ifndef MAXTS_ENGINE_H
#define MAXTS_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <maxts/api.h>
#include <maxts/constraint.h>
#include <maxts/error.h>
#include <maxts/model.h>
#include <maxts/reward.h>
#include <maxts/search.h>
#include <maxts/series.h>
#include <maxts/table.h>
#include <maxts/tokenizer.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MtsEngine MtsEngine;

typedef enum MtsEngineParts {
    MTS_ENGINE_WHOLE,
    MTS_ENGINE_TEXT,   /* the tokenizer without the weights: for tokens and texts */
    MTS_ENGINE_WEIGHTS /* the weights without the tokenizer: for mts_engine_model(), scores, measurements */
} MtsEngineParts;

typedef struct MtsEngineOptions {
    MtsModelOptions model; /* .threads also runs the sessions */
    size_t kv_tokens;      /* capacity of a session's KV ring, tokens; 0 (default): what the request needs, as far
                              as 512 MiB or one finished text reach */
    MtsEngineParts parts;  /* default MTS_ENGINE_WHOLE */
} MtsEngineOptions;

/* Opens a GGUF file or a table, told apart by content; options may be NULL for the defaults. */
MTS_API int mts_engine_open(MtsEngine **engine, const char *path, const MtsEngineOptions *options, MtsError *err);
MTS_API void mts_engine_free(MtsEngine **engine);

MTS_API bool mts_engine_is_table(const MtsEngine *engine);
MTS_API const char *mts_engine_path(const MtsEngine *engine);
/* All borrowed from the engine. NULL for a GGUF model; NULL for a table, or where it was opened without. */
MTS_API const MtsTable *mts_engine_table(const MtsEngine *engine);
MTS_API const MtsModel *mts_engine_model(const MtsEngine *engine);
MTS_API const MtsTokenizer *mts_engine_tokenizer(const MtsEngine *engine);

/* ---- prompts ---- */

/* The tokens of a text as it stands: special tokens parsed, BOS as the model says; a table's are ids. An empty
 * text, broken UTF-8, or an id outside a table's vocabulary is MTS_EREQUEST. */
MTS_API int mts_engine_tokenize(const MtsEngine *engine, const char *text, size_t size, MtsTokens *tokens,
                                MtsError *err);

/* The tokens of a chat's prompt: mts_chat_tokens() (maxts/tokenizer.h) with the model's tokenizer. */
MTS_API int mts_engine_chat_tokens(const MtsEngine *engine, const MtsChatInput *input, char **text, MtsTokens *tokens,
                                   MtsError *err);

/* The same of a user's message alone; system may be NULL for the template's own. Control tokens in either are text. */
MTS_API int mts_engine_chat(const MtsEngine *engine, const char *system, const char *user, MtsTokens *tokens,
                            MtsError *err);

/* The text with every "{series}" replaced by the values of the series, in the order of time, at most 6 significant
 * digits, joined by ", "; several channels each on a line of their own that begins with their name. malloc'ed.
 * A text that has it while series is NULL is MTS_EREQUEST. */
MTS_API int mts_prompt_fill(const char *text, const MtsSeries *series, char **filled, MtsError *err);

/* A piece of a prompt for a model that has an encoder of series (docs/opentslm.md). */
typedef struct MtsPromptPart {
    const char *text;     /* tokenised on its own, BOS as the model says; or NULL: */
    const double *values; /* [count] a series, normalised as the model learnt to see it */
    size_t count;
    bool special; /* control tokens written out in the text are control tokens; default false: they are text */
} MtsPromptPart;

typedef struct MtsPrompt {
    MtsTokens tokens; /* MTS_ROW_TOKEN where a row stands */
    float *rows;      /* [row_count][width] */
    size_t row_count;
    MtsMedia media; /* owned; what a model of the Flamingo kind looks at. count 0: nothing */
} MtsPrompt;

/* Whether the model has an encoder. */
MTS_API bool mts_engine_reads_series(const MtsEngine *engine);

/* Tokens and embedding rows of parts [part_count] in their order, for MtsRequest.prompt and .prompt_rows. All series
 * are filled up with zeros to whole patches of the longest. MTS_EREQUEST: a model that has no encoder, a series of no
 * values or of more than the encoder reads. Release with mts_prompt_free(), also on failure. */
MTS_API int mts_engine_prompt(const MtsEngine *engine, const MtsPromptPart *parts, size_t part_count, MtsPrompt *prompt,
                              MtsError *err);

/* The same of a text in which every "{series}" stands for a series: for each channel a sentence that names it, its mean
 * and standard deviation, then its rows, of values less the mean over the deviation. Blanks around the place count for
 * nothing. An answer of OpenTSLM is a text of its own, so the prompt ends with a BOS where texts begin with one. */
MTS_API int mts_engine_series_prompt(const MtsEngine *engine, const char *text, const MtsSeries *series,
                                     MtsPrompt *prompt, MtsError *err);
MTS_API void mts_prompt_free(MtsPrompt *prompt);

/* The text of tokens as an answer shows it: no control tokens, a broken character as U+FFFD; malloc'ed. */
MTS_API int mts_engine_text(const MtsEngine *engine, const int32_t *tokens, size_t count, char **text, size_t *size,
                            MtsError *err);

/* What stands in a schema's file, for MtsRequest.constraint; malloc'ed. */
MTS_API int mts_constraint_read_file(const char *path, char **text, MtsError *err);

/* ---- prompts that begin alike ---- */

/* What two or more of a few prompts share, evaluated once for all of them: for calls one after the other, of which one
 * at a time may use it. Answers and scores are the same bits with it and without; what the KV ring held is not. */
typedef struct MtsBeginnings MtsBeginnings;

/* prompts [count], which are copied, of a GGUF model; max_tokens: of the longest answer that will be asked for (0 for
 * scores). Nothing is evaluated yet. */
MTS_API int mts_beginnings_new(MtsBeginnings **beginnings, const MtsEngine *engine, const MtsTokens *prompts,
                               size_t count, size_t max_tokens, MtsError *err);
/* After the last call that used it. */
MTS_API void mts_beginnings_free(MtsBeginnings **beginnings);

/* Positions evaluated so far, of all calls that used it. */
MTS_API uint64_t mts_beginnings_positions(const MtsBeginnings *beginnings);

/* ---- score: how likely a text is ---- */

typedef struct MtsScored {
    size_t count; /* tokens */
    double *nll;  /* [count - 1] -log p(token t + 1 | tokens 0..t), nats; HUGE_VAL where p is 0 */
    size_t top;   /* entries per position, at most the vocabulary */
    int32_t *ids; /* [count][top] the likeliest tokens after position t, descending, ties by ascending id */
    double *logp; /* [count][top] log p of `ids`, nats; where fewer tokens may follow, id -1 and -HUGE_VAL */
    /* Tables only: a table also says what stands before the first token, and may have a reward. */
    double first_nll; /* -log p(token 0) */
    double reward;    /* NaN where the tokens are no finished text */
} MtsScored;

/* Scores tokens [count], 1 to the context, with the `top` likeliest alternatives (0: none) at every position. */
MTS_API int mts_engine_score(const MtsEngine *engine, const int32_t *tokens, size_t count, size_t top,
                             MtsScored **scored, MtsError *err);
/* The same, of tokens that are one of the prompts of `beginnings` or begin like one. */
MTS_API int mts_engine_score_next(const MtsEngine *engine, MtsBeginnings *beginnings, const int32_t *tokens,
                                  size_t count, size_t top, MtsScored **scored, MtsError *err);
MTS_API void mts_scored_free(MtsScored **scored);

/* ---- answers ---- */

/* Which next tokens an answer may use. The kept ones have their own probability at temperature 1; what is cut is
 * simply absent, so a search's target is the conditional of pi* on what is left. First the top_k likeliest, then
 * of those the fewest that hold top_p of their probability at `temperature`, then those with at least min_p
 * times the likeliest one's at `temperature`. The likeliest token always stays. */
typedef struct MtsCut {
    double temperature; /* at which top_p and min_p are judged, > 0 */
    size_t top_k;       /* 0: all */
    double top_p;       /* in (0, 1]; 1: all */
    double min_p;       /* in [0, 1]; 0: all */
} MtsCut;

/* A text as a reward of one's own sees it. */
typedef struct MtsTextCandidate {
    const char *text;      /* [size] UTF-8, the answer alone: no prompt, no end token; a NUL stands behind it. Broken
                              bytes are U+FFFD, and so is a character that the next token would finish */
    size_t size;           /* bytes */
    const int32_t *tokens; /* [count], the end token included where there is one */
    size_t count;
    double logp;   /* log p(tokens | prompt) at temperature 1, nats, <= 0 */
    bool finished; /* false: a prefix, asked of rewards with `prefixes` alone */
} MtsTextCandidate;

/* A reward of one's own: a C function. Everything is borrowed until the call that the request is given to returns. */
typedef struct MtsRewardFunction {
    const char *name; /* not "": what sentences, the result and a checkpoint call it. A checkpoint goes on only with a
                         function of the same name: give it another one whenever it gives other values */
    void *context;    /* handed to score() as it is; may be NULL */
    bool prefixes;    /* score() is asked about unfinished texts too, which guides a search at every token */
    int workers;      /* how many threads may be in score() at once, 0 to 1024. 0: only the thread that searches.
                         Above 0 a call is taken to be slow: it runs on threads of its own beside the forward passes,
                         and an automatic sweep or look_ahead is 0 */
    /* Sets *value to a finite number, or to -HUGE_VAL for a text that shall have no part in the target, and returns 0.
     * Anything else ends the search with MTS_EREWARD and a sentence that names the reward: NaN, +HUGE_VAL, and every
     * other return, for which it may leave a sentence in err->text (err is never NULL). The value must
     * be a function of the candidate alone. */
    int (*score)(void *context, const MtsTextCandidate *candidate, double *value, MtsError *err);
} MtsRewardFunction;

/* Settings of one answer or one search. mts_request_defaults() fills them for this engine. */
typedef struct MtsRequest {
    const int32_t *prompt; /* [prompt_count]; a table takes none and starts at its root */
    size_t prompt_count;
    const float *prompt_rows;     /* [how many MTS_ROW_TOKEN the prompt has][width] embedding rows that stand in it, as
                                     mts_engine_prompt() makes them; NULL (default): none */
    const MtsMedia *prompt_media; /* what the text looks at; NULL (default), or of count 0: nothing */
    size_t max_tokens; /* longest answer, tokens; default 50, or as a table has it, whose texts cannot be cut */
    MtsCut cut;        /* default temperature 0.8, top_k 50, top_p 0.9, min_p 0; tables: 1, 0, 1, 0 */
    bool end_stop;     /* an end token ends the answer; default true. Tables always end at theirs. */
    bool no_cache;     /* every position evaluates its whole text again, prompt included, to the same bits: for
                          measuring what the KV cache brings; default false. Models only. */
    /* [stop_count] UTF-8 of 1 to 256 bytes each: a text is finished with the token that completes one of them, and the
     * answer ends before the first one. Behind that token stands an end token that the model is not asked for, with
     * probability 1. Default none; not with a constraint, not without end_stop. Models only. */
    const char *const *stops;
    size_t stop_count;
    size_t think_tokens;    /* longest thinking span, in tokens; then its closing token follows with probability 1. The
                               answer is what stands behind it: for rewards, constraint, stops and the result. 0
                               (default): no limit, and all is answer. Models whose vocabulary has <think> only */
    const char *constraint; /* what the whole answer must match, as constraint_form says, or NULL (default); the answer
                               is what its tokens spell, byte for byte. Models only. */
    MtsConstraintForm constraint_form; /* default MTS_CONSTRAINT_PATTERN */
    unsigned constraint_options;       /* MTS_CONSTRAINT_..., default 0 */
    const char *constraint_name;       /* what sentences call it: a file's name, or NULL */
    size_t constraint_memory; /* most bytes that it may take, and half as many steps of work to read it, to make
                                 one mask or to go on by one token; beyond it the answer is MTS_ECAPACITY. 0
                                 (default): 512 MiB */
    const char *reward;       /* see maxts/reward.h; NULL (default): "spectral" with a series, else "logprob". Tables
                                 have their own and take none. */
    /* A reward of one's own in place of `reward`, or beside it: where both are set, their sum. NULL (default): none.
     * Tables take none. */
    const MtsRewardFunction *reward_function;
    const char *prompt_text;  /* what rewards see as the prompt; NULL: "" */
    const MtsSeries *series;  /* what rewards see as the input; NULL: none */
    MtsSearchSettings search; /* default in_flight, best_first, sweep, look_ahead, reward_first: automatic
                                 (maxts/search.h), of tables 1, 0.8, 16, 8, 0;
                                 default temperature: automatic, which is the cut's. So cut.temperature alone sets both,
                                 and search.temperature alone the proposal, with the cut and the target as they were */
    const MtsEventSink *sink; /* NULL: none */
    MtsRewardFiles *files;    /* what rewards of several requests read, one after the other; NULL (default): none */
    /* Where the prompt's beginning may have been evaluated; NULL (default): none. Not used with no_cache,
       prompt_rows or prompt_media. */
    MtsBeginnings *beginnings;
} MtsRequest;

MTS_API void mts_request_defaults(const MtsEngine *engine, MtsRequest *request);

/* What its answers are drawn from: "p", or "p cut to top-k 50, top-p 0.9 at temperature 0.8". */
MTS_API void mts_request_target(const MtsEngine *engine, const MtsRequest *request, char *out, size_t size);

/* One answer, written as it grows: write() gets whole UTF-8 characters; a failure of it ends the call. Greedy
 * when `greedy`, else drawn at cut.temperature with search.seed. Rewards play no part. */
typedef struct MtsGenerated {
    int32_t *tokens; /* [count], the end token included where there is one */
    size_t count;
    char *text;              /* [text_size] UTF-8 without the end token; may hold NULs, and one stands behind it */
    size_t text_size;        /* bytes */
    double logp;             /* log p(tokens | prompt) at temperature 1 */
    const char *stop_reason; /* "end", "stop" (a stop string), "length" or "interrupted" */
    double prefill_seconds, decode_seconds;
} MtsGenerated;

MTS_API int mts_engine_generate(const MtsEngine *engine, const MtsRequest *request, bool greedy,
                                int (*write)(void *context, const char *text, size_t size, MtsError *err),
                                void *context, MtsGenerated **generated, MtsError *err);
MTS_API void mts_generated_free(MtsGenerated **generated);

typedef struct MtsTokenisations { /* the runs of tokens found that spell one answer, best first */
    MtsAnswer *ways;              /* [count] as the search had them */
    size_t count;
} MtsTokenisations;

typedef struct MtsTextResult {
    MtsSearchResult *search; /* answers[i] has texts[i]; these are distinct: what several runs of tokens spell is one
                                answer, whose logp, log_weight, probability and policy are their sums */
    MtsTokenisations *tokenisations; /* [search->answer_count] */
    char **texts;       /* [search->answer_count] UTF-8 without the end token; may hold NULs, and one stands
                           behind each */
    size_t *text_sizes; /* [search->answer_count] their bytes */
    char target[192];   /* what the answers are drawn from: "p", or "p cut to ..." */
    char *reward;       /* the reward asked: "length:20", a function's name, "length:20 + NAME" where there are
                           both; "table" for a table's own */
    size_t prompt_tokens;
    double seconds; /* prompt and search */
    double prefill_seconds;
    size_t kv_bytes, kv_pages_peak, kv_page_tokens; /* the ring, the most pages in use at once; 0 for a table */
    uint64_t recomputed; /* positions evaluated again because the KV ring was full or not to be used */
} MtsTextResult;

/* Evaluates the prompt and searches. Among its failures: MTS_EREQUEST, a field of the request is out of its range or a
 * checkpoint is another search's; MTS_EREWARD; MTS_ECONSTRAINT, no text can match; MTS_EINTERRUPTED, stop() was true
 * before there was an answer. */
MTS_API int mts_engine_search(const MtsEngine *engine, const MtsRequest *request, MtsTextResult **result,
                              MtsError *err);
MTS_API void mts_text_result_free(MtsTextResult **result);

/* ---- choose: which of a few texts is the answer? ---- */

typedef struct MtsPosteriorOption {
    double logp;          /* log p(this option, and then the end | prompt), nats, summed over its tokenisations; a lower
                           * bound where some were left; -HUGE_VAL: none was met */
    double probability;   /* its share of what all options have: the posterior, 0 to 1 */
    size_t tokenisations; /* that were met */
} MtsPosteriorOption;

typedef struct MtsPosterior {
    MtsPosteriorOption *options; /* [count] in the order given */
    size_t count;
    size_t best;       /* the likeliest one's index; of equals the first */
    double unexplored; /* share of all probability, 0 to 1, that was left: no posterior is off by more */
    uint64_t nfe;      /* positions evaluated after the prompt */
    double seconds;    /* prompt and options */
    double prefill_seconds;
} MtsPosterior;

/* The posterior of each option [count], NUL-terminated texts, distinct and not empty, under the model's whole
 * distribution at temperature 1. Of the request the prompt counts, and of its search max_nfe and stop; whatever ends
 * it early shows in `unexplored`. tolerance in [0, 1): tokenisations are left out while all of them hold at most that
 * share; 0: none is left out, of which a long option has a great many. A table's options are its texts, "3,1,2".
 * MTS_ECONSTRAINT: no option can be the answer. */
MTS_API int mts_engine_choose(const MtsEngine *engine, const MtsRequest *request, const char *const *options,
                              size_t count, double tolerance, MtsPosterior **posterior, MtsError *err);
MTS_API void mts_posterior_free(MtsPosterior **posterior);

#ifdef __cplusplus
}
#endif
#endif
