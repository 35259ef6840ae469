/* engine/verdict.c - see verdict.h. */
#include "engine/verdict.h"

#include <math.h>

MtsAsks mts_request_asks(const MtsRequest *request)
{
    const MtsMethodOps *ops = mts_method_ops(request->search.method);
    return ops ? ops->asks : MTS_MASKS;
}

/* Whether the constraint lets the candidate be. May be called by several threads at once. */
static int allows(const MtsVerdict *v, const MtsCandidate *candidate, bool *allowed, MtsError *err)
{
    MtsConstraintPlace place = mts_constraint_start(v->constraint);
    size_t count = candidate->count;
    if (candidate->finished && count > 0 && v->model->is_end(v->model->context, candidate->tokens[count - 1])) {
        count--;
    }
    size_t from = mts_rules_answer(v->rules, v->tokenizer, candidate->tokens, count);
    for (size_t i = from; i < count && place != MTS_PLACE_DEAD; i++) {
        int rc = mts_constraint_advance(v->constraint, place, candidate->tokens[i], &place, err);
        if (rc) {
            return rc;
        }
    }
    *allowed = place != MTS_PLACE_DEAD;
    return *allowed && candidate->finished ? mts_constraint_may_end(v->constraint, place, allowed, err) : MTS_OK;
}

static int score(void *context, const MtsCandidate *candidate, double *value, MtsError *err)
{
    const MtsVerdict *v = context;
    bool allowed;
    int rc = allows(v, candidate, &allowed, err);
    if (rc) {
        return rc;
    }
    *value = allowed ? 0 : -HUGE_VAL;
    return allowed && (candidate->finished || v->inner.prefixes)
               ? v->inner.score(v->inner.context, candidate, value, err)
               : MTS_OK;
}

MtsSearchReward mts_verdict(MtsVerdict *v, MtsAsks asks, const MtsEngine *engine, const MtsSource *source,
                            const MtsSearchReward *inner)
{
    *v = (MtsVerdict){.constraint = source->constraint,
                      .rules = &source->rules,
                      .tokenizer = engine->tokenizer,
                      .model = &source->model,
                      .inner = *inner};
    return (MtsSearchReward){.context = v,
                             .prefixes = inner->prefixes || asks == MTS_ASKS_PREFIXES,
                             .bounds = inner->bounds,
                             .workers = inner->workers,
                             .score = score};
}
