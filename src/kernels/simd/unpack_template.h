/* kernels/simd/unpack_template.h - from a packed group (weights.h) to the operands and scales of one block, V_LANES
 * rows at a time. Words: simd.h. */
#include "kernels/kernels.h"
#include "kernels/simd/simd.h"

/* Bits of an operand's byte that may be set: of a codebook's numbers all. */
MTS_INLINE int type_width(MtsType type)
{
    return mts_type_codebook(type) ? 8 : mts_type_bits(type);
}

/* Operand j of those that a block of five or six bits has in pieces (mts_pieces()). */
MTS_INLINE vi join_five(const unsigned char *at, int j)
{
    const vi low = v_set_byte(7), next = v_set_byte(0x18);
    vi u = v_and(v_shift_right_short(v_load_bytes(at + 64 * (j - 5)), 5), low);
    vi x = v_load_bytes(at + 64 * 3), y = v_load_bytes(at + 64 * 4);
    if (j < 7) {
        return v_or(u, v_and(v_shift_right_short(j == 5 ? x : y, 2), next));
    }
    x = v_and(v_shift_right_short(x, 4), v_set_byte(8));
    y = v_and(v_shift_right_short(y, 3), v_set_byte(16));
    return v_or(u, v_or(x, y));
}

MTS_INLINE vi join_six(const unsigned char *at, int j)
{
    at += 64 * 3 * (j - 6);
    vi x = v_and(v_shift_right_short(v_load_bytes(at), 6), v_set_byte(3));
    vi y = v_and(v_shift_right_short(v_load_bytes(at + 64), 4), v_set_byte(12));
    vi z = v_and(v_shift_right_short(v_load_bytes(at + 128), 2), v_set_byte(48));
    return v_or(x, v_or(y, z));
}

/* Operand j of block b, V_LANES rows from row h on, as unsigned bytes; or, of a type whose numbers take all eight bits,
 * without its zero when `centred`. */
MTS_INLINE vi unpack_operand(MtsType type, const unsigned char *group, size_t b, size_t h, int j, bool centred)
{
    const int bits = mts_type_bits(type);
    const unsigned char *at = group + 64 * (size_t)bits * b + 4 * h;
    const vi flip = v_set_byte(-128);
    if (bits == 8) {
        vi x = v_load_bytes(at + 64 * j);
        return centred ? v_xor(x, flip) : x;
    }
    if (j >= bits && bits != 4) {
        return bits == 5 ? join_five(at, j) : join_six(at, j);
    }
    vi u = j < bits ? v_load_bytes(at + 64 * j) : v_shift_right_short(v_load_bytes(at + 64 * (j - 4)), 4);
    u = v_and(u, v_set_byte((char)((1 << bits) - 1)));
    if (mts_type_codebook(type)) {
        vi book = v_load_book(mts_type_codebook(type));
        u = v_look_up(centred ? book : v_xor(book, flip), u);
    }
    return u;
}

/* All eight, with the zero. */
MTS_INLINE void unpack_operands(MtsType type, const unsigned char *group, size_t b, size_t h, vi u[8])
{
    for (int j = 0; j < 8; j++) {
        u[j] = unpack_operand(type, group, b, h, j, false);
    }
}

/* Of 16 f16 numbers V_LANES from lane h on. */
MTS_INLINE vf load_scales(const unsigned char *vector, size_t h)
{
    return v_load_half((const uint16_t *)(const void *)vector + h);
}

/* The scale w and minimum m of block b for V_LANES rows from row h on. */
MTS_INLINE void block_scales(MtsType type, const unsigned char *group, const MtsSections *at, size_t b, size_t h, vf *w,
                             vf *m)
{
    const unsigned char *scales = group + at->scales + mts_scale_bytes(type) * b;
    const unsigned char *supers = group + at->supers + mts_super_bytes(type) * (b / 8);
    switch (mts_type_scaling(type)) {
    case MTS_SCALE:
        *w = load_scales(scales, h);
        *m = v_zero();
        break;
    case MTS_SCALE_MIN:
        *w = load_scales(scales, h);
        *m = load_scales(scales + 32, h);
        break;
    case MTS_SUB_SCALE_MIN:
        *w = v_mul(load_scales(supers, h), v_load_u8(scales + h));
        *m = v_mul(load_scales(supers + 32, h), v_mul(v_load_u8(scales + 16 + h), v_set(-1)));
        break;
    case MTS_SUB_HALVES:
        *w = load_scales(supers, h);
        *m = v_zero();
        break;
    }
}

/* The scales of the two halves of block b, of types that have them. */
MTS_INLINE void half_scales(MtsType type, const unsigned char *group, const MtsSections *at, size_t b, size_t h,
                            vf sub[2])
{
    const unsigned char *scales = group + at->scales + mts_scale_bytes(type) * b;
    sub[0] = v_load_s8(scales + h);
    sub[1] = v_load_s8(scales + 16 + h);
}
