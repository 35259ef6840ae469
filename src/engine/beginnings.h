/* engine/beginnings.h - what prompts share, held in one session (maxts/engine.h has the rest). */
#ifndef MTS_ENGINE_BEGINNINGS_H
#define MTS_ENGINE_BEGINNINGS_H

#include <maxts/engine.h>

#include "core/error.h"

/* A beginning that two prompts or more have. */
typedef struct MtsBeginning {
    const int32_t *tokens; /* [length] of one of them */
    size_t length;
    MtsBranch *branch; /* NULL: not evaluated yet */
    MtsScored *scored; /* its tokens' scores, all but what follows the last; NULL: not scored */
} MtsBeginning;

struct MtsBeginnings {
    const MtsEngine *engine;
    MtsSession *session;
    size_t kv_tokens;   /* of its ring */
    MtsTokens *prompts; /* [prompt_count] in order */
    size_t prompt_count;
    MtsBeginning *all; /* [count] the shorter ones first */
    size_t count, cap;
};

enum { MTS_RING_SLACK = 64 }; /* tokens: a page or two of the KV ring that each text leaves partly empty */

/* The capacity of a ring for a prompt and `texts` answers of up to max_tokens: the prompt once and every text that may
 * be alive, as far as the engine's options or 512 MiB reach, but never less than one whole text. */
size_t mts_ring_tokens(const MtsEngine *engine, size_t prompt, size_t max_tokens, size_t texts);

/* The next beginning of a prompt behind the one of length `from`, shorter than the prompt; NULL: there is none. */
MtsBeginning *mts_beginnings_next(MtsBeginnings *beginnings, const int32_t *tokens, size_t count, size_t from);

/* Evaluates what prompts share of this one: *branch (borrowed, NULL: nothing) holds its first *length tokens. */
int mts_beginnings_evaluate(MtsBeginnings *beginnings, const int32_t *tokens, size_t count, MtsBranch **branch,
                            size_t *length, MtsError *err);

#endif
