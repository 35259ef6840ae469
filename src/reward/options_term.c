/* reward/options_term.c - rewards of texts that end in one of several allowed answers ("... Answer: walking").
 *
 *   option:A|B|C            1 when the text's answer is one of the options, 0 otherwise. A prefix: 1 when it already
 * is, 0.5 while what follows the last "Answer:" can still become one, 0 when not, and 0.25 before any "Answer:".
 *   option:lettered;X|Y|Z   the same for options that are sentences: their letters A, B, C count too
 * (reward/answer_line.h). class-spectral:FILE[,METRIC][,gamma=G][,missing=D][,rate=R] FILE holds labelled series
 * (docs/series.md), its labels are the options, and
 *
 *       r = -gamma * mean over channels of distance(PSD of the input, mean PSD of FILE's series with the stated label)
 *
 *                           by Welch with the input's default segment. The distance of a text that states no option is
 * D, by default that of the worst option. gamma from 0 to 1e6, default 1; D from 0 to 1e6. Finished texts.
 *
 * FILE's series that say no sampling rate have R, from 1e-6 to 1e9, default 1.
 *
 * The answer is found as reward/answer_line.h says. */
#include "reward/files.h"
#include "reward/rewards.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "reward/answer_line.h"
#include "series/set.h"

typedef struct Options {
    char **names;   /* [count] */
    double *value;  /* [count], class-spectral: what stating it is worth; NULL for option */
    bool lettered;  /* option */
    double missing; /* class-spectral: what stating none costs */
    size_t count, cap;
} Options;

static void free_options(void *self)
{
    Options *o = self;
    for (size_t i = 0; i < o->count; i++) {
        free(o->names[i]);
    }
    free(o->names);
    free(o->value);
    free(o);
}

static bool add_option(Options *o, const char *name, size_t n)
{
    char *copy = mts_strndup(name, n);
    if (!copy || !mts_grow(&o->names, &o->cap, o->count + 1, sizeof *o->names)) {
        free(copy);
        return false;
    }
    o->names[o->count++] = copy;
    return true;
}

static int score_option(void *self, const MtsRewardText *text, double *value, MtsError *err)
{
    const Options *o = self;
    const char *const *names = (const char *const *)o->names;
    const char *answer;
    size_t n;
    int option = mts_answer_option(text->text, text->size, names, o->count, o->lettered);
    if (option >= 0) {
        *value = 1;
    } else if (text->finished || option == MTS_NO_MEMORY) {
        *value = 0;
    } else if (!mts_answer_find(text->text, text->size, &answer, &n)) {
        *value = 0.25;
    } else {
        bool letter = o->lettered && n <= 1; /* a bracket, or nothing yet */
        option = letter ? 1 : mts_answer_begins_option(answer, n, names, o->count);
        *value = option > 0 ? 0.5 : 0;
    }
    return option == MTS_NO_MEMORY ? mts_fail(err, MTS_ENOMEM, "reward option: memory ran out") : MTS_OK;
}

int mts_reward_option(MtsRewardTerm *term, const char *argument, const MtsRewardInput *input, MtsError *err)
{
    (void)input;
    Options *o = mts_calloc(1, sizeof *o);
    if (!o) {
        return mts_fail(err, MTS_ENOMEM, "reward option: memory ran out");
    }
    static const char lettered[] = "lettered;";
    if (argument && strncmp(argument, lettered, sizeof lettered - 1) == 0) {
        o->lettered = true;
        argument += sizeof lettered - 1;
    }
    for (const char *s = argument ? argument : ""; *s;) {
        size_t n = strcspn(s, "|");
        char *normal = mts_answer_normal(s, n);
        bool empty = normal && !*normal;
        bool ok = normal && (empty || add_option(o, s, n));
        free(normal);
        if (!ok || empty) {
            free_options(o);
            return empty ? mts_fail(err, MTS_EREQUEST, "reward option: \"%.120s\" has an empty option", argument)
                         : mts_fail(err, MTS_ENOMEM, "reward option: memory ran out");
        }
        s += n + (s[n] == '|');
    }
    if (o->count == 0) {
        free_options(o);
        return mts_fail(err, MTS_EREQUEST, "reward option: needs the allowed answers, as in option:rest|walk|run");
    }
    term->self = o;
    term->score = score_option;
    term->free = free_options;
    term->prefixes = true;
    return MTS_OK;
}

