// A C++ program on the shared library: the headers compile, the names are C's, structs go across.
#include <cstdio>
#include <cstring>

#include <maxts/maxts.h>

namespace {

const char TABLE[] = "{\"vocab_size\": 2, \"max_tokens\": 1, \"eos\": null, \"prior\": {\"\": [0.5, 0.5]},"
                     " \"reward\": {\"0\": 0, \"1\": 1}}";

int search(MtsError *err) {
    MtsTable *table = nullptr;
    MtsSearchModel model;
    MtsSearchReward reward;
    MtsSearchSettings settings;
    MtsSearchResult *result = nullptr;
    int rc = mts_table_parse(&table, "table", TABLE, sizeof TABLE - 1, err);
    if (rc) {
        return rc;
    }
    mts_table_model(table, &model);
    mts_table_reward(table, &reward);
    mts_search_defaults(&settings);
    rc = mts_search(&model, &reward, &settings, nullptr, &result, err);
    if (!rc && (result->answer_count != 2 || result->answers[result->best].tokens[0] != 1)) {
        std::snprintf(err->text, sizeof err->text, "the search did not find token 1");
        rc = -1;
    }
    mts_search_result_free(&result);
    mts_table_free(&table);
    return rc;
}

} // namespace

int main() {
    MtsError err = {0, ""};
    int major = -1, minor = -1, patch = -1;
    if (std::strcmp(mts_version(&major, &minor, &patch), MTS_VERSION) != 0 || major != MTS_VERSION_MAJOR ||
        minor != MTS_VERSION_MINOR || patch != MTS_VERSION_PATCH || mts_version(nullptr, nullptr, nullptr) == nullptr) {
        std::puts("the library's version is not that of its headers");
        return 1;
    }
#if !MTS_VERSION_AT_LEAST(0, 1, 0) || !MTS_VERSION_AT_LEAST(0, 0, 9) || MTS_VERSION_AT_LEAST(1000, 0, 0)
#error MTS_VERSION_AT_LEAST
#endif
    if (search(&err)) {
        std::puts(err.text);
        return 1;
    }
    std::printf("maxts %s from C++\n", MTS_VERSION);
    return 0;
}
