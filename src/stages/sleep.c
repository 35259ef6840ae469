/* stages/sleep.c - sleep: which stage 30 seconds of one EEG channel are of.
 *
 * path: one channel of a night (uV), more: its hypnogram, one stage each 5 s (5 W, 4 REM, 3 S1, 2 S2, 1 S3, 0 S4), or
 * an EDF+ file whose annotations name the stages (as Sleep-EDF's Hypnogram.edf); 30 s windows of one stage are samples,
 * S4 counted as S3. Or path alone: CSV of lists time_series and label. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "series/edf.h"
#include "stages/build.h"
#include "stages/stage.h"

enum {
    STAGES = 5,
    RATE = 50,
    SECONDS = 30,
    VALUES = RATE * SECONDS,
    ENTRY_SECONDS = 5,
    ENTRIES = SECONDS / ENTRY_SECONDS,
    MOST_RATE = 512
};

static const char *const stage_names[STAGES] = {"Wake", "REM sleep", "Non-REM stage 1", "Non-REM stage 2",
                                                "Non-REM stage 3"};

/* What else sleep stages are called, in normal form. */
static const MtsOptionName other_names[] = {{"awake", 0},        {"w", 0},
                                            {"rem", 1},          {"r", 1},
                                            {"stage 1", 2},      {"n1", 2},
                                            {"nrem stage 1", 2}, {"nrem 1", 2},
                                            {"stage 2", 3},      {"n2", 3},
                                            {"nrem stage 2", 3}, {"nrem 2", 3},
                                            {"stage 3", 4},      {"n3", 4},
                                            {"nrem stage 3", 4}, {"nrem 3", 4},
                                            {"stage 4", 4},      {"non rem stage 4", 4}};

/* Takes over *series as a new sample. */
static int add_window(MtsStage *stage, size_t number, MtsSeries **series, int option, const MtsStageOptions *options,
                      MtsError *err)
{
    MtsBytes prompt = {0};
    MtsSample *s;
    int rc = mts_stage_add_number(stage, number, &s, err);
    if (rc) {
        return rc;
    }
    s->series = *series;
    *series = NULL;
    s->truth.option = option;
    bool ok = mts_bytes_printf(&prompt, "%.3g seconds of a sleeper's EEG:\n", (double)s->series->length / RATE) &&
              mts_stage_values(&prompt, s->series, options->points);
    for (size_t i = 0; ok && i < STAGES; i++) {
        ok = mts_sample_option(s, stage_names[i], strlen(stage_names[i]));
    }
    ok = ok && mts_stage_ask(&prompt, "Which stage of sleep is it? ", s);
    return mts_stage_prompt(stage, s, &prompt, ok, err);
}

/* ---- a night and its hypnogram ---- */

/* The hypnogram's code of a window's equal 5 s entries from `first` on as an option; -1 where they differ, or are NaN:
 * of no stage. */
static int window_stage(const MtsSeries *h, size_t first)
{
    static const int option_of[] = {4, 4, 3, 2, 1, 0}; /* S4, S3, S2, S1, REM, wake */
    for (size_t i = 0; i < ENTRIES; i++) {
        if (h->values[first + i] != h->values[first]) {
            return -1;
        }
    }
    return option_of[(int)h->values[first]];
}

static int check_hypnogram(const char *path, const MtsSeries *h, MtsError *err)
{
    for (size_t i = 0; i < h->length; i++) {
        double v = h->values[i];
        if (v != floor(v) || v < 0 || v > 5) {
            return mts_fail(err, MTS_EFORMAT, "%s: entry %zu is %g, not a sleep stage from 0 to 5", path, i + 1, v);
        }
    }
    return MTS_OK;
}

/* How many values a window has of a night of so many seconds; 0 with a sentence where that is no multiple of the rate
 * it is brought to. */
static size_t window_length(const char *path, const MtsSeries *night, double seconds, MtsError *err)
{
    double rate = (double)night->length / seconds;
    size_t n = (size_t)llround(rate * SECONDS);
    bool known = night->sampling_rate != 1; /* as EDF and WFDB say it */
    if (rate > MOST_RATE || (known && fabs(rate - night->sampling_rate) > 0.01 * rate)) {
        mts_fail(err, MTS_EFORMAT,
                 "%s: %zu values for %.9g entries of %d s are %.4g a second%s: what is each entry for?", path,
                 night->length, seconds / ENTRY_SECONDS, ENTRY_SECONDS, rate,
                 known ? ", and its file says otherwise" : "");
        return 0;
    }
    if (night->channels != 1) {
        mts_fail(err, MTS_EFORMAT, "%s: has %zu channels; choose one, as in FILE#%s", path, night->channels,
                 night->names[0][0] ? night->names[0] : "1");
        return 0;
    }
    if (fabs(rate * SECONDS - (double)n) > 0.51 || n % VALUES != 0 || n == 0) {
        mts_fail(err, MTS_EFORMAT, "%s: %zu values in %.9g s are not at a multiple of %d Hz", path, night->length,
                 seconds, RATE);
        return 0;
    }
    return n;
}

