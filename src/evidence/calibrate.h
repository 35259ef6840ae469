/* evidence/calibrate.h - scores of classes to probabilities that hold on series nobody has learnt from. */
#ifndef MTS_EVIDENCE_CALIBRATE_H
#define MTS_EVIDENCE_CALIBRATE_H

#include <stdbool.h>
#include <stddef.h>

/* log p(k) = log prior(k) + slope (score(k) - prior(k)), less what makes the sum of p 1. A score is about 1 for the
 * class that is right and 0 for others, the prior where nothing is known. All [classes]; log_p may be score. */
void mts_posterior(const double *score, const double *prior, double slope, size_t classes, double *log_p);

enum { MTS_CALIBRATE_MOST = 256 }; /* classes */

/* The slope >= 0, and what is added to the scores (shift [classes]), under which the labels of samples [count] are
 * likeliest; `held` [count][classes] are scores by those who had not seen the sample. 0 where they say nothing: the
 * prior stays as it is. */
double mts_calibrate(const double *held, const int *label, const double *prior, size_t count, size_t classes,
                     double *shift);

/* Whether what was said of `count` held-out samples, together `gain` nats better than without any evidence, is more
 * than the `fitted` numbers that were fitted to them bring by chance (Schwarz's penalty). */
bool mts_knows(double gain, size_t count, size_t fitted);

#endif
