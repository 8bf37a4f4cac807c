#include "host/wide.h"
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#include "host/avx2_begin.h"

static __m256i load(const int16_t *values) {
    return _mm256_loadu_si256((const __m256i *)(const void *)values);
}

/* The squares of 16 differences, added to four sums of 64 bits. A difference is at most 65,535 in size, so its square
   fits 32 bits without a sign: its two halves are products of 16 bits. */
static __m256i add_squares(__m256i sums, __m256i a, __m256i b) {
    const __m256i low_words = _mm256_set1_epi64x(UINT32_MAX);
    const __m256i size = _mm256_sub_epi16(_mm256_max_epi16(a, b), _mm256_min_epi16(a, b));
    const __m256i low = _mm256_mullo_epi16(size, size);
    const __m256i high = _mm256_mulhi_epu16(size, size);
    const __m256i first = _mm256_unpacklo_epi16(low, high);
    const __m256i second = _mm256_unpackhi_epi16(low, high);
    const __m256i even = _mm256_add_epi64(_mm256_and_si256(first, low_words), _mm256_and_si256(second, low_words));
    const __m256i odd = _mm256_add_epi64(_mm256_srli_epi64(first, 32), _mm256_srli_epi64(second, 32));
    return _mm256_add_epi64(sums, _mm256_add_epi64(even, odd));
}

ph_status ph_squared_l2_many_s16_avx2(int32_t length, int32_t count, const int16_t *a, const int16_t *b,
                                      uint64_t *distance) {
    if (length < 0 || count < 0) {
        return PH_BAD_SHAPE;
    }
    const int32_t whole = length & ~15;
    for (int32_t row = 0; row < count; row++, b += length) {
        __m256i sums = _mm256_setzero_si256();
        for (int32_t i = 0; i < whole; i += 16) {
            sums = add_squares(sums, load(a + i), load(b + i));
        }
        uint64_t parts[4], rest = 0;
        _mm256_storeu_si256((__m256i *)(void *)parts, sums);
        ph_squared_l2_s16(length - whole, a + whole, b + whole, &rest);
        distance[row] = parts[0] + parts[1] + parts[2] + parts[3] + rest;
    }
    return PH_OK;
}

#include "host/avx2_end.h"
#endif
