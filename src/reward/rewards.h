/* reward/rewards.h - the rewards there are: name, maker, which file an argument names (NULL: none), source. What else
 * knows their names is made from this table: the room's list of sources (meson.build), the sentence about an unknown
 * name, and the check of docs/rewards.md. */
#ifndef MTS_REWARD_REWARDS_H
#define MTS_REWARD_REWARDS_H

#include "reward/term.h"

/* clang-format off */
#define MTS_REWARDS(X) \
    X("spectral", mts_reward_spectral, NULL, "spectral.c") \
    X("forecast", mts_reward_forecast, NULL, "forecast.c") \
    X("regex", mts_reward_regex, NULL, "regex.c") \
    X("length", mts_reward_length, NULL, "simple.c") \
    X("logprob", mts_reward_logprob, NULL, "simple.c") \
    X("command", mts_reward_command, mts_reward_log, "command.c") \
    X("claims", mts_reward_claims, NULL, "claims_term.c") \
    X("option", mts_reward_option, NULL, "options_term.c") \
    X("class-spectral", mts_reward_class_spectral, mts_reward_first, "options_term.c") \
    X("choose", mts_reward_choose, NULL, "model_term.c") \
    X("judge", mts_reward_judge, NULL, "model_term.c") \
    X("evidence", mts_reward_evidence, mts_reward_first, "evidence_term.c")
/* clang-format on */

#define MTS_REWARD_DECLARE(name, make, file, source) MtsRewardMake make;
MTS_REWARDS(MTS_REWARD_DECLARE)

/* command: what follows log=. */
MtsRewardNames mts_reward_log;
/* command: the words of the program's line. */
bool mts_reward_program_words(const char *argument, size_t size,
                              bool (*take)(void *context, const char *word, size_t size), void *context);

/* Calls take(context, path, size, written) with each file that a specification names, in their order, until it returns
 * false; false then. Where the specification is wrong, with those of its terms that can be read. */
bool mts_reward_each_file(const char *spec, bool (*take)(void *context, const char *path, size_t size, bool written),
                          void *context);

/* Calls take(context, word, size) with each word of the command lines in a specification, any of which may be a file
 * that a program is or reads, until it returns false; false then. */
bool mts_reward_each_word(const char *spec, bool (*take)(void *context, const char *word, size_t size), void *context);

/* How many terms a specification is read as. */
size_t mts_reward_count(const char *spec);
/* Whether a place in a specification is in the argument of a reward that takes texts as they are: not of a program,
 * whose argument a shell reads. */
bool mts_reward_takes_text(const char *spec, const char *place);

#endif
