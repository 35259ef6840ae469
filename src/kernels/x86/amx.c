/* kernels/x86/amx.c - int8 matrix products by AMX tiles: many groups times many activation rows in one call.
 *
 * A tile register holds up to 16 rows of 64 bytes; one instruction adds the products of 16 activation rows and 16
 * weight rows over 4 columns for each row that the second operand has. Both operands lie in memory as they are needed:
 * a panel's 16 rows of 32 bytes are the first, a block's eight operands of 64 bytes the second. A result tile holds
 * exact int32 sums, so one product over the eight operands of one block of 32 columns (where a scale counts for 16: two
 * over four) is that block's i for 16 x 16 outputs. It is stored, and AVX-512 does with it what every other kernel
 * does, in the same order: convert, scale, add. Weights are signed here, less their offset, so that i needs no
 * correction.
 *
 * What it costs, in cycles per block of 16 x 16 outputs (Sapphire Rapids): the product 16, its load and store 8 to 12
 * beside it, the floating-point part 48 instructions (64 with minimums) at two a cycle; the dot-product instruction
 * takes 64 for the product alone. While a tile instruction is in flight, 512-bit arithmetic runs at half its rate:
 * so tiles and vectors take turns. Some blocks' sums are made for two groups at once, which share the loads of the
 * activations, and then folded into the running sums, which stay in 16 registers per group.
 *
 *     for up to PANELS panels, for two groups, for up to CHUNK blocks
 *         weights are unpacked, to be used by all panels                  vectors
 *         for each panel
 *             sums = products                                             tiles
 *             acc  = fold(sums)                                           vectors
 *
 * What these loops touch (6 KiB of weights, 8 to 16 of sums, 4 of a panel) stays in the first-level cache; with 32
 * blocks unpacked at a time it did not, which halved the speed.
 *
 * Configuring the tile registers takes some 180 cycles: once a call. They are released at its end, so that no system
 * call or other kernel ever sees them in use. All scratch memory is on the stack: some 50 KiB. */
#include <string.h>

#include "kernels/x86/vec_avx512.h"
#include "kernels/x86/x86.h"

#include "kernels/simd/unpack_template.h"

/* GCC's intrinsics do not tell the compiler which memory they touch. */
#define TILE_LOAD(t, p, stride)                                                                                        \
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #t ::"r"(p), "r"((size_t)(stride)) : "memory")
#define TILE_STORE(t, p) __asm__ volatile("tilestored %%tmm" #t ", (%0,%1,1)" ::"r"(p), "r"((size_t)64) : "memory")
#define TILE_ZERO(t) __asm__ volatile("tilezero %%tmm" #t ::: "memory")
#define TILE_MULTIPLY(c, a, b) __asm__ volatile("tdpbssd %%tmm" #b ", %%tmm" #a ", %%tmm" #c ::: "memory")

enum {
    STREAM = 2 << 20, /* floats of results that no second-level cache holds */
    PANELS = 8,       /* of activation rows that meet a group before the next one is unpacked */
    CHUNK = 4         /* blocks that are unpacked, and whose sums are made, at a time; halves have two sums for one */
};

typedef struct Block {
    int8_t operand[8][64];
    float w[16], m[16]; /* scale and minimum; m where there is one */
    float sub[2][16];   /* of halves */
} Block;

typedef struct Scratch {
    Block block[2][CHUNK];
    int32_t sums[2][2 * CHUNK][16][16];
    float acc[PANELS][2][16][16];
} Scratch;

/* ldtilecfg's operand: palette 1, tiles 0-3 results, 4 and 5 activations, 6 and 7 weights. */
typedef struct TileConfig {
    uint8_t palette, start, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} TileConfig;

/* rows activation rows, blocks (or halves) of cols columns. */
static void configure(size_t rows, size_t cols)
{
    TileConfig c;
    memset(&c, 0, sizeof c);
    c.palette = 1;
    for (int t = 0; t < 8; t++) {
        c.row_bytes[t] = (uint16_t)(t == 4 || t == 5 ? cols : 64);
        c.rows[t] = (uint8_t)(t < 6 ? rows : cols / 4);
    }
    __asm__ volatile("ldtilecfg %0" ::"m"(c));
}

static void release(void)
{
    __asm__ volatile("tilerelease" ::: "memory");
}

/* ---- weights ---- */

