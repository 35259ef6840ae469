/* kernels/simd/unpack_template.h - from a packed group (weights.h) to the operands and scales of one block, V_LANES
 * rows at a time. Words: simd.h. */
#include "kernels/kernels.h"
#include "kernels/simd/simd.h"

MTS_INLINE int type_bits(MtsType type)
{
    return type == MTS_TYPE_Q8_0                                                     ? 8
           : type == MTS_TYPE_Q6_K                                                   ? 6
           : type == MTS_TYPE_Q5_0 || type == MTS_TYPE_Q5_1 || type == MTS_TYPE_Q5_K ? 5
                                                                                     : 4;
}

/* log2 of the offset z of the quants; 0: none. */
MTS_INLINE int type_shift(MtsType type)
{
    return type == MTS_TYPE_Q4_0   ? 3
           : type == MTS_TYPE_Q5_0 ? 4
           : type == MTS_TYPE_Q6_K ? 5
           : type == MTS_TYPE_Q8_0 ? 7
                                   : 0;
}

/* The eight operands of block b, V_LANES rows from row h on, as unsigned bytes. */
MTS_INLINE void unpack_operands(MtsType type, const unsigned char *group, const MtsSections *at, size_t b, size_t h,
                                vi u[8])
{
    const vi low = v_set_byte(15);
    if (type == MTS_TYPE_Q8_0) {
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
    if (type_bits(type) == 5) {
        const unsigned char *plane = group + at->plane + 64 * b + h / 2;
        for (int j = 0; j < 8; j++) {
            u[j] = v_or_fifth_bits(u[j], plane + 8 * j);
        }
    }
    if (type == MTS_TYPE_Q6_K) {
        const vi top = v_set_byte(0x30);
        for (int j = 0; j < 8; j += 4) {
            vi x = v_load_bytes(group + at->plane + 128 * b + 16 * j + 4 * h);
            u[j] = v_or(u[j], v_and(v_shift_left_short(x, 4), top));
            u[j + 1] = v_or(u[j + 1], v_and(v_shift_left_short(x, 2), top));
            u[j + 2] = v_or(u[j + 2], v_and(x, top));
            u[j + 3] = v_or(u[j + 3], v_and(v_shift_right_short(x, 2), top));
        }
    }
}

/* The scale w and minimum m of block b for V_LANES rows from row h on. */
MTS_INLINE void block_scales(MtsType type, const unsigned char *group, const MtsSections *at, size_t b, size_t h, vf *w,
                             vf *m)
{
    const unsigned char *scales = group + at->scales, *supers = group + at->supers;
    switch (type) {
    case MTS_TYPE_Q4_1:
    case MTS_TYPE_Q5_1:
        *w = v_load_half((const uint16_t *)(const void *)(scales + 64 * b) + h);
        *m = v_load_half((const uint16_t *)(const void *)(scales + 64 * b + 32) + h);
        break;
    case MTS_TYPE_Q4_K:
    case MTS_TYPE_Q5_K:
        *w = v_mul(v_load_half((const uint16_t *)(const void *)(supers + b / 8 * 64) + h),
                   v_load_u8(scales + 32 * b + h));
        *m = v_mul(v_load_half((const uint16_t *)(const void *)(supers + b / 8 * 64 + 32) + h),
                   v_mul(v_load_u8(scales + 32 * b + 16 + h), v_set(-1)));
        break;
    case MTS_TYPE_Q6_K:
        *w = v_load_half((const uint16_t *)(const void *)(supers + b / 8 * 32) + h);
        *m = v_zero();
        break;
    default:
        *w = v_load_half((const uint16_t *)(const void *)(scales + 32 * b) + h);
        *m = v_zero();
        break;
    }
}
