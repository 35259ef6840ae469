/* kernels/simd/simd.h - how one body serves every instruction set.
 *
 * The algorithms stand once, in the *_template.h files here, written in a small vocabulary of vectors (v_load, v_fma,
 * v_dot,
 * ...). A file for each instruction set (x86/avx2.c, arm/neon.c, ...) includes the header that gives those words
 * their meaning there (x86/vec_avx2.h, arm/vec_neon.h, ...) and then the templates, and is compiled with the flags for
 * it. A group of 16 rows, a page of 16 positions and 16 partial sums are 16 / V_LANES vectors, so the order of
 * operations, and with it every bit, is the same for any vector width.
 *
 * What a vec_*.h provides:
 *   V_LANES         floats in a vector: 16, 8, 4
 *   V_TILE          fp32 activation rows that a matrix tile works on at once: what the registers hold, 1 .. 8
 *   V_ROWS, V_WIDE  int8 activation rows, likewise, and vectors of weight rows: 1 or, where a group has as many, 2;
 *                   V_NARROW_ROWS, if defined: so many rows and one vector instead for numbers of five and six bits
 *   V_ACCUMULATORS  vectors of running sums that attention may keep in registers
 *   V_WIDE_QUERIES  from so many queries on it copies pages as fp32 first
 *   V_DOT           1: v_dot(acc, u, s) adds the products of four unsigned and four signed bytes to each int32 lane;
 *                   with V_DOT_SIGNED defined, both are signed. 0: v_pairs_short() multiplies and adds two neighbours
 *                   into int16 (sums that do not fit are not asked for), v_pairs_signed() does so with signed bytes
 *                   on both sides, the second from -127 on, v_add_short() adds those, v_add_pairs() adds neighbours
 *                   to int32 lanes
 *   V_DOT_LANES     defined where v_dot_lane(acc, u, s, lane) does so with lane `lane` of s alone, a constant; V_WIDE 1
 *   V_MATRIX        defined where one instruction multiplies 2 x 8 bytes by 8 x 2: v_matrix(acc, u, s), weights
 *                   rows by activation rows; v_row_pairs(a, b, pairs) makes its first operand of two operands of
 *                   four rows, v_load_eights(p, q) the second, v_column(sums, i) has activation row i of two results
 *   vf, vd, vi      vectors of floats, of V_LANES / 2 doubles, of integers
 *
 * and the functions v_*, with the meaning of their names. Some need care: v_greater(a, b) is a > b ? a : b, so b when
 * either is a NaN; v_smaller(a, b) is a < b ? a : b; v_zero_below(x, bound, y) is x < bound ? 0 : y; v_load_n and
 * v_store_n touch only the first n lanes (the rest reads as 0), 0 <= n <= V_LANES.
 */
#ifndef MTS_KERNELS_SIMD_SIMD_H
#define MTS_KERNELS_SIMD_SIMD_H

#include <stddef.h>

#define MTS_INLINE static inline __attribute__((always_inline))

enum { MTS_UNIT = 16 }; /* rows of a group, positions of a page, partial sums */

static inline size_t mts_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

#endif
