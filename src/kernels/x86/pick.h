/* kernels/x86/pick.h - v_pick32() of simd/product_template.h, for whatever has AVX2. */
#ifndef MTS_KERNELS_X86_PICK_H
#define MTS_KERNELS_X86_PICK_H
#if defined(__AVX2__)

#include <immintrin.h>
#include <stdint.h>

/* Of 32 signed bytes, taken in pairs: the second of a pair changes its sign where it has that of the first. Four bytes
 * ask for version 0 to 3: bit i says that pair i did; at[] = the version times `unit`. Returns the sum of those that
 * changed, as they were. */
static inline int32_t v_pick32(const int8_t *q, int unit, int8_t *out, uint16_t at[8])
{
    const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)q);
    const __m256i differ = _mm256_srai_epi16(_mm256_xor_si256(_mm256_slli_epi16(x, 8), x), 15);
    const __m256i second = _mm256_andnot_si256(differ, _mm256_set1_epi16(-256));
    _mm256_storeu_si256((__m256i *)(void *)out, _mm256_sub_epi8(_mm256_xor_si256(x, second), second));
    __m256i version = _mm256_andnot_si256(differ, _mm256_set1_epi32(unit | unit << 17));
    version = _mm256_or_si256(version, _mm256_srli_epi32(version, 16));
    version = _mm256_blend_epi16(version, _mm256_setzero_si256(), 0xAA);
    _mm_storeu_si128((__m128i *)(void *)at,
                     _mm_packus_epi32(_mm256_castsi256_si128(version), _mm256_extracti128_si256(version, 1)));
    __m256i changed = _mm256_srai_epi16(_mm256_and_si256(x, second), 8);
    changed = _mm256_madd_epi16(changed, _mm256_set1_epi16(1));
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(changed), _mm256_extracti128_si256(changed, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1));
    return _mm_cvtsi128_si32(sum);
}

#endif
#endif
