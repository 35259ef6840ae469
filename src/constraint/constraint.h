/* constraint/constraint.h - which tokens may follow, so that the whole answer matches a pattern.
 *
 * A constraint is a regular expression (PCRE2 syntax, UTF-8) that the finished answer has to match from its
 * first byte to its last, or a JSON schema turned into one (constraint/schema.h). It removes tokens from the
 * next-token distribution; what it removes is absent from the target, which becomes the conditional of
 * pi* on the texts that match. The mask is local, the target is not: the search's weights restore the
 * difference (docs/algorithm.md). */
#ifndef MTS_CONSTRAINT_CONSTRAINT_H
#define MTS_CONSTRAINT_CONSTRAINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

typedef struct MtsConstraint MtsConstraint; /* immutable; a matcher of it belongs to one thread */
typedef struct MtsMatcher MtsMatcher;

/* The bytes of one token (a control token has none), as mts_token_bytes() gives them. */
typedef const char *(*MtsTokenBytes)(const void *context, int32_t token, size_t *size);

/* `pattern` is borrowed during the call only, `context` for the life of the constraint. A pattern that does
 * not compile is MTS_EREQUEST and the sentence names the place; one that not even the empty text can begin
 * to match is MTS_ECONSTRAINT. */
int mts_constraint_new(MtsConstraint **constraint, const char *pattern, size_t vocab, MtsTokenBytes bytes,
                       const void *context, MtsError *err);
void mts_constraint_free(MtsConstraint **constraint);

int mts_matcher_new(MtsMatcher **matcher, const MtsConstraint *constraint, MtsError *err);
void mts_matcher_free(MtsMatcher **matcher);

/* Sets the text that the questions below are about; [size] bytes, copied. May end inside a UTF-8 character. */
int mts_matcher_set(MtsMatcher *matcher, const char *text, size_t size, MtsError *err);

/* True when the text matches as it is: an end token may follow. */
bool mts_matcher_may_end(MtsMatcher *matcher);

/* True when the text followed by this token can still become a match. Never true for a token without bytes. */
bool mts_matcher_allows(MtsMatcher *matcher, int32_t token);

/* All tokens for which mts_matcher_allows() is true: mask [vocab], 1 or 0; returns how many. Asks about each
 * distinct beginning of the vocabulary's tokens once, and never about what goes on from a dead one. */
size_t mts_matcher_mask(MtsMatcher *matcher, uint8_t *mask);

#endif
