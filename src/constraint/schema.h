/* constraint/schema.h - a JSON schema as a regular expression. */
#ifndef MTS_CONSTRAINT_SCHEMA_H
#define MTS_CONSTRAINT_SCHEMA_H

#include "core/error.h"
#include "core/json.h"

/* The pattern (PCRE2, malloc'ed) that exactly the JSON texts valid under the schema match, members in the
 * order of `properties`, one optional space after ',' and ':' and no other white space.
 *
 * Understood: type (one or a list) of object, array, string, integer, number, boolean, null; properties,
 * required, additionalProperties (only false, which is also what its absence means here); items, minItems,
 * maxItems; enum, const; minLength, maxLength, pattern (of strings; anchored at both ends); anyOf, oneOf (as anyOf);
 * $ref to
 * "#/$defs/NAME" or "#/definitions/NAME", recursion included. title, description, default, examples,
 * $schema, $id and $comment are ignored. Any other keyword is MTS_EUNSUPPORTED and the sentence names it:
 * a constraint is never quietly weaker than what was asked. `name` stands for the schema in sentences. */
int mts_schema_pattern(const json_t *schema, const char *name, char **pattern, MtsError *err);

#endif
