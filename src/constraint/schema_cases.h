/* constraint/schema_cases.h - schemas as cases: what the files of the schema front end share.
 *
 * A value has to be valid under a set of schemas at once: one at the root, several where allOf, $ref or the properties
 * of two schemas meet. Such a set is a rule of the grammar, made once, so recursion ends. A set falls into cases, one
 * of which has to hold: anyOf, oneOf, if, dependencies and not are rewritten until each case is a plain list of schemas
 * whose other keywords all hold (schema_cases.c). What a case allows is written out type by type (schema.c,
 * schema_object.c, schema_array.c). */
#ifndef MTS_CONSTRAINT_SCHEMA_CASES_H
#define MTS_CONSTRAINT_SCHEMA_CASES_H

#include "constraint/json_text.h"
#include "core/json.h"

enum { /* types; a number is a whole or a broken one */
       MTS_NULL = 1,
       MTS_BOOLEAN = 2,
       MTS_WHOLE = 4,
       MTS_BROKEN = 8,
       MTS_STRING = 16,
       MTS_ARRAY = 32,
       MTS_OBJECT = 64,
       MTS_ANY_TYPE = 127
};

/* Keywords that the rewriting makes and no schema has. */
#define MTS_KEY_NOT_PATTERN "\x01not pattern"
#define MTS_KEY_NOT_FORMAT "\x01not format"
#define MTS_KEY_NOT_MULTIPLE "\x01not multipleOf"
#define MTS_KEY_NOT_IN "\x01not in"
/* {"names": schema, "value": schema}: some member has such a name and such a value. */
#define MTS_KEY_SOME "\x01some"

/* A number that is no integer: a type that the rewriting makes and no schema has. */
#define MTS_TYPE_BROKEN "\x01 broken"

enum { MTS_POSSIBLE_DEPTH = 3 };

typedef struct MtsSchemaSet { /* schemas that all hold */
    const json_t **items;
    size_t count, cap;
} MtsSchemaSet;

typedef struct MtsCase {
    unsigned types;
    MtsSchemaSet parts; /* objects, whose plain keywords all hold */
} MtsCase;

typedef struct MtsCases {
    MtsCase *items;
    size_t count, cap;
} MtsCases;

typedef struct MtsSchemaOptions {
    bool any_space; /* white space wherever JSON allows it; else at most one blank behind ',' and ':' */
    bool ordered;   /* members only in the order of `properties`, others behind them */
    bool strict;    /* a keyword that the standard does not know is refused; else it only annotates, and is ignored */
} MtsSchemaOptions;

typedef struct MtsSchema MtsSchema;

struct MtsSchema { /* the work under way */
    /* What files below ask of schema.c: the node of a set, a rule; and whether a value may be valid under all of it,
     * false only if certainly none is. */
    int (*node)(MtsSchema *s, const MtsSchemaSet *set, MtsGrammarNode *node);
    int (*possible)(MtsSchema *s, const MtsSchemaSet *set, int depth, bool *possible);
    MtsGrammar *g;
    MtsJsonText text;
    const MtsSchemaOptions *options;
    json_t *root;
    const char *name;
    json_t *made;           /* array of the schemas that the rewriting made */
    int draft;              /* 3, 4, 6, 7; 8: 2019-09; 9: 2020-12, or none is named */
    bool old_refs;          /* draft 7 and before: what stands beside $ref is ignored */
    bool draft3;            /* a member says itself that it is required */
    bool plain_ids;         /* before draft 6, and where no draft is named, `id` is an address too */
    bool plain_integers;    /* before draft 6, 1.0 is no integer */
    MtsStore numbers, sets; /* of schemas by pointer; of sets of them */
    uint32_t *rules;        /* by set */
    size_t rule_cap, rule_count;
    struct MtsResource { /* schemas with an address of their own */
        const json_t *schema;
        char *address;
    } *resources;
    size_t resource_count, resource_cap;
    struct MtsHome { /* in which resource a schema stands; only where there are several */
        const json_t *schema;
        uint32_t resource;
    } *homes;
    size_t home_count, home_cap;
    struct MtsAnchor { /* a name for a schema of a resource */
        const json_t *schema;
        const char *name;
        uint32_t resource;
        bool dynamic;
    } *anchors;
    size_t anchor_count, anchor_cap;
    int depth;
    MtsError *err;
};

