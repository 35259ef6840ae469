/* kernels/simd/product_template.h - many groups of eight-bit weights times many activation rows where there is no dot
 * product (V_DOT 0). After tile_template.h. Words: simd.h; arithmetic: kernels.h.
 *
 * A byte product adds two products u1 s1 + u2 s2 in int16, u unsigned, s signed, which do not fit where both are large
 * and of one sign. tile() therefore moves the weights' signs to the activations: one more instruction for each product,
 * four for 32 multiply-adds. Where s1 and s2 differ in sign nothing can overflow: |u1 s1 + u2 s2| <= 255 * 127. And
 * where they do not, -s2 and the complement of u2 do as well:
 *     u1 s1 + u2 s2 = u1 s1 + (255 - u2) (-s2) + 255 s2.
 * Which of the two it is depends on the activations alone. So each operand, which has two such pairs, is unpacked in
 * four versions, and an activation row chooses among them by address (v_pick32()): three arithmetic instructions where
 * there were four, and more loads, for which the ports were idle. What the versions cost is spread over all activation
 * rows:
 *
 *     for up to MOST_GROUPS groups, for up to MOST_ROWS activation rows
 *         for each block of 32 columns
 *             each activation row picks its versions
 *             for BESIDE vectors of the groups at a time
 *                 their operands are unpacked in four versions: 4 or 8 KiB, which leave room in the first-level cache
 *                 each activation row meets them */
#include "kernels/kernels.h"

#define NOT_INLINED __attribute__((noinline)) /* compilers mix the registers of several calls otherwise */

enum {
    BESIDE = 4,                          /* vectors of weight rows that meet an activation at once */
    SIDE = BESIDE * V_LANES / MTS_GROUP, /* groups that these are */
    MOST_GROUPS = 16,
    MOST_ROWS = 64,
    VERSIONS = 4,
    OPERAND = 4 * BESIDE * V_LANES /* bytes of an operand of a side in one version */
};

/* One block of SIDE groups. */
typedef struct Side {
    unsigned char operand[8][VERSIONS][OPERAND];
    float w[BESIDE * V_LANES];
} Side;

typedef struct ProductSums {
    float row[MOST_ROWS][MOST_GROUPS * MTS_GROUP];
} ProductSums;

/* One block of an activation row. */
typedef struct Picked {
    int8_t q[32];   /* neighbours of different sign */
    uint16_t at[8]; /* which version of operand j belongs to them: bytes from the first one on */
    int32_t start;  /* what the sum begins with: the weights' zero, and 255 s2 where it was complemented */
    float d;
} Picked;

/* Block b of a group to its place in a side, from vector `first` on. */
MTS_INLINE void unpack_group(MtsType type, const unsigned char *group, const MtsSections *at, size_t b, size_t first,
                             Side *side)
{
    const vi odd[2] = {v_set_int(0xFF00), v_set_int(-0x1000000)}; /* the second byte of each pair */
    for (size_t v = 0; v < MTS_GROUP / V_LANES; v++) {
        const size_t lane = (first + v) * V_LANES;
        vi u[8];
        vf w, m;
        unpack_operands(type, group, b, v * V_LANES, u);
        block_scales(type, group, at, b, v * V_LANES, &w, &m);
        for (int j = 0; j < 8; j++) {
            const vi other = v_xor(u[j], odd[0]);
            v_store_bytes(side->operand[j][0] + 4 * lane, u[j]);
            v_store_bytes(side->operand[j][1] + 4 * lane, other);
            v_store_bytes(side->operand[j][2] + 4 * lane, v_xor(u[j], odd[1]));
            v_store_bytes(side->operand[j][3] + 4 * lane, v_xor(other, odd[1]));
        }
        v_store(side->w + lane, w);
    }
}

/* acc += one block of a side's first `wide` vectors times one activation row. */
MTS_INLINE void add_side(const int wide, const Side *side, const Picked *a, float *acc)
{
    const vf d = v_set(a->d);
    vi sums[BESIDE];
    UNROLLED
    for (int v = 0; v < wide; v++) {
        sums[v] = v_set_int(a->start);
    }
    UNROLLED
    for (int j = 0; j < 8; j++) {
        const unsigned char *u = (const unsigned char *)side->operand[j] + a->at[j];
        const vi s = broadcast4(a->q + 4 * j);
        UNROLLED
        for (int v = 0; v < wide; v++) {
            sums[v] = v_keep(v_add_pairs(sums[v], v_pairs_short(v_load_bytes(u + 4 * V_LANES * v), s)));
        }
    }
    UNROLLED
    for (int v = 0; v < wide; v++) {
        float *to = acc + v * V_LANES;
        v_store(to, v_fma(v_int_to_float(sums[v]), v_mul(v_load(side->w + v * V_LANES), d), v_load(to)));
    }
}

typedef void AddSide(const Side *side, const Picked *a, float *acc);
#define ADD_SIDE(groups)                                                                                               \
    NOT_INLINED static void add_side_##groups(const Side *side, const Picked *a, float *acc)                           \
    {                                                                                                                  \
        add_side(groups *MTS_GROUP / V_LANES, side, a, acc);                                                           \
    }
ADD_SIDE(1)
ADD_SIDE(2)
#if V_LANES > 8
ADD_SIDE(3)
ADD_SIDE(4)
static AddSide *const add_side_of[SIDE] = {add_side_1, add_side_2, add_side_3, add_side_4};
#else
static AddSide *const add_side_of[SIDE] = {add_side_1, add_side_2};
#endif

