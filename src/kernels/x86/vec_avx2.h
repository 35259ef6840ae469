/* kernels/x86/vec_avx2.h - the vector words of simd/ in AVX2 with FMA and F16C: 8 floats. See simd/simd.h. */
#ifndef MTS_KERNELS_X86_VEC_AVX2_H
#define MTS_KERNELS_X86_VEC_AVX2_H
#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define V_LANES 8
#define V_TILE 4
#define V_WIDE 2
#if defined(__AVXVNNI__)
#define V_ROWS 4
#else
#define V_ROWS 6 /* ten rows are two shares of five: 7 % fewer instructions than 4, 3 and 3 */
#endif
#define V_NARROW_ROWS 8
#define V_ACCUMULATORS 12
#define V_WIDE_QUERIES 32

typedef __m256 vf;
typedef __m256d vd;
typedef __m256i vi;

/* All ones in the first n of eight 32-bit lanes. */
static inline vi v_first(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline vf v_zero(void)
{
    return _mm256_setzero_ps();
}

static inline vf v_set(float x)
{
    return _mm256_set1_ps(x);
}

static inline vf v_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

static inline void v_store(float *p, vf x)
{
    _mm256_storeu_ps(p, x);
}

static inline vf v_load_n(const float *p, size_t n)
{
    return _mm256_maskload_ps(p, v_first(n));
}

static inline void v_store_n(float *p, vf x, size_t n)
{
    _mm256_maskstore_ps(p, v_first(n), x);
}

static inline vf v_add(vf a, vf b)
{
    return _mm256_add_ps(a, b);
}

static inline vf v_sub(vf a, vf b)
{
    return _mm256_sub_ps(a, b);
}

static inline vf v_mul(vf a, vf b)
{
    return _mm256_mul_ps(a, b);
}

static inline vf v_div(vf a, vf b)
{
    return _mm256_div_ps(a, b);
}

static inline vf v_fma(vf a, vf b, vf c)
{
    return _mm256_fmadd_ps(a, b, c);
}

static inline vf v_greater(vf a, vf b)
{
    return _mm256_max_ps(a, b); /* the second one when either is a NaN */
}

static inline vf v_smaller(vf a, vf b)
{
    return _mm256_min_ps(a, b);
}

static inline vf v_zero_below(vf x, vf bound, vf y)
{
    return _mm256_andnot_ps(_mm256_cmp_ps(x, bound, _CMP_LT_OQ), y);
}

static inline uint32_t v_mask_at_least(vf x, vf bound)
{
    return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(x, bound, _CMP_GE_OQ));
}

static inline vf v_power_of_two(vf t)
{
    vi bits = _mm256_slli_epi32(_mm256_castps_si256(t), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(bits, _mm256_set1_epi32(0x3F800000)));
}

static inline vf v_load_half(const uint16_t *p)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p));
}

static inline vf v_load_half_n(const uint16_t *p, size_t n)
{
    uint16_t part[V_LANES] = {0};
    memcpy(part, p, n * sizeof *p);
    return v_load_half(part);
}

static inline void v_store_half(uint16_t *p, vf x)
{
    _mm_storeu_si128((__m128i *)(void *)p, _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

static inline vf v_load_bfloat(const uint16_t *p)
{
    __m128i h = _mm_loadu_si128((const __m128i *)(const void *)p);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16));
}

static inline vf v_load_u8(const unsigned char *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}

static inline vf v_load_s8(const unsigned char *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}

static inline void v_load_pairs(const float *p, vf *even, vf *odd)
{
    vf a = v_load(p), b = v_load(p + 8);
    vf lo = _mm256_permute2f128_ps(a, b, 0x20), hi = _mm256_permute2f128_ps(a, b, 0x31);
    *even = _mm256_shuffle_ps(lo, hi, 0x88);
    *odd = _mm256_shuffle_ps(lo, hi, 0xDD);
}

static inline void v_store_pairs(float *p, vf even, vf odd)
{
    vf lo = _mm256_unpacklo_ps(even, odd), hi = _mm256_unpackhi_ps(even, odd);
    v_store(p, _mm256_permute2f128_ps(lo, hi, 0x20));
    v_store(p + 8, _mm256_permute2f128_ps(lo, hi, 0x31));
}

static inline vd v_low_doubles(vf x)
{
    return _mm256_cvtps_pd(_mm256_castps256_ps128(x));
}

static inline vd v_high_doubles(vf x)
{
    return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
}

static inline vd v_zero_doubles(void)
{
    return _mm256_setzero_pd();
}

static inline vd v_add_doubles(vd a, vd b)
{
    return _mm256_add_pd(a, b);
}

