/* quant/types.h - the weight types: the quantised blocks as they lie in a file, and one row for each type of all that
 * is made from it elsewhere.
 *
 * A block holds consecutive elements of one row (along the tensor's contiguous dimension). Half-precision numbers
 * are IEEE binary16, everything is little-endian and unpadded; the sizes are asserted below. With d, m, dmin the
 * half-precision fields and q an unsigned quant of the stated bits, the weights x are
 *
 *   type  elements  bits  weight
 *   Q8_0     32      8    x = d q                q signed
 *   Q4_0     32      4    x = d (q - 8)
 *   Q4_1     32      4    x = d q + m
 *   Q5_0     32      5    x = d (q - 16)
 *   Q5_1     32      5    x = d q + m
 *   Q4_K    256      4    x = d s q - dmin t     s, t: 6-bit, one pair for each 32 elements
 *   Q5_K    256      5    x = d s q - dmin t     likewise
 *   Q6_K    256      6    x = d s (q - 32)       s: signed 8-bit, one for each 16 elements
 *   IQ4_NL   32      4    x = d v[q]             v: the 16 numbers of mts_iq4_nl
 *
 * In fp32 all products above are exact (at most 11 + 6 + 6 significant bits), so each weight is rounded at most
 * once, by the addition of m or the subtraction of dmin t; a fused multiply-add gives the same bits.
 *
 * Sizes, checks, packed layout, the kernels of every instruction set and the tests' lists of types are made from the
 * rows at the end (docs/kernels.md, "A weight type more"). Every place that has to know more than a row says names the
 * function it needs after the type, or switches over an enumeration without a default: what is missing does not
 * compile. */
#ifndef MTS_QUANT_TYPES_H
#define MTS_QUANT_TYPES_H

#include <stddef.h>
#include <stdint.h>

#define MTS_BLOCK 32 /* columns that the kernels take at a time: the smallest block of a quantised type */

typedef struct MtsBlockQ8_0 {
    uint16_t d;
    int8_t qs[32];
} MtsBlockQ8_0;

/* 4-bit quants: byte j holds element j in its low and element j + 16 in its high nibble. */
typedef struct MtsBlockQ4_0 {
    uint16_t d;
    uint8_t qs[16];
} MtsBlockQ4_0;

typedef struct MtsBlockQ4_1 {
    uint16_t d, m;
    uint8_t qs[16];
} MtsBlockQ4_1;

/* 5-bit quants: the low four bits as above; bit 4 of element j is bit j of the 32-bit number in qh. */
typedef struct MtsBlockQ5_0 {
    uint16_t d;
    uint8_t qh[4];
    uint8_t qs[16];
} MtsBlockQ5_0;

typedef struct MtsBlockQ5_1 {
    uint16_t d, m;
    uint8_t qh[4];
    uint8_t qs[16];
} MtsBlockQ5_1;

/* Four runs of 64 elements; run r: byte 32 r + j holds element 64 r + j low and 64 r + 32 + j high.
 * scales: see mts_scale_min(). */
typedef struct MtsBlockQ4_K {
    uint16_t d, dmin;
    uint8_t scales[12];
    uint8_t qs[128];
} MtsBlockQ4_K;

/* As Q4_K; bit 4 of element 32 i + j is bit i of qh[j]. */
typedef struct MtsBlockQ5_K {
    uint16_t d, dmin;
    uint8_t scales[12];
    uint8_t qh[32];
    uint8_t qs[128];
} MtsBlockQ5_K;

/* Two runs of 128 elements; in run r, element 32 i + j (i = 0..3) has its low four bits in the low (i < 2) or high
 * (i >= 2) nibble of ql[64 r + 32 (i mod 2) + j] and its high two in bits 2 i, 2 i + 1 of qh[32 r + j]. */
typedef struct MtsBlockQ6_K {
    uint8_t ql[128];
    uint8_t qh[64];
    int8_t scales[16];
    uint16_t d;
} MtsBlockQ6_K;

/* Nibbles as Q4_0's, which choose among 16 numbers that lie closer together round 0. */
typedef struct MtsBlockIQ4_NL {
    uint16_t d;
    uint8_t qs[16];
} MtsBlockIQ4_NL;

