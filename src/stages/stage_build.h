/* stages/stage_build.h - what the loaders of the stages share. */
#ifndef MTS_STAGES_STAGE_BUILD_H
#define MTS_STAGES_STAGE_BUILD_H

#include "core/mem.h"
#include "stages/stage.h"

/* One loader per stage; options are complete (no zeros but limit). Each appends samples to the stage, whose name is
 * set. */
typedef int MtsStageLoad(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options,
                         MtsError *err);
MtsStageLoad mts_load_har, mts_load_sleep, mts_load_ecg, mts_load_ecg_qa, mts_load_captions, mts_load_forecast,
    mts_load_tsqa;

/* A new sample at the end with key "stage:id", option -1 and empty texts; NULL when memory ran out. */
MtsSample *mts_stage_add(MtsStage *stage, const char *id);
bool mts_sample_option(MtsSample *sample, const char *option, size_t n);
/* Appends "name: v, v, ..." of a channel as a line (no name where it has none), as means, or extremes, of at most
 * `points` blocks, with as many decimals as show two digits of the channel's deviation; false when memory ran out. The
 * second: of every channel, by means. */
bool mts_stage_channel(MtsBytes *out, const MtsSeries *series, size_t channel, size_t points, bool extremes);
bool mts_stage_values(MtsBytes *out, const MtsSeries *series, size_t points);
/* "a, b or c". */
bool mts_stage_choices(MtsBytes *out, const MtsSample *sample);

/* An electrocardiogram's part of a prompt: its length, and the peaks of lead II (the first lead where there is none).
 */
bool mts_stage_ecg(MtsBytes *out, const MtsSeries *series, size_t points);
/* MTS_EFORMAT where a lead is not in mV; `path` is named. */
int mts_stage_check_mv(const char *path, const MtsSeries *series, MtsError *err);
/* A file's text, unpacked where gzip packed it; free it. */
int mts_stage_text(const char *path, char **text, size_t *size, MtsError *err);

int mts_stage_no_memory(const MtsStage *stage, MtsError *err);

#endif
