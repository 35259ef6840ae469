/* kernels/simd/tile_template.h - 16 weight rows times a few int8 activation rows. Words: simd.h; arithmetic: kernels.h.
 *
 * Per block of 32 columns each of the eight weight operands, V_WIDE vectors, is unpacked once and meets T activation
 * rows, each of which is one broadcast of four bytes away. T is a constant of each instance, as are the weight type and
 * what follows from it, so the body below folds into straight code without a branch: T x 8 dot products in T
 * independent chains, then a conversion, a multiplication and one or two fused multiply-adds per activation row.
 *
 * Where there is no dot product (V_DOT 0), bytes are multiplied and added in int16: pairs of products of u <= 15 fit
 * eight operands deep (15 * 127 * 2 * 8 = 30480), of u <= 31 four, of u <= 63 two. 8-bit weights lose their zero and
 * leave their sign to the activations: of |w| <= 128 one pair fits (128 * 127 * 2 = 32512). v_keep() holds the sums to
 * that order, as compilers that see them all at once run out of registers.
 *
 * Few activation rows wait for memory: while a group is multiplied, one that comes later is fetched into the
 * second-level cache at an even pace. */
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/simd/unpack_template.h"

#if !defined(V_NARROW_ROWS)
#define V_NARROW_ROWS V_ROWS
#endif

/* GCC unrolls these loops by -O3 and a limit in meson.build; Clang has to be told, but not where sanitizers would make
 * minutes of it. */
#if defined(__clang__)
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
#pragma clang diagnostic ignored "-Wpass-failed"
#define UNROLLED _Pragma("clang loop unroll(full)")
#endif
#endif
#if !defined(UNROLLED)
#define UNROLLED
#endif

MTS_INLINE vi broadcast4(const int8_t *q)
{
    int32_t x;
    memcpy(&x, q, sizeof x);
    return v_set_int(x);
}

/* Sums that a tile works on at once: that of activation row i and vector v of a group is [i * wide + v]. */
enum { SUMS = V_ROWS * V_WIDE };

/* A block as its columns are multiplied: where it is, and the activation rows that it meets. */
typedef struct TileBlock {
    const unsigned char *group;
    const MtsSections *at;
    size_t b, h;
    const MtsActRow *a;
} TileBlock;

/* Numbers of eight bits lose their zero before they are multiplied where the product is one of signed bytes. */
#if V_DOT && !defined(V_DOT_SIGNED)
#define CENTRED(type) false
#else
#define CENTRED(type) (type_width(type) == 8)
#endif

/* Operand j for all vectors. */
MTS_INLINE void load_operand(MtsType type, const int wide, const TileBlock *x, int j, vi u[V_WIDE])
{
    UNROLLED
    for (int v = 0; v < wide; v++) {
        u[v] = unpack_operand(type, x->group, x->b, x->h + (size_t)v * V_LANES, j, CENTRED(type));
    }
}

/* Operands [from, to) in the order that unpacks a byte's nibbles one after the other. */
MTS_INLINE int operand_at(int from, int to, int i)
{
    return V_WIDE > 1 && to - from == 8 ? i / 2 + i % 2 * 4 : from + i;
}

