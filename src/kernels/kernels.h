/* kernels/kernels.h - the hot loops: what each computes, to the last bit, and the table that finds them.
 *
 * Every kernel is pure (no allocation, no threads, no state; it writes only the range it is told) and is a function of
 * its inputs alone: the scalar C in ref/ and every instruction set give the same bits for every tile, batch and
 * split of the work. So the order of every floating-point operation is written down here, and fmaf() stands wherever
 * a multiplication and an addition are rounded once. NaNs are NaNs everywhere; their payload is not promised.
 * Unless a kernel says otherwise, buffers need no more than the alignment of their element type.
 *
 * Matrix times vector, int8 activations (weights: weights.h)
 * ----------------------------------------------------------
 * A row x[K] of activations is cut into blocks of 32. Per block, with a = max |x|:
 *     d = a / 127,  q_k = rint(x_k * (127 / a)) in [-127, 127] (ties to even),  s = d * (float)(sum of q_k)
 * and d = s = 0, q = 0 where a < 2^-100; d = s = NaN, q = 0 where x holds an infinity or a NaN.
 *
 * Each output is one lane, blocks in ascending order, no horizontal sum. With u the unsigned quants of a weight row
 * and z their offset (8, 16, 32, 128 for Q4_0, Q5_0, Q6_K, Q8_0; 0 otherwise), acc = 0 and then for each block
 *     i   = sum over its 32 columns of (u_k - z) * q_k                exact in int32
 *     acc = fmaf((float)i, w * d, acc)
 *     acc = fmaf(m, s, acc)                                           kinds with a minimum only
 * where w and m are exact in fp32:
 *     Q4_0 Q5_0 Q8_0   w = the block's d
 *     Q4_1 Q5_1        w = d, m = m
 *     Q4_K Q5_K        w = d * sub-scale, m = -(dmin * sub-minimum)
 *     Q6_K             w = d, and i = sc0 * i0 + sc1 * i1 with i0, i1 the sums over the two halves of 16 columns:
 *                      below 2^24 in magnitude, therefore exact as a float too, in whichever order it is formed
 *
 * Matrix times vector, fp32 activations
 * -------------------------------------
 * acc = 0; for k ascending: acc = fmaf(W_k, x_k, acc), W_k the weight as the file defines it (exact but for the one
 * rounding of the addition of a minimum).
 *
 * Both: the result is y = acc, or y = y + acc when `add`.
 */
#ifndef MTS_KERNELS_KERNELS_H
#define MTS_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/weights.h"

enum {
    MTS_PANEL = 16,      /* activation rows interleaved in one panel */
    MTS_PAGE_TOKENS = 16 /* positions in one page of keys or values */
};

/* One block of 32 columns of one activation row: a cache line of its own, so that threads which quantise neighbouring
 * rows never write to the same one. */
typedef struct MtsActRow {
    int8_t q[32];
    float d, s;
    int32_t n[3]; /* minus the sum of q over all 32 columns, over the first 16, over the last 16 */
    int32_t unused[3];
} MtsActRow;

/* One block of 32 columns of the 16 activation rows of a panel. A matrix of S rows and K columns is
 * [ceil(S / 16)][K / 32] of these: mts_acts_size(). Row s is lane s % 16 of panel s / 16. */
typedef struct MtsActBlock {
    MtsActRow row[MTS_PANEL];
} MtsActBlock;

/* Bytes of the quantised form of `rows` activation rows of `cols` (a multiple of 32); 0 when it does not fit in
 * size_t. The buffer must be aligned to 64 bytes. */
size_t mts_acts_size(size_t rows, size_t cols);

/* The weights that a thread multiplies after those of a call, for fetching: `more` groups that adjoin them, then those
 * at `then`, NULL: nobody knows. */
typedef struct MtsNext {
    size_t more;
    const unsigned char *then;
} MtsNext;

