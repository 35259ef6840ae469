/* kernels/arm/vec_neon.h - the vector words of simd/ in AArch64 NEON: 4 floats. See simd/simd.h. */
#ifndef MTS_KERNELS_ARM_VEC_NEON_H
#define MTS_KERNELS_ARM_VEC_NEON_H
#if defined(__aarch64__)

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define V_LANES 4
#define V_TILE 8
#define V_WIDE 1
#define V_ROWS 8
#define V_ACCUMULATORS 16
#define V_WIDE_QUERIES (1 << 30) /* the copy costs more than it wins */

typedef float32x4_t vf;
typedef float64x2_t vd;
typedef int32x4_t vi;

static inline vf v_zero(void)
{
    return vdupq_n_f32(0);
}

static inline vf v_set(float x)
{
    return vdupq_n_f32(x);
}

static inline vf v_load(const float *p)
{
    return vld1q_f32(p);
}

static inline void v_store(float *p, vf x)
{
    vst1q_f32(p, x);
}

static inline vf v_load_n(const float *p, size_t n)
{
    float part[V_LANES] = {0};
    memcpy(part, p, n * sizeof *p);
    return vld1q_f32(part);
}

static inline void v_store_n(float *p, vf x, size_t n)
{
    float part[V_LANES];
    vst1q_f32(part, x);
    memcpy(p, part, n * sizeof *p);
}

static inline vf v_add(vf a, vf b)
{
    return vaddq_f32(a, b);
}

static inline vf v_sub(vf a, vf b)
{
    return vsubq_f32(a, b);
}

static inline vf v_mul(vf a, vf b)
{
    return vmulq_f32(a, b);
}

static inline vf v_div(vf a, vf b)
{
    return vdivq_f32(a, b);
}

static inline vf v_fma(vf a, vf b, vf c)
{
    return vfmaq_f32(c, a, b);
}

static inline vf v_greater(vf a, vf b)
{
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}

static inline vf v_smaller(vf a, vf b)
{
    return vbslq_f32(vcltq_f32(a, b), a, b);
}

static inline vf v_zero_below(vf x, vf bound, vf y)
{
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(y), vcltq_f32(x, bound)));
}

static inline uint32_t v_mask_at_least(vf x, vf bound)
{
    static const uint32_t place[4] = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(vcgeq_f32(x, bound), vld1q_u32(place)));
}

static inline vf v_power_of_two(vf t)
{
    return vreinterpretq_f32_s32(vaddq_s32(vshlq_n_s32(vreinterpretq_s32_f32(t), 23), vdupq_n_s32(0x3F800000)));
}

static inline vf v_load_half(const uint16_t *p)
{
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
}

static inline vf v_load_half_n(const uint16_t *p, size_t n)
{
    uint16_t part[V_LANES] = {0};
    memcpy(part, p, n * sizeof *p);
    return v_load_half(part);
}

static inline void v_store_half(uint16_t *p, vf x)
{
    vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(x)));
}

static inline vf v_load_bfloat(const uint16_t *p)
{
    return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16));
}

static inline uint8x8_t v_four_bytes(const unsigned char *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof x);
    return vreinterpret_u8_u32(vdup_n_u32(x));
}

static inline vf v_load_u8(const unsigned char *p)
{
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(v_four_bytes(p)))));
}

static inline vf v_load_s8(const unsigned char *p)
{
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_u8(v_four_bytes(p))))));
}

static inline void v_load_pairs(const float *p, vf *even, vf *odd)
{
    float32x4x2_t x = vld2q_f32(p);
    *even = x.val[0];
    *odd = x.val[1];
}

static inline void v_store_pairs(float *p, vf even, vf odd)
{
    float32x4x2_t x = {{even, odd}};
    vst2q_f32(p, x);
}

static inline vd v_low_doubles(vf x)
{
    return vcvt_f64_f32(vget_low_f32(x));
}

static inline vd v_high_doubles(vf x)
{
    return vcvt_high_f64_f32(x);
}

static inline vd v_zero_doubles(void)
{
    return vdupq_n_f64(0);
}

static inline vd v_add_doubles(vd a, vd b)
{
    return vaddq_f64(a, b);
}

static inline void v_store_doubles(double *p, vd x)
{
    vst1q_f64(p, x);
}

/* ---- integers ---- */

static inline vi v_load_bytes(const void *p)
{
    return vreinterpretq_s32_u8(vld1q_u8(p));
}

static inline vi v_zero_int(void)
{
    return vdupq_n_s32(0);
}

static inline vi v_set_byte(int x)
{
    return vreinterpretq_s32_u8(vdupq_n_u8((uint8_t)x));
}

static inline vi v_set_int(int32_t x)
{
    return vdupq_n_s32(x);
}

static inline vi v_and(vi a, vi b)
{
    return vandq_s32(a, b);
}

static inline vi v_or(vi a, vi b)
{
    return vorrq_s32(a, b);
}

static inline vi v_xor(vi a, vi b)
{
    return veorq_s32(a, b);
}

/* x, of which the compiler may assume nothing. */
static inline vi v_keep(vi x)
{
    __asm__ volatile("" : "+w"(x));
    return x;
}

static inline vi v_add_int(vi a, vi b)
{
    return vaddq_s32(a, b);
}

#define v_shift_right_short(x, n) vreinterpretq_s32_u16(vshrq_n_u16(vreinterpretq_u16_s32(x), n))
#define v_shift_left_short(x, n) vreinterpretq_s32_u16(vshlq_n_u16(vreinterpretq_u16_s32(x), n))
#define v_shift_right_int(x, n) vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(x), n))
#define v_shift_left_int(x, n) vshlq_n_s32(x, n)

