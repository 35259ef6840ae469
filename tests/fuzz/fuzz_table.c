/* libFuzzer target: any bytes as a table (the first two choose the search) through its exact values and a search. */
#include <maxts/table.h>

#include "fuzz.h"

static uint64_t search_table(const MtsTable *table, uint8_t method, uint8_t how, MtsError *err)
{
    MtsSearchModel model;
    MtsSearchReward reward;
    MtsSearchSettings settings;
    MtsSearchResult *result = NULL;
    mts_table_model(table, &model);
    mts_table_reward(table, &reward);
    mts_search_defaults(&settings);
    settings.method = method % MTS_METHOD_COUNT;
    settings.rollouts = 1 + how % 8;
    settings.in_flight = 1 + how / 8 % 4;
    settings.complete_sample = how & 64;
    settings.keep_tree = how & 128;
    int rc = mts_search(&model, &reward, &settings, NULL, &result, err);
    if (rc) {
        fuzz_require(!result, "no result of a search that failed");
        return fuzz_refused(rc, err);
    }
    uint64_t hash = fuzz_hash(FUZZ_HASH, &result->log_z, sizeof result->log_z);
    fuzz_require(result->answer_count > 0, "a search that ended well has an answer");
    for (size_t i = 0; i < result->answer_count; i++) {
        const MtsAnswer *answer = &result->answers[i];
        hash = fuzz_hash(hash, answer->tokens, answer->count * sizeof *answer->tokens);
        hash = fuzz_hash(hash, &answer->probability, sizeof answer->probability);
    }
    mts_search_result_free(&result);
    return hash;
}

static uint64_t run(const uint8_t *data, size_t size)
{
    MtsTable *table = NULL;
    MtsTableInfo info;
    MtsTableExact exact;
    MtsError err = {0};
    int rc = size < 2 ? -1 : mts_table_parse(&table, "table", (const char *)data + 2, size - 2, &err);
    if (rc) {
        fuzz_require(!table, "no table where it was refused");
        return size < 2 ? 0 : fuzz_refused(rc, &err);
    }
    mts_table_info(table, &info);
    fuzz_require(info.texts > 0 && info.prefixes > 0, "a table has a text and a prefix");
    rc = mts_table_exact(table, 1, &exact, &err);
    uint64_t hash = rc ? fuzz_refused(rc, &err) : fuzz_hash(FUZZ_HASH, &exact, sizeof exact);
    uint64_t found = rc == MTS_ENOMEM ? 0 : search_table(table, data[0], data[1], &err);
    mts_table_free(&table);
    return rc == MTS_ENOMEM || found == 0 ? 0 : hash ^ found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}
