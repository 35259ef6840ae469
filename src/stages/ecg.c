/* stages/ecg.c - questions about electrocardiograms: of a folder of records, or ECG-QA's. */
#include "stages/ecg.h"

#include <sys/stat.h>

static int load_ecg(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options, MtsError *err)
{
    struct stat what;
    bool file = stat(path, &what) == 0 && !S_ISDIR(what.st_mode);
    return (file ? mts_load_ecg_qa : mts_load_ecg_records)(stage, path, more, options, err);
}

/* ECG-QA's questions have a template each; a folder's have none. */
static bool publish_ecg(MtsPublished *published, const MtsSample *sample)
{
    return (sample->group[0] ? mts_publish_ecg_qa : mts_publish_ecg_record)(published, sample);
}

const MtsStageKind mts_stage_ecg = {
    .name = "ecg",
    .load = load_ecg,
    .publish = publish_ecg,
    .points = 125,
    .beats = true,
    .more = MTS_SECOND_MAYBE,
    .answer = MTS_ANSWER_OPTION,
    .reward = "option:{options}",
    .constraint = "answer",
};