/* So many groups and activation rows of one call. */
typedef struct Call {
    MtsType type;
    void (*unpack)(const unsigned char *group, const MtsSections *at, size_t b, size_t first, Side *side);
    const unsigned char *group;
    size_t groups, group_bytes, blocks;
    MtsSections at;
    const MtsActBlock *acts;
    size_t s0, s1;
    const unsigned char *next; /* fetched meanwhile: what begins where these groups end */
} Call;

/* Block b of groups [g, end) to where it is multiplied; the one after it, or the next groups', is fetched: no
 * processor follows as many streams. */
static void unpack_side(const Call *c, size_t b, size_t g, size_t end, Side *side)
{
    const size_t block = 64 * (size_t)mts_type_bits(c->type);
    for (size_t v = 0; g < end; g++, v += MTS_GROUP / V_LANES) {
        const unsigned char *group = c->group + g * c->group_bytes;
        const size_t then = b + 1 < c->blocks ? b + 1 : 0;
        const unsigned char *ahead = then ? group : c->next ? c->next + g * c->group_bytes : NULL;
        for (size_t line = 0; ahead && line < block; line += 64) {
            __builtin_prefetch(ahead + block * then + line, 0, 2);
        }
        if (ahead) {
            __builtin_prefetch(ahead + c->at.scales + mts_scale_bytes(c->type) * then, 0, 2);
        }
        c->unpack(group, &c->at, b, v, side);
    }
}

/* What each activation row of a call picks of block b: of all of them first, or the first products of each would wait
 * for it. */
static void pick_rows(const Call *c, size_t b, Picked *p)
{
    for (size_t s = c->s0; s < c->s1; s++, p++) {
        const MtsActRow *a = &c->acts[s / MTS_PANEL * c->blocks + b].row[s % MTS_PANEL];
        p->start = a->n[0] * 128 + v_pick32(a->q, OPERAND, p->q, p->at) * 255;
        p->d = a->d;
    }
}

/* At most MOST_GROUPS groups times MOST_ROWS rows; y: of the first row and group. */
static void multiply_call(const Call *c, float *y, size_t stride, bool add)
{
    Side side __attribute__((aligned(64)));
    ProductSums sums __attribute__((aligned(64)));
    Picked picked[MOST_ROWS];
    const size_t rows = c->s1 - c->s0;
    memset(&sums, 0, rows * sizeof sums.row[0]);
    for (size_t b = 0; b < c->blocks; b++) {
        pick_rows(c, b, picked);
        for (size_t g = 0; g < c->groups; g += SIDE) {
            const size_t end = mts_min(g + SIDE, c->groups);
            AddSide *const add_groups = add_side_of[end - g - 1];
            unpack_side(c, b, g, end, &side);
            for (size_t i = 0; i < rows; i++) {
                add_groups(&side, &picked[i], sums.row[i] + g * MTS_GROUP);
            }
        }
    }
    for (size_t i = 0; i < rows; i++) {
        for (size_t r = 0; r < c->groups * MTS_GROUP; r += V_LANES) {
            float *out = y + i * stride + r;
            vf x = v_load(sums.row[i] + r);
            v_store(out, add ? v_add(v_load(out), x) : x);
        }
    }
}

/* c: type and unpack(). */
static void multiply_all(Call *c, const unsigned char *group, size_t groups, size_t group_bytes, size_t cols,
                         const MtsActBlock *acts, size_t s0, size_t s1, float *y, size_t stride, bool add, MtsNext next)
{
    const unsigned char *after = next.more ? group + groups * group_bytes : next.then;
    c->group_bytes = group_bytes;
    c->blocks = cols / 32;
    c->at = mts_sections(c->type, cols);
    c->acts = acts;
    for (size_t g = 0; g < groups; g += c->groups) {
        c->group = group + g * group_bytes;
        c->groups = mts_min(MOST_GROUPS, groups - g);
        for (c->s0 = s0; c->s0 < s1; c->s0 = c->s1) {
            c->s1 = mts_min(c->s0 + MOST_ROWS, s1);
            c->next = c->s1 < s1 ? NULL : g + c->groups < groups ? c->group + c->groups * group_bytes : after;
            multiply_call(c, y + c->s0 * stride + g * MTS_GROUP, stride, add);
        }
    }
}

/* Of types with a scale and nothing else: all eight-bit ones that there are. */
#define PRODUCT(name, ...)                                                                                             \
    static void unpack_##name(const unsigned char *group, const MtsSections *at, size_t b, size_t first, Side *side)   \
    {                                                                                                                  \
        unpack_group(MTS_TYPE_##name, group, at, b, first, side);                                                      \
    }                                                                                                                  \
    static void product_##name(const unsigned char *group, size_t groups, size_t group_bytes, size_t cols,             \
                               const MtsActBlock *acts, size_t s0, size_t s1, float *y, size_t stride, bool add,       \
                               MtsNext next)                                                                           \
    {                                                                                                                  \
        Call c = {.type = MTS_TYPE_##name, .unpack = unpack_##name};                                                   \
        multiply_all(&c, group, groups, group_bytes, cols, acts, s0, s1, y, stride, add, next);                        \
    }
MTS_QUANT_TYPES(PRODUCT)
#undef PRODUCT

static void fill_products(MtsKernels *k)
{
#define FILL(type, ...)                                                                                                \
    if (type_width(MTS_TYPE_##type) == 8 && mts_type_scaling(MTS_TYPE_##type) == MTS_SCALE) {                          \
        k->product[MTS_TYPE_##type] = product_##type;                                                                  \
    }
    MTS_QUANT_TYPES(FILL)
#undef FILL
}
