/* engine/scored.c - room for the scores of a text. */
#include <math.h>
#include <stdlib.h>

#include "core/mem.h"
#include "engine/internal.h"

void mts_scored_free(MtsScored **scored)
{
    if (*scored) {
        free((*scored)->nll);
        free((*scored)->ids);
        free((*scored)->logp);
        free(*scored);
        *scored = NULL;
    }
}

int mts_scored_new(MtsScored **out, size_t count, size_t top, MtsError *err)
{
    size_t entries;
    MtsScored *s = mts_calloc(1, sizeof *s);
    if (s && mts_size_mul(count, top, &entries)) {
        s->nll = mts_calloc(count, sizeof *s->nll);
        s->ids = mts_calloc(entries, sizeof *s->ids);
        s->logp = mts_calloc(entries, sizeof *s->logp);
    }
    *out = s;
    if (!s || !s->nll || !s->ids || !s->logp) {
        mts_scored_free(out);
        return mts_fail(err, MTS_ENOMEM, "no memory for the scores of %zu tokens", count);
    }
    s->count = count;
    s->top = top;
    s->first_nll = s->reward = NAN;
    return MTS_OK;
}
