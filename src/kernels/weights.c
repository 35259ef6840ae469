/* kernels/weights.c - from the file's rows to groups of 16 interleaved rows. See weights.h for the layout.
 *
 * Packing goes block by block: each of the 16 rows' blocks of 32 columns is first spread into 32 unsigned quants
 * of one byte (the types differ only here), and then stored four columns, that is one 32-bit word, at a time. */
#include "kernels/weights.h"

#include <string.h>

#include "core/endian.h"
#include "core/mem.h"

MtsSections mts_sections(MtsType type, size_t cols)
{
    MtsSections s = {0};
    if (!mts_is_quantized(type)) {
        size_t end = cols * MTS_GROUP * mts_type_bytes(type);
        s.scales = s.supers = end;
        s.bytes = (end + MTS_ALIGN - 1) / MTS_ALIGN * MTS_ALIGN;
        return s;
    }
    const size_t nb = cols / MTS_BLOCK;
    s.scales = nb * 64 * (size_t)mts_type_bits(type);
    s.supers = s.scales + nb * mts_scale_bytes(type);
    s.bytes = (s.supers + nb / 8 * mts_super_bytes(type) + MTS_ALIGN - 1) / MTS_ALIGN * MTS_ALIGN;
    return s;
}

const MtsPiece *mts_pieces(int bits, size_t *n)
{
    static const MtsPiece four[] = {{4, 0, 4, 0, 4}, {5, 1, 4, 0, 4}, {6, 2, 4, 0, 4}, {7, 3, 4, 0, 4}};
    static const MtsPiece five[] = {{5, 0, 5, 0, 3}, {5, 3, 5, 3, 2}, {6, 1, 5, 0, 3}, {6, 4, 5, 3, 2},
                                    {7, 2, 5, 0, 3}, {7, 3, 7, 3, 1}, {7, 4, 7, 4, 1}};
    static const MtsPiece six[] = {{6, 0, 6, 0, 2}, {6, 1, 6, 2, 2}, {6, 2, 6, 4, 2},
                                   {7, 3, 6, 0, 2}, {7, 4, 6, 2, 2}, {7, 5, 6, 4, 2}};
    static const struct {
        const MtsPiece *pieces;
        size_t n;
    } all[] = {[4] = {four, sizeof four / sizeof *four},
               [5] = {five, sizeof five / sizeof *five},
               [6] = {six, sizeof six / sizeof *six},
               [8] = {NULL, 0}};
    *n = all[bits].n;
    return all[bits].pieces;
}

size_t mts_weights_plan(MtsWeights *w, MtsType type, size_t rows, size_t cols)
{
    size_t elements, bytes, total;
    memset(w, 0, sizeof *w);
    if (!mts_type_block(type, &elements, &bytes) || rows == 0 || cols == 0 || cols % elements != 0 ||
        rows > SIZE_MAX - MTS_GROUP || !mts_size_mul(cols, MTS_GROUP * sizeof(float) * 2, &total)) {
        return 0;
    }
    w->type = type;
    w->rows = rows;
    w->cols = cols;
    w->groups = (rows + MTS_GROUP - 1) / MTS_GROUP;
    w->group_bytes = mts_sections(type, cols).bytes;
    w->product_from = MTS_PRODUCT_ROWS;
    return mts_size_mul(w->groups, w->group_bytes, &total) ? total : 0;
}

/* ---- one block of one row: quants 0 .. 2^bits - 1 as bytes, scales where they belong ---- */

/* Nibbles of 16 bytes: element k from the low, k + 16 from the high half of byte k. */
static void spread_nibbles(const uint8_t *qs, uint8_t u[32])
{
    for (int k = 0; k < 16; k++) {
        u[k] = qs[k] & 15;
        u[k + 16] = qs[k] >> 4;
    }
}

/* Bit k of qh becomes bit 4 of u[k], four at a time: the product puts bits 0..3 at 0, 8, 16 and 24 (among others). */
static void add_fifth_bits(const uint8_t qh[4], uint8_t u[32])
{
    uint32_t bits = mts_load_u32(qh);
    for (int k = 0; k < 32; k += 4) {
        uint32_t four = (bits >> k & 15) * 0x00204081u & 0x01010101;
        mts_store_u32(u + k, mts_load_u32(u + k) | four << 4);
    }
}

/* Columns 32 i .. 32 i + 31 of a super-block with bits 0 to 3 in qs and, if there are more, bit 4 in qh. */
static void spread_k(const uint8_t *qs, const uint8_t *qh, size_t i, uint8_t u[32])
{
    const uint8_t *run = qs + i / 2 * 32;
    for (int k = 0; k < 32; k++) {
        u[k] = i % 2 ? run[k] >> 4 : run[k] & 15;
        if (qh) {
            u[k] |= (uint8_t)((qh[k] >> i & 1) << 4);
        }
    }
}

