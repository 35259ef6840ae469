/* reward/spectral.c - do the numbers of a text move as its input does?
 *
 * spectral[:METRIC][,periodogram=0|1][,gamma=G][,segment=S][,missing=D] - do the numbers that the text holds
 * move as the input series does?
 *
 *     r = -gamma * distance(PSD of the numbers, PSD of the input)
 *
 * METRIC is l1 (default), wasserstein or kl (formulas: maxts/series.h). The PSD is Welch's, or with
 * periodogram=1 the mean of plain periodograms. Of an input with several channels it is the mean over them.
 *
 * Both spectra need one grid. The seed system took segments of min(256, n/4) of n values and required that both
 * sides come out alike; here the shorter of the two sides decides: segment = min(256, min(n, length)/4), or
 * min(n, length) for periodograms, unless `segment` fixes it. A text with too few numbers for a segment of 2
 * (8 numbers; for a fixed segment, that many) is given the distance D:
 *
 *     l1           the distance of the input's own spectrum (default segment) to the floor 1e-10
 *     wasserstein  half the sampling rate, the largest there is
 *     kl           10 ln 10
 *
 * Range: r <= 0. gamma from 0 to 1e6, default 1; segment from 2 to 65536; D from 0 to 1e6. Only finished texts. */
#include "reward/rewards.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/mem.h"

/* Spectra of the input by segment, computed when first asked for. */
typedef struct Known {
    size_t segment;
    double *frequency, *psd; /* [segment/2 + 1] each; one block, `frequency` owns it */
} Known;

typedef struct Spectral {
    const MtsSeries *series;
    MtsSpectralMetric metric;
    MtsPsdMethod method;
    size_t segment; /* 0: by the rule */
    double gamma, missing;
    pthread_mutex_t lock;
    Known **known; /* guarded; the entries stay where they are */
    size_t count, cap;
} Spectral;

static void free_known(Known *k)
{
    if (k) {
        free(k->frequency);
        free(k);
    }
}