MTS_INLINE void unpack_block(MtsType type, const unsigned char *group, const MtsSections *at, size_t b, Block *out)
{
    const vi offset = v_set_byte((char)mts_type_zero(type));
    vi u[8];
    vf w, m;
    unpack_operands(type, group, b, 0, u);
    block_scales(type, group, at, b, 0, &w, &m);
    for (int j = 0; j < 8; j++) {
        _mm512_store_si512(out->operand[j], _mm512_sub_epi8(u[j], offset));
    }
    v_store(out->w, w);
    v_store(out->m, m);
    if (mts_has_halves(type)) {
        vf sub[2];
        half_scales(type, group, at, b, 0, sub);
        v_store(out->sub[0], sub[0]);
        v_store(out->sub[1], sub[1]);
    }
}

MTS_INLINE void unpack(MtsType type, const unsigned char *group, const MtsSections *at, size_t b0, size_t b1,
                       Block *out)
{
    for (size_t b = b0; b < b1; b++) {
        unpack_block(type, group, at, b, &out[b - b0]);
    }
}

/* ---- sums, by tiles ---- */

/* Block (half) v of those that begin at a and w, in result tiles c and d of two groups; before that the sums of v - 2,
 * which lie in these tiles, are stored. */
#define PRODUCTS(v, c, d, a_tile)                                                                                      \
    do {                                                                                                               \
        if ((v) >= 2) {                                                                                                \
            TILE_STORE(c, sums[0][(v) - 2]);                                                                           \
            if (pair) {                                                                                                \
                TILE_STORE(d, sums[1][(v) - 2]);                                                                       \
            }                                                                                                          \
        }                                                                                                              \
        if ((v) < count) {                                                                                             \
            size_t block = (v) / halves, half = (v) % halves;                                                          \
            TILE_LOAD(a_tile, a[block].row[row].q + 16 * half, sizeof(MtsActRow));                                     \
            TILE_LOAD(6, w[block].operand[4 * half], 64);                                                              \
            TILE_ZERO(c);                                                                                              \
            TILE_MULTIPLY(c, a_tile, 6);                                                                               \
            if (pair) {                                                                                                \
                TILE_LOAD(7, w[CHUNK + block].operand[4 * half], 64);                                                  \
                TILE_ZERO(d);                                                                                          \
                TILE_MULTIPLY(d, a_tile, 7);                                                                           \
            }                                                                                                          \
        }                                                                                                              \
    } while (0)

/* sums of `count` blocks (of halves, where halves is 2) of activation rows from `row` on, for one group or a pair. */
MTS_INLINE void make_sums(const bool pair, const size_t halves, const MtsActBlock *a, size_t row, const Block *w,
                          size_t count, int32_t (*sums)[2 * CHUNK][16][16])
{
    for (size_t v = 0; v < count + 2; v += 2) {
        PRODUCTS(v, 0, 1, 4);
        if (v + 1 < count + 2) {
            PRODUCTS(v + 1, 2, 3, 5);
        }
    }
}

/* ---- the rest, by vectors ---- */

typedef enum Form { PLAIN, WITH_MINIMUM, HALVES } Form;

/* What is fetched meanwhile: the weights of groups to come, at an even pace, as unpacking comes in bursts. */
typedef struct Ahead {
    const unsigned char *at;
    size_t pace; /* bytes for each block; 0: nothing */
} Ahead;

/* acc = acc and `count` blocks' contributions, for `rows` activation rows, a constant, lanes lane, lane + 1, ... */
MTS_INLINE void fold_rows(const Form form, const int rows, const int32_t (*sums)[16][16], const MtsActBlock *a,
                          size_t lane, const Block *w, size_t count, float (*acc)[16], Ahead ahead)
{
    vf sum[16];
    for (int i = 0; i < rows; i++) {
        sum[i] = v_load(acc[i]);
    }
    for (size_t b = 0; b < count; b++) {
        const MtsActRow *row = a[b].row + lane;
        const int32_t(*i0)[16] = sums[form == HALVES ? 2 * b : b];
        const vf scale = v_load(w[b].w), least = v_load(w[b].m);
        const vf sub0 = v_load(w[b].sub[0]), sub1 = v_load(w[b].sub[1]);
        for (size_t line = 0; line < ahead.pace; line += 64) {
            __builtin_prefetch(ahead.at + b * ahead.pace + line, 0, 2);
        }
        for (int i = 0; i < rows; i++) {
            vf x = v_int_to_float(v_load_bytes(i0[i]));
            if (form == HALVES) {
                x = v_fma(v_int_to_float(v_load_bytes(i0[16 + i])), sub1, v_mul(x, sub0)); /* exact */
            }
            sum[i] = v_fma(x, v_mul(scale, v_set(row[i].d)), sum[i]);
            if (form == WITH_MINIMUM) {
                sum[i] = v_fma(least, v_set(row[i].s), sum[i]);
            }
        }
    }
    for (int i = 0; i < rows; i++) {
        v_store(acc[i], sum[i]);
    }
}

