/* maxts/table.h - small models written out whole: every prior and every reward in one JSON file.
 *
 * A table stands in for a language model and a reward, so the same search runs on it, and everything that a
 * search estimates can be computed exactly beside it. The file:
 *
 *     {"vocab_size": 2, "max_tokens": 2, "eos": null,
 *      "prior":  {"": [0.5, 0.5], "0": [0.9, 0.1], "1": [1, 0]},
 *      "reward": {"0,0": 1, "0,1": null, "1,0": -0.5}}
 *
 * prior[prefix]: the next token's probabilities, "" for the root and "3,1" for the prefix 3 then 1; each row sums
 * to between 1 - 1e-4 and 1 + 1e-6 and is used as written: what it lacks is cut away. reward[text]: a finite number, or
 * null for minus infinity: no part in the target. A text ends after `eos`, which is part of it (null: no such token),
 * or at max_tokens. A token of probability 0 needs neither row nor reward behind it. Other keys are not looked at. */
#ifndef MAXTS_TABLE_H
#define MAXTS_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include <maxts/api.h>
#include <maxts/error.h>
#include <maxts/search.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MtsTable MtsTable; /* immutable */

MTS_API int mts_table_open(MtsTable **table, const char *path, MtsError *err);
/* The same on JSON text; `name` stands for the path in sentences. */
MTS_API int mts_table_parse(MtsTable **table, const char *name, const char *text, size_t size, MtsError *err);
MTS_API void mts_table_free(MtsTable **table);

typedef struct MtsTableInfo {
    const char *name; /* the file's own name for it, or ""; owned by the table */
    size_t vocab;     /* tokens are 0 .. vocab - 1 */
    size_t max_tokens;
    int32_t eos;     /* -1: none */
    size_t texts;    /* finished texts of positive probability */
    size_t prefixes; /* unfinished ones, the root included */
} MtsTableInfo;

MTS_API void mts_table_info(const MtsTable *table, MtsTableInfo *info);

/* The table as search sees a model and a reward; both borrow the table. */
MTS_API void mts_table_model(const MtsTable *table, MtsSearchModel *model);
MTS_API void mts_table_reward(const MtsTable *table, MtsSearchReward *reward);

typedef struct MtsTableExact {
    double lambda;
    double log_z;           /* log of E_p[exp(lambda r)] */
    double soft_value;      /* of the root: log_z / lambda; at lambda = 0 its limit, E_p[r] */
    double expected_reward; /* under pi* */
    double kl;              /* KL(pi* || p), nats */
} MtsTableExact;

/* MTS_EREQUEST when lambda is negative or not finite; MTS_ECONSTRAINT when every text has reward minus infinity. */
MTS_API int mts_table_exact(const MtsTable *table, double lambda, MtsTableExact *exact, MtsError *err);

/* How a method does on a table, over independent runs with the seeds settings->seed, seed + 1, ... */
typedef struct MtsVerify {
    MtsTableExact exact;
    size_t runs;
    double z_ratio_mean, z_ratio_se; /* of (estimate of Z) / Z over runs; NaN where the method has no estimate */
    double tv_mean, tv_se;           /* total variation to pi* of one run's answer distribution: mean, standard error */
    double tv_of_mean;               /* total variation to pi* of the mean of these distributions */
    double nfe_mean;                 /* positions evaluated by a run */
    double reward_calls_mean;        /* texts whose reward a run asked */
    double coverage;                 /* share of the runs whose 95 % interval holds Z; NaN where there is none */
    size_t unanswered;               /* runs that found no text of any probability; each one's total variation is 1 */
    size_t biased;                   /* runs whose estimate of Z a stop has bent: see MtsSearchResult.log_z_bias */
} MtsVerify;

/* runs >= 1. A run's answer distribution: of a tree method, its policy with p where the tree ends; of a
 * sampling method, its weighted answers; of greedy, beam and best-of-N, all on one text. */
MTS_API int mts_verify(const MtsTable *table, const MtsSearchSettings *settings, size_t runs, MtsVerify *verify,
                       MtsError *err);

#ifdef __cplusplus
}
#endif
#endif
