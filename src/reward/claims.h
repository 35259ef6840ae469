/* reward/claims.h - checkable statements of a text about a series, and whether they are true.
 *
 * docs/rewards.md has the grammar and the rule by which each kind is judged. */
#ifndef MTS_REWARD_CLAIMS_H
#define MTS_REWARD_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "series/features.h"

typedef enum MtsClaimKind {
    MTS_CLAIM_RISES, /* the line through part of the series goes up */
    MTS_CLAIM_FALLS,
    MTS_CLAIM_FLAT,
    MTS_CLAIM_SEASONAL, /* it has a period */
    MTS_CLAIM_PERIOD,   /* of `value` steps */
    MTS_CLAIM_MAX,      /* its largest value is `value` */
    MTS_CLAIM_MIN,
    MTS_CLAIM_MAX_AT, /* it stands at step `value`, or in part of the series */
    MTS_CLAIM_MIN_AT,
    MTS_CLAIM_MEAN,
    MTS_CLAIM_MEDIAN,
    MTS_CLAIM_DEVIATION,
    MTS_CLAIM_FIRST, /* part of the series begins with `value` */
    MTS_CLAIM_LAST,
    MTS_CLAIM_CALMER, /* part of the series moves less than the rest, or the second half less than the first */
    MTS_CLAIM_WILDER,
    MTS_CLAIM_SHIFT, /* a sudden change of level, at step `value` or anywhere */
    MTS_CLAIM_SHIFT_UP,
    MTS_CLAIM_SHIFT_DOWN
} MtsClaimKind;

typedef struct MtsClaim {
    MtsClaimKind kind;
    bool denied; /* the text says that it is not so */
    bool valued; /* `value` was said */
    double value;
    double tolerance;  /* what else of its writing the value could stand for, >= 0 */
    int from, to;      /* the part of the series in twelfths, 0 .. 12 */
    size_t begin, end; /* the clause, as bytes of the text */
    bool right;
} MtsClaim;

typedef struct MtsClaims {
    MtsClaim *items; /* [count], each said once, in the order of the text */
    size_t count, cap;
} MtsClaims;

/* What claims are held against. */
typedef struct MtsSubject {
    const double *x;  /* [features.length], borrowed */
    double *adjusted; /* [features.length], x without its seasonal part */
    MtsFeatures features;
} MtsSubject;

/* Of x [n], n >= 1, all finite, which must outlive it. Release with mts_subject_free(), also on failure. */
int mts_subject_init(MtsSubject *subject, const double *x, size_t n, MtsError *err);
void mts_subject_free(MtsSubject *subject);

/* Finds and judges the claims of text [size]. Unless `finished` the last clause is left out until something ends it.
 * Release with mts_claims_free(), also on failure. */
int mts_claims_find(const MtsSubject *subject, const char *text, size_t size, bool finished, MtsClaims *claims,
                    MtsError *err);
void mts_claims_free(MtsClaims *claims);

/* *kinds: a bit 1 << kind for each kind of claim that answers a question [size], by the words in it; 0: it names none
 * of them. */
int mts_claims_asked(const char *question, size_t size, uint32_t *kinds, MtsError *err);

/* "rises", "period", ... */
const char *mts_claim_name(MtsClaimKind kind);

#endif