/* ---- class-spectral ---- */

static int score_class(void *self, const MtsRewardText *text, double *value, MtsError *err)
{
    const Options *o = self;
    int option = mts_answer_option(text->text, text->size, (const char *const *)o->names, o->count, false);
    if (option == MTS_NO_MEMORY) {
        return mts_fail(err, MTS_ENOMEM, "reward class-spectral: memory ran out");
    }
    *value = option >= 0 ? o->value[option] : -o->missing;
    return MTS_OK;
}

/* What the classes are measured with. */
typedef struct ClassSpectra {
    const MtsSeries *input;
    size_t segment, bins;
    double *sum;             /* [classes][channels][bins] */
    size_t *members;         /* [classes] */
    double *one, *frequency; /* [bins] */
} ClassSpectra;

static void free_spectra(ClassSpectra *s)
{
    free(s->sum);
    free(s->members);
    free(s->one);
    free(s->frequency);
}

/* The labels of the set, each once, in order of appearance. */
static int list_classes(Options *o, const MtsSeriesSet *set, MtsError *err)
{
    for (size_t i = 0; i < set->count; i++) {
        size_t k = 0;
        while (k < o->count && strcmp(o->names[k], set->label[i]) != 0) {
            k++;
        }
        if (!set->label[i][0]) {
            return mts_fail(err, MTS_EREQUEST, "reward class-spectral: %s: series %zu has no label", set->name, i + 1);
        }
        if (k == o->count && (k >= 1000 || !add_option(o, set->label[i], strlen(set->label[i])))) {
            return k >= 1000
                       ? mts_fail(err, MTS_EREQUEST, "reward class-spectral: %s: has more than 1000 labels", set->name)
                       : mts_fail(err, MTS_ENOMEM, "reward class-spectral: memory ran out");
        }
    }
    return MTS_OK;
}

static int add_spectra(const Options *o, const MtsSeriesSet *set, double unsaid, ClassSpectra *s, MtsError *err)
{
    for (size_t i = 0; i < set->count; i++) {
        const MtsSeries *x = set->item[i];
        size_t k = 0;
        while (strcmp(o->names[k], set->label[i]) != 0) {
            k++;
        }
        int rc = mts_set_check(set, x, err);
        if (rc) {
            return rc;
        }
        double rate = x->sampling_rate == 1 ? unsaid : x->sampling_rate;
        if (x->channels != s->input->channels || x->length < s->segment || rate != s->input->sampling_rate) {
            return mts_fail(err, MTS_EREQUEST,
                            "reward class-spectral: %s: series %zu has %zu channels of %zu values at %g Hz, the input "
                            "has %zu at %g Hz and segments of %zu",
                            set->name, i + 1, x->channels, x->length, rate, s->input->channels, s->input->sampling_rate,
                            s->segment);
        }
        for (size_t c = 0; c < x->channels; c++) {
            rc = mts_psd(MTS_PSD_WELCH, x->values + c * x->length, x->length, s->segment, rate, NULL, s->one, err);
            if (rc) {
                return rc;
            }
            double *sum = s->sum + (k * x->channels + c) * s->bins;
            for (size_t b = 0; b < s->bins; b++) {
                sum[b] += s->one[b];
            }
        }
        s->members[k]++;
    }
    return MTS_OK;
}

/* The values of the options, and the worst of them. */
static int judge_classes(Options *o, const ClassSpectra *s, MtsSpectralMetric metric, double gamma, double *worst,
                         MtsError *err)
{
    const MtsSeries *x = s->input;
    *worst = 0;
    for (size_t c = 0; c < x->channels; c++) {
        int rc = mts_psd(MTS_PSD_WELCH, x->values + c * x->length, x->length, s->segment, x->sampling_rate,
                         s->frequency, s->one, err);
        if (rc) {
            return rc;
        }
        for (size_t k = 0; k < o->count; k++) {
            double *mean = s->sum + (k * x->channels + c) * s->bins;
            for (size_t b = 0; b < s->bins; b++) {
                mean[b] /= (double)s->members[k];
            }
            o->value[k] += mts_spectral_distance(metric, s->frequency, s->one, mean, s->bins) / (double)x->channels;
        }
    }
    for (size_t k = 0; k < o->count; k++) {
        *worst = o->value[k] > *worst ? o->value[k] : *worst;
        o->value[k] *= -gamma;
    }
    return MTS_OK;
}

