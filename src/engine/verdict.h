/* engine/verdict.h - a constraint as a reward, for methods that ask it rather than have it mask. */
#ifndef MTS_ENGINE_VERDICT_H
#define MTS_ENGINE_VERDICT_H

#include "engine/internal.h"
#include "search/method.h"

typedef struct MtsVerdict {
    MtsConstraint *constraint; /* borrowed, like the model */
    const MtsRules *rules;     /* and what of it is the answer */
    const MtsTokenizer *tokenizer;
    const MtsSearchModel *model; /* says what ends a text */
    MtsSearchReward inner;       /* of texts that match */
} MtsVerdict;

/* How a request's constraint reaches its method. */
MtsAsks mts_request_asks(const MtsRequest *request);

/* The reward that is minus infinity of what the constraint forbids: of whole texts and, by `asks`, of prefixes that no
 * text completes (0 of others, where the inner one does not score prefixes). Its context is the verdict. */
MtsSearchReward mts_verdict(MtsVerdict *verdict, MtsAsks asks, const MtsEngine *engine, const MtsSource *source,
                            const MtsSearchReward *inner);

#endif
