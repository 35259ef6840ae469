/* kernels/simd/unpack_template.h - from a packed group (weights.h) to the operands and scales of one block, V_LANES
 * rows at a time. Words: simd.h. */
#include "kernels/kernels.h"
#include "kernels/simd/simd.h"

/* Bits of an operand's byte that may be set: of a codebook's numbers all. */
MTS_INLINE int type_width(MtsType type)
{
    return mts_type_codebook(type) ? 8 : mts_type_bits(type);
}

/* The eight operands of block b, V_LANES rows from row h on, as unsigned bytes. */
MTS_INLINE void unpack_operands(MtsType type, const unsigned char *group, const MtsSections *at, size_t b, size_t h,
                                vi u[8])
{
    const vi low = v_set_byte(15);
    const int bits = mts_type_bits(type);
    if (bits == 8) {
        for (int j = 0; j < 8; j++) {
            u[j] = v_load_bytes(group + 512 * b + 64 * j + 4 * h);
        }
        return;
    }
    for (int v = 0; v < 4; v++) {
        vi x = v_load_bytes(group + 256 * b + 64 * v + 4 * h);
        u[v] = v_and(x, low);
        u[v + 4] = v_and(v_shift_right_short(x, 4), low);
    }
    if (bits == 5) {
        const unsigned char *plane = group + at->plane + 64 * b + h / 2;
        for (int j = 0; j < 8; j++) {
            u[j] = v_or_fifth_bits(u[j], plane + 8 * j);
        }
    }
    if (bits == 6) {
        const vi top = v_set_byte(0x30);
        for (int j = 0; j < 8; j += 4) {
            vi x = v_load_bytes(group + at->plane + 128 * b + 16 * j + 4 * h);
            u[j] = v_or(u[j], v_and(v_shift_left_short(x, 4), top));
            u[j + 1] = v_or(u[j + 1], v_and(v_shift_left_short(x, 2), top));
            u[j + 2] = v_or(u[j + 2], v_and(x, top));
            u[j + 3] = v_or(u[j + 3], v_and(v_shift_right_short(x, 2), top));
        }
    }
    if (mts_type_codebook(type)) {
        const vi book = v_xor(v_load_book(mts_type_codebook(type)), v_set_byte(-128)); /* numbers + 128 */
        for (int j = 0; j < 8; j++) {
            u[j] = v_look_up(book, u[j]);
        }
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
