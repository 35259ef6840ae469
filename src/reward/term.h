/* reward/term.h - one named reward, as the sum of them sees it. */
#ifndef MTS_REWARD_TERM_H
#define MTS_REWARD_TERM_H

#include <stdbool.h>
#include <stddef.h>

#include <maxts/reward.h>

#include "core/error.h"

/* What is asked about. */
typedef struct MtsRewardText {
    const char *text; /* [size] */
    size_t size;
    double logp; /* nats */
    size_t tokens;
    bool finished; /* false only for terms with `prefixes` */
} MtsRewardText;

/* A term is immutable once made, or locks what it changes: score() may run on several threads. */
typedef struct MtsRewardTerm {
    char *name; /* as it was asked for, without the argument; for sentences */
    double weight;
    bool prefixes, slow, asks_model;
    bool bounds; /* a prefix is worth the best text that it can become */
    void *self;
    int (*score)(void *self, const MtsRewardText *text, double *value, MtsError *err);
    int (*finish)(void *self, MtsError *err); /* nothing more is asked; NULL: nothing is to be said then */
    void (*free)(void *self);                 /* not called while self is NULL */
} MtsRewardTerm;

/* Fills in everything but name and weight. `argument` is what followed the colon, NULL when there was none. */
typedef int MtsRewardMake(MtsRewardTerm *term, const char *argument, const MtsRewardInput *input, MtsError *err);

/* A file that an argument names, a part of it [size], which is read, or written. */
typedef struct MtsRewardName {
    const char *path; /* NULL: none */
    size_t size;
    bool written;
} MtsRewardName;

/* The file of an argument [size], which may be wrong as a whole. */
typedef MtsRewardName MtsRewardNames(const char *argument, size_t size);

/* The one that is read and ends at a comma, a bar or the argument's end. */
MtsRewardNames mts_reward_first;

/* ---- arguments of the form "WORD,key=value,key=value" ---- */

typedef struct MtsRewardOption {
    const char *key;
    double min, max;
    double *real; /* where it goes, one of these two */
    size_t *count;
    bool given; /* out */
} MtsRewardOption;

/* Reads them; *word [*word_size] is the leading word without '=', of size 0 when there is none. A key that is
 * not listed, twice given or out of its range is MTS_EREQUEST with what is allowed. */
int mts_reward_options(const char *reward, const char *argument, const char **word, size_t *word_size,
                       MtsRewardOption *options, size_t count, MtsError *err);

/* "l1", "wasserstein", "kl"; l1 when word_size is 0. */
int mts_reward_metric(const char *reward, const char *word, size_t word_size, MtsSpectralMetric *metric, MtsError *err);

/* ---- numbers of an answer ---- */

/* The numbers of a text in order (core/number.h, list style); those above MTS_SERIES_ABSURD are left out.
 * *values is malloc'ed, also when *count is 0. */
int mts_reward_numbers(const char *text, size_t size, double **values, size_t *count, MtsError *err);

#endif
