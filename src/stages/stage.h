/* stages/stage.h - stages: found by name, opened, their answers read. */
#ifndef MTS_STAGES_STAGE_H
#define MTS_STAGES_STAGE_H

#include "core/mem.h"
#include "stages/sample.h"

/* The row of a name; NULL: there is none. The second writes "a, b, c" of all names to out [size], and returns it. */
const MtsStageKind *mts_stage_kind(const char *name);
const char *mts_stage_names(char *out, size_t size);

/* Opens a stage; `options` may be NULL. What each reads stands at the top of its file, and in docs/stages.md. Files may
 * be packed with gzip. Release with mts_stage_free(). */
int mts_stage_open(MtsStage **stage, const char *name, const char *path, const char *more,
                   const MtsStageOptions *options, MtsError *err);
void mts_stage_free(MtsStage **stage);

/* Scores an answer: the option it gives by the published rules (reward/answer_line.h), or by another name of its, or
 * MTS_NO_LABEL (results/metrics.h). For stages with options. */
int mts_stage_answer(const MtsStage *stage, const MtsSample *sample, const char *text, size_t size);

/* What OpenTSLM asks of a sample; before is NULL where it has no such question. Release with mts_published_free(), also
 * on failure. */
int mts_stage_published(const MtsStageKind *kind, const MtsSample *sample, MtsPublished *published, MtsError *err);
void mts_published_free(MtsPublished *published);

/* Steps of a season, by the first letter of an M4 series' name. */
size_t mts_stage_season(const char *id);

/* What an answer says for option k: itself, or its letter where options are named by letters. False: memory ran out. */
bool mts_stage_label(MtsBytes *out, const MtsStageKind *kind, const MtsSample *sample, size_t k);
/* Whether it is its letter. */
bool mts_stage_is_lettered(const MtsStageKind *kind, const MtsSample *sample, size_t k);
bool mts_sample_same_options(const MtsSample *a, const MtsSample *b);

#endif
