/* maxts/reward.h - a candidate text to a number. Built from the prompt and the input series only: no reward
 * ever sees a reference answer. */
#ifndef MAXTS_REWARD_H
#define MAXTS_REWARD_H

#include <stdbool.h>
#include <stddef.h>

#include <maxts/api.h>
#include <maxts/error.h>
#include <maxts/series.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MtsReward MtsReward; /* score calls may run on several threads at once */

/* What a reward may ask of the model that is searched; one call at a time. */
typedef struct MtsRewardModel {
    void *context;
    /* logp[count] = log p(option, and then the end | prompt), nats, as mts_engine_choose() has it. */
    int (*choose)(void *context, const char *const *options, size_t count, double *logp, MtsError *err);
    /* log p(yes) - log p(no) where the question follows the prompt and the answer, a text [size]. */
    int (*judge)(void *context, const char *question, const char *text, size_t size, double *odds, MtsError *err);
} MtsRewardModel;

/* What rewards read from files, parsed once for all rewards that are made with it, one at a time. A file that changes
 * meanwhile is not read again. */
typedef struct MtsRewardFiles MtsRewardFiles;

MTS_API int mts_reward_files_new(MtsRewardFiles **files, MtsError *err);
/* After the last reward that was made with it. */
MTS_API void mts_reward_files_free(MtsRewardFiles **files);

/* What a reward may know. All borrowed for the life of the reward; prompt is UTF-8. */
typedef struct MtsRewardInput {
    const char *prompt;
    const MtsSeries *series;     /* NULL: none; rewards that need one are then MTS_EREQUEST */
    const MtsRewardModel *model; /* NULL: none; likewise */
    MtsRewardFiles *files;       /* NULL: the reward reads files for itself */
} MtsRewardInput;

/* spec: "NAME", "NAME:ARGUMENT", or several with weights: "0.7*spectral:wasserstein + 0.3*length:200".
 * docs/rewards.md gives each name's formula, range, argument and default. */
MTS_API int mts_reward_new(MtsReward **reward, const char *spec, const MtsRewardInput *input, MtsError *err);
MTS_API void mts_reward_free(MtsReward **reward);

/* Whether it can be asked about unfinished texts: `finished` false, below. */
MTS_API bool mts_reward_scores_prefixes(const MtsReward *reward);

/* Whether the value of a prefix is that of the best text it can become, so that a walk by it alone leads there. */
MTS_API bool mts_reward_bounds(const MtsReward *reward);

/* True where calls are worth running on threads of their own (a program that waits, say). */
MTS_API bool mts_reward_is_slow(const MtsReward *reward);

/* True where a score asks the model: then one score at a time. */
MTS_API bool mts_reward_asks_model(const MtsReward *reward);

/* text [size]: the answer alone, without the prompt. logp: log p(text | prompt), tokens: its length in tokens.
 * MTS_EREWARD with a sentence naming the reward when it fails, hangs, or has no finite value. */
MTS_API int mts_reward_score(const MtsReward *reward, const char *text, size_t size, double logp, size_t tokens,
                             bool finished, double *value, MtsError *err);

/* After the last score and before the values are used: a program that is asked (command:) may have written a line too
 * many, so that its answers were those to other questions. MTS_EREWARD with a sentence then. No score may be under way;
 * later ones start anew. */
MTS_API int mts_reward_finish(MtsReward *reward, MtsError *err);

#ifdef __cplusplus
}
#endif
#endif
