/* tests/fuzz/language.h - a constraint made of any bytes, and texts read and written under it. */
#ifndef MTS_TESTS_FUZZ_LANGUAGE_H
#define MTS_TESTS_FUZZ_LANGUAGE_H

#include "constraint/constraint.h"
#include "fuzz.h"

/* Looks at a text that the constraint was made to write, or that it was given and takes (`taken`) or not. */
typedef void LanguageCheck(const char *source, size_t source_size, const char *text, size_t size, bool taken);

/* Every byte, and a few words. Made once, before an allocation fails. */
enum { LANGUAGE_WORDS = 11, LANGUAGE_TOKENS = 256 + LANGUAGE_WORDS, LANGUAGE_MASK = (LANGUAGE_TOKENS + 63) / 64 };
const MtsVocabulary *language_vocabulary(void);

/* One input: a byte of options and of memory, then a source of this form up to the first 0 byte, then a text. The text
 * is read; then its bytes choose among the tokens that the masks leave, and what they write so must be a text that ends
 * well. `check` is called for both, and only where the constraint is regular. */
uint64_t language_run(MtsConstraintForm form, LanguageCheck *check, const uint8_t *data, size_t size);

#endif
