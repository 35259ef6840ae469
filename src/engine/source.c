/* engine/source.c - either kind of model, opened for a request. */
#include <string.h>

#include "engine/internal.h"
#include "engine/trie.h"
#include "engine/verdict.h"

int mts_source_constraint(MtsConstraint **constraint, const MtsEngine *engine, const MtsRequest *request, MtsError *err)
{
    const MtsConstraintSource text = {.form = request->constraint_form,
                                      .text = request->constraint,
                                      .size = strlen(request->constraint),
                                      .name = request->constraint_name,
                                      .options = request->constraint_options,
                                      .budget = request->constraint_memory};
    const MtsVocabulary *vocabulary;
    int rc = mts_engine_vocabulary(engine, &vocabulary, err);
    return rc ? rc : mts_constraint_new(constraint, &text, vocabulary, err);
}

int mts_source_open(MtsSource *source, const MtsEngine *engine, const MtsRequest *request, size_t texts, MtsError *err)
{
    memset(source, 0, sizeof *source);
    int rc;
    if ((rc = mts_request_check(engine, request, err)) || (rc = mts_rules_make(&source->rules, engine, request, err))) {
        return rc;
    }
    if (engine->table) {
        mts_table_model(engine->table, &source->model);
        return MTS_OK;
    }
    if (request->constraint) {
        rc = mts_source_constraint(&source->constraint, engine, request, err);
    }
    MtsConstraint *masks = mts_request_asks(request) == MTS_MASKS ? source->constraint : NULL;
    if (!rc && (rc = mts_lm_new(&source->lm, engine, request, masks, &source->rules, texts, err)) == 0) {
        source->model = *mts_lm_search_model(source->lm);
    } else {
        mts_source_close(source);
    }
    return rc;
}

void mts_source_close(MtsSource *source)
{
    mts_lm_free(&source->lm);
    mts_constraint_free(&source->constraint);
}
