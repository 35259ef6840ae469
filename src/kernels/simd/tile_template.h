/* kernels/simd/tile_template.h - 16 weight rows times a few int8 activation rows. Words: simd.h; arithmetic: kernels.h.
 *
 * Per block of 32 columns the eight weight operands are unpacked into registers once and meet T activation rows, each
 * of which is one broadcast of four bytes away. T is a constant of each instance, as are the weight type and what
 * follows from it, so the body below folds into straight code without a branch: T x 8 dot products in T independent
 * chains, then a conversion, a multiplication and one or two fused multiply-adds per activation row.
 *
 * Where there is no dot product (V_DOT 0), bytes are multiplied and added in int16: pairs of products of u <= 15 fit
 * eight operands deep (15 * 127 * 2 * 8 = 30480), of u <= 31 four, of u <= 63 two; 8-bit weights go as two nibbles, the
 * upper one's sum times 16.
 *
 * Few activation rows wait for memory: while a group is multiplied, one that comes later is fetched into the
 * second-level cache at an even pace. */
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/simd/unpack_template.h"

MTS_INLINE vi broadcast4(const int8_t *q)
{
    int32_t x;
    memcpy(&x, q, sizeof x);
    return v_set_int(x);
}

/* 8-bit quants lose their offset before a dot product of signed bytes, which narrower ones never notice. */
#if defined(V_DOT_SIGNED)
#define DOT_IS_SIGNED(type) (type_width(type) == 8)
#else
#define DOT_IS_SIGNED(type) 0
#endif

/* sums[i] += the products of operands [from, to) with activation row i. */
#if V_DOT
MTS_INLINE void multiply(MtsType type, const vi u[8], int from, int to, const MtsActRow *a, int rows, vi sums[V_TILE])
{
    (void)type;    /* where all dot products take unsigned bytes */
    int first = 0; /* row that goes by single dot products, as do all behind it */
#if defined(V_MATRIX)
    first = rows & ~1;
    vi four[V_TILE][2]; /* of a pair of activation rows: its sums with weight rows 0 and 1, and with 2 and 3 */
    for (int i = 0; i < first; i++) {
        four[i / 2][i % 2] = v_zero_int();
    }
    for (int j = from; j < to && first > 0; j += 2) {
        vi weights[2];
        v_row_pairs(u[j], u[j + 1], weights);
        for (int i = 0; i < first; i += 2) {
            vi x = v_load_eights(a[i].q + 4 * j, a[i + 1].q + 4 * j);
            four[i / 2][0] = v_matrix(four[i / 2][0], weights[0], x);
            four[i / 2][1] = v_matrix(four[i / 2][1], weights[1], x);
        }
    }
    for (int i = 0; i < first; i++) {
        sums[i] = v_add_int(sums[i], v_column(four[i / 2], i % 2));
    }
#endif
    for (int j = from; j < to && first < rows; j++) {
        vi x = DOT_IS_SIGNED(type) ? v_xor(u[j], v_set_byte(-128)) : u[j];
        for (int i = first; i < rows; i++) {
            sums[i] = v_dot(sums[i], x, broadcast4(a[i].q + 4 * j));
        }
    }
}
#else
MTS_INLINE void multiply(MtsType type, const vi u[8], int from, int to, const MtsActRow *a, int rows, vi sums[V_TILE])
{
    const vi low = v_set_byte(15);
    int bits = type_width(type), depth = bits == 6 ? 2 : bits == 5 ? 4 : 8;
    for (int i = 0; i < rows; i++) {
        for (int j0 = from; j0 < to; j0 += depth) {
            vi pairs = v_zero_int(), upper = v_zero_int();
            for (int j = j0; j < j0 + depth && j < to; j++) {
                vi s = broadcast4(a[i].q + 4 * j);
                pairs = v_add_short(pairs, v_pairs_short(bits == 8 ? v_and(u[j], low) : u[j], s));
                if (bits == 8) {
                    upper = v_add_short(upper, v_pairs_short(v_and(v_shift_right_short(u[j], 4), low), s));
                }
            }
            sums[i] = v_add_int(sums[i], v_widen_pairs(pairs));
            if (bits == 8) {
                sums[i] = v_add_int(sums[i], v_shift_left_int(v_widen_pairs(upper), 4));
            }
        }
    }
}
#endif

/* Where an exact integer sum starts: -z times the sum of the activations. */
MTS_INLINE vi start_sum(MtsType type, const int32_t *n)
{
    switch (mts_type_zero(type)) { /* the shift has to be a constant */
    case MTS_ZERO_0:
        break;
    case MTS_ZERO_8:
        return v_shift_left_int(v_set_int(*n), 3);
    case MTS_ZERO_16:
        return v_shift_left_int(v_set_int(*n), 4);
    case MTS_ZERO_32:
        return v_shift_left_int(v_set_int(*n), 5);
    case MTS_ZERO_128:
        return DOT_IS_SIGNED(type) ? v_zero_int() : v_shift_left_int(v_set_int(*n), 7);
    }
    return v_zero_int();
}

