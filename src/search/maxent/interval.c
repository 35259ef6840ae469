/* search/maxent/interval.c - where Z is, by what is known and by the scatter of the estimates.
 *
 * The lower end is K: what has been seen is a part of Z, for certain. The upper end is one that Z is below in 95 of a
 * hundred searches. Where the texts that make Z have not been met, the scatter of the z says nothing of them. So beside
 * the standard error s of Z^ stand what E expects of the unseen, with W the soft value of the root (c = 1), and what it
 * cannot expect: of n texts scored and an unseen prior mass u, as much as 5/n of u may be worth the best text's tilt
 * (by the rule of three, more than 3/n of it would most likely have shown another one).
 *
 *     max(Z^, K) + t sqrt(s^2 + (0.3 (W - K))^2 + (5/n u exp(lambda max r))^2)
 *
 * t is the 95 % point of Student's law, with one degree of freedom less than there are z, counted by their weights:
 * (sum of w)^2 / (sum of w^2). 0.3 and 5 were chosen on tables (docs/algorithm.md). */
#include "search/maxent/maxent.h"

/* t with probability 0.95 below it, for n >= 1 degrees of freedom (G. W. Hill, Algorithm 396, CACM 13, 1970). */
double mts_student_95(double n)
{
    const double p = 0.1, half_pi = 1.5707963267948966, x = -1.6448536269514722; /* of the normal law */
    if (n < 1.5) {
        return 6.3137515 + (2.9199856 - 6.3137515) * 2 * (n - 1) * 0.75; /* steep, and rough */
    }
    double a = 1 / (n - 0.5), b = 48 / (a * a), c = ((20700 * a / b - 98) * a - 16) * a + 96.36;
    double d = ((94.5 / (b + c) - 3) / b + 1) * sqrt(a * half_pi) * n, y = pow(d * p, 2 / n);
    if (y > 0.05 + a) {
        y = x * x;
        c += n < 5 ? 0.3 * (n - 4.5) * (x + 0.6) : 0;
        c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b;
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x;
        y = expm1(a * y * y);
    } else {
        y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1) /
                (n + 2) +
            1 / y;
    }
    return sqrt(n * y);
}

/* log(5/n u exp(lambda max r)) */
static double log_lucky(const MtsSearch *search)
{
    const MtsEstimate *e = &mts_maxent(search)->estimate;
    double best = -HUGE_VAL;
    for (size_t i = 0; i < e->text_count; i++) {
        best = fmax(best, mts_search_tilt(search, e->texts[i]));
    }
    return mts_sums(search->nodes.root)->log_u + best + log(e->text_count > 5 ? 5 / (double)e->text_count : 1);
}

void mts_maxent_interval(const MtsSearch *search, double *low, double *high)
{
    const MtsLogMean *z = &mts_maxent(search)->z;
    const MtsSums *root = mts_sums(search->nodes.root);
    if (search->nodes.root->visits == 0 || mts_search_broke_off(search)) {
        return;
    }
    *low = root->log_k;
    if (root->log_u == -HUGE_VAL) {
        *high = root->log_k;
        return;
    }
    double log_z = mts_log_mean(z), se = mts_log_mean_se(z), lucky = log_lucky(search);
    double unit = fmax(fmax(log_z, root->log_k), fmax(root->log_w, lucky));
    if (isnan(se) || !isfinite(unit)) {
        return; /* of a single one nothing is known above */
    }
    double k = exp(root->log_k - unit), mean = exp(log_z - unit), seen = se * mean, rare = exp(lucky - unit);
    double unseen = 0.3 * fmax(exp(root->log_w - unit) - k, 0) * exp(-mts_maxent(search)->level);
    /* no hypot(), whose last bit is another one where a processor fuses multiply-adds */
    double t = mts_student_95(fmax(z->w * z->w / z->w2 - 1, 1));
    *high = unit + log(fmax(mean, k) + t * sqrt(seen * seen + unseen * unseen + rare * rare));
}
