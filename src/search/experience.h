/* search/experience.h - what finished searches of one data set teach the next ones: what is still to come behind the
 * last tokens of a prefix. experience.c has the rule; maxts/search.h what the program does with it. */
#ifndef MTS_SEARCH_EXPERIENCE_H
#define MTS_SEARCH_EXPERIENCE_H

#include <maxts/search.h>

#include "core/json.h"
#include "core/mem.h"

enum { MTS_TURN_TOKENS = 3 };
#define MTS_NO_TOKEN (-1) /* before a text's first one */

typedef struct MtsTurn {             /* what prefixes end in */
    int32_t tokens[MTS_TURN_TOKENS]; /* [count], the last one first; 0 beyond */
    uint32_t count;                  /* 1 .. MTS_TURN_TOKENS */
    int64_t n, sum;                  /* of prefixes that end so; of what they were off by, in units of 2^-24 */
} MtsTurn;

/* What is to be expected behind a prefix that ends in `token`, the two before it at last[0], last[1], beyond that of
 * others of its depth, in units of the reward. */
double mts_experience_value(const MtsExperience *experience, int32_t token, const int32_t last[MTS_TURN_TOKENS - 1]);

/* A prefix that ends so was off by that much. false: memory ran out. */
bool mts_experience_add(MtsExperience *experience, int32_t token, const int32_t last[MTS_TURN_TOKENS - 1], double off);

/* Adds a turn's numbers. false: memory ran out. */
bool mts_experience_put(MtsExperience *experience, const MtsTurn *turn);
/* All that another one holds, which may be NULL; what is not there is there afterwards. false: memory ran out. */
bool mts_experience_join(MtsExperience *experience, const MtsExperience *other);

/* Turns in the order in which they were first met. */
size_t mts_experience_count(const MtsExperience *experience);
const MtsTurn *mts_experience_at(const MtsExperience *experience, size_t index);

/* The same number for the same experience, whatever the order in which it was made; 0 for NULL and for none. */
uint64_t mts_experience_mark(const MtsExperience *experience);

/* [[tokens], n, sum] of each turn, as a lesson has them; and one of them. false: memory ran out. */
bool mts_experience_write(const MtsExperience *experience, MtsBytes *out);
/* Takes a lesson in that was written so and read as JSON. */
int mts_experience_learn(MtsExperience *experience, const json_t *lesson, MtsError *err);
/* A turn as it was written; false: it is none. */
bool mts_turn_read(const json_t *tokens, const json_t *n, const json_t *sum, MtsTurn *turn);

#endif
