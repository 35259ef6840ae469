/* tests/fuzz/small_search.h - a table of three tokens, a reward, and a search of every kind on them. */
#ifndef MTS_TESTS_FUZZ_SMALL_SEARCH_H
#define MTS_TESTS_FUZZ_SMALL_SEARCH_H

#include <stdio.h>
#include <string.h>

#include <maxts/table.h>

#include "fuzz.h"

/* Every method, with a reward of whole texts and with one of prefixes. */
enum { SMALL_KINDS = 2 * MTS_METHOD_COUNT };

#define ROW "[0.2,0.5,0.3]"

static const char small_table[] =
    "{\"vocab_size\":3,\"max_tokens\":3,\"eos\":0,\"prior\":{\"\":" ROW ",\"1\":" ROW ",\"2\":" ROW ",\"1,1\":" ROW
    ",\"1,2\":" ROW ",\"2,1\":" ROW ",\"2,2\":" ROW "},\"reward\":{\"0\":0,\"1,0\":0,\"2,0\":0,"
    "\"1,1,0\":0,\"1,1,1\":0,\"1,1,2\":0,\"1,2,0\":0,\"1,2,1\":0,\"1,2,2\":0,"
    "\"2,1,0\":0,\"2,1,1\":0,\"2,1,2\":0,\"2,2,0\":0,\"2,2,1\":0,\"2,2,2\":0}}";

/* The share of token 1. */
static inline int small_score(void *context, const MtsCandidate *candidate, double *value, MtsError *err)
{
    double ones = 0;
    (void)context;
    (void)err;
    for (size_t i = 0; i < candidate->count; i++) {
        ones += candidate->tokens[i] == 1;
    }
    *value = candidate->count ? ones / (double)candidate->count : 0;
    return 0;
}

static inline void small_settings(MtsSearchSettings *settings, int kind)
{
    mts_search_defaults(settings);
    settings->method = (MtsMethod)(kind % MTS_METHOD_COUNT);
    settings->rollouts = 6;
    settings->in_flight = 2;
}

/* *hash, unless NULL, goes on over the result. */
static inline int small_search(const MtsSearchSettings *settings, int kind, uint64_t *hash, MtsError *err)
{
    static MtsTable *table;
    MtsSearchModel model;
    MtsSearchResult *result = NULL;
    const MtsSearchReward reward = {.prefixes = kind >= MTS_METHOD_COUNT, .score = small_score};
    int rc = table ? 0 : mts_table_parse(&table, "small", small_table, strlen(small_table), err);
    if (rc) {
        return rc;
    }
    mts_table_model(table, &model);
    if (!(rc = mts_search(&model, &reward, settings, NULL, &result, err)) && hash) {
        *hash = fuzz_hash(*hash, &result->log_z, sizeof result->log_z);
        for (size_t i = 0; i < result->answer_count; i++) {
            const MtsAnswer *answer = &result->answers[i];
            *hash = fuzz_hash(*hash, answer->tokens, answer->count * sizeof *answer->tokens);
            *hash = fuzz_hash(*hash, &answer->probability, sizeof answer->probability);
        }
    }
    mts_search_result_free(&result);
    return rc;
}

#undef ROW
#endif
