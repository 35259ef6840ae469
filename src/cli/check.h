/* cli/check.h - what `maxts check` and its --bench share. */
#ifndef MTS_CLI_CHECK_H
#define MTS_CLI_CHECK_H

#include <maxts/engine.h>

#include "cli/args.h"
#include "constraint/constraint.h"
#include "core/json.h"
#include "core/mem.h"

/* How one text went through a constraint. */
typedef struct Checked {
    bool accepted;
    size_t failed_at; /* the first byte that may not stand there, or the text's size where it ends too early */
    size_t tokens;
    double *mask_us; /* [mask_count] of the mask before each token, and of the one before the end */
    size_t mask_count, mask_cap;
} Checked; /* zero-initialise; release with checked_free() */

/* Reads the text token by token, with a mask before each. */
int check_text(MtsConstraint *constraint, const MtsEngine *engine, const MtsVocabulary *vocabulary, const char *text,
               size_t size, Checked *checked, MtsError *err);
void checked_free(Checked *checked);

/* --bench. */
int check_bench(const MtsEngine *engine, const MtsVocabulary *vocabulary, const Args *args, MtsError *err);

/* The value as Python's json.dumps(value, ensure_ascii=False) writes it. */
bool python_json(MtsBytes *out, const json_t *value);

#endif
