/* engine/internal.h - what an engine holds, and the model side of the search seam. */
#ifndef MTS_ENGINE_INTERNAL_H
#define MTS_ENGINE_INTERNAL_H

#include <maxts/engine.h>
#include <maxts/reward.h>
#include <maxts/table.h>

#include "core/error.h"
#include "constraint/constraint.h"
#include "engine/course.h"
#include "engine/opinion.h"
#include "kernels/kernels.h"

/* Where a series goes in a prompt: as digits (prompt.c) or as rows (series_prompt.c). */
#define MTS_SERIES_PLACE "{series}"

struct MtsEngine {
    char *path;
    MtsModel *model; /* and its tokenizer, or */
    MtsTokenizer *tokenizer;
    struct MtsEncoder *encoder; /* of series, NULL: the model has none */
    MtsTable *table;            /* a table */
    size_t vocab, text_tokens;  /* text_tokens: of its longest text, a prompt included */
    MtsKernels kernels;         /* of the processor as the options mask it */
    int threads;                /* >= 1 */
    bool exact;
    size_t kv_tokens;
    struct MtsTrie *trie; /* of the vocabulary, once a constraint has asked for it (engine/trie.c) */
};

/* ---- lm.c: a GGUF model behind MtsSearchModel ---- */

typedef struct MtsLm MtsLm;

/* A session with the prompt evaluated. constraint may be NULL; it and the rules outlive the lm. `texts`: how many
 * finished texts it should have room for. The cut and the engine are borrowed. A prompt that with max_tokens exceeds
 * the trained context is MTS_EREQUEST. */
int mts_lm_new(MtsLm **lm, const MtsEngine *engine, const MtsRequest *request, MtsConstraint *constraint,
               const MtsRules *rules, size_t texts, MtsError *err);
void mts_lm_free(MtsLm **lm);

/* Its root is the prompt; search and generation run on it. Lives as long as lm. */
const MtsSearchModel *mts_lm_search_model(const MtsLm *lm);
/* From now on only positions that are asked for are evaluated, none ahead of them: for one who knows what he will ask.
 */
void mts_lm_stay_behind(MtsLm *lm);
/* kv_pages_used is the most there ever were. */
void mts_lm_stats(const MtsLm *lm, MtsSessionStats *stats);

/* ---- source.c: either kind of model, opened for a request ---- */

typedef struct MtsSource {
    MtsLm *lm;                 /* NULL for a table */
    MtsConstraint *constraint; /* NULL: none */
    MtsRules rules;
    MtsSearchModel model;
} MtsSource;

/* Checks the request, then makes ready a model whose root is the prompt; `texts` as in mts_lm_new(). */
int mts_source_open(MtsSource *source, const MtsEngine *engine, const MtsRequest *request, size_t texts, MtsError *err);
void mts_source_close(MtsSource *source);

/* The request's constraint, which it has, of a model. */
int mts_source_constraint(MtsConstraint **constraint, const MtsEngine *engine, const MtsRequest *request,
                          MtsError *err);

/* From a state, which it gives back, and its distribution to those after one more token; on failure both stay. */
int mts_source_advance(const MtsSearchModel *model, MtsState **state, MtsDist *dist, int32_t token, MtsError *err);

/* ---- judge.c: a reward on texts behind MtsSearchReward ---- */

typedef struct MtsJudge {
    const MtsEngine *engine;
    MtsOpinion opinion;                /* what a reward may ask the model */
    MtsReward *reward;                 /* NULL where there is but */
    const MtsRewardFunction *function; /* a function; NULL: none */
    MtsRules rules;                    /* what of the tokens is the answer */
    MtsSearchReward search;            /* what search asks; its context is this struct, which must not move */
} MtsJudge;

int mts_judge_open(MtsJudge *judge, const MtsEngine *engine, const MtsRequest *request, MtsError *err);
int mts_judge_finish(MtsJudge *judge, MtsError *err); /* after the last text: mts_reward_finish(), where there is one */
void mts_judge_close(MtsJudge *judge);

/* What the whole reward is called in a result, malloc'ed. */
int mts_judge_name(const MtsEngine *engine, const MtsRequest *request, char **name, MtsError *err);

/* Whether a text of `prompt` tokens and up to `answer` more fits: MTS_EREQUEST with both figures where not. */
int mts_context_check(const MtsEngine *engine, size_t prompt, size_t answer, MtsError *err);

/* Scores of `count` tokens with `top` entries each, all 0. */
int mts_scored_new(MtsScored **scored, size_t count, size_t top, MtsError *err);

/* Whether texts can become tokens: MTS_EREQUEST of a model that was opened without its tokenizer. */
int mts_tokenizer_check(const MtsEngine *engine, MtsError *err);

/* One line (malloc'ed) that names what the result depends on beside request->search: what a checkpoint checks. */
int mts_request_identity(const MtsEngine *engine, const MtsRequest *request, const char *target, char **identity,
                         MtsError *err);

/* Whether the request's reward and constraint can be opened, whatever the prompt. */
int mts_request_try(const MtsEngine *engine, const MtsRequest *request, MtsError *err);

/* The request without the settings that mts_search() checks itself. */
int mts_request_check(const MtsEngine *engine, const MtsRequest *request, MtsError *err);

#endif
