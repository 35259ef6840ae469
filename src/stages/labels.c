/* stages/labels.c - options as answers name them: by themselves, by letters, by other names. */
#include <stdlib.h>
#include <string.h>

#include "results/metrics.h"
#include "reward/answer_line.h"
#include "stages/stage.h"

bool mts_stage_is_lettered(const MtsStageKind *kind, const MtsSample *sample, size_t k)
{
    return kind->lettered && sample->options[k][0] != '(';
}

bool mts_stage_label(MtsBytes *out, const MtsStageKind *kind, const MtsSample *sample, size_t k)
{
    return mts_stage_is_lettered(kind, sample, k) ? mts_bytes_printf(out, "%c", (char)('A' + (int)k))
                                                  : mts_bytes_append_str(out, sample->options[k]);
}

/* The option that the stage calls so, too. */
static int other_name(const MtsStageKind *kind, const char *text, size_t size)
{
    const char *answer;
    size_t n;
    int option = MTS_NO_LABEL;
    mts_answer_find(text, size, &answer, &n);
    char *said = mts_answer_normal(answer, n);
    for (size_t i = 0; said && i < kind->name_count; i++) {
        option = strcmp(said, kind->names[i].said) == 0 ? kind->names[i].option : option;
    }
    free(said);
    return option;
}

int mts_stage_answer(const MtsStage *stage, const MtsSample *sample, const char *text, size_t size)
{
    const MtsStageKind *kind = stage->kind;
    int option =
        mts_answer_option(text, size, (const char *const *)sample->options, sample->option_count, kind->lettered);
    return option >= 0 ? option : other_name(kind, text, size);
}
