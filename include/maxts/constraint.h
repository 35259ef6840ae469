/* maxts/constraint.h - in what form a constraint is written (docs/constraints.md). */
#ifndef MAXTS_CONSTRAINT_H
#define MAXTS_CONSTRAINT_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum MtsConstraintForm {
    MTS_CONSTRAINT_PATTERN, /* a regular expression (PCRE2), which the whole text has to match */
    MTS_CONSTRAINT_SCHEMA,  /* a JSON schema, draft 4 to 2020-12 */
    MTS_CONSTRAINT_GRAMMAR  /* a grammar: GBNF, or a part of Lark's notation */
} MtsConstraintForm;

/* Options of schemas, joined with |. */
enum {
    MTS_CONSTRAINT_ANY_SPACE =
        1,                      /* white space wherever JSON allows it; default: one blank behind ',' and ':' or none */
    MTS_CONSTRAINT_ORDERED = 2, /* members in the order of `properties`; default: in any order */
    MTS_CONSTRAINT_STRICT = 4   /* an unknown keyword is refused; default: it annotates, and is ignored */
};

#ifdef __cplusplus
}
#endif
#endif
