/* search/maxent/wave_line.h - what a wave came by and found, and that as a line of a checkpoint:
 *
 *     {"wave":number, "size":rollouts, "log_z", "passed":[[parent, token, logp, log_pi, unseen, unseen_q, true if
 * dead]], "found":[[parent, token, logp, log_pi, log_w, reward, place if it has one]]}
 *
 * parent: 0 is the root, others count the prefixes passed so far from 1. */
#ifndef MTS_SEARCH_MAXENT_WAVE_LINE_H
#define MTS_SEARCH_MAXENT_WAVE_LINE_H

#include "search/maxent/maxent.h"

#define MTS_NO_PLACE SIZE_MAX

typedef struct MtsWavePrefix { /* an unfinished prefix that a wave stood on */
    MtsNode *node;
    double log_pi;           /* log of the probability that it was taken, given its parent was */
    double unseen, unseen_q; /* after the wave, where it is known: prior and proposal mass of unknown children */
    bool dead;               /* nothing may follow it */
} MtsWavePrefix;

typedef struct MtsWaveText { /* a text that a wave had scored */
    MtsNode *text;
    double log_w; /* log of p over the probability that it was scored */
    size_t place; /* among the wave's rollouts; MTS_NO_PLACE: none */
} MtsWaveText;

typedef struct MtsWave {
    MtsWavePrefix *passed; /* [passed_count] a parent before its children */
    MtsWaveText *found;    /* [found_count] */
    size_t passed_count, passed_cap, found_count, found_cap;
    bool by_reward; /* nothing in it is drawn: its one rollout follows the reward, which is asked of all that is looked
                     * up; in that case log_z is no estimate */
    double log_z;   /* of its own estimate; NaN: it was cut short */
    uint64_t calls; /* of one that was read: search->reward_calls after it; 0: an older file does not say */
} MtsWave;

/* false: memory ran out. */
bool mts_wave_pass(MtsWave *wave, MtsWavePrefix prefix);
bool mts_wave_find(MtsWave *wave, MtsWaveText text);
void mts_wave_clear(MtsWave *wave);

/* Fills in the next wave, of `size` rollouts, where it was read (*recorded). One of another size is forgotten,
 * and all after it: it was the last of a search that was asked for fewer rollouts. */
int mts_wave_read(MtsSearch *search, size_t size, MtsWave *wave, bool *recorded, MtsError *err);
int mts_wave_write(MtsSearch *search, size_t size, const MtsWave *wave, MtsError *err);

#endif
