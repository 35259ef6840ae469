/* engine/opinion.h - what the model that is searched says itself, of options and of answers: for rewards that ask it.
 */
#ifndef MTS_ENGINE_OPINION_H
#define MTS_ENGINE_OPINION_H

#include <maxts/engine.h>
#include <maxts/reward.h>

typedef struct MtsOpinion {
    const MtsEngine *engine;
    const MtsRequest *request; /* borrowed; its prompt is what the options answer */
    MtsBeginnings *judged;     /* the beginning of all that is judged; NULL: nothing was yet */
    MtsRewardModel model;      /* what a reward asks; its context is this struct, which must not move */
} MtsOpinion;

void mts_opinion_begin(MtsOpinion *opinion, const MtsEngine *engine, const MtsRequest *request);
void mts_opinion_end(MtsOpinion *opinion);

#endif