int mts_schema_no_memory(MtsSchema *s);
int mts_schema_refuse(MtsSchema *s, const char *keyword, const char *why);
int mts_schema_work(MtsSchema *s, size_t steps); /* counts them: MTS_ECAPACITY where it were too many */

bool mts_schema_set_add(MtsSchemaSet *set, const json_t *schema);
bool mts_schema_set_copy(MtsSchemaSet *to, const MtsSchemaSet *from);
void mts_schema_set_free(MtsSchemaSet *set);
void mts_cases_free(MtsCases *cases);

/* The cases of a set; none where no value is valid. */
int mts_schema_cases(MtsSchema *s, const MtsSchemaSet *set, MtsCases *cases);

/* Whether keywords have the forms that the standard gives them, as far as nothing else looks at them. */
int mts_schema_check_forms(MtsSchema *s, const json_t *schema);

/* Leaves of *types those that the keyword `type` allows. */
int mts_schema_types(MtsSchema *s, const json_t *type, unsigned *types);

/* The schema that holds where `schema` fails (schema_not.c); lives as long as the work. */
int mts_schema_negate(MtsSchema *s, const json_t *schema, const json_t **out);

/* The list of a schema's first items, and the schema of its others; NULL where there is none. */
const json_t *mts_schema_first_items(const json_t *part, const json_t **others);

/* The choices that unevaluatedProperties (`members`) or unevaluatedItems of a schema comes to; NULL in *choices where
 * it asks for nothing (schema_unevaluated.c). */
int mts_schema_unevaluated(MtsSchema *s, const json_t *schema, bool members, const json_t **choices);

/* Keywords that refer, and what they refer to (schema_refs.c); NULL in *to where `from` does not have the keyword. */
#define MTS_SCHEMA_REFS 3
extern const char *const mts_schema_refs[MTS_SCHEMA_REFS];
int mts_schema_open(MtsSchema *s);
int mts_schema_resolve(MtsSchema *s, const json_t *from, const char *keyword, const json_t **to);

/* The inside of the strings that a case allows; of one spelled content (schema_string.c). */
int mts_schema_string(MtsSchema *s, const MtsCase *c, MtsRe *inside);
int mts_schema_key_pattern(MtsSchema *s, const char *pattern, size_t size, MtsRe *inside);
const char *mts_format_pattern(const char *format);

int mts_schema_number(MtsSchema *s, const MtsCase *c, MtsRe *out);          /* schema_number.c */
int mts_schema_object(MtsSchema *s, const MtsCase *c, MtsGrammarNode *out); /* schema_object.c */
int mts_schema_array(MtsSchema *s, const MtsCase *c, MtsGrammarNode *out);  /* schema_array.c */

/* The values that a case lists by enum and const, those that all lists have; NULL where there is no list. A fresh
 * array. */
int mts_schema_listed(MtsSchema *s, const MtsCase *c, json_t **values);

/* Whether `not` leaves the value out, one listed value as far as the case's other keywords allow it, and all of a list
 * (schema_values.c). */
bool mts_schema_left_out(const MtsCase *c, const json_t *value);
int mts_schema_value(MtsSchema *s, const MtsCase *c, const json_t *v, MtsGrammarNode *out);
int mts_schema_values(MtsSchema *s, const MtsCase *c, const json_t *values, MtsGrammarNode *out);

/* Reads a count; *value stays where the keyword is absent. */
int mts_schema_count(MtsSchema *s, const json_t *schema, const char *keyword, uint32_t *value);

#endif
