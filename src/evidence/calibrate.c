/* evidence/calibrate.c - see calibrate.h. */
#include "evidence/calibrate.h"

#include <math.h>
#include <string.h>

void mts_posterior(const double *score, const double *prior, double slope, size_t classes, double *log_p)
{
    double most = -HUGE_VAL, sum = 0;
    for (size_t k = 0; k < classes; k++) {
        log_p[k] = log(prior[k]) + slope * (score[k] - prior[k]);
        most = fmax(most, log_p[k]);
    }
    for (size_t k = 0; k < classes; k++) {
        sum += exp(log_p[k] - most);
    }
    for (size_t k = 0; k < classes; k++) {
        log_p[k] -= most + log(sum);
    }
}

/* Samples, their scores by those who had not seen them, and what is added to the scores. */
typedef struct HeldScores {
    const double *score; /* [count][classes] */
    const int *label;
    const double *prior;
    const double *shift;
    size_t count, classes;
} HeldScores;

/* exp of sample i's log p(k), times a number that all classes share. */
static double weight(const HeldScores *h, size_t i, size_t k, double slope, double most)
{
    return exp(log(h->prior[k]) + slope * (h->score[i * h->classes + k] + h->shift[k] - h->prior[k]) - most);
}

static double most_of(const HeldScores *h, size_t i, double slope)
{
    double most = -HUGE_VAL;
    for (size_t k = 0; k < h->classes; k++) {
        most = fmax(most, log(h->prior[k]) + slope * (h->score[i * h->classes + k] + h->shift[k] - h->prior[k]));
    }
    return most;
}

/* d/d slope of one sample's -log p(label): the expected score less the label's. */
static double excess(const HeldScores *h, size_t i, double slope)
{
    double most = most_of(h, i, slope), sum = 0, mean = 0;
    size_t right = (size_t)h->label[i];
    for (size_t k = 0; k < h->classes; k++) {
        double p = weight(h, i, k, slope, most);
        sum += p;
        mean += p * (h->score[i * h->classes + k] + h->shift[k] - h->prior[k]);
    }
    return mean / sum - (h->score[i * h->classes + right] + h->shift[right] - h->prior[right]);
}

/* The derivative grows with the slope (the sum is convex), so its zero is halved in on. */
static double best_slope(const HeldScores *h)
{
    double low = 0, high = 1000;
    for (int step = 0; step < 40; step++) {
        double slope = step ? (low + high) / 2 : 0, sum = 0;
        for (size_t i = 0; i < h->count; i++) {
            sum += excess(h, i, slope);
        }
        if (step == 0 && sum >= 0) {
            return 0;
        }
        low = sum < 0 ? slope : low;
        high = sum < 0 ? high : slope;
    }
    return low;
}

/* Moves each class's shift so that as many of it are expected as there are (one more of each, against classes that are
 * rare); of all that move by the same, nothing changes. `expected` [classes] is scratch. */
static void balance(const HeldScores *h, double slope, double *expected, double *shift)
{
    for (size_t k = 0; k < h->classes; k++) {
        expected[k] = 1;
    }
    for (size_t i = 0; i < h->count; i++) {
        double most = most_of(h, i, slope), sum = 0;
        for (size_t k = 0; k < h->classes; k++) {
            sum += weight(h, i, k, slope, most);
        }
        for (size_t k = 0; k < h->classes; k++) {
            expected[k] += weight(h, i, k, slope, most) / sum;
        }
    }
    for (size_t k = 0; k < h->classes; k++) {
        double there = 1;
        for (size_t i = 0; i < h->count; i++) {
            there += (size_t)h->label[i] == k;
        }
        shift[k] += log(there / expected[k]) / slope;
    }
}

double mts_calibrate(const double *held, const int *label, const double *prior, size_t count, size_t classes,
                     double *shift)
{
    enum { ROUNDS = 12 };
    double expected[MTS_CALIBRATE_MOST];
    const HeldScores h = {held, label, prior, shift, count, classes};
    memset(shift, 0, classes * sizeof *shift);
    double slope = best_slope(&h);
    for (int round = 0; slope > 0 && round < ROUNDS; round++) {
        balance(&h, slope, expected, shift);
        slope = best_slope(&h);
    }
    if (!(slope > 0)) {
        memset(shift, 0, classes * sizeof *shift);
    }
    return slope;
}

bool mts_knows(double gain, size_t count, size_t fitted)
{
    return gain > (double)fitted * log((double)count) / 2;
}