/* sums += the products of operands [from, to) with activation rows [0, rows). */
#if V_DOT
MTS_INLINE void multiply(MtsType type, const int wide, const TileBlock *x, int from, int to, int rows, vi sums[SUMS])
{
    int first = 0; /* row that goes by single dot products, as do all behind it */
#if defined(V_MATRIX)
    first = rows & ~1;
    vi four[V_ROWS][2]; /* of a pair of activation rows: its sums with weight rows 0 and 1, and with 2 and 3 */
    for (int i = 0; i < first; i++) {
        four[i / 2][i % 2] = v_zero_int();
    }
    for (int j = from; j < to && first > 0; j += 2) {
        vi u[2][V_WIDE], weights[2];
        load_operand(type, wide, x, j, u[0]);
        load_operand(type, wide, x, j + 1, u[1]);
        v_row_pairs(u[0][0], u[1][0], weights);
        for (int i = 0; i < first; i += 2) {
            vi s = v_load_eights(x->a[i].q + 4 * j, x->a[i + 1].q + 4 * j);
            four[i / 2][0] = v_matrix(four[i / 2][0], weights[0], s);
            four[i / 2][1] = v_matrix(four[i / 2][1], weights[1], s);
        }
    }
    for (int i = 0; i < first; i++) {
        sums[i] = v_add_int(sums[i], v_column(four[i / 2], i % 2));
    }
#endif
#if defined(V_DOT_LANES)
    UNROLLED
    for (int j = from; j < to && first < rows; j += 4) {
        vi s[V_ROWS]; /* of each activation row four times four bytes */
        UNROLLED
        for (int i = first; i < rows; i++) {
            s[i] = v_load_bytes(x->a[i].q + 4 * j);
        }
        UNROLLED
        for (int lane = 0; lane < 4; lane++) {
            vi u[V_WIDE];
            load_operand(type, wide, x, j + lane, u);
            UNROLLED
            for (int i = first; i < rows; i++) {
                sums[i] = v_dot_lane(sums[i], u[0], s[i], lane);
            }
        }
    }
#else
    UNROLLED
    for (int n = 0; n < to - from && first < rows; n++) {
        vi u[V_WIDE];
        int j = operand_at(from, to, n);
        load_operand(type, wide, x, j, u);
        UNROLLED
        for (int i = first; i < rows; i++) {
            vi s = broadcast4(x->a[i].q + 4 * j);
            UNROLLED
            for (int v = 0; v < wide; v++) {
                sums[i * wide + v] = v_dot(sums[i * wide + v], u[v], s);
            }
        }
    }
#endif
}
#else
/* Operands [from, to), so few that int16 holds all their sums. */
MTS_INLINE void multiply_deep(MtsType type, const int wide, const TileBlock *x, int from, int to, int rows,
                              vi sums[SUMS])
{
    vi pairs[SUMS];
    UNROLLED
    for (int n = 0; n < to - from; n++) {
        vi u[V_WIDE];
        int j = operand_at(from, to, n);
        load_operand(type, wide, x, j, u);
        UNROLLED
        for (int i = 0; i < rows; i++) {
            vi s = broadcast4(x->a[i].q + 4 * j);
            UNROLLED
            for (int v = 0; v < wide; v++) {
                vi *sum = &pairs[i * wide + v], more = v_pairs_short(u[v], s);
                *sum = n > 0 ? v_keep(v_add_short(*sum, more)) : more;
            }
        }
    }
    UNROLLED
    for (int k = 0; k < rows * wide; k++) {
        sums[k] = v_add_pairs(sums[k], pairs[k]);
    }
}

/* Operand j of eight bits; or j and j + 1 of at most six, whose sums int16 holds. */
MTS_INLINE void multiply_few(MtsType type, const int wide, const TileBlock *x, int j, int rows, vi sums[SUMS])
{
    const bool one = type_width(type) == 8;
    vi u[2][V_WIDE];
    load_operand(type, wide, x, j, u[0]);
    load_operand(type, wide, x, one ? j : j + 1, u[1]);
    UNROLLED
    for (int i = 0; i < rows; i++) {
        vi s = broadcast4(x->a[i].q + 4 * j), t = broadcast4(x->a[i].q + 4 * j + (one ? 0 : 4));
        UNROLLED
        for (int v = 0; v < wide; v++) {
            vi pairs =
                one ? v_pairs_signed(u[0][v], s) : v_add_short(v_pairs_short(u[0][v], s), v_pairs_short(u[1][v], t));
            sums[i * wide + v] = v_keep(v_add_pairs(sums[i * wide + v], pairs));
        }
    }
}

MTS_INLINE void multiply(MtsType type, const int wide, const TileBlock *x, int from, int to, int rows, vi sums[SUMS])
{
    const int width = type_width(type), deep = width == 4 ? 8 : width == 5 ? 4 : 0;
    UNROLLED
    for (int j = from; j < to; j += deep > 0 ? deep : width == 8 ? 1 : 2) {
        if (deep > 0) {
            multiply_deep(type, wide, x, j, j + deep, rows, sums);
        } else {
            multiply_few(type, wide, x, j, rows, sums);
        }
    }
}
#endif

/* Where the exact integer sums start: -z times the sum of the activations. */
MTS_INLINE void start_sums(MtsType type, const int wide, const MtsActRow *a, int part, int rows, vi sums[SUMS])
{
    UNROLLED
    for (int i = 0; i < rows; i++) {
        vi start = v_zero_int();
        switch (mts_type_zero(type)) { /* the shift has to be a constant */
        case MTS_ZERO_0:
            break;
        case MTS_ZERO_8:
            start = v_shift_left_int(v_set_int(a[i].n[part]), 3);
            break;
        case MTS_ZERO_16:
            start = v_shift_left_int(v_set_int(a[i].n[part]), 4);
            break;
        case MTS_ZERO_32:
            start = v_shift_left_int(v_set_int(a[i].n[part]), 5);
            break;
        case MTS_ZERO_128:
            start = CENTRED(type) ? start : v_shift_left_int(v_set_int(a[i].n[part]), 7);
            break;
        }
        UNROLLED
        for (int v = 0; v < wide; v++) {
            sums[i * wide + v] = start;
        }
    }
}

