/* kernels/weights.h - weight matrices repacked once, at load, for the kernels.
 *
 * A matrix has N rows (outputs) and K columns. Rows are taken 16 at a time (a group; the last one filled up with
 * zero rows), because a vector register holds 16 fp32 lanes: lane = row, so that no sum ever runs across a register.
 * Within a group columns run in blocks of 32, and a block's quants are eight operands: operand j is 64 bytes, byte
 * 4 r + i being the unsigned quant of row r, column 4 j + i; that is what one dot-product instruction eats (four
 * columns of 16 rows at once). Quants are stored in the bits that the file spends on them, so a group of cols
 * columns (nb = cols / 32 blocks) is these sections, one behind the other:
 *
 *   section  bytes            for              content
 *   quants   nb * 64 * bits   all              `bits` vectors of 64 bytes for each block: of vector v the low bits are
 *                                              operand v; what is left above them holds the operands from `bits` on,
 *                                              in pieces (mts_pieces). Of 8 bits there is nothing left, quant + 128
 *   scales   nb * 32          SCALE            f16 d[16]
 *            nb * 64          SCALE_MIN        f16 d[16], f16 m[16]
 *            nb * 32          SUB_SCALE_MIN    u8 sub-scale[16], u8 sub-minimum[16] (the file's six bits each)
 *            nb * 32          SUB_HALVES       s8 scale[16] of the first 16 columns, s8 scale[16] of the last 16
 *   supers   (nb / 8) * 64    SUB_SCALE_MIN    f16 d[16], f16 dmin[16] for each 256 columns
 *            (nb / 8) * 32    SUB_HALVES       f16 d[16]
 *
 * A type's bits and scaling are in its row in quant/types.h. Of a type with a codebook the quants are places in it.
 * Types that are not quantised are the elements themselves, [cols][16]. Groups start on multiples of 64 bytes.
 * Apart from that rounding and zero rows the packed form is as large as the file's (Q4_K and Q5_K: 4 bytes in 144
 * and 176 more). Every weight can be had back exactly, so an embedding table that is also the output matrix lives here
 * only. */
#ifndef MTS_KERNELS_WEIGHTS_H
#define MTS_KERNELS_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "quant/quant.h"

enum {
    MTS_GROUP = 16,      /* rows in a group */
    MTS_PRODUCT_ROWS = 8 /* product_from where nobody has measured (model/choice.h) */
};

typedef struct MtsWeights {
    MtsType type;
    size_t rows, cols;
    size_t groups;       /* ceil(rows / 16) */
    size_t group_bytes;  /* a multiple of 64 */
    size_t product_from; /* activation rows from which on mts_matmul() takes product(), where there is one */
    unsigned char *data; /* [groups][group_bytes], aligned to 64 bytes; the caller's */
} MtsWeights;

/* Where the sections of a group begin, in bytes from its start. */
typedef struct MtsSections {
    size_t scales, supers; /* the quants are at 0 */
    size_t bytes;          /* of the whole group, rounded up to 64 */
} MtsSections;

/* What follows from a type's row; inline, as a kernel's type is a constant.
 *
 * True for types whose weights have a minimum m; where the two halves of a block of 32 have a scale each. */
static inline bool mts_has_min(MtsType type)
{
    return mts_type_scaling(type) == MTS_SCALE_MIN || mts_type_scaling(type) == MTS_SUB_SCALE_MIN;
}

static inline bool mts_has_halves(MtsType type)
{
    return mts_type_scaling(type) == MTS_SUB_HALVES;
}

/* Bytes of the scales section for each block, of the supers section for each 8 blocks. */
static inline size_t mts_scale_bytes(MtsType type)
{
    return mts_type_scaling(type) == MTS_SCALE_MIN ? 64 : 32;
}

static inline size_t mts_super_bytes(MtsType type)
{
    switch (mts_type_scaling(type)) {
    case MTS_SCALE:
    case MTS_SCALE_MIN:
        break;
    case MTS_SUB_SCALE_MIN:
        return 64;
    case MTS_SUB_HALVES:
        return 32;
    }
    return 0;
}

/* Some bits of an operand that has no vector of its own: `width` ones, from bit `from` of vector `vector` on, are those
 * from bit `to` on of operand `operand`. */
typedef struct MtsPiece {
    unsigned char operand, vector, from, to, width;
} MtsPiece;

/* The pieces of all operands of a type of so many bits; *n: how many. A mask takes the first operands out of their
 * vectors; of five and six bits that leaves three in eight and two in eight to be put together. */
const MtsPiece *mts_pieces(int bits, size_t *n);

/* cols must be a multiple of the type's block. */
MtsSections mts_sections(MtsType type, size_t cols);

/* Fills in everything but data; returns the bytes that data must have, 0 when that does not fit in size_t, when a size
 * is zero or when cols is no multiple of the type's block. */
size_t mts_weights_plan(MtsWeights *w, MtsType type, size_t rows, size_t cols);

/* Packs one group: row r of it from rows[r], a row of the file (cols elements of w->type), or zeros where
 * rows[r] is NULL. Rows may come from several tensors, which is how q, k and v become one matrix. Different groups may
 * be packed by different threads. */
void mts_pack_group(const MtsWeights *w, size_t group, const void *const rows[MTS_GROUP]);

/* Packs rows [16 g0, 16 g1) of one tensor whose rows follow each other in the file. */
void mts_pack(const MtsWeights *w, size_t g0, size_t g1, const void *tensor);

/* Packs all groups of fp32 weights from numbers of this processor, not of a file: row r's column k is
 * from[r * row_step + k * col_step]. */
void mts_pack_floats(const MtsWeights *w, const float *from, size_t row_step, size_t col_step);

/* Row `row` as fp32 [cols] (unpack.c): the bits that mts_dequantize() gives for the file's row. */
void mts_unpack_row(const MtsWeights *w, size_t row, float *out);

#endif
