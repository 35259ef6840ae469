/* tests/search/support.h - what proofs about search stand on: small random tables, masks, a script that takes every
 * branch of every random choice, and the G-test. */
#ifndef MTS_TESTS_SEARCH_SUPPORT_H
#define MTS_TESTS_SEARCH_SUPPORT_H

#include "../statistics.h"
#include "../test.h"

#include <math.h>

#include "constraint/constraint.h"
#include "search/driver.h"
#include "search/experience.h"
#include "search/maxent/maxent.h"
#include "search/result.h"
#include "search/rollout.h"
#include "search/settings.h"
#include "table/table.h"

typedef struct Shape {
    int vocab, steps;
    int eos;       /* -1: none */
    double peak;   /* priors are softmax(peak * normal) */
    double spread; /* standard deviation of the rewards */
    double hole;   /* share of rewards that are minus infinity */
    double zero;   /* share of tokens of probability 0 */
} Shape;

/* A random table, the same for the same seed; fails the test where it cannot be made. */
MtsTable *random_table(Shape shape, uint64_t seed);

/* ---- all branches of all choices ---- */

typedef struct Branches {
    MtsScript script;
    size_t *choice, *count; /* [depth] of the current leaf of the choice tree */
    double *p;              /* [depth] probability of each choice */
    size_t depth, length, cap;
} Branches;

/*  Branches b = branches_begin();
 *  do { run with &b.script; weigh by branches_probability(&b) } while (branches_next(&b)); */
Branches branches_begin(void);
void branches_start(Branches *b); /* before each run */
double branches_probability(const Branches *b);
bool branches_next(Branches *b); /* false: all were taken; frees */

/* ---- a model with tokens masked out: sub-distributions of a table ---- */

typedef struct Masked {
    MtsSearchModel model;   /* of what is left */
    MtsSearchReward reward; /* the table's */
    const MtsTable *table;
    int32_t *tokens; /* as the table's entries, row by row, kept ones first */
    double *logp;
    MtsDist *dists;  /* [rows] */
    size_t extended; /* positions evaluated */
    size_t largest;  /* largest batch seen */
} Masked;

/* keep(row, token): whether the token may follow the table's row; NULL: any may. m stays where it is. */
void masked_open(Masked *m, const MtsTable *table, bool (*keep)(const MtsTable *, size_t row, int32_t token));
void masked_free(Masked *m);

/* A mask: prefixes that end in token 1 lead nowhere. */
bool nothing_after_one(const MtsTable *table, size_t row, int32_t token);

/* ---- a table's tokens as texts under a grammar ---- */

/* The table with the tokens masked that the grammar forbids: token t spells spellings[t] (NULL: it ends a
 * text, the table's eos). Fails the test where the grammar is wrong. */
void masked_by_grammar(Masked *m, const MtsTable *table, const char *grammar, const char *const *spellings);

/* Sums of a's, brackets around sums: what the spellings below can spell of it is enumerated in tests by in_language().
 */
extern const char SUMS[];
extern const char *const SUMS_SPELLINGS[]; /* "(", ")", "a", "+", the end (token 4) */
bool in_language(const char *text);        /* read by hand, not by src/constraint */

/* Whether the table's text is of the language, as it is spelled. */
bool sums_hold(const MtsTable *table, size_t text);

/* ---- a large model: no table, every distribution and reward a hash of the tokens ---- */

/* Texts of `steps` tokens at most out of `vocab`, token 0 ends one; the reward is a sum of effects of tokens at their
 * places and of pairs. Both lend themselves to one search at a time. */
void hashed_model(size_t vocab, size_t steps, MtsSearchModel *model, MtsSearchReward *reward);

/* What no search has taught: tokens 0 to 3 are said to be good and bad by turns, by as much as `much`. */
MtsExperience *random_experience(double much);

/* One run, kept; fails the test on an error. */
MtsSearch *run_table(const MtsTable *table, const MtsSearchSettings *settings, const MtsScript *script);

/* The same on any model, which outlives the run, as the reward does. */
MtsSearch *run_model(const MtsSearchModel *model, const MtsSearchReward *reward, const MtsSearchSettings *settings,
                     const MtsScript *script);

double run_log_z(const MtsSearch *run);

/* The table's text that tokens [count], or a leaf of a search on it, are. */
size_t text_of(const MtsTable *table, const int32_t *tokens, size_t count);
size_t text_of_leaf(const MtsTable *table, const MtsNode *leaf);

/* p exp(lambda r) of a table's text. */
double tilted(const MtsTable *table, size_t text, double lambda);

#endif
