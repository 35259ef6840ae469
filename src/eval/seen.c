/* eval/seen.c - whether what teaches has seen what is asked. */
#include <stdint.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/mem.h"
#include "eval/grid.h"
#include "evidence/trained.h"
#include "series/set.h"

static uint64_t hash_of(const MtsSeries *s)
{
    return mts_hash_doubles(MTS_HASH_BEGIN, s->values, s->channels * s->length);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The first sample that is among hashes [n], which are sorted; MTS_OK where none is. */
static int compare(const MtsEvalPlan *plan, const MtsEvalAsked *a, const uint64_t *hashes, size_t n, MtsError *err)
{
    for (size_t i = 0; i < plan->stage->count; i++) {
        uint64_t own = hash_of(plan->stage->samples[i].series);
        if (bsearch(&own, hashes, n, sizeof *hashes, by_number)) {
            return mts_fail(err, MTS_EREQUEST, "eval: --train: %s holds the very series of sample %s of --data %s",
                            a->train, plan->stage->samples[i].key, a->data);
        }
    }
    return MTS_OK;
}

int mts_eval_check_train(const MtsEvalPlan *plan, const MtsEvalAsked *a, MtsError *err)
{
    MtsSeriesSet set = {0};
    MtsError unread;
    bool trained = false;
    int rc = a->train && plan->stage ? mts_trained_is(a->train, &trained, err) : MTS_OK;
    if (rc || !a->train || !plan->stage || trained) { /* evidence knows each series that it has learnt from */
        return rc;
    }
    rc = mts_set_read(&set, a->train, &unread);
    if (rc == MTS_ENOMEM || rc == MTS_EIO) {
        rc = mts_fail(err, rc, "%s", unread.text);
    } else if (rc) {
        rc = MTS_OK; /* what it is, the reward knows */
    } else {
        uint64_t *hashes = mts_calloc(set.count, sizeof *hashes);
        for (size_t i = 0; hashes && i < set.count; i++) {
            hashes[i] = hash_of(set.item[i]);
        }
        if (hashes && set.count) {
            qsort(hashes, set.count, sizeof *hashes, by_number);
        }
        rc = hashes ? compare(plan, a, hashes, set.count, err) : mts_fail(err, MTS_ENOMEM, "eval: memory ran out");
        free(hashes);
    }
    mts_set_free(&set);
    return rc;
}
