/* kernels/x86/vec_avx512.h - the vector words of simd/ in AVX-512 (F, BW, DQ, VL): 16 floats. See simd/simd.h. */
#ifndef MTS_KERNELS_X86_VEC_AVX512_H
#define MTS_KERNELS_X86_VEC_AVX512_H
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define V_LANES 16
#define V_TILE 8
#define V_WIDE 1
#define V_ROWS 8
#define V_ACCUMULATORS 24
#define V_WIDE_QUERIES 16

typedef __m512 vf;
typedef __m512d vd;
typedef __m512i vi;

static inline __mmask16 v_first(size_t n)
{
    return (__mmask16)((1u << n) - 1);
}

static inline vf v_zero(void)
{
    return _mm512_setzero_ps();
}

static inline vf v_set(float x)
{
    return _mm512_set1_ps(x);
}

static inline vf v_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

static inline void v_store(float *p, vf x)
{
    _mm512_storeu_ps(p, x);
}

static inline vf v_load_n(const float *p, size_t n)
{
    return _mm512_maskz_loadu_ps(v_first(n), p);
}

static inline void v_store_n(float *p, vf x, size_t n)
{
    _mm512_mask_storeu_ps(p, v_first(n), x);
}

static inline vf v_add(vf a, vf b)
{
    return _mm512_add_ps(a, b);
}

static inline vf v_sub(vf a, vf b)
{
    return _mm512_sub_ps(a, b);
}

static inline vf v_mul(vf a, vf b)
{
    return _mm512_mul_ps(a, b);
}

static inline vf v_div(vf a, vf b)
{
    return _mm512_div_ps(a, b);
}

static inline vf v_fma(vf a, vf b, vf c)
{
    return _mm512_fmadd_ps(a, b, c);
}

static inline vf v_greater(vf a, vf b)
{
    return _mm512_max_ps(a, b); /* the second one when either is a NaN */
}

static inline vf v_smaller(vf a, vf b)
{
    return _mm512_min_ps(a, b);
}

static inline vf v_zero_below(vf x, vf bound, vf y)
{
    return _mm512_maskz_mov_ps((__mmask16)~_mm512_cmp_ps_mask(x, bound, _CMP_LT_OQ), y);
}

static inline uint32_t v_mask_at_least(vf x, vf bound)
{
    return _mm512_cmp_ps_mask(x, bound, _CMP_GE_OQ);
}

static inline vf v_power_of_two(vf t)
{
    vi bits = _mm512_slli_epi32(_mm512_castps_si512(t), 23);
    return _mm512_castsi512_ps(_mm512_add_epi32(bits, _mm512_set1_epi32(0x3F800000)));
}

static inline vf v_load_half(const uint16_t *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
}

static inline vf v_load_half_n(const uint16_t *p, size_t n)
{
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(v_first(n), p));
}

static inline void v_store_half(uint16_t *p, vf x)
{
    _mm256_storeu_si256((__m256i *)p, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

static inline vf v_load_bfloat(const uint16_t *p)
{
    __m256i h = _mm256_loadu_si256((const __m256i *)p);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16));
}

static inline vf v_load_u8(const unsigned char *p)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)));
}

static inline vf v_load_s8(const unsigned char *p)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p)));
}

static inline void v_load_pairs(const float *p, vf *even, vf *odd)
{
    const vi e = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    vf a = v_load(p), b = v_load(p + 16);
    *even = _mm512_permutex2var_ps(a, e, b);
    *odd = _mm512_permutex2var_ps(a, _mm512_add_epi32(e, _mm512_set1_epi32(1)), b);
}

static inline void v_store_pairs(float *p, vf even, vf odd)
{
    const vi lo = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    v_store(p, _mm512_permutex2var_ps(even, lo, odd));
    v_store(p + 16, _mm512_permutex2var_ps(even, _mm512_add_epi32(lo, _mm512_set1_epi32(8)), odd));
}

static inline vd v_low_doubles(vf x)
{
    return _mm512_cvtps_pd(_mm512_castps512_ps256(x));
}

static inline vd v_high_doubles(vf x)
{
    return _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
}

static inline vd v_zero_doubles(void)
{
    return _mm512_setzero_pd();
}

