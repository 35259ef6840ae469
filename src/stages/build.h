/* stages/build.h - what the loaders of the stages share, and the list of them. */
#ifndef MTS_STAGES_BUILD_H
#define MTS_STAGES_BUILD_H

#include "core/mem.h"
#include "series/wordtable.h"
#include "series/format.h"
#include "series/set.h"
#include "stages/sample.h"

/* Every stage, in the order in which they are named. Each is a row, mts_stage_NAME, in a file of its own. */
#define MTS_STAGES(STAGE)                                                                                              \
    STAGE(har)                                                                                                         \
    STAGE(sleep)                                                                                                       \
    STAGE(ecg)                                                                                                         \
    STAGE(tsqa)                                                                                                        \
    STAGE(m4)                                                                                                          \
    STAGE(forecast)

#define MTS_STAGE_DECLARE(name) extern const MtsStageKind mts_stage_##name;
MTS_STAGES(MTS_STAGE_DECLARE)
#undef MTS_STAGE_DECLARE

/* ---- samples ---- */

/* A new sample at the end with key "stage:id" (or a number for one), option -1 and empty texts. */
int mts_stage_add(MtsStage *stage, const char *id, MtsSample **sample, MtsError *err);
int mts_stage_add_number(MtsStage *stage, size_t number, MtsSample **sample, MtsError *err);
bool mts_sample_option(MtsSample *sample, const char *option, size_t n);
/* Takes over the prompt, also on failure; MTS_ENOMEM unless `ok`, which is whether all of it was written. */
int mts_stage_prompt(MtsStage *stage, MtsSample *sample, MtsBytes *prompt, bool ok, MtsError *err);
bool mts_stage_is_full(const MtsStage *stage, const MtsStageOptions *options);
int mts_stage_no_memory(const MtsStage *stage, MtsError *err);

/* The labels of a file of series, at most 64, or those that options declare, as the options of `labels`; these as a
 * sample's, the one called `right` its truth; and their release. */
int mts_stage_labels(const MtsSeriesSet *set, const MtsStageOptions *options, MtsSample *labels, MtsError *err);
bool mts_sample_options_of(MtsSample *sample, const MtsSample *labels, const char *right);
void mts_sample_free_options(MtsSample *labels);
/* MTS_EFORMAT where an answer that names an option would be read as another one, or as none. */
int mts_stage_check_options(const MtsStage *stage, const char *path, const MtsSample *sample, MtsError *err);

/* Calls `add` with each series of a file, number i, until the stage is full. `context` is the loader's own. */
typedef int MtsStageAdd(MtsStage *stage, const MtsSeriesSet *set, size_t i, const MtsStageOptions *options,
                        void *context, MtsError *err);
int mts_stage_each(MtsStage *stage, const MtsSeriesSet *set, const MtsStageOptions *options, MtsStageAdd *add,
                   void *context, MtsError *err);

/* ---- what OpenTSLM asks (stages/published.c): false when memory ran out ---- */

/* How a stage there shows a channel: "<prefix><name of the channel><suffix>, it has mean 1.2340 and std 5.6780<end>".
 */
typedef struct MtsShowing {
    MtsScaling scaling;
    const char *prefix, *suffix, *end;
    const char *const *names; /* [name_count] of channels; beyond them no name */
    size_t name_count;
} MtsShowing;

bool mts_publish_series(MtsPublished *published, const MtsSeries *series, const MtsShowing *showing);
/* Takes over what was written, where `ok`. */
bool mts_publish_texts(MtsPublished *published, MtsBytes *before, MtsBytes *after, bool ok);

/* Where OpenTSLM has no such question: the words of the prompt, and in place of its digits every channel as rows, in
 * the manner of OpenTSLM. Takes over what was written, where `ok`. */
bool mts_publish_own(MtsPublished *published, const MtsSeries *series, MtsBytes *before, MtsBytes *after, bool ok);

/* A caption as the stage asks for one; a question of one's own in the manner of tsqa. */
MtsStagePublish mts_publish_caption, mts_publish_asked;

/* ---- files ---- */

/* A file's text, unpacked where gzip packed it; free it. The second: its rows; free them also on failure. */
int mts_stage_text(const char *path, char **text, size_t *size, MtsError *err);
int mts_stage_csv(MtsCsv *csv, const char *path, MtsError *err);
/* The column that the first row names so; SIZE_MAX: none. */
size_t mts_stage_column(const MtsCsv *csv, const char *name);

/* ---- prompts: false when memory ran out ---- */

/* Appends "name: v, v, ..." of a channel as a line (no name where it has none), as means, or extremes, of at most
 * `points` blocks, with as many decimals as show two digits of the channel's deviation. The second: of every channel,
 * by means. */
bool mts_stage_channel(MtsBytes *out, const MtsSeries *series, size_t channel, size_t points, bool extremes);
bool mts_stage_values(MtsBytes *out, const MtsSeries *series, size_t points);
/* "A time series of N values:" and the values, or the last `points` as numbers to be continued, and what captions are
 * asked. */
bool mts_stage_show(MtsBytes *out, const MtsSample *sample, size_t points);
bool mts_stage_ask_future(MtsBytes *out, const MtsSample *sample, size_t points);
bool mts_stage_ask_caption(MtsBytes *out);
/* `question`, and that the answer is to end with one of the sample's options. */
bool mts_stage_ask(MtsBytes *out, const char *question, const MtsSample *sample);

#endif