/* Values [n] of the night brought to 50 Hz by means of blocks; NULL when memory ran out. */
static MtsSeries *take_window(const double *values, size_t n)
{
    MtsSeries *window = mts_series_alloc(1, VALUES);
    size_t block = n / VALUES;
    for (size_t t = 0; window && t < VALUES; t++) {
        double sum = 0;
        for (size_t k = 0; k < block; k++) {
            sum += values[t * block + k];
        }
        window->values[t] = sum / (double)block;
    }
    if (window) {
        window->sampling_rate = RATE;
    }
    return window;
}

static int add_windows(MtsStage *stage, const MtsSeries *night, const MtsSeries *hypnogram, size_t n,
                       const MtsStageOptions *options, MtsError *err)
{
    int rc = MTS_OK;
    for (size_t w = 0; !rc && w < hypnogram->length / ENTRIES && !mts_stage_is_full(stage, options); w++) {
        int option = window_stage(hypnogram, ENTRIES * w);
        if (option < 0 || (w + 1) * n > night->length) {
            continue;
        }
        MtsSeries *window = take_window(night->values + w * n, n);
        rc = window ? add_window(stage, w + 1, &window, option, options, err) : mts_stage_no_memory(stage, err);
        mts_series_free(&window);
    }
    return rc;
}

/* ---- a hypnogram of annotations ---- */

/* EDF+'s standard texts of sleep stages and the codes of window_stage(). */
static const struct {
    const char *text;
    int code;
} standard_texts[] = {{"Sleep stage W", 5},  {"Sleep stage R", 4},  {"Sleep stage N1", 3},
                      {"Sleep stage 1", 3},  {"Sleep stage N2", 2}, {"Sleep stage 2", 2},
                      {"Sleep stage N3", 1}, {"Sleep stage 3", 1},  {"Sleep stage 4", 0}};

typedef struct Noted {
    const char *name;
    MtsSeries *hypnogram; /* of NaN where nothing has been said yet */
    size_t stages;        /* texts that named one */
} Noted;

/* Entries that lie wholly in the note get its stage. */
static int take_note(void *context, const MtsEdfNote *note, MtsError *err)
{
    Noted *noted = context;
    MtsSeries *h = noted->hypnogram;
    size_t i = 0, count = sizeof standard_texts / sizeof standard_texts[0];
    while (i < count && !mts_cell_is(note->text, standard_texts[i].text)) {
        i++;
    }
    if (i == count) {
        return MTS_OK;
    }
    const double code = standard_texts[i].code, most = (double)h->length;
    if (!(note->duration > 0)) {
        return mts_fail(err, MTS_EFORMAT, "%s: \"%s\" at %.9g s has no duration", noted->name, standard_texts[i].text,
                        note->onset);
    }
    noted->stages++;
    double begin = fmax(ceil(note->onset / ENTRY_SECONDS), 0);
    double end = fmin(floor((note->onset + note->duration) / ENTRY_SECONDS), most);
    for (size_t at = (size_t)fmin(begin, most); (double)at < end; at++) {
        if (!isnan(h->values[at]) && h->values[at] != code) {
            return mts_fail(err, MTS_EFORMAT, "%s: two stages of sleep at %zu s", noted->name, ENTRY_SECONDS * at);
        }
        h->values[at] = code;
    }
    return MTS_OK;
}

/* The stages that the annotations of the file `more` name, of a night of so many seconds that `set` was read with. */
static int read_notes(MtsSeries **hypnogram, const char *more, double seconds, const MtsSeriesSet *set, MtsError *err)
{
    char start[MTS_START_SIZE] = "";
    Noted noted = {.name = more, .hypnogram = mts_series_alloc(1, (size_t)(seconds / ENTRY_SECONDS))};
    *hypnogram = noted.hypnogram;
    int rc = noted.hypnogram ? mts_edf_notes(more, take_note, &noted, start, err)
                             : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", more);
    if (!rc && noted.stages == 0) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: none of its annotations is a stage of sleep, such as \"%s\"", more,
                      standard_texts[0].text);
    }
    if (!rc && set->start[0] && strcmp(set->start, start) != 0) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: begins at %.8s %s, and %s at %.8s %s", more, start, start + 8, set->name,
                      set->start, set->start + 8);
    }
    return rc;
}

