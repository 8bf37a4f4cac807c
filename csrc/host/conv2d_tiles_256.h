/* What both paths of 256 bits share (conv2d_tiles_in.h). */
#define VECTOR __m256i
#define LANES 8
#define MOST_BLOCKS 1
#define LOAD(words) _mm256_loadu_si256((const __m256i *)(const void *)(words))
#define SET(value) _mm256_set1_epi32(value)
#define SET16(value) _mm256_set1_epi16(value)
#define ADD(a, b) _mm256_add_epi32(a, b)
#define AND(a, b) _mm256_and_si256(a, b)
#define LARGER(a, b) _mm256_max_epi16(a, b)
#define SMALLER(a, b) _mm256_min_epi16(a, b)
#define SHIFT_EACH(a, counts) _mm256_srav_epi32(a, counts)
#define SHIFT_ONE(a) _mm256_srai_epi32(a, 1)
#define SPREAD(bytes) _mm256_set1_epi32(load_unit(bytes))
#define PACK(a, b) _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8)
#include <string.h>

static inline void store16(VECTOR values, int32_t count, int16_t *output) {
    if (count == 16) {
        _mm256_storeu_si256((__m256i *)(void *)output, values);
    } else {
        int16_t all[16];
        _mm256_storeu_si256((__m256i *)(void *)all, values);
        memcpy(output, all, (size_t)count * sizeof *output);
    }
}

static inline void store8(VECTOR values, int32_t count, int8_t *output) {
    const __m128i narrow = _mm_packs_epi16(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
    if (count == 16) {
        _mm_storeu_si128((__m128i *)(void *)output, narrow);
    } else {
        int8_t all[16];
        _mm_storeu_si128((__m128i *)(void *)all, narrow);
        memcpy(output, all, (size_t)count);
    }
}

#include "host/conv2d_tiles_in.h"
