/* search/maxent/wave_draw.h - which options have the places of a wave's next step; search/maxent/waves.c derives it. */
#ifndef MTS_SEARCH_MAXENT_WAVE_DRAW_H
#define MTS_SEARCH_MAXENT_WAVE_DRAW_H

#include "search/search.h"

typedef struct MtsWaveOption { /* what may have one of the places of the next step */
    MtsNode *node;             /* NULL: made when it is taken; of several together: drawn then */
    size_t from, entry;        /* of a token: the particle and the entry of its distribution */
    double log_w;              /* as a particle's, before it is taken */
    double plain, guided;      /* log of what it competes with, without and with E */
    double score;              /* that relative to the sum; of one that was taken: the probability of that */
} MtsWaveOption;

typedef struct MtsWaveDraw {
    MtsWaveOption *options; /* [option_count] */
    size_t option_count, option_cap;
    size_t *taken;  /* [places] those that were taken, ascending */
    double *best;   /* scratch, [places] */
    double *breaks; /* scratch, [break_cap] */
    size_t break_cap;
} MtsWaveDraw;

/* Takes options in proportion to their scores, each at most once, at most `places`: those of at least c for certain,
 * the others by one draw that is the same in each c of their cumulative scores. */
int mts_wave_draw(const MtsSearch *search, MtsWaveDraw *draw, size_t places, MtsRng *rng, size_t *count, MtsError *err);

/* The option that the reward likes best, for certain: 1, or 0 where all are worth nothing. */
size_t mts_wave_take_best(MtsWaveDraw *draw);

#endif