static const int8_t mts_iq4_nl[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/* The 6-bit scale s and minimum t of sub-block i (0..7) of a Q4_K or Q5_K block. Bytes 0..3 and 4..7 hold the low
 * six bits s and t of sub-blocks 0..3; bytes 8..11 hold the low four bits of sub-blocks 4..7 (s low, t high nibble),
 * whose high two bits are the top two bits of bytes 0..3 (s) and 4..7 (t). */
static inline void mts_scale_min(const uint8_t scales[12], int i, uint8_t *s, uint8_t *t)
{
    if (i < 4) {
        *s = scales[i] & 63;
        *t = scales[i + 4] & 63;
    } else {
        *s = (uint8_t)((scales[i + 4] & 15) | (scales[i - 4] >> 6) << 4);
        *t = (uint8_t)((scales[i + 4] >> 4) | (scales[i] >> 6) << 4);
    }
}

/* ---- the rows ---- */

/* How a quantised weight comes from its quant q, less the zero: the numbers beside the quants. */
typedef enum MtsWeightScaling {
    MTS_SCALE,         /* x = d q */
    MTS_SCALE_MIN,     /* x = d q + m */
    MTS_SUB_SCALE_MIN, /* x = d s q - dmin t; s and t for 32 elements, d and dmin for 256 */
    MTS_SUB_HALVES     /* x = d s q; s for 16 elements, d for 256 */
} MtsWeightScaling;

/* What is subtracted from an unsigned quant: nothing or a power of two. */
typedef enum MtsZero { MTS_ZERO_0 = 0, MTS_ZERO_8 = 8, MTS_ZERO_16 = 16, MTS_ZERO_32 = 32, MTS_ZERO_128 = 128 } MtsZero;

#define MTS_LINEAR NULL /* no codebook: the quant is the number itself */

/* id: the file's own; block, elements, bytes: one block of it; bits: of a quant (4, 5, 6 or 8); zero, scaling: above;
 * codebook: signed numbers by quant, which then are what `zero`, 128, leaves of an unsigned byte. Messages list the
 * types in this order. */
/* clang-format off */
#define MTS_DENSE_TYPES(X)                                                                                             \
    /* name  id  block         elements bytes */                                                                       \
    X(F32,    0, float,               1,    4)                                                                         \
    X(F16,    1, uint16_t,            1,    2)                                                                         \
    X(BF16,  30, uint16_t,            1,    2)

#define MTS_QUANT_TYPES(X)                                                                                             \
    /* name  id  block         elements bytes bits zero scaling        codebook */                                     \
    X(Q8_0,   8, MtsBlockQ8_0,       32,   34,   8, 128, SCALE,         MTS_LINEAR)                                    \
    X(Q4_0,   2, MtsBlockQ4_0,       32,   18,   4,   8, SCALE,         MTS_LINEAR)                                    \
    X(Q4_1,   3, MtsBlockQ4_1,       32,   20,   4,   0, SCALE_MIN,     MTS_LINEAR)                                    \
    X(Q5_0,   6, MtsBlockQ5_0,       32,   22,   5,  16, SCALE,         MTS_LINEAR)                                    \
    X(Q5_1,   7, MtsBlockQ5_1,       32,   24,   5,   0, SCALE_MIN,     MTS_LINEAR)                                    \
    X(Q4_K,  12, MtsBlockQ4_K,      256,  144,   4,   0, SUB_SCALE_MIN, MTS_LINEAR)                                    \
    X(Q5_K,  13, MtsBlockQ5_K,      256,  176,   5,   0, SUB_SCALE_MIN, MTS_LINEAR)                                    \
    X(Q6_K,  14, MtsBlockQ6_K,      256,  210,   6,  32, SUB_HALVES,    MTS_LINEAR)                                    \
    X(IQ4_NL,20, MtsBlockIQ4_NL,     32,   18,   4, 128, SCALE,         mts_iq4_nl)
/* clang-format on */

#define MTS_WEIGHT_TYPES(X) MTS_DENSE_TYPES(X) MTS_QUANT_TYPES(X)

/* The numbers are the file's own type ids. */
typedef enum MtsType {
#define MTS_ENUMERATOR(name, id, ...) MTS_TYPE_##name = id,
    MTS_WEIGHT_TYPES(MTS_ENUMERATOR)
#undef MTS_ENUMERATOR
} MtsType;

/* One more than the largest MtsType, for tables by type. */
typedef union MtsTypeIds {
#define MTS_MEMBER(name, id, ...) char name[id + 1];
    MTS_WEIGHT_TYPES(MTS_MEMBER)
#undef MTS_MEMBER
} MtsTypeIds;
enum { MTS_TYPES = sizeof(MtsTypeIds) };

/* The columns as functions of the type, which fold where it is a constant, as in every kernel. */
#define MTS_COLUMN(result, function, of_dense, of_quant)                                                               \
    static inline result function(MtsType type)                                                                        \
    {                                                                                                                  \
        switch (type) {                                                                                                \
            MTS_DENSE_TYPES(of_dense)                                                                                  \
            MTS_QUANT_TYPES(of_quant)                                                                                  \
        }                                                                                                              \
        return (result)0;                                                                                              \
    }
/* clang-format off */
#define MTS_NONE(type, ...) case MTS_TYPE_##type: break;
#define MTS_ELEMENTS(type, id, block, elements, ...) case MTS_TYPE_##type: return elements;
#define MTS_BYTES(type, id, block, elements, bytes, ...) case MTS_TYPE_##type: return bytes;
#define MTS_BYTES_OF_DENSE(type, id, block, elements, bytes) case MTS_TYPE_##type: return bytes;
#define MTS_BITS(type, id, block, elements, bytes, bits, ...) case MTS_TYPE_##type: return bits;
#define MTS_ZERO(type, id, block, elements, bytes, bits, zero, ...) case MTS_TYPE_##type: return MTS_ZERO_##zero;
#define MTS_SCALING(type, id, block, elements, bytes, bits, zero, scaling, ...) \
    case MTS_TYPE_##type: return MTS_##scaling;
#define MTS_CODEBOOK(type, id, block, elements, bytes, bits, zero, scaling, codebook) \
    case MTS_TYPE_##type: return codebook;
/* clang-format on */
MTS_COLUMN(size_t, mts_type_elements, MTS_ELEMENTS, MTS_ELEMENTS) /* of a block */
MTS_COLUMN(size_t, mts_type_bytes, MTS_BYTES_OF_DENSE, MTS_BYTES) /* of a block */
MTS_COLUMN(int, mts_type_bits, MTS_NONE, MTS_BITS)                /* of a quant; 0: not quantised */
MTS_COLUMN(MtsZero, mts_type_zero, MTS_NONE, MTS_ZERO)            /* of quantised types, like the next ones */
MTS_COLUMN(MtsWeightScaling, mts_type_scaling, MTS_NONE, MTS_SCALING)
MTS_COLUMN(const int8_t *, mts_type_codebook, MTS_NONE, MTS_CODEBOOK) /* [1 << bits], or NULL */
#undef MTS_COLUMN
#undef MTS_NONE
#undef MTS_ELEMENTS
#undef MTS_BYTES
#undef MTS_BYTES_OF_DENSE
#undef MTS_BITS
#undef MTS_ZERO
#undef MTS_SCALING
#undef MTS_CODEBOOK

/* Fails to compile when a block has padding, or when a row asks for what no packed form has (kernels/weights.h). */
#define MTS_FITS(type, id, block, elements, bytes, ...) typedef char mts_##type##_fits[sizeof(block) == bytes ? 1 : -1];
MTS_WEIGHT_TYPES(MTS_FITS)
#undef MTS_FITS
#define MTS_PACKS(type, id, block, elements, bytes, bits, zero, scaling, codebook)                                     \
    typedef char mts_##type##_packs[(elements == MTS_BLOCK || elements == 8 * MTS_BLOCK) &&                            \
                                            (elements == 8 * MTS_BLOCK) == (MTS_##scaling >= MTS_SUB_SCALE_MIN) &&     \
                                            (bits == 4 || bits == 5 || bits == 6 || bits == 8)                         \
                                        ? 1                                                                            \
                                        : -1];
MTS_QUANT_TYPES(MTS_PACKS)
#undef MTS_PACKS

#endif