static void free_spectral(void *self)
{
    Spectral *s = self;
    for (size_t i = 0; i < s->count; i++) {
        free_known(s->known[i]);
    }
    free(s->known);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* The segment for a text of n numbers; 0 when they are too few. */
static size_t common_segment(const Spectral *s, size_t n)
{
    size_t shorter = n < s->series->length ? n : s->series->length;
    if (s->segment) {
        return s->segment <= shorter ? s->segment : 0;
    }
    if (shorter < 8) {
        return 0;
    }
    return mts_psd_segment(s->method, shorter, 0);
}

static int make_known(const Spectral *s, size_t segment, Known **out, MtsError *err)
{
    size_t bins = segment / 2 + 1;
    Known *k = mts_calloc(1, sizeof *k);
    double *one = mts_calloc(bins, sizeof *one);
    int rc = MTS_OK;
    if (!k || !one || !(k->frequency = mts_calloc(2 * bins, sizeof *one))) {
        rc = mts_fail(err, MTS_ENOMEM, "reward spectral: memory ran out for %zu bins", bins);
        goto done;
    }
    k->segment = segment;
    k->psd = k->frequency + bins;
    for (size_t c = 0; c < s->series->channels && !rc; c++) {
        rc = mts_psd(s->method, s->series->values + c * s->series->length, s->series->length, segment,
                     s->series->sampling_rate, k->frequency, one, err);
        for (size_t b = 0; b < bins && !rc; b++) {
            k->psd[b] += one[b] / (double)s->series->channels;
        }
    }
done:
    free(one);
    if (rc) {
        free_known(k);
        k = NULL;
    }
    *out = k;
    return rc;
}

static int input_spectrum(Spectral *s, size_t segment, const Known **out, MtsError *err)
{
    int rc = MTS_OK;
    *out = NULL;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->count && !*out; i++) {
        *out = s->known[i]->segment == segment ? s->known[i] : NULL;
    }
    if (!*out) {
        Known *made = NULL;
        rc = make_known(s, segment, &made, err);
        if (!rc && !mts_grow(&s->known, &s->cap, s->count + 1, sizeof *s->known)) {
            free_known(made);
            rc = mts_fail(err, MTS_ENOMEM, "reward spectral: memory ran out");
        } else if (!rc) {
            s->known[s->count++] = made;
            *out = made;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

static int score_spectral(void *self, const MtsRewardText *text, double *value, MtsError *err)
{
    Spectral *s = self;
    double *numbers = NULL, *psd = NULL;
    size_t n;
    int rc = mts_reward_numbers(text->text, text->size, &numbers, &n, err);
    if (rc) {
        return rc;
    }
    double distance = s->missing;
    size_t segment = common_segment(s, n);
    if (segment > 0) {
        const Known *input = NULL;
        rc = input_spectrum(s, segment, &input, err);
        if (rc) {
            goto done;
        }
        psd = mts_calloc(segment / 2 + 1, sizeof *psd);
        if (!psd) {
            rc = mts_fail(err, MTS_ENOMEM, "reward spectral: memory ran out");
            goto done;
        }
        rc = mts_psd(s->method, numbers, n, segment, s->series->sampling_rate, NULL, psd, err);
        if (rc) {
            goto done;
        }
        distance = mts_spectral_distance(s->metric, input->frequency, psd, input->psd, segment / 2 + 1);
    }
    *value = -s->gamma * distance;
done:
    free(psd);
    free(numbers);
    return rc;
}

static int default_missing(Spectral *s, MtsError *err)
{
    if (s->metric == MTS_SPECTRAL_WASSERSTEIN) {
        s->missing = s->series->sampling_rate / 2;
        return MTS_OK;
    }
    if (s->metric == MTS_SPECTRAL_KL) {
        s->missing = 10 * log(10);
        return MTS_OK;
    }
    const Known *input;
    int rc = input_spectrum(s, common_segment(s, s->series->length), &input, err);
    if (rc) {
        return rc;
    }
    size_t bins = input->segment / 2 + 1;
    double *floor_psd = mts_calloc(bins, sizeof *floor_psd);
    if (!floor_psd) {
        return mts_fail(err, MTS_ENOMEM, "reward spectral: memory ran out");
    }
    s->missing = mts_spectral_distance(s->metric, input->frequency, floor_psd, input->psd, bins);
    free(floor_psd);
    return MTS_OK;
}

int mts_reward_spectral(MtsRewardTerm *term, const char *argument, const MtsRewardInput *input, MtsError *err)
{
    const char *word;
    size_t word_size, periodogram = 0;
    if (!input->series) {
        return mts_fail(err, MTS_EREQUEST, "reward spectral: needs an input series (--series FILE)");
    }
    Spectral *s = mts_calloc(1, sizeof *s);
    if (!s) {
        return mts_fail(err, MTS_ENOMEM, "reward spectral: memory ran out");
    }
    s->series = input->series;
    s->gamma = 1;
    MtsRewardOption options[] = {{"periodogram", 0, 1, NULL, &periodogram, false},
                                 {"gamma", 0, 1e6, &s->gamma, NULL, false},
                                 {"segment", 2, 65536, NULL, &s->segment, false},
                                 {"missing", 0, 1e6, &s->missing, NULL, false}};
    pthread_mutex_init(&s->lock, NULL);
    int rc;
    if ((rc = mts_reward_options("spectral", argument, &word, &word_size, options, 4, err)) ||
        (rc = mts_reward_metric("spectral", word, word_size, &s->metric, err))) {
        goto done;
    }
    s->method = periodogram ? MTS_PSD_PERIODOGRAM : MTS_PSD_WELCH;
    if (common_segment(s, s->series->length) == 0) {
        rc =
            mts_fail(err, MTS_EREQUEST, "reward spectral: the input series has %zu values, fewer than the %zu it needs",
                     s->series->length, s->segment ? s->segment : 8);
        goto done;
    }
    if (!options[3].given) {
        rc = default_missing(s, err);
    }
done:
    if (rc) {
        free_spectral(s);
        return rc;
    }
    term->self = s;
    term->score = score_spectral;
    term->free = free_spectral;
    return MTS_OK;
}