/* Where the scales of one row's block go: into lane r of the block's and the super-block's. */
typedef struct Lane {
    unsigned char *scales, *supers;
    size_t r;
} Lane;

/* Stores the file's f16 numbers, each into lane r of a vector of 16 of this processor's. */
static void put_half(unsigned char *vector, size_t r, uint16_t value)
{
    value = mts_le16(value);
    memcpy(vector + 2 * r, &value, sizeof value);
}

static void put_halves(unsigned char *vectors, size_t r, uint16_t d, uint16_t m)
{
    put_half(vectors, r, d);
    put_half(vectors + 32, r, m);
}

static void put_scale_min(const uint8_t scales[12], size_t i, const Lane *to, uint16_t d, uint16_t dmin)
{
    mts_scale_min(scales, (int)i, to->scales + to->r, to->scales + 16 + to->r);
    put_halves(to->supers, to->r, d, dmin);
}

/* spread_TYPE: the 32 quants of the file's block x, or of part i of a super-block, and its scales. */

static void spread_Q8_0(const MtsBlockQ8_0 *x, size_t i, uint8_t u[32], const Lane *to)
{
    (void)i;
    for (int k = 0; k < 32; k++) {
        u[k] = (uint8_t)(x->qs[k] + 128);
    }
    put_half(to->scales, to->r, x->d);
}

static void spread_Q4_0(const MtsBlockQ4_0 *x, size_t i, uint8_t u[32], const Lane *to)
{
    (void)i;
    spread_nibbles(x->qs, u);
    put_half(to->scales, to->r, x->d);
}

static void spread_Q4_1(const MtsBlockQ4_1 *x, size_t i, uint8_t u[32], const Lane *to)
{
    (void)i;
    spread_nibbles(x->qs, u);
    put_halves(to->scales, to->r, x->d, x->m);
}

static void spread_Q5_0(const MtsBlockQ5_0 *x, size_t i, uint8_t u[32], const Lane *to)
{
    (void)i;
    spread_nibbles(x->qs, u);
    add_fifth_bits(x->qh, u);
    put_half(to->scales, to->r, x->d);
}

static void spread_Q5_1(const MtsBlockQ5_1 *x, size_t i, uint8_t u[32], const Lane *to)
{
    (void)i;
    spread_nibbles(x->qs, u);
    add_fifth_bits(x->qh, u);
    put_halves(to->scales, to->r, x->d, x->m);
}

static void spread_Q4_K(const MtsBlockQ4_K *x, size_t i, uint8_t u[32], const Lane *to)
{
    spread_k(x->qs, NULL, i, u);
    put_scale_min(x->scales, i, to, x->d, x->dmin);
}

static void spread_Q5_K(const MtsBlockQ5_K *x, size_t i, uint8_t u[32], const Lane *to)
{
    spread_k(x->qs, x->qh, i, u);
    put_scale_min(x->scales, i, to, x->d, x->dmin);
}

static void spread_Q6_K(const MtsBlockQ6_K *x, size_t i, uint8_t u[32], const Lane *to)
{
    size_t run = i / 4, quarter = i % 4;
    const uint8_t *ql = x->ql + 64 * run + 32 * (quarter % 2), *qh = x->qh + 32 * run;
    for (int k = 0; k < 32; k++) {
        unsigned low = quarter < 2 ? ql[k] & 15u : ql[k] >> 4;
        u[k] = (uint8_t)(low | (qh[k] >> 2 * quarter & 3u) << 4);
    }
    memcpy(to->scales + to->r, x->scales + 2 * i, 1);
    memcpy(to->scales + 16 + to->r, x->scales + 2 * i + 1, 1);
    put_half(to->supers, to->r, x->d);
}

static void spread_IQ4_NL(const MtsBlockIQ4_NL *x, size_t i, uint8_t u[32], const Lane *to)
{
    (void)i;
    spread_nibbles(x->qs, u);
    put_half(to->scales, to->r, x->d);
}

/* Spreads block b of a row of `type`, a constant, into u and stores the row's scales into lane r of the group's. */
static inline void spread_block(MtsType type, const MtsSections *at, unsigned char *group, const void *row, size_t b,
                                size_t r, uint8_t u[32])
{
    const Lane to = {group + at->scales + mts_scale_bytes(type) * b,
                     group + at->supers + mts_super_bytes(type) * (b / 8), r};
    switch (type) {
#define DENSE(name, ...) case MTS_TYPE_##name:
#define QUANT(name, id, block, per, ...)                                                                               \
    case MTS_TYPE_##name:                                                                                              \
        spread_##name((const block *)row + b / ((per) / MTS_BLOCK), b % ((per) / MTS_BLOCK), u, &to);                  \
        break;
        MTS_QUANT_TYPES(QUANT)
        MTS_DENSE_TYPES(DENSE)
#undef DENSE
#undef QUANT
        break; /* not in blocks: pack_dense() */
    }
}

