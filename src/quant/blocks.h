/* quant/blocks.h - the quantised blocks as they lie in a file.
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
 *
 * In fp32 all products above are exact (at most 11 + 6 + 6 significant bits), so each weight is rounded at most
 * once, by the addition of m or the subtraction of dmin t; a fused multiply-add gives the same bits.
 */
#ifndef MTS_QUANT_BLOCKS_H
#define MTS_QUANT_BLOCKS_H

#include <stdint.h>

#define MTS_BLOCK 32        /* elements of Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 */
#define MTS_SUPER_BLOCK 256 /* elements of Q4_K, Q5_K, Q6_K */

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

/* Fails to compile when a block has padding. */
typedef char mts_blocks_are_packed[sizeof(MtsBlockQ8_0) == 34 && sizeof(MtsBlockQ4_0) == 18 &&
                                           sizeof(MtsBlockQ4_1) == 20 && sizeof(MtsBlockQ5_0) == 22 &&
                                           sizeof(MtsBlockQ5_1) == 24 && sizeof(MtsBlockQ4_K) == 144 &&
                                           sizeof(MtsBlockQ5_K) == 176 && sizeof(MtsBlockQ6_K) == 210
                                       ? 1
                                       : -1];

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

#endif
