/* reward/rewards.h - the rewards there are: name, maker, file. What else knows their names is made from this table: the
 * room's list of sources (meson.build), the sentence about an unknown name, and the check of docs/rewards.md. */
#ifndef MTS_REWARD_REWARDS_H
#define MTS_REWARD_REWARDS_H

#include "reward/term.h"

/* clang-format off */
#define MTS_REWARDS(X) \
    X("spectral", mts_reward_spectral, "spectral.c") \
    X("forecast", mts_reward_forecast, "forecast.c") \
    X("regex", mts_reward_regex, "regex.c") \
    X("length", mts_reward_length, "simple.c") \
    X("logprob", mts_reward_logprob, "simple.c") \
    X("command", mts_reward_command, "command.c") \
    X("claims", mts_reward_claims, "claims_term.c") \
    X("option", mts_reward_option, "options_term.c") \
    X("class-spectral", mts_reward_class_spectral, "options_term.c") \
    X("choose", mts_reward_choose, "model_term.c") \
    X("judge", mts_reward_judge, "model_term.c") \
    X("evidence", mts_reward_evidence, "evidence_term.c")
/* clang-format on */

#define MTS_REWARD_DECLARE(name, make, file) MtsRewardMake make;
MTS_REWARDS(MTS_REWARD_DECLARE)

#endif