typedef struct MtsKernels {
    const char *name; /* the family that filled most of the table: "scalar", "avx2", "avx512", "avx512vnni", ... */

    /* ---- matrix times vector; call through mts_matmul() and mts_matmul_f32() ---- */

    /* Quantises x [blocks * 32] into lane `lane` of panel[blocks]; other lanes are left alone. */
    void (*quantize)(const float *x, size_t blocks, MtsActBlock *panel, size_t lane);

    /* By weight type; NULL for types that are not quantised. Group `group` (16 rows, `cols` columns) times lanes
     * [lane, lane + n) of panel, 1 <= n, lane + n <= 16: y[i * stride + r], r = 0..15, for lane + i. ahead: NULL, or a
     * group that may be fetched into the second-level cache meanwhile. */
    void (*tile[MTS_TYPES])(const unsigned char *group, size_t cols, const MtsActBlock *panel, size_t lane, size_t n,
                            float *y, size_t stride, bool add, const unsigned char *ahead);

    /* By weight type; NULL where tile() has no superior. `groups` groups (>= 1), group_bytes apart, times activation
     * rows [s0, s1) of acts, s0 < s1: y[s * stride + 16 * g + r]. What tile() gives, for more work at a time. It may
     * read all 16 lanes of a panel that has a wanted one, whatever they hold. next: as mts_matmul(). */
    void (*product[MTS_TYPES])(const unsigned char *group, size_t groups, size_t group_bytes, size_t cols,
                               const MtsActBlock *acts, size_t s0, size_t s1, float *y, size_t stride, bool add,
                               MtsNext next);

    /* By weight type. The same for fp32 activations: rows x + i * x_stride, i < n, any n >= 1. */
    void (*tile_f32[MTS_TYPES])(const unsigned char *group, size_t cols, const float *x, size_t x_stride, size_t n,
                                float *y, size_t y_stride, bool add);

    /* ---- one row of activations ---- */

    /* y = x * scale * w, ((x * scale) * w), scale = 1 / sqrtf(ss / n + eps). ss: element i goes to partial sum i mod 16
     * as p = fmaf(x, x, p), i ascending; then p[i] += p[i + 8] for i < 8, p[i] += p[i + 4] for i < 4, and so
     * on. y may be x. */
    void (*rmsnorm)(const float *x, const float *w, size_t n, float eps, float *y);

    /* Rotates pairs of one head x [2 * half] in place by the angles whose cosines c [half] and sines s [half] are
     * given: (a, b) -> (fmaf(a, c, -(b * s)), fmaf(a, s, b * c)). rope_pairs: a = x[2 i], b = x[2 i + 1]; rope_halves:
     * a = x[i], b = x[i + half]. */
    void (*rope_pairs)(float *x, const float *c, const float *s, size_t half);
    void (*rope_halves)(float *x, const float *c, const float *s, size_t half);

    /* y += x; y *= a (one rounding each). */
    void (*add)(float *y, const float *x, size_t n);
    void (*scale)(float *y, float a, size_t n);

    /* y = (g / (1 + exp(-g))) * u, exp as mts_exp(). y may be g or u. */
    void (*silu_mul)(const float *g, const float *u, float *y, size_t n);

    /* y = (g / (1 + exp(-2 t))) * u with t = 0.7978845608 * fmaf(0.044715 * (g * g), g, g), the tanh form of GELU: the
     * order is that of mts_ref_gelu() in ref/math.h. y may be g or u. */
    void (*gelu_mul)(const float *g, const float *u, float *y, size_t n);

    /* ---- attention over pages of MTS_PAGE_TOKENS positions, of one kv head each ----
     * Keys lie as [dim][16], values as [16][dim], elements f16 ([0]) or f32 ([1]); page i is at
     * (const char *)pages[i] + offset and holds positions 16 i .. 16 i + 15 of what the caller numbers from a multiple
     * of 16, aligned to 32 bytes. dim is a multiple of 8. Whatever lies in slots that hold no position must be finite.
     */

    /* out[j][16 i + t] = sum over d ascending, acc = fmaf(q[j][d], K_i[d][t], acc) from 0; j < nq, i < npages. Several
     * queries at once so that a page is read and converted once. */
    void (*scores[2])(const float *const *q, size_t nq, size_t dim, const void *const *pages, size_t offset,
                      size_t npages, float *const *out);

    /* Softmax over positions [lo, hi) of one row of scores, lo < hi <= end, end a multiple of 16: row[p] becomes
     * e_p = mts_exp(row[p] - max), and 0 for p < lo and p >= hi. Returns 1 / (sum of e_p): position p goes to
     * partial sum p mod 16, ascending, then the tree of rmsnorm. */
    float (*softmax)(float *row, size_t lo, size_t hi, size_t end);

    /* out[j][d] = fmaf(w[j][16 i + t], V_i[t][d], out[j][d]) for positions 16 i + t ascending, 0 <= t < 16 or, in the
     * last page, t < last. Start from zeros, call with runs of pages in ascending order, end with finish(). */
    void (*values[2])(const float *const *w, size_t nq, size_t dim, const void *const *pages, size_t offset,
                      size_t npages, size_t last, float *const *out);

    /* y = fmaf(y, a, 0): what attention ends with (a = 1 / sum). Turns a -0 into +0, so that weights of 0 leave no
     * trace. */
    void (*finish)(float *y, float a, size_t n);

    /* Writes one position into slot `slot` of a page: heads keys (values) of dim from k [heads][dim] to
     * [heads][dim][16] (v to [heads][16][dim]), rounded to nearest even where f16. */
    void (*put_key[2])(void *page, size_t slot, size_t heads, size_t dim, const float *k);
    void (*put_value[2])(void *page, size_t slot, size_t heads, size_t dim, const float *v);

    /* ---- one row of logits ---- */

    /* The largest element; *at (if not NULL) the lowest index that has it. NaNs are passed over; -infinity and index 0
     * when there is nothing else. n >= 1. */
    float (*max)(const float *x, size_t n, size_t *at);

    /* The sum of mts_exp(x[i] - max) in double: element i goes to partial sum i mod 16, ascending, then the tree of
     * rmsnorm. log sum exp = max + mts_log(sum). */
    double (*sum_exp)(const float *x, size_t n, float max);

    /* best[i] = the largest of x[64 i .. 64 i + 63] (of those below n), NaNs passed over as above, zeros as +0; ceil(n
     * / 64) of them. */
    void (*max64)(const float *x, size_t n, float *best);

    /* The indices of all x[i] >= bound, ascending, into at[cap]; returns how many there are, even beyond cap. */
    size_t (*collect)(const float *x, size_t n, float bound, int32_t *at, size_t cap);

    /* ---- what the machine can do, for whoever holds a clock ---- */

    /* Multiplies and adds in registers alone, as the matrix kernels would at their best; returns how many int8
     * (fp32) multiply-adds that were: at least `work`. */
    size_t (*peak_int8)(size_t work);
    size_t (*peak_f32)(size_t work);

    /* Exclusive or of n 32-bit words, read as fast as memory gives them. */
    uint32_t (*read)(const uint32_t *p, size_t n);
} MtsKernels;

