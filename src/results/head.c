/* results/head.c - which records a run has: samples times runs times seeds, every shard's n-th sample its own. */
#include "results/head.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/fields.h"

/* Part `part` of `parts`; a whole run is part 0 of 1. False where the head's shard is none. */
static bool read_shard(const json_t *head, size_t *part, size_t *parts)
{
    const json_t *shard = json_object_get(head, MTS_F_SHARD);
    *part = 0;
    *parts = 1;
    return !json_is_string(shard) || (sscanf(json_string_value(shard), "%zu/%zu", part, parts) == 2 && *part < *parts);
}

size_t mts_results_expected(const json_t *head)
{
    const json_t *runs = json_object_get(head, MTS_F_RUNS);
    size_t samples = json_array_size(json_object_get(head, MTS_F_SAMPLES)), each = 0, part, parts;
    size_t seeds = json_array_size(json_object_get(head, MTS_F_SEEDS));
    for (size_t i = 0; i < json_array_size(runs); i++) {
        each += json_is_false(json_object_get(json_array_get(runs, i), MTS_F_SEEDED)) ? 1 : seeds;
    }
    if (read_shard(head, &part, &parts)) {
        samples = samples > part ? (samples - part - 1) / parts + 1 : 0;
    }
    return samples * each;
}

/* The keys of one run's records of a sample: of the first seed alone where a seed changes nothing. */
static bool add_keys(json_t *keys, const char *sample, const json_t *run, const json_t *seeds)
{
    size_t count = json_is_true(json_object_get(run, MTS_F_SEEDED)) ? json_array_size(seeds) : 1;
    bool ok = true;
    for (size_t k = 0; ok && k < count; k++) {
        char *key = mts_record_key(sample, mts_field_text(run, MTS_F_METHOD), mts_field_text(run, MTS_F_VARIANT),
                                   (unsigned long long)json_integer_value(json_array_get(seeds, k)));
        ok = key && json_array_append_new(keys, json_string(key)) == 0;
        free(key);
    }
    return ok;
}

json_t *mts_results_keys(const json_t *head, MtsError *err)
{
    const json_t *samples = json_object_get(head, MTS_F_SAMPLES), *runs = json_object_get(head, MTS_F_RUNS),
                 *seeds = json_object_get(head, MTS_F_SEEDS), *run;
    size_t part, parts, r;
    if (strcmp(mts_field_text(head, MTS_F_MAXTS), "eval") != 0 || !json_array_size(samples) || !json_array_size(runs) ||
        !json_array_size(seeds) || !read_shard(head, &part, &parts)) {
        mts_fail(err, MTS_EFORMAT, "the first line is no head of an evaluation's run");
        return NULL;
    }
    json_t *keys = json_array();
    bool ok = keys != NULL;
    for (size_t i = part; ok && i < json_array_size(samples); i += parts) {
        const char *sample = json_string_value(json_array_get(samples, i));
        json_array_foreach(runs, r, run)
        {
            ok = ok && add_keys(keys, sample ? sample : "", run, seeds);
        }
    }
    if (!ok) {
        mts_fail(err, MTS_ENOMEM, "memory ran out over a run's keys");
        json_decref(keys);
        return NULL;
    }
    return keys;
}
