/* constraint/constraint.h - which tokens may follow, so that the whole answer is of the language asked for.
 *
 * A constraint is a regular expression, a grammar or a JSON schema that the finished answer has to match from its first
 * byte to its last. It removes tokens from the next-token distribution; what it removes is absent from the target,
 * which becomes the conditional of pi* on the texts that match. The mask is local, the target is not: the search's
 * weights restore the difference (docs/algorithm.md). How it works is told at the head of constraint/expr.h. */
#ifndef MTS_CONSTRAINT_CONSTRAINT_H
#define MTS_CONSTRAINT_CONSTRAINT_H

#include <maxts/constraint.h>

#include "constraint/vocabulary.h"

typedef struct MtsConstraintSource {
    MtsConstraintForm form;
    const char *text;
    size_t size;
    const char *name; /* what sentences call it: a file's name; NULL: "constraint" */
    unsigned options; /* MTS_CONSTRAINT_... joined */
    size_t budget;    /* bytes of memory it may take, half as many steps of work a call; 0: 512 MiB */
} MtsConstraintSource;

typedef struct MtsConstraint MtsConstraint; /* may be used by several threads at once */

/* Where a text stands: a number that equal places share. MTS_PLACE_DEAD: nothing leads on from there. */
typedef uint32_t MtsConstraintPlace;
enum { MTS_PLACE_DEAD = 0 };

/* The vocabulary is borrowed. A source that is wrong is MTS_EREQUEST and the sentence names the place;
 * MTS_EUNSUPPORTED: it asks for what cannot be held; MTS_ECONSTRAINT: no text, or no token of the vocabulary, can begin
 * to match; MTS_ECAPACITY: it needs more memory or more steps than `budget` allows. */
int mts_constraint_new(MtsConstraint **constraint, const MtsConstraintSource *source, const MtsVocabulary *vocabulary,
                       MtsError *err);
void mts_constraint_free(MtsConstraint **constraint);

/* false: the pattern is not regular, and PCRE2 matches every text from its beginning. What is said of exact liveness
 * below does not hold for it: it counts as alive what PCRE2 calls a partial match. */
bool mts_constraint_regular(const MtsConstraint *constraint);

MtsConstraintPlace mts_constraint_start(const MtsConstraint *constraint);

/* The place behind a token, or behind some bytes. A token without bytes leads to MTS_PLACE_DEAD. */
int mts_constraint_advance(MtsConstraint *constraint, MtsConstraintPlace place, int32_t token, MtsConstraintPlace *next,
                           MtsError *err);
int mts_constraint_read(MtsConstraint *constraint, MtsConstraintPlace place, const char *bytes, size_t size,
                        MtsConstraintPlace *next, MtsError *err);

/* Whether the text matches as it is: an end token may follow. */
int mts_constraint_may_end(MtsConstraint *constraint, MtsConstraintPlace place, bool *ends, MtsError *err);

/* Bit t of mask [vocabulary->words]: the text goes on alive behind token t, and at most `left` tokens behind it suffice
 * to make it match (SIZE_MAX: any number). */
int mts_constraint_mask(MtsConstraint *constraint, MtsConstraintPlace place, size_t left, uint64_t *mask,
                        MtsError *err);

/* The one thing that the tokens of the mask, made as above for `place`, say: all are beginnings of *token, and the text
 * may not end here. -1: they say no one thing. */
int mts_constraint_says(MtsConstraint *constraint, MtsConstraintPlace place, const uint64_t *mask, int32_t *token,
                        MtsError *err);

/* The bytes that may come next, one bit each. */
int mts_constraint_next_bytes(MtsConstraint *constraint, MtsConstraintPlace place, uint64_t bytes[4], MtsError *err);

#endif
