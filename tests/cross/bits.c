/* The bits of a model's logits, as one number for each way to compute them: bits FILE.gguf */
#include <stdio.h>

#include <maxts/model.h>

#include "core/hash.h"

enum { TOKENS = 24 };

/* Of all logits after each of some tokens; 0 with a sentence on standard error. */
static uint64_t hash_logits(const char *path, bool exact, MtsError *err)
{
    MtsModel *model = NULL;
    MtsSession *session = NULL;
    MtsModelOptions options = {.exact = exact, .threads = 2};
    MtsSessionOptions session_options = {.threads = 2};
    int32_t tokens[TOKENS];
    MtsExtend item = {.tokens = tokens, .count = TOKENS, .wanted = MTS_LOGITS_ALL};
    uint64_t hash = 0;
    if (mts_model_open(&model, path, &options, err) || mts_session_new(&session, model, &session_options, err)) {
        goto done;
    }
    MtsModelInfo info;
    mts_model_info(model, &info);
    for (size_t i = 0; i < TOKENS; i++) {
        tokens[i] = (int32_t)((7 + 31 * i) % info.vocab);
    }
    if (mts_session_extend(session, &item, 1, err)) {
        goto done;
    }
    hash = MTS_HASH_BEGIN;
    for (size_t i = 0; i < TOKENS; i++) {
        const float *logits = mts_session_logits(session, item.logits_row + i);
        for (size_t v = 0; v < info.vocab; v++) {
            double x = (double)logits[v];
            hash = mts_hash_doubles(hash, &x, 1);
        }
    }
    mts_branch_release(&item.branch);
done:
    mts_session_free(&session);
    mts_model_free(&model);
    return hash;
}

int main(int argc, char **argv)
{
    MtsError err = {0};
    for (int i = 1; i < argc; i++) {
        for (int exact = 0; exact < 2; exact++) {
            uint64_t hash = hash_logits(argv[i], exact, &err);
            if (!hash) {
                fprintf(stderr, "bits: %s\n", err.text);
                return 1;
            }
            printf("%016llx\n", (unsigned long long)hash);
        }
    }
    return 0;
}
