/* reward/forecast.c - a forecast that goes on as its input does.
 *
 * forecast:horizon=H[,season=S][,level=W][,malformed=M][,unfinished=U] - a list of H numbers that goes on as the input
 * series does.
 *
 *     r = -l1(P_y, P_x) - W D(y) - M [not exactly H numbers, or anything but numbers and separators]
 *
 * y are the text's first H numbers, P_y their periodogram under a Hann window, P_x Welch's spectrum of the input
 * with segments of H under the same window, l1 the trapezoid rule of |ln P_y - ln P_x| over frequency. Where
 * numbers are missing, the input's last season stands in: y(t) = x(L - S + t mod S).
 *
 * Spectra know rhythm, not level or phase; D does. It is the mean over steps of min(10, |y(t) - x(L - S + t mod S)| /
 * q): how far y is from the last season, in units of q, the mean |x(t) - x(t - S)| of the input (at least a hundredth
 * of its range; 1 where that is 0 too).
 *
 * A prefix is scored the same way, and what can no longer become a list of H numbers costs U. A number that touches its
 * end may still grow: it counts as the nearest to the last season's value that it can become. With k digits so far it
 * becomes anything from d 10^j to (d + 1) 10^j less one unit, j = 0 .. D - k, D the most digits before the point in the
 * input (and j = 0 where k > D or the point is written), one unit being the input's last decimal place. So "4" where
 * the last season has 505 counts as 499, "5" as 505, and each digit says at once what it does: a search need not wait
 * for whole numbers.
 *
 * H from 4 to 65536 and at most the input's length L (one channel), needed; S from 1 to L, default H;
 * W, M and U from 0 to 1e6, default 0, 0.5 and 3.
 * Range: r <= 0. */
#include "reward/rewards.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "reward/path.h"

typedef struct Forecast {
    size_t horizon, season, bins;
    double level, malformed, unfinished;
    double step;       /* q */
    MtsPathForm form;  /* of the input */
    double *last;      /* [horizon] the input's last season, repeated */
    double *frequency; /* [bins] */
    double *input_psd; /* [bins] */
} Forecast;

static void free_forecast(void *self)
{
    Forecast *f = self;
    free(f->last);
    free(f->frequency);
    free(f->input_psd);
    free(f);
}

static int score_forecast(void *self, const MtsRewardText *text, double *value, MtsError *err)
{
    const Forecast *f = self;
    double apart = 0, *y = mts_calloc(f->horizon + f->bins, sizeof *y);
    size_t said;
    int rc = y ? mts_path_read(text, &f->form, f->last, f->horizon, y, &said, err)
               : mts_fail(err, MTS_ENOMEM, "reward forecast: memory ran out");
    if (rc || (rc = mts_psd(MTS_PSD_WELCH, y, f->horizon, f->horizon, 1, NULL, y + f->horizon, err))) {
        goto done;
    }
    double cost = mts_path_is_list(text, f->horizon) ? 0 : text->finished ? f->malformed : f->unfinished;
    for (size_t t = 0; t < f->horizon; t++) {
        apart += fmin(10, fabs(y[t] - f->last[t]) / f->step) / (double)f->horizon;
    }
    *value = -f->level * apart -
             mts_spectral_distance(MTS_SPECTRAL_L1, f->frequency, y + f->horizon, f->input_psd, f->bins) - cost;
done:
    free(y);
    return rc;
}

/* The mean step from season to season, kept away from 0. */
static double season_step(const MtsSeries *x, size_t season)
{
    double sum = 0, least = x->values[0], most = x->values[0];
    for (size_t t = 0; t < x->length; t++) {
        sum += t >= season ? fabs(x->values[t] - x->values[t - season]) : 0;
        least = fmin(least, x->values[t]);
        most = fmax(most, x->values[t]);
    }
    double step = x->length > season ? sum / (double)(x->length - season) : 0;
    step = fmax(step, (most - least) / 100);
    return step > 0 ? step : 1;
}

static int read_settings(Forecast *f, const char *argument, const MtsSeries *x, MtsError *err)
{
    f->malformed = 0.5;
    f->unfinished = 3;
    MtsRewardOption options[] = {{"horizon", 4, 65536, NULL, &f->horizon, false},
                                 {"season", 1, 1e9, NULL, &f->season, false},
                                 {"level", 0, 1e6, &f->level, NULL, false},
                                 {"malformed", 0, 1e6, &f->malformed, NULL, false},
                                 {"unfinished", 0, 1e6, &f->unfinished, NULL, false}};
    const char *word;
    size_t word_size;
    int rc = mts_reward_options("forecast", argument, &word, &word_size, options, 5, err);
    if (rc) {
        return rc;
    }
    if (word_size || !options[0].given) {
        return mts_fail(err, MTS_EREQUEST,
                        "reward forecast: needs the number of steps, as in forecast:horizon=24,season=24");
    }
    if (f->horizon > x->length || f->season > x->length) {
        return mts_fail(err, MTS_EREQUEST, "reward forecast: the %s is %zu, but the input series has %zu values",
                        f->horizon > x->length ? "horizon" : "season", f->horizon > x->length ? f->horizon : f->season,
                        x->length);
    }
    f->season = f->season ? f->season : f->horizon;
    return MTS_OK;
}

/* What answers are compared with. */
static int learn_input(Forecast *f, const MtsSeries *x, MtsError *err)
{
    f->step = season_step(x, f->season);
    f->form = mts_path_form(x);
    f->bins = mts_psd_bins(MTS_PSD_WELCH, x->length, f->horizon);
    f->last = mts_calloc(f->horizon, sizeof *f->last);
    f->frequency = mts_calloc(f->bins, sizeof *f->frequency);
    f->input_psd = mts_calloc(f->bins, sizeof *f->input_psd);
    if (!f->last || !f->frequency || !f->input_psd) {
        return mts_fail(err, MTS_ENOMEM, "reward forecast: memory ran out");
    }
    for (size_t t = 0; t < f->horizon; t++) {
        f->last[t] = x->values[x->length - f->season + t % f->season];
    }
    return mts_psd(MTS_PSD_WELCH, x->values, x->length, f->horizon, 1, f->frequency, f->input_psd, err);
}

int mts_reward_forecast(MtsRewardTerm *term, const char *argument, const MtsRewardInput *input, MtsError *err)
{
    const MtsSeries *x = input->series;
    if (!x) {
        return mts_fail(err, MTS_EREQUEST, "reward forecast: needs an input series (--series FILE)");
    }
    if (x->channels != 1) {
        return mts_fail(err, MTS_EREQUEST, "reward forecast: the input series has %zu channels; choose one",
                        x->channels);
    }
    Forecast *f = mts_calloc(1, sizeof *f);
    if (!f) {
        return mts_fail(err, MTS_ENOMEM, "reward forecast: memory ran out");
    }
    int rc;
    if ((rc = read_settings(f, argument, x, err)) || (rc = learn_input(f, x, err))) {
        free_forecast(f);
        return rc;
    }
    term->self = f;
    term->score = score_forecast;
    term->free = free_forecast;
    term->prefixes = true;
    return MTS_OK;
}
