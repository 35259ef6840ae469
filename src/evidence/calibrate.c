/* evidence/calibrate.c - see calibrate.h. */
#include "evidence/calibrate.h"

#include <math.h>

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

/* d/d slope of one sample's -log p(label): the expected score less the label's. */
static double excess(const double *score, int label, const double *prior, double slope, size_t classes)
{
    double most = -HUGE_VAL, sum = 0, mean = 0;
    for (size_t k = 0; k < classes; k++) {
        most = fmax(most, log(prior[k]) + slope * (score[k] - prior[k]));
    }
    for (size_t k = 0; k < classes; k++) {
        double p = exp(log(prior[k]) + slope * (score[k] - prior[k]) - most);
        sum += p;
        mean += p * (score[k] - prior[k]);
    }
    return mean / sum - (score[label] - prior[label]);
}

/* The derivative grows with the slope (the sum is convex), so its zero is halved in on. */
double mts_calibrate(const double *held, const int *label, const double *prior, size_t count, size_t classes)
{
    double low = 0, high = 1000;
    for (int step = 0; step < 40; step++) {
        double slope = step ? (low + high) / 2 : 0, sum = 0;
        for (size_t i = 0; i < count; i++) {
            sum += excess(held + i * classes, label[i], prior, slope, classes);
        }
        if (step == 0 && sum >= 0) {
            return 0;
        }
        low = sum < 0 ? slope : low;
        high = sum < 0 ? high : slope;
    }
    return low;
}
