/* reward/arguments.c - what rewards have in common: their arguments, and the numbers in an answer. */
#include "reward/term.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/number.h"
#include "series/set.h"

static int set_option(const char *reward, MtsRewardOption *o, const char *value, size_t n, MtsError *err)
{
    double v;
    if (!mts_number_parse(value, n, &v) || v < o->min || v > o->max || (o->count && v != floor(v))) {
        return mts_fail(err, MTS_EREQUEST, "reward %s: %s is \"%.*s\", not %s from %g to %g", reward, o->key,
                        (int)(n < 40 ? n : 40), value, o->count ? "a whole number" : "a number", o->min, o->max);
    }
    if (o->given) {
        return mts_fail(err, MTS_EREQUEST, "reward %s: %s is given twice", reward, o->key);
    }
    o->given = true;
    if (o->count) {
        *o->count = (size_t)v;
    } else {
        *o->real = v;
    }
    return MTS_OK;
}

MtsRewardName mts_reward_first(const char *argument, size_t size)
{
    size_t path = 0;
    while (path < size && argument[path] != ',' && argument[path] != '|') {
        path++;
    }
    return (MtsRewardName){path ? argument : NULL, path, false};
}

int mts_reward_options(const char *reward, const char *argument, const char **word, size_t *word_size,
                       MtsRewardOption *options, size_t count, MtsError *err)
{
    *word = "";
    *word_size = 0;
    bool first = true;
    for (const char *at = argument; at && *at; first = false) {
        size_t n = strcspn(at, ",");
        const char *equals = memchr(at, '=', n);
        size_t i = count;
        if (!equals && first) {
            *word = at;
            *word_size = n;
        } else {
            size_t key = equals ? (size_t)(equals - at) : n;
            for (i = 0; i < count && (strlen(options[i].key) != key || memcmp(options[i].key, at, key) != 0); i++) {
            }
            if (i == count || !equals) {
                MtsBytes known = {0};
                for (size_t k = 0; k < count; k++) {
                    mts_bytes_printf(&known, "%s%s=", k ? ", " : "", options[k].key);
                }
                mts_fail(err, MTS_EREQUEST, "reward %s: \"%.*s\" is no setting of it (it has %s)", reward,
                         (int)(n < 60 ? n : 60), at, known.len ? known.data : "none");
                mts_bytes_free(&known);
                return MTS_EREQUEST;
            }
            int rc = set_option(reward, &options[i], equals + 1, n - key - 1, err);
            if (rc) {
                return rc;
            }
        }
        at += n + (at[n] == ',');
    }
    return MTS_OK;
}

int mts_reward_metric(const char *reward, const char *word, size_t word_size, MtsSpectralMetric *metric, MtsError *err)
{
    static const char *const names[] = {"l1", "wasserstein", "kl"};
    size_t m = 0;
    while (word_size && m < 3 && (strlen(names[m]) != word_size || memcmp(names[m], word, word_size) != 0)) {
        m++;
    }
    if (m == 3) {
        return mts_fail(err, MTS_EREQUEST, "reward %s: \"%.*s\" is no metric (l1, wasserstein, kl)", reward,
                        (int)(word_size < 40 ? word_size : 40), word);
    }
    *metric = (MtsSpectralMetric)m;
    return MTS_OK;
}

int mts_reward_numbers(const char *text, size_t size, double **values, size_t *count, MtsError *err)
{
    size_t position = 0, cap = 0;
    MtsNumber number;
    *values = NULL;
    *count = 0;
    if (!mts_grow(values, &cap, 1, sizeof **values)) {
        return mts_fail(err, MTS_ENOMEM, "reward: memory ran out");
    }
    while (mts_number_next(text, size, MTS_NUMBERS_LIST, &position, &number)) {
        if (fabs(number.value) > MTS_SERIES_ABSURD) {
            continue;
        }
        if (!mts_grow(values, &cap, *count + 1, sizeof **values)) {
            free(*values);
            *values = NULL;
            return mts_fail(err, MTS_ENOMEM, "reward: memory ran out after %zu numbers", *count);
        }
        (*values)[(*count)++] = number.value;
    }
    return MTS_OK;
}