static inline vf v_int_to_float(vi x)
{
    return vcvtq_f32_s32(x);
}

/* The 16 bytes of a codebook, ready to be looked up in; byte i of the result is the book's byte u[i] < 16. */
static inline vi v_load_book(const int8_t *book)
{
    return vreinterpretq_s32_s8(vld1q_s8(book));
}

static inline vi v_look_up(vi book, vi u)
{
    return vreinterpretq_s32_u8(vqtbl1q_u8(vreinterpretq_u8_s32(book), vreinterpretq_u8_s32(u)));
}

#if defined(__ARM_FEATURE_MATMUL_INT8)
#define V_DOT 1
static inline vi v_dot(vi acc, vi u, vi s)
{
    return vusdotq_s32(acc, vreinterpretq_u8_s32(u), vreinterpretq_s8_s32(s));
}

#define V_DOT_LANES
static inline vi v_dot_lane(vi acc, vi u, vi s, int lane)
{
    switch (lane) { /* a constant, as the instruction wants it */
    case 0:
        return vusdotq_laneq_s32(acc, vreinterpretq_u8_s32(u), vreinterpretq_s8_s32(s), 0);
    case 1:
        return vusdotq_laneq_s32(acc, vreinterpretq_u8_s32(u), vreinterpretq_s8_s32(s), 1);
    case 2:
        return vusdotq_laneq_s32(acc, vreinterpretq_u8_s32(u), vreinterpretq_s8_s32(s), 2);
    default:
        return vusdotq_laneq_s32(acc, vreinterpretq_u8_s32(u), vreinterpretq_s8_s32(s), 3);
    }
}

#define V_MATRIX 1
static inline void v_row_pairs(vi a, vi b, vi pairs[2])
{
    pairs[0] = vzip1q_s32(a, b);
    pairs[1] = vzip2q_s32(a, b);
}

static inline vi v_load_eights(const int8_t *p, const int8_t *q)
{
    return vreinterpretq_s32_s8(vcombine_s8(vld1_s8(p), vld1_s8(q)));
}

static inline vi v_matrix(vi acc, vi u, vi s)
{
    return vusmmlaq_s32(acc, vreinterpretq_u8_s32(u), vreinterpretq_s8_s32(s));
}

static inline vi v_column(const vi sums[2], int i)
{
    return i ? vuzp2q_s32(sums[0], sums[1]) : vuzp1q_s32(sums[0], sums[1]);
}
#elif defined(__ARM_FEATURE_DOTPROD)
#define V_DOT 1
#define V_DOT_SIGNED
static inline vi v_dot(vi acc, vi u, vi s)
{
    return vdotq_s32(acc, vreinterpretq_s8_s32(u), vreinterpretq_s8_s32(s));
}

#define V_DOT_LANES
static inline vi v_dot_lane(vi acc, vi u, vi s, int lane)
{
    switch (lane) { /* a constant, as the instruction wants it */
    case 0:
        return vdotq_laneq_s32(acc, vreinterpretq_s8_s32(u), vreinterpretq_s8_s32(s), 0);
    case 1:
        return vdotq_laneq_s32(acc, vreinterpretq_s8_s32(u), vreinterpretq_s8_s32(s), 1);
    case 2:
        return vdotq_laneq_s32(acc, vreinterpretq_s8_s32(u), vreinterpretq_s8_s32(s), 2);
    default:
        return vdotq_laneq_s32(acc, vreinterpretq_s8_s32(u), vreinterpretq_s8_s32(s), 3);
    }
}
#else
#define V_DOT 0
static inline vi v_pairs_short(vi u, vi s)
{
    int8x16_t a = vreinterpretq_s8_s32(u), b = vreinterpretq_s8_s32(s);
    int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(b)), high = vmull_high_s8(a, b);
    return vreinterpretq_s32_s16(vpaddq_s16(low, high));
}

static inline vi v_add_short(vi a, vi b)
{
    return vreinterpretq_s32_s16(vaddq_s16(vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b)));
}

static inline vi v_pairs_signed(vi w, vi s)
{
    return v_pairs_short(w, s);
}

static inline vi v_add_pairs(vi acc, vi x)
{
    return vpadalq_s16(acc, vreinterpretq_s16_s32(x));
}
#endif

/* The largest bit pattern of |x| over 32 floats. */
static inline uint32_t v_top32(const float *x)
{
    uint32x4_t top = vdupq_n_u32(0);
    for (int i = 0; i < 8; i++) {
        top = vmaxq_u32(top, vreinterpretq_u32_f32(vabsq_f32(v_load(x + 4 * i))));
    }
    return vmaxvq_u32(top);
}

/* q[k] = rint(x[k] * scale) for 32 floats; the sums of the first and the last 16. */
static inline void v_quantize32(const float *x, float scale, int8_t *q, int32_t sum[2])
{
    for (int half = 0; half < 2; half++, x += 16, q += 16) {
        int32x4_t a[4];
        for (int i = 0; i < 4; i++) {
            a[i] = vcvtnq_s32_f32(v_mul(v_load(x + 4 * i), v_set(scale)));
        }
        sum[half] = vaddvq_s32(vaddq_s32(vaddq_s32(a[0], a[1]), vaddq_s32(a[2], a[3])));
        int16x8_t low = vcombine_s16(vmovn_s32(a[0]), vmovn_s32(a[1]));
        int16x8_t high = vcombine_s16(vmovn_s32(a[2]), vmovn_s32(a[3]));
        vst1q_s8(q, vcombine_s8(vmovn_s16(low), vmovn_s16(high)));
    }
}

#endif
#endif
