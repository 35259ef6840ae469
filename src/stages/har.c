/* stages/har.c - human activity: which of the file's classes a window of acceleration is of.
 *
 * path: CSV of lists with columns label and x_axis, y_axis, z_axis (g, 50 Hz); units are checked: a window whose mean
 * magnitude is not between 0.3 and 3 g is MTS_EFORMAT. */
#include <math.h>
#include <string.h>

#include "stages/build.h"

enum { RATE = 50 };

/* Gravity is about 1 g whichever way the sensor lies, and 9.8 in m/s^2. */
static int check_gravity(const MtsSeriesSet *set, const MtsSeries *s, size_t index, MtsError *err)
{
    double sum = 0;
    if (s->channels != 3) {
        return mts_fail(err, MTS_EFORMAT, "%s: sample %zu has %zu axes, not 3", set->name, index + 1, s->channels);
    }
    for (size_t c = 0; c < 3; c++) {
        char own = "xyz"[c], said = (char)(s->names[c][0] | 0x20);
        if (said != own && said >= 'x' && said <= 'z') {
            return mts_fail(err, MTS_EFORMAT, "%s: axis %zu is called %.40s, where %c is meant to stand", set->name,
                            c + 1, s->names[c], own);
        }
    }
    for (size_t t = 0; t < s->length; t++) {
        const double *v = s->values + t;
        sum += sqrt(v[0] * v[0] + v[s->length] * v[s->length] + v[2 * s->length] * v[2 * s->length]);
    }
    double mean = sum / (double)s->length;
    if (mean < 0.3 || mean > 3) {
        return mts_fail(err, MTS_EFORMAT,
                        "%s: sample %zu has a mean acceleration of %g, not from 0.3 to 3: the unit is not g%s",
                        set->name, index + 1, mean, mean > 3 && mean < 30 ? " but probably m/s^2" : "");
    }
    return MTS_OK;
}

/* `labels`: a sample that has all of the file's labels as options. */
static int add_window(MtsStage *stage, const MtsSeriesSet *set, size_t i, const MtsStageOptions *options, void *labels,
                      MtsError *err)
{
    MtsBytes prompt = {0};
    MtsSample *s;
    int rc;
    if ((rc = mts_stage_add_number(stage, i + 1, &s, err)) || (rc = mts_set_take_at(set, i, 0, &s->series, err)) ||
        (rc = check_gravity(set, s->series, i, err))) {
        return rc;
    }
    s->series->sampling_rate = RATE;
    bool ok = mts_sample_options_of(s, labels, set->label[i]) &&
              mts_bytes_printf(&prompt, "Acceleration of a person's body along three axes, in g, over %.3g seconds:\n",
                               (double)s->series->length / RATE) &&
              mts_stage_values(&prompt, s->series, options->points) &&
              mts_stage_ask(&prompt, "What is the person doing? ", s);
    return mts_stage_prompt(stage, s, &prompt, ok, err);
}

static int load_har(MtsStage *stage, const char *path, const char *more, const MtsStageOptions *options, MtsError *err)
{
    MtsSeriesSet set;
    MtsSample labels = {0};
    int rc;
    (void)more;
    if (!(rc = mts_set_read(&set, path, err)) && !(rc = mts_stage_labels(&set, options, &labels, err))) {
        rc = mts_stage_each(stage, &set, options, add_window, &labels, err);
    }
    mts_sample_free_options(&labels);
    mts_set_free(&set);
    return rc;
}

/* ---- as published ---- */

static const char *const published_labels[] = {"biking",   "lying",   "running",      "sitting",
                                               "standing", "walking", "walking_down", "walking_up"};

enum { PUBLISHED = sizeof published_labels / sizeof published_labels[0] };

static bool is_published(const char *label)
{
    size_t k = 0;
    while (k < PUBLISHED && strcmp(label, published_labels[k]) != 0) {
        k++;
    }
    return k < PUBLISHED;
}

/* The published labels, or a file's own where it has others. */
static bool add_labels(MtsBytes *out, const MtsSample *sample)
{
    bool own = false, ok = true;
    for (size_t i = 0; i < sample->option_count; i++) {
        own = own || !is_published(sample->options[i]);
    }
    size_t n = own ? sample->option_count : PUBLISHED;
    for (size_t i = 0; ok && i < n; i++) {
        ok = mts_bytes_printf(out, "%s%s", i ? ", " : "", own ? sample->options[i] : published_labels[i]);
    }
    return ok;
}

static bool publish_har(MtsPublished *published, const MtsSample *sample)
{
    static const char *const axes[] = {"x", "y", "z"};
    static const MtsShowing showing = {.scaling = MTS_SCALE_SAMPLE_FLOOR,
                                       .prefix = "The following is the accelerometer data on the ",
                                       .names = axes,
                                       .name_count = 3,
                                       .suffix = "-axis",
                                       .end = ":"};
    static const char task[] =
        "You are given accelerometer data in all three dimensions. Your task is to classify the activity based on "
        "analysis of the data.\n"
        "\n"
        "        Instructions:\n"
        "        - Begin by analyzing the time series without assuming a specific label.\n"
        "        - Think step-by-step about what the observed patterns suggest regarding movement intensity and "
        "behavior.\n"
        "        - Write your rationale as a single, natural paragraph \xE2\x80\x94 do not use bullet points, numbered "
        "steps, or section headings.\n"
        "        - Do **not** mention any class label until the final sentence.\n"
        "\n"
        "        Possible activity labels are:\n"
        "        ";
    static const char ending[] = ".\n"
                                 "        \n"
                                 "        - Make sure that your last word is the answer. You MUST end your response "
                                 "with \"Answer: \"";
    MtsBytes before = {0}, after = {0};
    bool ok = mts_bytes_append_str(&before, task) && add_labels(&before, sample) &&
              mts_bytes_append_str(&before, ending) && mts_bytes_append_str(&after, "Rationale:") &&
              mts_publish_series(published, sample->series, &showing);
    return mts_publish_texts(published, &before, &after, ok);
}

const MtsStageKind mts_stage_har = {
    .name = "har",
    .load = load_har,
    .publish = publish_har,
    .points = 32,
    .more = MTS_SECOND_NEVER,
    .answer = MTS_ANSWER_OPTION,
    .labelled = true,
    .reward = "option:{options}",
    .reward_with_train = "option:{options} + class-spectral:{train},rate=50,gamma=0.04",
    .constraint = "answer",
};
