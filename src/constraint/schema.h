/* constraint/schema.h - a JSON schema (draft 4 to 2020-12) as a grammar of the JSON texts that are valid under it. */
#ifndef MTS_CONSTRAINT_SCHEMA_H
#define MTS_CONSTRAINT_SCHEMA_H

#include "constraint/schema_cases.h"

/* Sets g->root and finishes the grammar. What cannot be held is MTS_EUNSUPPORTED and the sentence names the keyword:
 * the grammar is never weaker than the schema. `name` stands for the schema in sentences. The
 * schema loses the keywords that its draft does not know. */
int mts_schema_grammar(MtsGrammar *g, json_t *schema, const char *name, const MtsSchemaOptions *options, MtsError *err);

#endif
