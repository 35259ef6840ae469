/* cli/story.h - a trace (docs/trace.md) as a story: what each rollout drew, and what the search knew when it was home.
 */
#ifndef MTS_CLI_STORY_H
#define MTS_CLI_STORY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/json.h"

typedef struct StoryStep {
    int32_t token;
    double logp, log_q; /* of the token: prior, proposal */
    bool known;         /* it was in the tree */
} StoryStep;

typedef struct StoryNode { /* what the method knows of a node on the way; NaN: nothing */
    double log_k, log_u, unknown;
} StoryNode;

typedef struct StoryRollout {
    size_t index;
    StoryStep *steps; /* [count] */
    size_t count, cap;
    StoryNode *path; /* [path_count]: the root's first */
    size_t path_count;
    double reward, log_z_rollout, log_z, log_z_se, best_reward;
    double log_w; /* the root's W, from which the policy comes; NaN: the method has none */
    uint64_t nfe;
    bool home; /* it was backed up */
} StoryRollout;

typedef struct Story {
    char *method, *reason;
    double lambda;
    double log_z_exact;     /* NaN: not known */
    StoryRollout *rollouts; /* [count] in the order in which they were backed up */
    size_t count, cap;
    double *log_w; /* [w_count] of the rollouts as they came home */
    size_t w_count, w_cap, home;
} Story;

/* Confirms the trace (mts_replay()), of so many lines, and reads it. Release with story_free(), also on failure. */
int story_read(Story *story, const char *path, size_t *lines, MtsError *err);
void story_free(Story *story);

/* K, u of the root after a rollout, log; NaN where the method knows none. */
StoryNode story_root(const StoryRollout *rollout);

#endif
