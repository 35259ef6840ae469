/* search/maxent/wave_draw.c - see wave_draw.h. */
#include "search/maxent/wave_draw.h"

#include "core/mem.h"
#include "core/sort.h"

/* What has less than this part of an even share of a place goes on with a smaller chance, even where places are left: a
 * wave ends sooner instead of finishing what is hopeless. */
#define FLOOR 0.01
#define LEAST 0x1p-36 /* score of the least, relative to the largest */

/* Scores from logarithms, which add up to 1; how many are not 0. What is there at all has LEAST of the largest, so that
 * it is drawn at times: of less than that a double knows nothing beside 1. */
static size_t make_scores(MtsWaveDraw *w)
{
    double high = -HUGE_VAL, sum = 0;
    bool guided = false;
    size_t count = 0;
    for (size_t i = 0; i < w->option_count; i++) {
        guided = guided || w->options[i].guided != -HUGE_VAL;
    }
    for (size_t i = 0; i < w->option_count; i++) {
        MtsWaveOption *o = &w->options[i];
        o->score = guided ? o->guided : o->plain; /* where nothing is believed to be of use: without E */
        high = o->score > high ? o->score : high;
    }
    for (size_t i = 0; i < w->option_count; i++) {
        MtsWaveOption *o = &w->options[i];
        o->score = o->score == -HUGE_VAL ? 0 : fmax(exp(o->score - high), LEAST);
        sum += o->score;
        count += o->score > 0;
    }
    for (size_t i = 0; i < w->option_count && sum > 0; i++) {
        w->options[i].score /= sum;
    }
    return count;
}

/* The `places` largest scores, descending, at w->best; the sum of all others. */
static double list_best(MtsWaveDraw *w, size_t places)
{
    size_t n = 0;
    double rest = 0;
    for (size_t i = 0; i < w->option_count; i++) {
        double x = w->options[i].score;
        if (n == places && x <= w->best[n - 1]) {
            rest += x;
            continue;
        }
        rest += n == places ? w->best[n - 1] : 0;
        n -= n == places;
        size_t at = n++;
        for (; at > 0 && w->best[at - 1] < x; at--) {
            w->best[at] = w->best[at - 1];
        }
        w->best[at] = x;
    }
    return rest;
}

/* The threshold c with sum of min(1, score / c) = places, but at least FLOOR of an even share. count: the scores above
 * 0. */
static double threshold(MtsWaveDraw *w, size_t places, size_t count)
{
    double least = FLOOR / (double)places, c = 0;
    if (count <= places) {
        return least;
    }
    double rest = list_best(w, places);
    for (size_t k = places; k-- > 0;) { /* as many as pass for certain, least first */
        rest += w->best[k];
        if (k == 0 || w->best[k - 1] >= rest / (double)(places - k)) {
            c = rest / (double)(places - k);
            break;
        }
    }
    return c > least ? c : least;
}

/* A proof is shown where the draw of mts_wave_draw() changes: the cumulative scores' places between whole numbers. */
static size_t list_breaks(MtsWaveDraw *w, double c)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < w->option_count; i++) {
        if (w->options[i].score > 0 && w->options[i].score < c) {
            sum += w->options[i].score / c;
            double at = sum - floor(sum);
            if (at > 1e-13 && at < 1 - 1e-13) { /* else it is a whole number but for rounding */
                w->breaks[count++] = at;
            }
        }
    }
    mts_sort_doubles(w->breaks, count);
    return count;
}

int mts_wave_draw(const MtsSearch *search, MtsWaveDraw *w, size_t places, MtsRng *rng, size_t *count, MtsError *err)
{
    double c = threshold(w, places, make_scores(w)), sum = 0;
    size_t n = 0;
    *count = 0;
    if (!mts_grow(&w->breaks, &w->break_cap, w->option_count + 1, sizeof *w->breaks)) {
        return mts_out_of_memory(err);
    }
    double u = mts_uniform(search->script, rng, w->breaks, search->script ? list_breaks(w, c) : 0);
    for (size_t i = 0; i < w->option_count; i++) {
        MtsWaveOption *o = &w->options[i];
        if (!(o->score > 0)) {
            continue;
        }
        double pi = 1;
        if (o->score < c) {
            pi = o->score / c;
            sum += pi;
            if (!(sum > (double)n + u)) {
                continue;
            }
            n++;
        }
        if (*count < places) {
            o->score = pi;
            w->taken[(*count)++] = i;
        }
    }
    return MTS_OK;
}

/* Whether a is the better one to follow the reward by: of equals the text, which is certain, then the likelier. */
static bool is_ahead(const MtsNode *a, const MtsNode *b)
{
    return a->reward != b->reward       ? a->reward > b->reward
           : a->finished != b->finished ? a->finished
                                        : a->path_logp > b->path_logp;
}

size_t mts_wave_take_best(MtsWaveDraw *w)
{
    const MtsNode *best = NULL;
    size_t count = 0;
    for (size_t i = 0; i < w->option_count; i++) {
        MtsWaveOption *o = &w->options[i];
        if (o->node && o->node->scored && o->node->reward != -HUGE_VAL && (!best || is_ahead(o->node, best))) {
            best = o->node;
            o->score = 1;
            w->taken[0] = i;
            count = 1;
        }
    }
    return count;
}
