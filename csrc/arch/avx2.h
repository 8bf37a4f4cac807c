/* Dot products with AVX2, for x86 machines that have it; the same bits as generic.h. */
#ifndef PEEPHOLE_ARCH_AVX2_H
#define PEEPHOLE_ARCH_AVX2_H

#include <immintrin.h>

#include "arch/generic.h"

#define PH_AVX2 __attribute__((target("avx2")))

static inline PH_AVX2 __m256i ph_load16(const int16_t *values) {
    return _mm256_loadu_si256((const __m256i *)(const void *)values);
}

/* [sum of a, sum of b, sum of c, sum of d], each modulo 2^32. */
static inline PH_AVX2 __m128i ph_add_across(__m256i a, __m256i b, __m256i c, __m256i d) {
    const __m256i halves = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    return _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
}

/* What is left of a run when whole vectors of 16 values have been taken off. */
static inline void ph_add_rest(int32_t length, const int16_t *x, const int16_t *w, ptrdiff_t output_step,
                               int64_t sums[4]) {
    for (int32_t k = 0; k < 4; k++) {
        for (int32_t i = 0; i < length; i++) {
            sums[k] += (int32_t)x[i] * w[k * output_step + i];
        }
    }
}

static inline PH_AVX2 void ph_dot4_wrap32_avx2(const ph_patch *patch, const int16_t *input, const int16_t *weight,
                                               int64_t sums[4]) {
    const ptrdiff_t next = patch->output_step;
    const int32_t whole = patch->length & ~15;
    int64_t rest[4] = {0, 0, 0, 0};
    __m256i sum0 = _mm256_setzero_si256(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    for (int32_t row = 0; row < patch->rows; row++) {
        const int16_t *x = input + row * patch->input_step;
        const int16_t *w = weight + row * patch->weight_step;
        for (int32_t i = 0; i < whole; i += 16) {
            const __m256i v = ph_load16(x + i);
            sum0 = _mm256_add_epi32(sum0, _mm256_madd_epi16(v, ph_load16(w + i)));
            sum1 = _mm256_add_epi32(sum1, _mm256_madd_epi16(v, ph_load16(w + next + i)));
            sum2 = _mm256_add_epi32(sum2, _mm256_madd_epi16(v, ph_load16(w + 2 * next + i)));
            sum3 = _mm256_add_epi32(sum3, _mm256_madd_epi16(v, ph_load16(w + 3 * next + i)));
        }
        ph_add_rest(patch->length - whole, x + whole, w + whole, next, rest);
    }
    int32_t wrapped[4];
    _mm_storeu_si128((__m128i *)(void *)wrapped, ph_add_across(sum0, sum1, sum2, sum3));
    for (int32_t k = 0; k < 4; k++) {
        sums[k] = (int32_t)((uint32_t)wrapped[k] + (uint32_t)rest[k]);
    }
}

/* 16 values of 8 bits as 16 of 16. */
static inline PH_AVX2 __m256i ph_widen8(const int8_t *values) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)values));
}

static inline PH_AVX2 void ph_dot4_s8_avx2(const ph_patch *patch, const int8_t *input, const int8_t *weight,
                                           int32_t sums[4]) {
    const ptrdiff_t next = patch->output_step;
    const int32_t whole = patch->length & ~15;
    __m256i sum0 = _mm256_setzero_si256(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    uint32_t rest[4] = {0, 0, 0, 0};
    for (int32_t row = 0; row < patch->rows; row++) {
        const int8_t *x = input + row * patch->input_step;
        const int8_t *w = weight + row * patch->weight_step;
        for (int32_t i = 0; i < whole; i += 16) {
            const __m256i v = ph_widen8(x + i);
            sum0 = _mm256_add_epi32(sum0, _mm256_madd_epi16(v, ph_widen8(w + i)));
            sum1 = _mm256_add_epi32(sum1, _mm256_madd_epi16(v, ph_widen8(w + next + i)));
            sum2 = _mm256_add_epi32(sum2, _mm256_madd_epi16(v, ph_widen8(w + 2 * next + i)));
            sum3 = _mm256_add_epi32(sum3, _mm256_madd_epi16(v, ph_widen8(w + 3 * next + i)));
        }
        for (int32_t k = 0; k < 4; k++) {
            for (int32_t i = whole; i < patch->length; i++) {
                rest[k] += (uint32_t)((int32_t)x[i] * w[k * next + i]);
            }
        }
    }
    _mm_storeu_si128((__m128i *)(void *)sums, ph_add_across(sum0, sum1, sum2, sum3));
    for (int32_t k = 0; k < 4; k++) {
        sums[k] = (int32_t)((uint32_t)sums[k] + rest[k]);
    }
}

/* The exact sums by the two bytes of every input value, as in generic.h: the sums of high and of low bytes are added up
   in 64 bits after every 256 products (16 vectors). */
typedef struct {
    __m256i high[4];
    __m256i low[4];
} ph_byte_sums;

static inline PH_AVX2 __m256i ph_take_byte_sums(ph_byte_sums *sums) {
    const __m128i high = ph_add_across(sums->high[0], sums->high[1], sums->high[2], sums->high[3]);
    const __m128i low = ph_add_across(sums->low[0], sums->low[1], sums->low[2], sums->low[3]);
    for (int32_t k = 0; k < 4; k++) {
        sums->high[k] = sums->low[k] = _mm256_setzero_si256();
    }
    return _mm256_add_epi64(_mm256_slli_epi64(_mm256_cvtepi32_epi64(high), 8), _mm256_cvtepi32_epi64(low));
}

static inline PH_AVX2 void ph_dot4_exact_avx2(const ph_patch *patch, const int16_t *input, const int16_t *weight,
                                              int64_t sums[4]) {
    const __m256i low_byte = _mm256_set1_epi16(255);
    const ptrdiff_t next = patch->output_step;
    const int32_t whole = patch->length & ~15;
    int64_t rest[4] = {0, 0, 0, 0};
    __m256i total = _mm256_setzero_si256();
    ph_byte_sums part = {{total, total, total, total}, {total, total, total, total}};
    int32_t vectors = 0;
    for (int32_t row = 0; row < patch->rows; row++) {
        const int16_t *x = input + row * patch->input_step;
        const int16_t *w = weight + row * patch->weight_step;
        for (int32_t i = 0; i < whole; i += 16) {
            const __m256i v = ph_load16(x + i);
            const __m256i high = _mm256_srai_epi16(v, 8);
            const __m256i low = _mm256_and_si256(v, low_byte);
            for (int32_t k = 0; k < 4; k++) {
                const __m256i weights = ph_load16(w + k * next + i);
                part.high[k] = _mm256_add_epi32(part.high[k], _mm256_madd_epi16(high, weights));
                part.low[k] = _mm256_add_epi32(part.low[k], _mm256_madd_epi16(low, weights));
            }
            if (++vectors == 16) {
                total = _mm256_add_epi64(total, ph_take_byte_sums(&part));
                vectors = 0;
            }
        }
        ph_add_rest(patch->length - whole, x + whole, w + whole, next, rest);
    }
    total = _mm256_add_epi64(total, ph_take_byte_sums(&part));
    _mm256_storeu_si256((__m256i *)(void *)sums, total);
    for (int32_t k = 0; k < 4; k++) {
        sums[k] += rest[k];
    }
}

#endif