/* *seconds: of the night, by its own rate, or by entries that have a time and no rate. */
static int read_hypnogram(MtsSeries **hypnogram, const char *more, const MtsSeries *night, const MtsSeriesSet *set,
                          double *seconds, MtsError *err)
{
    if (mts_edf_has_notes(more)) {
        *seconds = (double)night->length / night->sampling_rate;
        return read_notes(hypnogram, more, *seconds, set, err);
    }
    int rc = mts_series_read(hypnogram, more, err);
    *seconds = rc ? 0 : (double)ENTRY_SECONDS * (double)(*hypnogram)->length;
    return rc ? rc : check_hypnogram(more, *hypnogram, err);
}

static int load_night(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options,
                      MtsError *err)
{
    MtsSeriesSet set = {0};
    MtsSeries *night = NULL, *hypnogram = NULL;
    MtsError why = {0};
    double seconds;
    int rc = mts_set_read_spec(&set, path, NULL, &night, err, &why);
    if (!rc && why.code) {
        rc = mts_fail(err, why.code, "%s", why.text);
    }
    rc = rc ? rc : read_hypnogram(&hypnogram, more, night, &set, &seconds, err);
    if (!rc) {
        size_t n = window_length(path, night, seconds, err);
        rc = n ? add_windows(stage, night, hypnogram, n, options, err) : MTS_EFORMAT;
    }
    mts_series_free(&night);
    mts_series_free(&hypnogram);
    mts_set_free(&set);
    return rc;
}

/* ---- labelled windows ---- */

/* `context`: the file's path. */
static int add_labelled(MtsStage *stage, const MtsSeriesSet *set, size_t i, const MtsStageOptions *options,
                        void *context, MtsError *err)
{
    const MtsSample names = {.options = (char **)(uintptr_t)stage_names, .option_count = STAGES};
    int option = mts_stage_answer(stage, &names, set->label[i], strlen(set->label[i]));
    MtsSeries *window = NULL;
    if (option < 0) {
        return mts_fail(err, MTS_EFORMAT, "%s: sample %zu: \"%.60s\" is no sleep stage", (const char *)context, i + 1,
                        set->label[i]);
    }
    int rc = mts_set_take_at(set, i, 0, &window, err);
    if (!rc && (window->channels != 1 || window->length > VALUES)) {
        rc = mts_fail(err, MTS_EFORMAT, "%s: sample %zu has %zu values of %zu channels, more than %d s of one at %d Hz",
                      (const char *)context, i + 1, window->length, window->channels, SECONDS, RATE);
    }
    if (!rc) {
        window->sampling_rate = RATE;
        rc = add_window(stage, i + 1, &window, option, options, err);
    }
    mts_series_free(&window);
    return rc;
}

static int load_sleep(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options,
                      MtsError *err)
{
    MtsSeriesSet set;
    if (more) {
        return load_night(stage, path, more, options, err);
    }
    int rc = mts_set_read(&set, path, err);
    rc = rc ? rc : mts_stage_each(stage, &set, options, add_labelled, (void *)(uintptr_t)path, err);
    mts_set_free(&set);
    return rc;
}

/* ---- as published ---- */

static bool publish_sleep(MtsPublished *published, const MtsSample *sample)
{
    static const MtsShowing showing = {.scaling = MTS_SCALE_POPULATION_FLOOR,
                                       .prefix = "The following is the EEG time series",
                                       .suffix = "",
                                       .end = ":"};
    static const char task[] =
        "You are given a 30-second EEG time series segment. Your task is to classify the sleep stage based on analysis "
        "of the data.\n"
        "\n"
        "        Instructions:\n"
        "        - Analyze the data objectively without presuming a particular label.\n"
        "        - Reason carefully and methodically about what the signal patterns suggest regarding sleep stage.\n"
        "        - Write your reasoning as a single, coherent paragraph. Do not use bullet points, lists, or section "
        "headers.\n"
        "        - Only reveal the correct class at the very end.\n"
        "        - Never state that you are uncertain or unable to classify the data. You must always provide a "
        "rationale and a final answer.";
    static const char ending[] =
        "Possible sleep stages are:\n"
        "        Wake, Non-REM stage 1, Non-REM stage 2, Non-REM stage 3, REM sleep, Movement\n"
        "\n"
        "        - Please now write your rationale. Make sure that your last word is the answer. You MUST end your "
        "response with \"Answer:";
    MtsBytes before = {0}, after = {0};
    bool ok = mts_bytes_append_str(&before, task) && mts_bytes_append_str(&after, ending) &&
              mts_publish_series(published, sample->series, &showing);
    return mts_publish_texts(published, &before, &after, ok);
}

const MtsStageKind mts_stage_sleep = {
    .name = "sleep",
    .load = load_sleep,
    .publish = publish_sleep,
    .points = 64,
    .more = MTS_SECOND_MAYBE,
    .answer = MTS_ANSWER_OPTION,
    .names = other_names,
    .name_count = sizeof other_names / sizeof other_names[0],
    .reward = "option:{options}",
    .reward_with_train = "option:{options} + class-spectral:{train},rate=50,gamma=0.04",
    .constraint = "answer",
};
