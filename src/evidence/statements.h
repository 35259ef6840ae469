/* evidence/statements.h - how well what an answer says of a series, or of two, holds of it.
 *
 * A question with options is read by its words: which quantity it asks for, what each option says of it. What is said
 * becomes a number by what is measured (evidence/measures.h): about 0 where it is open, above where it holds. */
#ifndef MTS_EVIDENCE_STATEMENTS_H
#define MTS_EVIDENCE_STATEMENTS_H

#include <stddef.h>

#include <maxts/series.h>

#include "core/error.h"

enum { MTS_STATED_MOST = 26 }; /* options of a question */

/* What is asked. */
typedef struct MtsAsked {
    const char *question;
    const char *const *options; /* [count] */
    size_t count;
    const MtsSeries *series; /* one channel, or two: two series */
} MtsAsked;

/* What an option says: by which of the rules it was read (MTS_UNSTATED: none), and how well it holds, -3 to 3. */
typedef struct MtsStated {
    int rule;
    double value;
} MtsStated;

#define MTS_UNSTATED (-1)

extern const size_t mts_statement_rules;
const char *mts_statement_rule(size_t rule);

/* stated [count]. MTS_ENOMEM alone can go wrong; series that are too short to be measured say nothing. */
int mts_statements(const MtsAsked *asked, MtsStated *stated, MtsError *err);

#endif
