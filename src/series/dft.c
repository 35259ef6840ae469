/* series/dft.c - the power spectrum of real data, O(n^2) for short lengths and O(n log n) for all others.
 *
 * Short (n <= 512, which is every segment of a default spectrum): the sum as it is defined, its angles looked
 * up at (k t mod n) in a table of one turn, so that no error piles up.
 *
 * Long: Bluestein's algorithm (L. I. Bluestein, "A linear filtering approach to the computation of the discrete
 * Fourier transform", 1970). With k t = (k^2 + t^2 - (k - t)^2) / 2 and w(t) = exp(-pi i t^2 / n),
 *
 *     X(k) = w(k) sum_t [x(t) w(t)] conj(w(k - t)),
 *
 * a convolution, which a power of two m >= 2n - 1 computes by three radix-2 transforms, one of them (of conj w)
 * once per length. t^2 is taken mod 2n before it becomes an angle. */
#include "series/dft.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

#define SHORT 512
#define PI 3.14159265358979323846

typedef struct Complex {
    double re, im;
} Complex;

struct MtsDft {
    size_t n;
    size_t m;        /* power of two of the long form; 0: the short form */
    Complex *turn;   /* short: [n] exp(-2 pi i j / n); long: [m/2] exp(-2 pi i j / m) */
    Complex *chirp;  /* long: [n] w(t) */
    Complex *filter; /* long: [m] transform of conj(w), wrapped */
};

static Complex multiply(Complex a, Complex b)
{
    return (Complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/* In-place radix-2 transform of a [m]; `turn` [m/2]. */
static void radix2(Complex *a, size_t m, const Complex *turn)
{
    for (size_t i = 1, j = 0; i < m; i++) { /* bit reversal */
        size_t bit = m >> 1;
        for (; j & bit; bit >>= 1) {
            j ^= bit;
        }
        j ^= bit;
        if (i < j) {
            Complex t = a[i];
            a[i] = a[j];
            a[j] = t;
        }
    }
    for (size_t half = 1; half < m; half *= 2) {
        size_t stride = m / (2 * half);
        for (size_t base = 0; base < m; base += 2 * half) {
            for (size_t i = 0; i < half; i++) {
                Complex u = a[base + i], v = multiply(a[base + i + half], turn[i * stride]);
                a[base + i] = (Complex){u.re + v.re, u.im + v.im};
                a[base + i + half] = (Complex){u.re - v.re, u.im - v.im};
            }
        }
    }
}

static void fill_turn(Complex *turn, size_t count, size_t n)
{
    for (size_t j = 0; j < count; j++) {
        double angle = 2 * PI * (double)j / (double)n;
        turn[j] = (Complex){cos(angle), -sin(angle)};
    }
}

static bool make_long(MtsDft *d)
{
    for (d->m = 1; d->m < 2 * d->n - 1; d->m *= 2) {
    }
    d->turn = mts_calloc(d->m / 2, sizeof *d->turn);
    d->chirp = mts_calloc(d->n, sizeof *d->chirp);
    d->filter = mts_calloc(d->m, sizeof *d->filter);
    if (!d->turn || !d->chirp || !d->filter) {
        return false;
    }
    fill_turn(d->turn, d->m / 2, d->m);
    size_t square = 0; /* t^2 mod 2n */
    for (size_t t = 0; t < d->n; t++) {
        double angle = PI * (double)square / (double)d->n;
        d->chirp[t] = (Complex){cos(angle), -sin(angle)};
        d->filter[t] = (Complex){cos(angle), sin(angle)};
        if (t > 0) {
            d->filter[d->m - t] = d->filter[t];
        }
        square = (square + 2 * t + 1) % (2 * d->n);
    }
    radix2(d->filter, d->m, d->turn);
    return true;
}

MtsDft *mts_dft_new(size_t n)
{
    MtsDft *d = mts_calloc(1, sizeof *d);
    if (!d || n > SIZE_MAX / 64) {
        free(d);
        return NULL;
    }
    d->n = n;
    bool ok;
    if (n <= SHORT) {
        d->turn = mts_calloc(n, sizeof *d->turn);
        ok = d->turn != NULL;
        if (ok) {
            fill_turn(d->turn, n, n);
        }
    } else {
        ok = make_long(d);
    }
    if (!ok) {
        mts_dft_free(&d);
    }
    return d;
}

void mts_dft_free(MtsDft **dft)
{
    MtsDft *d = *dft;
    if (d) {
        free(d->turn);
        free(d->chirp);
        free(d->filter);
        free(d);
    }
    *dft = NULL;
}

size_t mts_dft_scratch(const MtsDft *dft)
{
    return 2 * dft->m;
}

static void power_short(const MtsDft *d, const double *x, double *power)
{
    for (size_t k = 0; k <= d->n / 2; k++) {
        double re = 0, im = 0;
        size_t j = 0; /* k t mod n */
        for (size_t t = 0; t < d->n; t++) {
            re += x[t] * d->turn[j].re;
            im += x[t] * d->turn[j].im;
            j += k;
            j -= j >= d->n ? d->n : 0;
        }
        power[k] = re * re + im * im;
    }
}

void mts_dft_power(const MtsDft *d, const double *x, double *power, double *scratch)
{
    if (d->m == 0) {
        power_short(d, x, power);
        return;
    }
    Complex *a = (Complex *)scratch;
    memset(a, 0, d->m * sizeof *a);
    for (size_t t = 0; t < d->n; t++) {
        a[t] = (Complex){x[t] * d->chirp[t].re, x[t] * d->chirp[t].im};
    }
    radix2(a, d->m, d->turn);
    for (size_t j = 0; j < d->m; j++) { /* conjugated, so that the forward transform serves as the inverse */
        Complex p = multiply(a[j], d->filter[j]);
        a[j] = (Complex){p.re, -p.im};
    }
    radix2(a, d->m, d->turn);
    double scale = 1 / ((double)d->m * (double)d->m); /* |w(k)| = 1 and the conjugate have no part in the power */
    for (size_t k = 0; k <= d->n / 2; k++) {
        power[k] = (a[k].re * a[k].re + a[k].im * a[k].im) * scale;
    }
}