static inline void v_store_doubles(double *p, vd x)
{
    _mm256_storeu_pd(p, x);
}

/* ---- integers ---- */

static inline vi v_load_bytes(const void *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

static inline void v_store_bytes(void *p, vi x)
{
    _mm256_storeu_si256((__m256i *)p, x);
}

static inline vi v_zero_int(void)
{
    return _mm256_setzero_si256();
}

static inline vi v_set_byte(char x)
{
    return _mm256_set1_epi8(x);
}

static inline vi v_set_int(int32_t x)
{
    return _mm256_set1_epi32(x);
}

static inline vi v_and(vi a, vi b)
{
    return _mm256_and_si256(a, b);
}

static inline vi v_or(vi a, vi b)
{
    return _mm256_or_si256(a, b);
}

static inline vi v_xor(vi a, vi b)
{
    return _mm256_xor_si256(a, b);
}

/* x, of which the compiler may assume nothing. */
static inline vi v_keep(vi x)
{
    __asm__ volatile("" : "+x"(x));
    return x;
}

static inline vi v_add_int(vi a, vi b)
{
    return _mm256_add_epi32(a, b);
}

#define v_shift_right_short(x, n) _mm256_srli_epi16(x, n)
#define v_shift_left_short(x, n) _mm256_slli_epi16(x, n)
#define v_shift_right_int(x, n) _mm256_srli_epi32(x, n)
#define v_shift_left_int(x, n) _mm256_slli_epi32(x, n)

static inline vf v_int_to_float(vi x)
{
    return _mm256_cvtepi32_ps(x);
}

/* The 16 bytes of a codebook, ready to be looked up in; byte i of the result is the book's byte u[i] < 16. */
static inline vi v_load_book(const int8_t *book)
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)book));
}

static inline vi v_look_up(vi book, vi u)
{
    return _mm256_shuffle_epi8(book, u);
}

#if defined(__AVXVNNI__)
#define V_DOT 1
static inline vi v_dot(vi acc, vi u, vi s)
{
    return _mm256_dpbusd_avx_epi32(acc, u, s);
}
#else
#define V_DOT 0
static inline vi v_pairs_short(vi u, vi s)
{
    return _mm256_maddubs_epi16(u, s);
}

static inline vi v_add_short(vi a, vi b)
{
    return _mm256_add_epi16(a, b);
}

static inline vi v_pairs_signed(vi w, vi s)
{
    return _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(s, w));
}

static inline vi v_add_pairs(vi acc, vi x)
{
    return _mm256_add_epi32(acc, _mm256_madd_epi16(x, _mm256_set1_epi16(1)));
}
#endif

/* The largest bit pattern of |x| over 32 floats. */
static inline uint32_t v_top32(const float *x)
{
    const vi mask = _mm256_set1_epi32(0x7FFFFFFF);
    vi top = _mm256_setzero_si256();
    for (int i = 0; i < 4; i++) {
        top = _mm256_max_epu32(top, _mm256_and_si256(v_load_bytes(x + 8 * i), mask));
    }
    __m128i t = _mm_max_epu32(_mm256_castsi256_si128(top), _mm256_extracti128_si256(top, 1));
    t = _mm_max_epu32(t, _mm_shuffle_epi32(t, 0x4E));
    t = _mm_max_epu32(t, _mm_shuffle_epi32(t, 0xB1));
    return (uint32_t)_mm_cvtsi128_si32(t);
}

static inline int32_t v_sum_int(vi x)
{
    __m128i t = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    t = _mm_add_epi32(t, _mm_shuffle_epi32(t, 0x4E));
    t = _mm_add_epi32(t, _mm_shuffle_epi32(t, 0xB1));
    return _mm_cvtsi128_si32(t);
}

/* q[k] = rint(x[k] * scale) for 32 floats; the sums of the first and the last 16. */
static inline void v_quantize32(const float *x, float scale, int8_t *q, int32_t sum[2])
{
    vi a[4];
    for (int i = 0; i < 4; i++) {
        a[i] = _mm256_cvtps_epi32(v_mul(v_load(x + 8 * i), v_set(scale)));
    }
    sum[0] = v_sum_int(_mm256_add_epi32(a[0], a[1]));
    sum[1] = v_sum_int(_mm256_add_epi32(a[2], a[3]));
    vi bytes = _mm256_packs_epi16(_mm256_packs_epi32(a[0], a[1]), _mm256_packs_epi32(a[2], a[3]));
    bytes = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    _mm256_storeu_si256((__m256i *)(void *)q, bytes);
}

#endif
#endif
