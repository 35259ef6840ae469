/* evidence/trained.c - see trained.h. */
#include "evidence/trained.h"

#include <stdlib.h>

#include "core/file.h"
#include "evidence/sealed.h"

int mts_trained_is(const char *path, bool *is, MtsError *err)
{
    MtsMap map = {0};
    int rc = mts_map_open(&map, path, err);
    *is = !rc && mts_sealed_says((const char *)map.data, map.size, NULL);
    mts_map_close(&map);
    return rc;
}

int mts_trained_parse(MtsTrained *t, const char *name, const char *text, size_t size, MtsError *err)
{
    *t = (MtsTrained){0};
    if (mts_sealed_says(text, size, "forecast")) {
        return mts_forecaster_parse(&t->forecasts, name, text, size, err);
    }
    return mts_sealed_says(text, size, "questions") ? mts_questions_parse(&t->questions, name, text, size, err)
                                                    : mts_evidence_parse(&t->classes, name, text, size, err);
}

int mts_trained_read(MtsTrained *t, const char *path, MtsError *err)
{
    char *text = NULL;
    size_t size = 0;
    *t = (MtsTrained){0};
    int rc = mts_read_file(path, MTS_SEALED_MOST, &text, &size, err);
    rc = rc ? rc : mts_trained_parse(t, path, text, size, err);
    free(text);
    return rc;
}

void mts_trained_free(MtsTrained *t)
{
    mts_evidence_free(&t->classes);
    mts_forecaster_free(&t->forecasts);
    mts_questions_free(&t->questions);
}

bool mts_trained_leads(const MtsTrained *t)
{
    return (t->classes && t->classes->knows) || (t->questions && t->questions->knows);
}

static int wrong_kind(MtsTrained *t, const char *path, const char *kind, MtsError *err)
{
    mts_trained_free(t);
    return mts_fail(err, MTS_EREQUEST, "%s: is no evidence of kind %s", path, kind);
}

int mts_evidence_read(MtsEvidence **evidence, const char *path, MtsError *err)
{
    MtsTrained t;
    int rc = mts_trained_read(&t, path, err);
    rc = !rc && !t.classes ? wrong_kind(&t, path, "classes", err) : rc;
    *evidence = t.classes;
    return rc;
}

int mts_forecaster_read(MtsForecaster **forecaster, const char *path, MtsError *err)
{
    MtsTrained t;
    int rc = mts_trained_read(&t, path, err);
    rc = !rc && !t.forecasts ? wrong_kind(&t, path, "forecast", err) : rc;
    *forecaster = t.forecasts;
    return rc;
}
