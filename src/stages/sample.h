/* stages/sample.h - what a sample is, and a stage: what is asked, and apart from it what is right.
 *
 * A sample's prompt, series and options are all that a search and its rewards may be given. `truth` is for scoring
 * alone. What one stage has that others have not stands in its row (MtsStageKind), in the file of its name. */
#ifndef MTS_STAGES_SAMPLE_H
#define MTS_STAGES_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

#include <maxts/series.h>

#include "core/error.h"

typedef struct MtsTruth {
    int option;     /* index of the right option; -1 for stages without options */
    double *future; /* [horizon] forecast: the values that came; NULL otherwise */
    double scale;   /* forecast: the seasonal naive forecast's mean error over the whole training series
                       (mts_seasonal_scale()) */
    char *text;     /* caption: the reference, "" where there is none */
} MtsTruth;

typedef struct MtsSample {
    char *key;         /* unique in its stage: "har:17" */
    char *prompt;      /* the user's message, values included */
    char *question;    /* tsqa, ecg: the question as its file has it; a task's own; NULL elsewhere */
    char *context;     /* ecg: what the file says of the patient, or NULL */
    MtsSeries *series; /* whole, in the file's units; what rewards see */
    MtsSeries *other;  /* tsqa: the second series of a question about two, where it is of another length than the first
                          and so no channel beside it; rewards do not see it. NULL elsewhere */
    char **options;    /* [option_count] allowed answers; none for captions and forecasts */
    size_t option_count;
    char *group;            /* tsqa: the question's category; ecg: its template; otherwise "" */
    size_t horizon, season; /* forecast: steps asked for, steps of a season; otherwise 0 */
    MtsTruth truth;
} MtsSample;

/* What a model that reads series is asked in place of the prompt: what OpenTSLM's stage of that name asks, word for
 * word, or where it has none the prompt's words. */
typedef struct MtsPublished {
    char *before;   /* before all series; NULL: there is no such question */
    char **texts;   /* [count] before each */
    double *values; /* [count][length] scaled as that stage scales them */
    size_t count, length;
    char *after; /* behind all series */
    bool bare;   /* an answer is an option alone, without "Answer: " */
} MtsPublished;

typedef struct MtsStageOptions {
    size_t points; /* most values of a channel that a prompt shows, as means of blocks where there are more; 2 to 10000,
                      0 (default): 32 for har, 125 for ecg (peaks of blocks, one lead), 64 for sleep, m4 and tsqa. A
                      forecast shows its last `points` values, by default all of its context */
    size_t context; /* forecast: values before the future that are shown and that rewards see, at least 8; 0 (default):
                       72 */
    size_t horizon; /* forecast: the first values of the future that are asked for; 0 (default): all that came */
    size_t limit;   /* most samples, the first ones; 0 (default): all */
    /* The answers that may be given, where a stage takes them from its file (MtsStageKind.labelled); a sample of
     * another label is MTS_EFORMAT. None (default): all of the file's labels. */
    const char *const *labels; /* [label_count], copied */
    size_t label_count;
} MtsStageOptions;

typedef struct MtsStage MtsStage;

/* Appends samples to the stage, whose row is set; options are complete (no zeros but limit). `more`: the second file,
 * NULL where none was named. */
typedef int MtsStageLoad(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options,
                         MtsError *err);

/* Fills in what is zero; false: memory ran out. A sample that OpenTSLM has no such question for leaves it so. */
typedef bool MtsStagePublish(MtsPublished *published, const MtsSample *sample);

typedef enum MtsAnswerForm { MTS_ANSWER_OPTION, MTS_ANSWER_TEXT, MTS_ANSWER_NUMBERS } MtsAnswerForm;

typedef enum MtsSecondFile { MTS_SECOND_NEVER, MTS_SECOND_MAYBE, MTS_SECOND_NEEDED } MtsSecondFile;

/* What else an option is called, in normal form (reward/answer_line.h). */
typedef struct MtsOptionName {
    const char *said;
    int option;
} MtsOptionName;

/* What a task's search is given where the request's own defaults are not enough. */
typedef struct MtsEffort {
    double lambda;
    size_t rollouts, max_tokens; /* no rollouts: the request's own, of all three */
} MtsEffort;

/* A stage as such. */
typedef struct MtsStageKind {
    const char *name; /* "tsqa", "m4", "har", "sleep", "ecg", "forecast" */
    MtsStageLoad *load;
    MtsStagePublish *publish; /* NULL: OpenTSLM has no such stage */
    size_t points;            /* default of the option */
    MtsSecondFile more;
    MtsAnswerForm answer;
    bool labelled;              /* the options are the labels of the file, unless others are declared */
    bool beats;                 /* series are electrocardiograms, told by their beats */
    bool lettered;              /* options that bring no letter of their own are named by one */
    const MtsOptionName *names; /* [name_count] */
    size_t name_count;
    const char *reward, *reward_with_train; /* defaults, with placeholders (docs/stages.md); the second where labelled
                                               series are given: NULL: the first. */
    const char *constraint;                 /* default; "" for none */
    MtsEffort effort;                       /* tasks */
} MtsStageKind;

struct MtsStage {
    const MtsStageKind *kind;
    MtsSample *samples; /* [count], in the files' order */
    size_t count, cap;
};

#endif
