/* results/fields.h - what the members of a journal's lines and of their summary are called, and how one is read.
 *
 * eval/ writes them, the rest of results/ and report/ read them; docs/stages.md says what each means. A name stands
 * here and nowhere else. Journals come from anywhere: every getter takes any JSON value, NULL too. */
#ifndef MTS_RESULTS_FIELDS_H
#define MTS_RESULTS_FIELDS_H

#include <stdbool.h>

#include "core/json.h"

/* Members of a head (the first line) and of a record alike. */
#define MTS_F_STAGE "stage"
#define MTS_F_METHOD "method"
#define MTS_F_VARIANT "variant"
#define MTS_F_GROUP "group"
#define MTS_F_SEED "seed"
#define MTS_F_REWARD "reward"
#define MTS_F_CONSTRAINT "constraint"
#define MTS_F_SAMPLES "samples"

/* Of a head. */
#define MTS_F_MAXTS "maxts"
#define MTS_F_VERSION "version"
#define MTS_F_MODEL "model"
#define MTS_F_FILE "file"
#define MTS_F_NAME "name"
#define MTS_F_HASH "hash"
#define MTS_F_DATA "data"
#define MTS_F_FILES "files"
#define MTS_F_METHODS "methods"
#define MTS_F_SETTINGS "settings"
#define MTS_F_RUNS "runs"
#define MTS_F_SEEDS "seeds"
#define MTS_F_TARGET "target"
#define MTS_F_SHARD "shard"
#define MTS_F_PASS "pass"
#define MTS_F_EXPERIMENT "experiment"
#define MTS_F_PRESET "preset"
#define MTS_F_SEEDED "seeded"

/* Of a run in the head, and of a record: its settings. */
#define MTS_F_LAMBDA "lambda"
#define MTS_F_ROLLOUTS "rollouts"
#define MTS_F_MAX_TOKENS "max_tokens"
#define MTS_F_TEMPERATURE "temperature"
#define MTS_F_EXPANSION "expansion"
#define MTS_F_IN_FLIGHT "in_flight"
#define MTS_F_END_STOP "end_stop"
#define MTS_F_KV_CACHE "kv_cache"

/* Of a record. */
#define MTS_F_KEY "key"
#define MTS_F_SAMPLE "sample"
#define MTS_F_ROLLOUTS_DONE "rollouts_done"
#define MTS_F_NFE "nfe"
#define MTS_F_REWARD_CALLS "reward_calls"
#define MTS_F_PROMPT_TOKENS "prompt_tokens"
#define MTS_F_DECODE_TOKENS "decode_tokens"
#define MTS_F_RECOMPUTED "recomputed"
#define MTS_F_SECONDS "seconds"
#define MTS_F_PREFILL_SECONDS "prefill_seconds"
#define MTS_F_BEST_REWARD "best_reward"
#define MTS_F_MEAN_REWARD "mean_reward"
#define MTS_F_EXPECTED_REWARD "expected_reward"
#define MTS_F_LOG_Z "log_z"
#define MTS_F_LOG_Z_SE "log_z_se"
#define MTS_F_STOP_REASON "stop_reason"
#define MTS_F_ANSWER "answer"
#define MTS_F_ANSWER_RULE "answer_rule"
#define MTS_F_TRUTH "truth"
#define MTS_F_CORRECT "correct"
#define MTS_F_SCORES "scores"
#define MTS_F_PERPLEXITY "perplexity"
#define MTS_F_LENGTH "length"
#define MTS_F_DISTINCT_1 "distinct_1"
#define MTS_F_DISTINCT_2 "distinct_2"
#define MTS_F_TREE "tree"
#define MTS_F_SERIES "series"
#define MTS_F_OUTPUT "output"
#define MTS_F_EXPLAIN "explain"
#define MTS_F_LESSON "lesson"

/* Of its tree. */
#define MTS_F_NODES "nodes"
#define MTS_F_MAX_DEPTH "max_depth"
#define MTS_F_BRANCHING "branching"

/* Of a channel of its series: name, and. */
#define MTS_F_VALUES "values"

/* Of a node in explain: reward, and. */
#define MTS_F_DEPTH "depth"
#define MTS_F_TOKEN "token"
#define MTS_F_LOGP "logp"
#define MTS_F_VALUE "value"
#define MTS_F_POLICY "policy"
#define MTS_F_VISITS "visits"
#define MTS_F_FINISHED "finished"

/* Of its scores: classes. */
#define MTS_F_LABEL "label"
#define MTS_F_PREDICTED "predicted"
#define MTS_F_PREDICTED_BEST "predicted_best"
#define MTS_F_SHARE "share"
#define MTS_F_WELL_FORMED "well_formed"

/* Captions. */
#define MTS_F_CLAIMS "claims"
#define MTS_F_CLAIMS_TRUE "claims_true"
#define MTS_F_CLAIMS_FALSE "claims_false"
#define MTS_F_CLAIMS_SHARE "claims_share"

/* Forecasts: well_formed, and. */
#define MTS_F_SMAPE "smape"
#define MTS_F_MASE "mase"
#define MTS_F_CRPS "crps"
#define MTS_F_CRPS_SCALED "crps_scaled"
#define MTS_F_SPECTRAL "spectral"
#define MTS_F_SMAPE_BEST "smape_best"
#define MTS_F_MASE_BEST "mase_best"
#define MTS_F_SMAPE_EQUAL "smape_equal"
#define MTS_F_MASE_EQUAL "mase_equal"

/* Tables: expected_reward, and. */
#define MTS_F_LOG_Z_ERROR "log_z_error"
#define MTS_F_VALUE_ERROR "value_error"
#define MTS_F_TV "tv"

/* Of a summary, of its rows, and of an interval. */
#define MTS_F_RECORDS "records"
#define MTS_F_EXPECTED "expected"
#define MTS_F_ROWS "rows"
#define MTS_F_ACCURACY "accuracy"
#define MTS_F_MACRO_F1 "macro_f1"
#define MTS_F_KAPPA "kappa"
#define MTS_F_MISSING "missing"
#define MTS_F_CLAIMS_TRUE_SHARE "claims_true_share"
#define MTS_F_CONSISTENCY "consistency"
#define MTS_F_TOTAL_SECONDS "total_seconds"
#define MTS_F_MEAN "mean"
#define MTS_F_LOW "low"
#define MTS_F_HIGH "high"
#define MTS_F_N "n"

/* Of a difference between rows, and of a row of optimisations: seconds, samples, and. */
#define MTS_F_DIFFERENCE "difference"
#define MTS_F_P "p"
#define MTS_F_OPTIMISATION "optimisation"
#define MTS_F_TIMES_FASTER "times_faster"
#define MTS_F_POSITIONS "positions"
#define MTS_F_SCALED "scaled"

/* The member's text, "" where there is none; its number, NaN where there is none. */
const char *mts_field_text(const json_t *object, const char *name);
double mts_field_number(const json_t *object, const char *name);

/* Whether all of a list are numbers; an empty one's are. False for what is no list. */
bool mts_all_numbers(const json_t *list);

/* Whether two objects (records, rows, runs of a head) are of one method and variant. */
bool mts_same_variant(const json_t *a, const json_t *b);

/* "sample|method|variant|seed", malloc'ed: what a record is known by. NULL when memory ran out. */
char *mts_record_key(const char *sample, const char *method, const char *variant, unsigned long long seed);

#endif
