/* libFuzzer target: any bytes as a reward's specification, up to the first newline, and the text it judges. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <maxts/reward.h>

#include "children.h"
#include "core/mem.h"
#include "fuzz.h"
#include "reward/rewards.h"

enum { LENGTH = 48 };

static double values[LENGTH];
static char channel_name[] = "";
static char *names[] = {channel_name};
static const MtsSeries series = {1, LENGTH, values, names, names, channel_name, 1};

static uint64_t judge(const MtsReward *reward, const char *text, size_t size, MtsError *err)
{
    uint64_t hash = FUZZ_HASH;
    for (int finished = mts_reward_scores_prefixes(reward) ? 0 : 1; finished < 2; finished++) {
        double value = NAN;
        int rc = mts_reward_score(reward, text, size, -12.5, 17, finished, &value, err);
        if (rc == MTS_ENOMEM) {
            return fuzz_refused(rc, err);
        }
        if (rc) {
            fuzz_refused(rc, err);
        } else {
            fuzz_require(isfinite(value), "a reward is finite");
        }
        hash = fuzz_hash(hash, rc ? (const void *)&rc : &value, rc ? sizeof rc : sizeof value);
    }
    return hash;
}

/* No input writes files of its own choice. */
static bool only_reads(void *context, const char *path, size_t path_size, bool written)
{
    (void)context;
    (void)path;
    (void)path_size;
    return !written;
}

static uint64_t run(const uint8_t *data, size_t size)
{
    const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
    size_t spec_size = newline ? (size_t)(newline - data) : size;
    const char *text = (const char *)data + spec_size + (newline != NULL);
    char *spec = mts_strndup((const char *)data, spec_size);
    if (!spec || !mts_reward_each_file(spec, only_reads, NULL)) {
        free(spec);
        return 0;
    }
    MtsReward *reward = NULL;
    MtsRewardInput input = {"What rises? Answer yes or no.\nOptions: (a) yes (b) no", &series, NULL, NULL};
    MtsError err = {0};
    int rc = mts_reward_new(&reward, spec, &input, &err);
    free(spec);
    if (rc) {
        fuzz_require(!reward, "no reward where it was refused");
        return fuzz_refused(rc, &err);
    }
    uint64_t hash = judge(reward, text, size - spec_size - (newline != NULL), &err);
    mts_reward_free(&reward);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int i = 0; i < LENGTH; i++) {
        values[i] = 0.1 * i + sin(i * 0.5);
    }
    children_answer(NULL, 0);
    return fuzz_input(run, data, size);
}
