/* libFuzzer target: any bytes as what a reward program writes, a line for each question, as many as there are. */
#include <math.h>
#include <string.h>

#include <maxts/reward.h>

#include "children.h"
#include "fuzz.h"

enum { MOST_QUESTIONS = 64 };

static uint64_t ask_all(MtsReward *reward, size_t questions, MtsError *err)
{
    uint64_t hash = FUZZ_HASH;
    int rc = 0;
    for (size_t i = 0; i < questions; i++) {
        double value = NAN;
        if ((rc = mts_reward_score(reward, "It rises.", 9, -3, 4, true, &value, err))) {
            break;
        }
        fuzz_require(isfinite(value), "a reward is finite");
        hash = fuzz_hash(hash, &value, sizeof value);
    }
    if (rc || (rc = mts_reward_finish(reward, err))) {
        return fuzz_refused(rc, err);
    }
    return hash;
}

static uint64_t run(const uint8_t *data, size_t size)
{
    size_t questions = 0;
    for (const uint8_t *at = data; size && (at = memchr(at, '\n', size - (size_t)(at - data))); at++) {
        questions++;
    }
    if (questions > MOST_QUESTIONS) {
        return 0;
    }
    MtsReward *reward = NULL;
    MtsRewardInput input = {"What rises?", NULL, NULL, NULL};
    MtsError err = {0};
    children_answer(size ? (const char *)data : "", size);
    int rc = mts_reward_new(&reward, "command:program", &input, &err);
    if (rc) {
        return fuzz_refused(rc, &err);
    }
    uint64_t hash = ask_all(reward, questions, &err);
    mts_reward_free(&reward);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int rc = fuzz_input(run, data, size);
    children_answer(NULL, 0);
    return rc;
}