/* The block's sums into acc. */
MTS_INLINE void add_block(MtsType type, const int wide, const TileBlock *x, int rows, vf acc[SUMS])
{
    vi sums[SUMS];
    start_sums(type, wide, x->a, 0, rows, sums);
    multiply(type, wide, x, 0, 8, rows, sums);
    vf w[V_WIDE], m[V_WIDE];
    UNROLLED
    for (int v = 0; v < wide; v++) {
        block_scales(type, x->group, x->at, x->b, x->h + (size_t)v * V_LANES, &w[v], &m[v]);
    }
    UNROLLED
    for (int i = 0; i < rows; i++) {
        UNROLLED
        for (int v = 0; v < wide; v++) {
            int k = i * wide + v;
            acc[k] = v_fma(v_int_to_float(sums[k]), v_mul(w[v], v_set(x->a[i].d)), acc[k]);
            if (mts_has_min(type)) {
                acc[k] = v_fma(m[v], v_set(x->a[i].s), acc[k]);
            }
        }
    }
}

/* The same for types whose halves of a block have a scale each. */
MTS_INLINE void add_halves(MtsType type, const int wide, const TileBlock *x, int rows, vf acc[SUMS])
{
    vf w[V_WIDE], m[V_WIDE], sub[V_WIDE][2], first[SUMS];
    vi sums[SUMS];
    start_sums(type, wide, x->a, 1, rows, sums);
    multiply(type, wide, x, 0, 4, rows, sums);
    UNROLLED
    for (int v = 0; v < wide; v++) {
        block_scales(type, x->group, x->at, x->b, x->h + (size_t)v * V_LANES, &w[v], &m[v]);
        half_scales(type, x->group, x->at, x->b, x->h + (size_t)v * V_LANES, sub[v]);
    }
    UNROLLED
    for (int k = 0; k < rows * wide; k++) {
        first[k] = v_mul(v_int_to_float(sums[k]), sub[k % wide][0]);
    }
    start_sums(type, wide, x->a, 2, rows, sums);
    multiply(type, wide, x, 4, 8, rows, sums);
    UNROLLED
    for (int k = 0; k < rows * wide; k++) {
        vf sum = v_fma(v_int_to_float(sums[k]), sub[k % wide][1], first[k]); /* exact */
        acc[k] = v_fma(sum, v_mul(w[k % wide], v_set(x->a[k / wide].d)), acc[k]);
    }
}

/* One instance: rows activation rows and wide vectors, both constant, at most SUMS together. */
MTS_INLINE void tile_rows(MtsType type, const int rows, const int wide, const unsigned char *group, size_t cols,
                          const MtsActBlock *panel, size_t lane, float *y, size_t stride, bool add,
                          const unsigned char *ahead)
{
    const MtsSections at = mts_sections(type, cols);
    const size_t blocks = cols / 32, pace = ahead ? at.bytes / blocks : 0;
    for (size_t h = 0; h < MTS_GROUP; h += (size_t)wide * V_LANES) {
        vf acc[SUMS];
        UNROLLED
        for (int k = 0; k < rows * wide; k++) {
            acc[k] = v_zero();
        }
        for (size_t b = 0; b < blocks; b++) {
            const TileBlock x = {group, &at, b, h, panel[b].row + lane};
            if (h == 0) {
                for (size_t line = 0; line < pace; line += 64) {
                    __builtin_prefetch(ahead + b * pace + line, 0, 2);
                }
            }
            if (mts_has_halves(type)) {
                add_halves(type, wide, &x, rows, acc);
            } else {
                add_block(type, wide, &x, rows, acc);
            }
        }
        UNROLLED
        for (int k = 0; k < rows * wide; k++) {
            float *out = y + (size_t)(k / wide) * stride + h + (size_t)(k % wide) * V_LANES;
            v_store(out, add ? v_add(v_load(out), acc[k]) : acc[k]);
        }
    }
}

/* n activation rows in equal shares of at most V_ROWS, or V_NARROW_ROWS of one vector where that
 * many are worth it: unpacking five and six bits takes as long as the products of two rows. */
MTS_INLINE void tile_all(MtsType type, const unsigned char *group, size_t cols, const MtsActBlock *panel, size_t lane,
                         size_t n, float *y, size_t stride, bool add, const unsigned char *ahead)
{
    const size_t most = type_width(type) == 5 || type_width(type) == 6 ? V_NARROW_ROWS : V_ROWS;
    size_t shares = (n + most - 1) / most;
    for (; shares > 0; shares--) {
        size_t rows = (n + shares - 1) / shares;
        switch (rows) {
#define SHARE(count)                                                                                                   \
    case count:                                                                                                        \
        tile_rows(type, count, count <= V_ROWS ? V_WIDE : 1, group, cols, panel, lane, y, stride, add, ahead);         \
        break;
            SHARE(1)
            SHARE(2)
            SHARE(3)
            SHARE(4)
#if V_NARROW_ROWS > 4
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