/* ---- storing ---- */

/* Stores the quants u of row r as lane r of block b's vectors. */
static inline void store_quants(const int bits, const MtsPiece *pieces, size_t n, unsigned char *group, size_t b,
                                size_t r, const uint8_t u[32])
{
    unsigned char *to = group + 64 * (size_t)bits * b + 4 * r;
    uint32_t word[8];
    for (int v = 0; v < bits; v++) {
        word[v] = mts_load_u32(u + 4 * v) & ((1u << bits) - 1) * 0x01010101u;
    }
    for (size_t i = 0; i < n; i++) {
        const MtsPiece *p = &pieces[i];
        word[p->vector] |= (mts_load_u32(u + 4 * p->operand) >> p->to & ((1u << p->width) - 1) * 0x01010101u)
                           << p->from;
    }
    for (int v = 0; v < bits; v++) {
        mts_store_u32(to + 64 * v, word[v]);
    }
}

/* A group of a quantised type, a constant: one loop for each, in which what depends on the type folds. */
static inline void pack_blocks(MtsType type, size_t cols, unsigned char *group, const void *const rows[MTS_GROUP])
{
    const MtsSections at = mts_sections(type, cols);
    size_t n;
    const MtsPiece *pieces = mts_pieces(mts_type_bits(type), &n);
    for (size_t b = 0; b < cols / MTS_BLOCK; b++) {
        for (size_t r = 0; r < MTS_GROUP; r++) {
            if (rows[r]) {
                uint8_t u[32] = {0};
                spread_block(type, &at, group, rows[r], b, r, u);
                store_quants(mts_type_bits(type), pieces, n, group, b, r, u);
            }
        }
    }
}

/* An element of the file as this processor's number. */
static void put_element(unsigned char *to, const unsigned char *element, size_t size)
{
    memcpy(to, element, size);
    for (size_t i = 0; MTS_BIG_ENDIAN && i < size; i++) {
        to[i] = element[size - 1 - i];
    }
}

static void pack_dense(const MtsWeights *w, unsigned char *group, const void *const rows[MTS_GROUP])
{
    const size_t size = mts_type_bytes(w->type);
    for (size_t r = 0; r < MTS_GROUP; r++) {
        const unsigned char *row = rows[r];
        for (size_t k = 0; k < w->cols && row; k++) {
            put_element(group + (k * MTS_GROUP + r) * size, row + k * size, size);
        }
    }
}

void mts_pack_group(const MtsWeights *w, size_t group_index, const void *const rows[MTS_GROUP])
{
    unsigned char *group = w->data + group_index * w->group_bytes;
    bool full = true;
    for (size_t r = 0; r < MTS_GROUP; r++) {
        full = full && rows[r];
    }
    if (!full) {
        memset(group, 0, w->group_bytes);
    }
    switch (w->type) {
#define QUANT(name, ...)                                                                                               \
    case MTS_TYPE_##name:                                                                                              \
        pack_blocks(MTS_TYPE_##name, w->cols, group, rows);                                                            \
        break;
#define DENSE(name, ...)                                                                                               \
    case MTS_TYPE_##name:                                                                                              \
        pack_dense(w, group, rows);                                                                                    \
        break;
        MTS_QUANT_TYPES(QUANT)
        MTS_DENSE_TYPES(DENSE)
#undef QUANT
#undef DENSE
    }
}

void mts_pack(const MtsWeights *w, size_t g0, size_t g1, const void *tensor)
{
    size_t elements, bytes;
    mts_type_block(w->type, &elements, &bytes);
    size_t row_bytes = w->cols / elements * bytes;
    for (size_t g = g0; g < g1; g++) {
        const void *rows[MTS_GROUP];
        for (size_t r = 0; r < MTS_GROUP; r++) {
            size_t row = g * MTS_GROUP + r;
            rows[r] = row < w->rows ? (const unsigned char *)tensor + row * row_bytes : NULL;
        }
        mts_pack_group(w, g, rows);
    }
}

void mts_pack_floats(const MtsWeights *w, const float *from, size_t row_step, size_t col_step)
{
    for (size_t g = 0; g < w->groups; g++) {
        float *group = (float *)(void *)(w->data + g * w->group_bytes);
        for (size_t k = 0; k < w->cols; k++) {
            for (size_t r = 0; r < MTS_GROUP; r++) {
                size_t row = g * MTS_GROUP + r;
                group[k * MTS_GROUP + r] = row < w->rows ? from[row * row_step + k * col_step] : 0;
            }
        }
    }
}