static inline vd v_add_doubles(vd a, vd b)
{
    return _mm512_add_pd(a, b);
}

static inline void v_store_doubles(double *p, vd x)
{
    _mm512_storeu_pd(p, x);
}

/* ---- integers ---- */

static inline vi v_load_bytes(const void *p)
{
    return _mm512_loadu_si512(p);
}

static inline void v_store_bytes(void *p, vi x)
{
    _mm512_storeu_si512(p, x);
}

static inline vi v_zero_int(void)
{
    return _mm512_setzero_si512();
}

static inline vi v_set_byte(char x)
{
    return _mm512_set1_epi8(x);
}

static inline vi v_set_int(int32_t x)
{
    return _mm512_set1_epi32(x);
}

static inline vi v_and(vi a, vi b)
{
    return _mm512_and_si512(a, b);
}

static inline vi v_or(vi a, vi b)
{
    return _mm512_or_si512(a, b);
}

static inline vi v_xor(vi a, vi b)
{
    return _mm512_xor_si512(a, b);
}

/* x, of which the compiler may assume nothing. */
static inline vi v_keep(vi x)
{
    __asm__ volatile("" : "+v"(x));
    return x;
}

static inline vi v_add_int(vi a, vi b)
{
    return _mm512_add_epi32(a, b);
}

#define v_shift_right_short(x, n) _mm512_srli_epi16(x, n)
#define v_shift_left_short(x, n) _mm512_slli_epi16(x, n)
#define v_shift_right_int(x, n) _mm512_srli_epi32(x, n)
#define v_shift_left_int(x, n) _mm512_slli_epi32(x, n)

static inline vf v_int_to_float(vi x)
{
    return _mm512_cvtepi32_ps(x);
}

/* The 16 bytes of a codebook, ready to be looked up in; byte i of the result is the book's byte u[i] < 16. */
static inline vi v_load_book(const int8_t *book)
{
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)book));
}

static inline vi v_look_up(vi book, vi u)
{
    return _mm512_shuffle_epi8(book, u);
}

#if defined(__AVX512VNNI__)
#define V_DOT 1
static inline vi v_dot(vi acc, vi u, vi s)
{
    return _mm512_dpbusd_epi32(acc, u, s);
}
#else
#define V_DOT 0
static inline vi v_pairs_short(vi u, vi s)
{
    return _mm512_maddubs_epi16(u, s);
}

static inline vi v_add_short(vi a, vi b)
{
    return _mm512_add_epi16(a, b);
}

static inline vi v_pairs_signed(vi w, vi s)
{
    return _mm512_maddubs_epi16(_mm512_abs_epi8(w),
                                _mm512_mask_sub_epi8(s, _mm512_movepi8_mask(w), _mm512_setzero_si512(), s));
}

static inline vi v_add_pairs(vi acc, vi x)
{
    return _mm512_add_epi32(acc, _mm512_madd_epi16(x, _mm512_set1_epi16(1)));
}
#endif

/* The largest bit pattern of |x| over 32 floats. */
static inline uint32_t v_top32(const float *x)
{
    vi mask = _mm512_set1_epi32(0x7FFFFFFF);
    vi a = _mm512_and_si512(_mm512_loadu_si512(x), mask), b = _mm512_and_si512(_mm512_loadu_si512(x + 16), mask);
    return _mm512_reduce_max_epu32(_mm512_max_epu32(a, b));
}

/* q[k] = rint(x[k] * scale) for 32 floats; the sums of the first and the last 16. */
static inline void v_quantize32(const float *x, float scale, int8_t *q, int32_t sum[2])
{
    vf s = v_set(scale);
    vi a = _mm512_cvtps_epi32(v_mul(v_load(x), s)), b = _mm512_cvtps_epi32(v_mul(v_load(x + 16), s));
    _mm_storeu_si128((__m128i *)q, _mm512_cvtepi32_epi8(a));
    _mm_storeu_si128((__m128i *)(q + 16), _mm512_cvtepi32_epi8(b));
    sum[0] = _mm512_reduce_add_epi32(a);
    sum[1] = _mm512_reduce_add_epi32(b);
}

#endif
#endif