MTS_INLINE void fold(const Form form, size_t rows, const int32_t (*sums)[16][16], const MtsActBlock *a, size_t lane,
                     const Block *w, size_t count, float (*acc)[16], Ahead ahead)
{
    switch (rows) {
#define ROWS(n)                                                                                                        \
    case n:                                                                                                            \
        fold_rows(form, n, sums, a, lane, w, count, acc, ahead);                                                       \
        break;
        ROWS(1)
        ROWS(2)
        ROWS(3)
        ROWS(4)
        ROWS(5)
        ROWS(6)
        ROWS(7)
        ROWS(8)
        ROWS(9)
        ROWS(10)
        ROWS(11)
        ROWS(12)
        ROWS(13)
        ROWS(14)
        ROWS(15)
        ROWS(16)
#undef ROWS
    }
}

#define FOLD(form)                                                                                                     \
    static void fold_##form(size_t rows, const int32_t(*sums)[16][16], const MtsActBlock *a, size_t lane,              \
                            const Block *w, size_t count, float(*acc)[16], Ahead ahead)                                \
    {                                                                                                                  \
        fold(form, rows, sums, a, lane, w, count, acc, ahead);                                                         \
    }
FOLD(PLAIN)
FOLD(WITH_MINIMUM)
FOLD(HALVES)

/* ---- a call ---- */

/* Activation rows [s0, s1) as the panels see them. */
typedef struct Rows {
    const MtsActBlock *acts;
    size_t blocks; /* of a row */
    size_t s0, s1;
    bool single;  /* they lie in one panel: its tiles have no other rows */
    bool streams; /* results go past the caches, which they would only sweep */
} Rows;

/* Lanes [*lane, *lane + n) of panel p are wanted; returns n. */
MTS_INLINE size_t wanted(const Rows *r, size_t p, size_t *lane)
{
    size_t from = p * MTS_PANEL > r->s0 ? p * MTS_PANEL : r->s0, to = mts_min((p + 1) * MTS_PANEL, r->s1);
    *lane = from % MTS_PANEL;
    return to - from;
}

/* What blocks [b0, b0 + count), which are unpacked in s->block, add to the outputs of panel p. */
MTS_INLINE void add_blocks(MtsType type, const bool pair, const Rows *r, size_t p, size_t b0, size_t count, Scratch *s,
                           float (*acc)[16][16], const Ahead ahead[2])
{
    const size_t halves = mts_has_halves(type) ? 2 : 1;
    size_t lane, n = wanted(r, p, &lane), row = r->single ? lane : 0;
    const MtsActBlock *a = r->acts + p * r->blocks + b0;
    make_sums(pair, halves, a, row, s->block[0], count * halves, s->sums);
    for (int g = 0; g < (pair ? 2 : 1); g++) {
        const int32_t(*sums)[16][16] = (const int32_t(*)[16][16])(s->sums[g][0] + (lane - row));
        (mts_has_halves(type) ? fold_HALVES
         : mts_has_min(type)  ? fold_WITH_MINIMUM
                              : fold_PLAIN)(n, sums, a, lane, s->block[g], count, acc[g], ahead[g]);
    }
}

MTS_INLINE void put_panel(const bool pair, const Rows *r, size_t p, float (*acc)[16][16], float *y, size_t stride,
                          bool add)
{
    size_t lane, n = wanted(r, p, &lane);
    for (int g = 0; g < (pair ? 2 : 1); g++) {
        for (size_t i = 0; i < n; i++) {
            float *out = y + (p * MTS_PANEL + lane + i) * stride + 16 * g;
            vf x = v_load(acc[g][i]);
            if (r->streams) {
                _mm512_stream_ps(out, x);
            } else {
                v_store(out, add ? v_add(v_load(out), x) : x);
            }
        }
    }
}

