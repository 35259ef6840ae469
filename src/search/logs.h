/* search/logs.h - sums and differences of numbers that are kept as their natural logarithms.
 *
 * -HUGE_VAL is the logarithm of 0 and an ordinary value here; +HUGE_VAL and NaN never are. */
#ifndef MTS_SEARCH_LOGS_H
#define MTS_SEARCH_LOGS_H

#include <math.h>

/* log(exp(a) + exp(b)) */
static inline double mts_log_add(double a, double b)
{
    double high = a > b ? a : b, low = a > b ? b : a;
    return low == -HUGE_VAL ? high : high + log1p(exp(low - high));
}

/* log(1 - exp(x)) for x <= 0, without losing digits at either end; -HUGE_VAL at 0. */
static inline double mts_log1m_exp(double x)
{
    return x > -0.69314718055994531 ? log(-expm1(x)) : log1p(-exp(x));
}

/* log(exp(a) - exp(b)); -HUGE_VAL where b >= a. */
static inline double mts_log_sub(double a, double b)
{
    return b == -HUGE_VAL ? a : b >= a ? -HUGE_VAL : a + mts_log1m_exp(b - a);
}

/* A running log of a sum: the largest term so far and the sum relative to it. Terms are added in the
 * order of the calls, so the same calls give the same bits. Start from MTS_LOG_SUM_ZERO. */
typedef struct MtsLogSum {
    double high, sum;
} MtsLogSum;

#define MTS_LOG_SUM_ZERO ((MtsLogSum){-HUGE_VAL, 0})

static inline void mts_log_sum_add(MtsLogSum *s, double x)
{
    if (x == -HUGE_VAL) {
        return;
    }
    if (x <= s->high) {
        s->sum += exp(x - s->high);
    } else {
        s->sum = s->sum * exp(s->high - x) + 1;
        s->high = x;
    }
}

static inline double mts_log_sum(const MtsLogSum *s)
{
    return s->high == -HUGE_VAL ? -HUGE_VAL : s->high + log(s->sum);
}

/* The running mean of weighted numbers given as logarithms, and its standard error (Welford's recurrence, relative to
 * the largest number so far). Start from MTS_LOG_MEAN_ZERO. */
typedef struct MtsLogMean {
    double high, mean; /* mean in units of exp(high) */
    double centre, m2; /* the same with squared weights; and the sum of squared deviations from it, each times its
                        * squared weight, in units of exp(high) squared */
    double n, w, w2;   /* how many; sums of weights and of their squares */
} MtsLogMean;

#define MTS_LOG_MEAN_ZERO ((MtsLogMean){-HUGE_VAL, 0, 0, 0, 0, 0, 0})

static inline void mts_log_mean_add(MtsLogMean *m, double x, double weight)
{
    if (x > m->high) {
        double scale = exp(m->high - x);
        m->mean *= scale;
        m->centre *= scale;
        m->m2 *= scale * scale;
        m->high = x;
    }
    double value = x == -HUGE_VAL ? 0 : exp(x - m->high), delta = value - m->centre;
    m->n += 1;
    m->w += weight;
    m->w2 += weight * weight;
    m->mean += (value - m->mean) * (weight / m->w);
    m->centre += delta * (weight * weight / m->w2);
    m->m2 += weight * weight * delta * (value - m->centre);
}

static inline double mts_log_mean(const MtsLogMean *m)
{
    return m->mean > 0 ? m->high + log(m->mean) : -HUGE_VAL;
}

/* The standard error of the mean relative to the mean, which is that of its logarithm; NaN for fewer than two numbers
 * and for a mean of zero. It takes the numbers to have one mean and no correlation, and nothing of their variances: the
 * sum of squared deviations from the mean, each times its squared weight, over what makes it unbiased where the
 * variances are equal. */
static inline double mts_log_mean_se(const MtsLogMean *m)
{
    double off = m->centre - m->mean, squares = m->m2 + m->w2 * off * off;
    return m->n > 1 && m->mean > 0 ? sqrt(squares / (m->w * m->w - m->w2)) / m->mean : (double)NAN;
}

/* lambda * r as the target counts it: a reward of -HUGE_VAL is a tilt of zero at any lambda. */
static inline double mts_log_tilt(double lambda, double reward)
{
    return reward == -HUGE_VAL ? -HUGE_VAL : lambda * reward;
}

#endif
