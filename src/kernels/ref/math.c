/* kernels/ref/math.c - exp for everybody, and the double logarithm that ends a log-sum-exp.
 *
 * log x = e ln 2 + log m with m in [sqrt(1/2), sqrt(2)), f = m - 1, and with s = f / (2 + f), log m = 2 atanh(s) =
 * 2 s + 2 s^3 / 3 + 2 s^5 / 5 + ...; |s| < 0.1716, so the eleven terms up to s^23 leave less than 2^-61 of it. The
 * leading 2 s is f - s f, and s f = f^2 / 2 - s f^2 / 2: written as f - (f^2 / 2 - s (f^2 / 2 + R)) the
 * large terms are exact or nearly so, and the error of the division weighs little. */
#include "kernels/ref/math.h"

#include "kernels/kernels.h"

float mts_exp(float x)
{
    return mts_ref_exp(x);
}

double mts_log(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    /* e: the exponent for a significand in [sqrt(1/2), sqrt(2)); 0x3FE6A09E667F3BCD is sqrt(1/2) */
    int e = (int)((bits - 0x3FE6A09E667F3BCDu) >> 52);
    e = e >= 2048 ? e - 4096 : e;
    bits -= (uint64_t)e << 52;
    double m;
    memcpy(&m, &bits, sizeof m);
    double f = m - 1, s = f / (2 + f), z = s * s, r = 0;
    for (int n = 23; n >= 3; n -= 2) {
        r = (r + 2.0 / n) * z;
    }
    double half = 0.5 * f * f, ln2_hi = 0x1.62e42fefa38p-1, ln2_lo = 0x1.ef35793c7673p-45;
    return e * ln2_hi - ((half - (s * (half + r) + e * ln2_lo)) - f);
}