/* One group or a pair times panels [p0, p1), p1 - p0 <= PANELS; later[]: what is fetched meanwhile. */
MTS_INLINE void multiply_groups(MtsType type, const bool pair, const unsigned char *group, size_t group_bytes,
                                size_t cols, const Rows *r, size_t p0, size_t p1, Scratch *s, float *y, size_t stride,
                                bool add, const unsigned char *const later[2])
{
    const MtsSections at = mts_sections(type, cols);
    const size_t chunks = (r->blocks + CHUNK - 1) / CHUNK;
    memset(s->acc, 0, (p1 - p0) * sizeof s->acc[0]);
    for (size_t c = 0; c < chunks; c++) {
        size_t b0 = r->blocks * c / chunks, b1 = r->blocks * (c + 1) / chunks, pace = at.bytes / r->blocks;
        Ahead ahead[2] = {{0}};
        for (size_t g = 0; g < (pair ? 2 : 1); g++) {
            unpack(type, group + g * group_bytes, &at, b0, b1, s->block[g]);
            ahead[g] = later[g] ? (Ahead){later[g] + b0 * pace, pace} : (Ahead){0};
        }
        for (size_t p = p0; p < p1; p++) {
            add_blocks(type, pair, r, p, b0, b1 - b0, s, s->acc[p - p0], ahead);
            ahead[0].pace = ahead[1].pace = 0;
        }
    }
    for (size_t p = p0; p < p1; p++) {
        put_panel(pair, r, p, s->acc[p - p0], y, stride, add);
    }
}

MTS_INLINE void multiply(MtsType type, const unsigned char *group, size_t groups, size_t group_bytes, size_t cols,
                         const MtsActBlock *acts, size_t s0, size_t s1, float *y, size_t stride, bool add, MtsNext next)
{
    Scratch s __attribute__((aligned(64)));
    const size_t p0 = s0 / MTS_PANEL, p1 = (s1 + MTS_PANEL - 1) / MTS_PANEL;
    const bool streams = !add && (s1 - s0) * stride >= STREAM && (uintptr_t)y % 64 == 0 && stride % 16 == 0;
    const Rows r = {acts, cols / 32, s0, s1, p1 - p0 == 1, streams};
    configure(r.single ? s1 - s0 : MTS_PANEL, mts_has_halves(type) ? 16 : 32);
    for (size_t p = p0; p < p1; p += PANELS) {
        size_t end = mts_min(p + PANELS, p1);
        for (size_t g = 0; g < groups; g += 2) {
            const unsigned char *at = group + g * group_bytes, *later[2];
            float *out = y + 16 * g;
            for (size_t i = 0; i < 2; i++) {
                later[i] = mts_ahead(group, groups, group_bytes, g + i, end < p1 ? (MtsNext){0, group} : next);
            }
            if (g + 2 <= groups) {
                multiply_groups(type, true, at, group_bytes, cols, &r, p, end, &s, out, stride, add, later);
            } else {
                multiply_groups(type, false, at, group_bytes, cols, &r, p, end, &s, out, stride, add, later);
            }
        }
    }
    release();
    if (streams) {
        _mm_sfence(); /* before the caller tells other threads */
    }
}

#define PRODUCT(type, ...)                                                                                             \
    static void product_##type(const unsigned char *group, size_t groups, size_t group_bytes, size_t cols,             \
                               const MtsActBlock *acts, size_t s0, size_t s1, float *y, size_t stride, bool add,       \
                               MtsNext next)                                                                           \
    {                                                                                                                  \
        multiply(MTS_TYPE_##type, group, groups, group_bytes, cols, acts, s0, s1, y, stride, add, next);               \
    }
MTS_QUANT_TYPES(PRODUCT)
#undef PRODUCT

/* Tile products alone: four independent sums, whose operands stay where they are. */
static size_t peak_int8(size_t work)
{
    enum { MACS = 16 * 16 * 64 };
    static const int8_t ones[16][64] = {{1}};
    int32_t sums[16][16];
    volatile int32_t sink;
    size_t done = 0;
    configure(16, 64);
    TILE_ZERO(0);
    TILE_ZERO(1);
    TILE_ZERO(2);
    TILE_ZERO(3);
    TILE_LOAD(4, ones, 64);
    TILE_LOAD(6, ones, 64);
    for (; done < work; done += 4 * MACS) {
        TILE_MULTIPLY(0, 4, 6);
        TILE_MULTIPLY(1, 4, 6);
        TILE_MULTIPLY(2, 4, 6);
        TILE_MULTIPLY(3, 4, 6);
    }
    TILE_STORE(0, sums);
    release();
    sink = sums[0][0];
    (void)sink;
    return done;
}

void mts_amx_fill(MtsKernels *k)
{
    k->name = "amx";
    k->peak_int8 = peak_int8;
#define FILL(type, ...) k->product[MTS_TYPE_##type] = product_##type;
    MTS_QUANT_TYPES(FILL)
#undef FILL
}