static int learn_classes(Options *o, const MtsSeriesSet *set, double unsaid, const MtsSeries *input,
                         MtsSpectralMetric metric, double gamma, double *worst, MtsError *err)
{
    ClassSpectra s = {.input = input};
    s.segment = mts_psd_segment(MTS_PSD_WELCH, input->length, 0);
    s.bins = s.segment / 2 + 1;
    int rc = list_classes(o, set, err);
    size_t rows, cells;
    if (rc) {
        return rc;
    }
    if (s.segment == 0) {
        return mts_fail(err, MTS_EREQUEST, "reward class-spectral: the input series has %zu values, fewer than 8",
                        input->length);
    }
    bool fits = mts_size_mul(o->count, input->channels, &rows) && mts_size_mul(rows, s.bins, &cells);
    s.sum = fits ? mts_calloc(cells, sizeof *s.sum) : NULL;
    s.members = mts_calloc(o->count, sizeof *s.members);
    s.one = mts_calloc(s.bins, sizeof *s.one);
    s.frequency = mts_calloc(s.bins, sizeof *s.frequency);
    o->value = mts_calloc(o->count, sizeof *o->value);
    if (!s.sum || !s.members || !s.one || !s.frequency || !o->value) {
        rc = mts_fail(err, MTS_ENOMEM, "reward class-spectral: memory ran out");
    } else if (!(rc = add_spectra(o, set, unsaid, &s, err))) {
        rc = judge_classes(o, &s, metric, gamma, worst, err);
    }
    free_spectra(&s);
    return rc;
}

static int read_labelled(void *set, const char *path, MtsError *err)
{
    int rc = mts_set_read(set, path, err);
    if (rc) {
        mts_set_free(set);
    }
    return rc;
}

static void free_labelled(void *set)
{
    mts_set_free(set);
}

static const MtsFileForm labelled = {sizeof(MtsSeriesSet), read_labelled, free_labelled};

int mts_reward_class_spectral(MtsRewardTerm *term, const char *argument, const MtsRewardInput *input, MtsError *err)
{
    size_t path_size = argument ? mts_reward_first(argument, strlen(argument)).size : 0;
    if (!input->series || path_size == 0) {
        return mts_fail(err, MTS_EREQUEST,
                        "reward class-spectral: needs an input series and a file of labelled ones, as in "
                        "class-spectral:train.csv");
    }
    double gamma = 1, worst = 0, missing = 0, rate = 1;
    MtsRewardOption options[] = {{"gamma", 0, 1e6, &gamma, NULL, false},
                                 {"missing", 0, 1e6, &missing, NULL, false},
                                 {"rate", 1e-6, 1e9, &rate, NULL, false}};
    const char *word;
    size_t word_size;
    MtsSpectralMetric metric;
    int rc;
    if ((rc = mts_reward_options("class-spectral", argument[path_size] ? argument + path_size + 1 : "", &word,
                                 &word_size, options, 3, err)) ||
        (rc = mts_reward_metric("class-spectral", word, word_size, &metric, err))) {
        return rc;
    }
    const void *set = NULL;
    Options *o = mts_calloc(1, sizeof *o);
    char *path = mts_strndup(argument, path_size);
    rc = o && path ? mts_reward_file(input->files, path, &labelled, &set, err)
                   : mts_fail(err, MTS_ENOMEM, "reward class-spectral: memory ran out");
    if (!rc) {
        rc = learn_classes(o, set, rate, input->series, metric, gamma, &worst, err);
    }
    free(path);
    if (rc) {
        if (o) {
            free_options(o);
        }
        return rc;
    }
    o->missing = gamma * (options[1].given ? missing : worst);
    term->self = o;
    term->score = score_class;
    term->free = free_options;
    return MTS_OK;
}
