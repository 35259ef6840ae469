/* stages/har.c - human activity: which of the file's classes a window of acceleration is of.
 *
 * path: CSV of lists with columns label and x_axis, y_axis, z_axis (g, 50 Hz); units are checked: a window whose mean
 * magnitude is not between 0.3 and 3 g is MTS_EFORMAT. */
#include <math.h>

#include "stages/build.h"

enum { RATE = 50 };

/* Gravity is about 1 g whichever way the sensor lies, and 9.8 in m/s^2. */
static int check_gravity(const MtsSeriesSet *set, const MtsSeries *s, size_t index, MtsError *err)
{
    double sum = 0;
    if (s->channels != 3) {
        return mts_fail(err, MTS_EFORMAT, "%s: sample %zu has %zu axes, not 3", set->name, index + 1, s->channels);
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
    if (!(rc = mts_set_read(&set, path, err)) && !(rc = mts_stage_labels(&set, &labels, err))) {
        rc = mts_stage_each(stage, &set, options, add_window, &labels, err);
    }
    mts_sample_free_options(&labels);
    mts_set_free(&set);
    return rc;
}

const MtsStageKind mts_stage_har = {
    .name = "har",
    .load = load_har,
    .points = 32,
    .more = MTS_SECOND_NEVER,
    .answer = MTS_ANSWER_OPTION,
    .reward = "option:{options}",
    .reward_with_train = "option:{options} + class-spectral:{train},rate=50,gamma=0.04",
    .constraint = "answer",
};