/* Fills the table with the best kernels for these MTS_CPU_* flags (core/cpu.h); 0: scalar C. */
void mts_kernels_init(MtsKernels *kernels, uint32_t cpu_flags);

/* Rows [16 g0, 16 g1) of w times activation rows [s0, s1) of acts: y[s * stride + n]. y rows must have room for 16 * g1
 * floats (rows beyond w->rows give 0). w is quantised. Blocks the loops so that weights stay in the
 * second-level cache and activations in the first, and fetches weights about MTS_AHEAD bytes before they are needed,
 * where these end those that come next. */
void mts_matmul(const MtsKernels *kernels, const MtsWeights *w, size_t g0, size_t g1, const MtsActBlock *acts,
                size_t s0, size_t s1, float *y, size_t stride, bool add, MtsNext next);

enum { MTS_AHEAD = 48 * 1024 };

/* The group that is fetched while group g of `groups`, group_bytes apart from `first` on, is multiplied; or NULL. */
static inline const unsigned char *mts_ahead(const unsigned char *first, size_t groups, size_t group_bytes, size_t g,
                                             MtsNext next)
{
    size_t at = g + MTS_AHEAD / group_bytes + 1, end = groups + next.more;
    return at < end ? first + at * group_bytes : next.then ? next.then + (at - end) * group_bytes : NULL;
}

/* The same for fp32 activations x[s * x_stride + k] and weights of any type. */
void mts_matmul_f32(const MtsKernels *kernels, const MtsWeights *w, size_t g0, size_t g1, const float *x,
                    size_t x_stride, size_t s0, size_t s1, float *y, size_t y_stride, bool add);

/* exp(x) as every kernel computes it: relative error below 2^-23 (measured over all floats: tests/kernels); 0 below
 * -87, exp(88) above 88. */
float mts_exp(float x);

/* Natural logarithm of x > 0, finite and not subnormal, without the C library: error below 1 unit in the last place
 * (tests/kernels). */
double mts_log(double x);

/* The k largest elements of x [n], ties to the lower index, in descending order: ids and, if not NULL, values; both
 * [k]. Returns how many (fewer than k only if n < k or there are NaNs or -infinities). scratch: mts_top_k_scratch(n)
 * bytes, aligned to 8. */
size_t mts_top_k(const MtsKernels *kernels, const float *x, size_t n, size_t k, int32_t *ids, float *values,
                 void *scratch);
size_t mts_top_k_scratch(size_t n);

#endif
