/* stages/stage.c - the table of stages: found by name, opened, released. */
#include "stages/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/near.h"
#include "stages/build.h"

#define ROW(name) &mts_stage_##name,
static const MtsStageKind *const kinds[] = {MTS_STAGES(ROW)};
#undef ROW

enum { KINDS = sizeof kinds / sizeof kinds[0], CONTEXT = 72 };

const MtsStageKind *mts_stage_kind(const char *name)
{
    size_t i = 0;
    while (i < KINDS && strcmp(kinds[i]->name, name) != 0) {
        i++;
    }
    return i < KINDS ? kinds[i] : NULL;
}

const char *mts_stage_names(char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0, n = 0; i < KINDS && n < size; i++) {
        n += (size_t)snprintf(out + n, size - n, "%s%s", i ? ", " : "", kinds[i]->name);
    }
    return out;
}

/* The options with their defaults in the place of zeros. */
static int complete(MtsStageOptions *o, const MtsStageKind *kind, MtsError *err)
{
    if ((o->points != 0 && o->points < 2) || o->points > 10000) {
        return mts_fail(err, MTS_EREQUEST, "stage %s: points is %zu, not from 2 to 10000", kind->name, o->points);
    }
    if (o->context != 0 && o->context < 8) {
        return mts_fail(err, MTS_EREQUEST, "stage %s: context is %zu, less than 8", kind->name, o->context);
    }
    o->points = o->points ? o->points : kind->points;
    o->context = o->context ? o->context : CONTEXT;
    return MTS_OK;
}

/* Samples of a stage mostly share their options. */
static int check_options(const MtsStage *stage, const char *path, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t i = 0; !rc && i < stage->count; i++) {
        bool again = i > 0 && mts_sample_same_options(&stage->samples[i - 1], &stage->samples[i]);
        rc = again ? MTS_OK : mts_stage_check_options(stage, path, &stage->samples[i], err);
    }
    return rc;
}

int mts_stage_open(MtsStage **stage, const char *name, const char *path, const char *more,
                   const MtsStageOptions *options, MtsError *err)
{
    MtsStageOptions o = options ? *options : (MtsStageOptions){0};
    const MtsStageKind *kind = mts_stage_kind(name);
    char names[256], hint[MTS_NEAR_HINT];
    *stage = NULL;
    if (!kind) {
        mts_stage_names(names, sizeof names);
        return mts_fail(err, MTS_EREQUEST, "stage: \"%.60s\" is unknown; there are %s%s", name, names,
                        mts_near_in(name, strlen(name), names, ", ", hint, sizeof hint));
    }
    if (more ? kind->more == MTS_SECOND_NEVER : kind->more == MTS_SECOND_NEEDED) {
        return mts_fail(err, MTS_EREQUEST, "stage %s: %s", name, more ? "takes no second file" : "needs a second file");
    }
    int rc = complete(&o, kind, err);
    if (rc) {
        return rc;
    }
    MtsStage *s = mts_calloc(1, sizeof *s);
    if (!s) {
        return mts_fail(err, MTS_ENOMEM, "stage %s: memory ran out", name);
    }
    s->kind = kind;
    rc = kind->load(s, path, more, &o, err);
    if (!rc && s->count == 0) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: has no sample of stage %s", path, name);
    }
    rc = rc ? rc : check_options(s, path, err);
    if (rc) {
        mts_stage_free(&s);
    }
    *stage = s;
    return rc;
}

static void free_sample(MtsSample *s)
{
    for (size_t i = 0; i < s->option_count; i++) {
        free(s->options[i]);
    }
    free(s->options);
    free(s->key);
    free(s->prompt);
    free(s->question);
    free(s->context);
    free(s->group);
    free(s->truth.future);
    free(s->truth.text);
    mts_series_free(&s->series);
    mts_series_free(&s->other);
}

void mts_stage_free(MtsStage **stage)
{
    MtsStage *s = *stage;
    for (size_t i = 0; s && i < s->count; i++) {
        free_sample(&s->samples[i]);
    }
    if (s) {
        free(s->samples);
    }
    free(s);
    *stage = NULL;
}