/* One instance: rows activation rows, rows <= V_TILE and constant. */
MTS_INLINE void tile_rows(MtsType type, const int rows, const unsigned char *group, size_t cols,
                          const MtsActBlock *panel, size_t lane, float *y, size_t stride, bool add,
                          const unsigned char *ahead)
{
    const MtsSections at = mts_sections(type, cols);
    const size_t blocks = cols / 32, pace = ahead ? at.bytes / blocks : 0;
    for (size_t h = 0; h < MTS_GROUP; h += V_LANES) {
        vf acc[V_TILE];
        for (int i = 0; i < rows; i++) {
            acc[i] = v_zero();
        }
        for (size_t b = 0; b < blocks; b++) {
            const MtsActRow *a = panel[b].row + lane;
            vi u[8], sums[V_TILE];
            vf w, m;
            if (h == 0) {
                for (size_t line = 0; line < pace; line += 64) {
                    __builtin_prefetch(ahead + b * pace + line, 0, 2);
                }
            }
            unpack_operands(type, group, &at, b, h, u);
            block_scales(type, group, &at, b, h, &w, &m);
            if (mts_has_halves(type)) {
                vi more[V_TILE];
                vf sub[2];
                half_scales(type, group, &at, b, h, sub);
                for (int i = 0; i < rows; i++) {
                    sums[i] = start_sum(type, a[i].n + 1);
                    more[i] = start_sum(type, a[i].n + 2);
                }
                multiply(type, u, 0, 4, a, rows, sums);
                multiply(type, u, 4, 8, a, rows, more);
                for (int i = 0; i < rows; i++) {
                    vf sum = v_fma(v_int_to_float(more[i]), sub[1], v_mul(v_int_to_float(sums[i]), sub[0])); /* exact */
                    acc[i] = v_fma(sum, v_mul(w, v_set(a[i].d)), acc[i]);
                }
                continue;
            }
            for (int i = 0; i < rows; i++) {
                sums[i] = start_sum(type, a[i].n);
            }
            multiply(type, u, 0, 8, a, rows, sums);
            for (int i = 0; i < rows; i++) {
                acc[i] = v_fma(v_int_to_float(sums[i]), v_mul(w, v_set(a[i].d)), acc[i]);
                if (mts_has_min(type)) {
                    acc[i] = v_fma(m, v_set(a[i].s), acc[i]);
                }
            }
        }
        for (int i = 0; i < rows; i++) {
            float *out = y + (size_t)i * stride + h;
            v_store(out, add ? v_add(v_load(out), acc[i]) : acc[i]);
        }
    }
}

/* n activation rows in equal shares of at most V_TILE. */
MTS_INLINE void tile_all(MtsType type, const unsigned char *group, size_t cols, const MtsActBlock *panel, size_t lane,
                         size_t n, float *y, size_t stride, bool add, const unsigned char *ahead)
{
    size_t shares = (n + V_TILE - 1) / V_TILE;
    for (; shares > 0; shares--) {
        size_t rows = (n + shares - 1) / shares;
        switch (rows) {
#define SHARE(count)                                                                                                   \
    case count:                                                                                                        \
        tile_rows(type, count, group, cols, panel, lane, y, stride, add, ahead);                                       \
        break;
            SHARE(1)
            SHARE(2)
            SHARE(3)
            SHARE(4)
#if V_TILE > 4
            SHARE(5)
            SHARE(6)
            SHARE(7)
            SHARE(8)
#endif
#undef SHARE
        }
        lane += rows;
        y += rows * stride;
        n -= rows;
        ahead = NULL;
    }
}

#define TILE(type, ...)                                                                                                \
    static void tile_##type(const unsigned char *group, size_t cols, const MtsActBlock *panel, size_t lane, size_t n,  \
                            float *y, size_t stride, bool add, const unsigned char *ahead)                             \
    {                                                                                                                  \
        tile_all(MTS_TYPE_##type, group, cols, panel, lane, n, y, stride, add, ahead);                                 \
    }
MTS_QUANT_TYPES(TILE)
#undef TILE

enum { CHAINS = 10 }; /* enough to hide the latency of a multiply-add; sixteen registers hold them */

/* The dot product alone. v_keep() takes the place of operands that change: no product may leave the loop. */
static size_t peak_int8(size_t work)
{
    vi sums[CHAINS], u = v_set_byte(3), s = v_set_byte(-5);
    volatile int32_t sink;
    size_t done = 0;
    for (int i = 0; i < CHAINS; i++) {
        sums[i] = v_zero_int();
    }
    for (; done < work; done += CHAINS * V_LANES * 4) {
        u = v_keep(u);
        for (int i = 0; i < CHAINS; i++) {
#if V_DOT
            sums[i] = v_dot(sums[i], u, s);
#else
            sums[i] = v_add_short(v_keep(sums[i]), v_pairs_short(u, v_keep(s)));
#endif
        }
    }
    for (int i = 1; i < CHAINS; i++) {
        sums[0] = v_add_int(sums[0], sums[i]);
    }
    float out[V_LANES];
    v_store(out, v_int_to_float(sums[0]));
    sink = (int32_t)(out[0] * 0);
    (void)sink;
    return done;
}

static void fill_tiles(MtsKernels *k)
{
    k->peak_int8 = peak_int8;
#define FILL(type, ...) k->tile[MTS_TYPE_##type] = tile_##type;
    MTS_QUANT_TYPES(FILL)
#undef FILL
}
