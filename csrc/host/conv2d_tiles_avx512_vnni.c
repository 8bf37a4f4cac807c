/* Packed convolutions for processors with AVX-512 and its dot products of integers; the caller asks first. */
#include "host/conv2d_tiles.h"

#if PH_HAS_X86_TILES
#include <immintrin.h>
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512vnni")
#endif
#include <stdint.h>

#define TILES ph_conv2d_tiles_avx512_vnni
#define VECTOR __m512i
#define LANES 16
#define MOST 12
#define MOST_BLOCKS 2
#define LOAD(words) _mm512_loadu_si512(words)
#define SET(value) _mm512_set1_epi32(value)
#define SET16(value) _mm512_set1_epi16(value)
#define PACK(a, b) _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), _mm512_packs_epi32(a, b))
#define ADD(a, b) _mm512_add_epi32(a, b)
#define AND(a, b) _mm512_and_si512(a, b)
#define LARGER(a, b) _mm512_max_epi16(a, b)
#define SMALLER(a, b) _mm512_min_epi16(a, b)
#define SHIFT_EACH(a, counts) _mm512_srav_epi32(a, counts)
#define SHIFT_ONE(a) _mm512_srai_epi32(a, 1)
#define SPREAD(bytes) _mm512_set1_epi32(load_unit(bytes))
#define HAS_NARROW 1
#define DOT(narrow, sums, values, weights) ph_dot_unit(narrow, sums, values, weights)
#include "host/conv2d_tiles.h"

/* In assembly, since compilers copy every sum to and fro around the intrinsic, which takes half of the time. */
static inline __attribute__((always_inline)) VECTOR ph_dot_unit(bool narrow, VECTOR sums, VECTOR values,
                                                                VECTOR weights) {
    if (narrow) {
        __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(values), "v"(weights));
    } else {
        __asm__("vpdpwssd %2, %1, %0" : "+v"(sums) : "v"(values), "v"(weights));
    }
    return sums;
}

static inline void store16(VECTOR values, int32_t count, int16_t *output) {
    if (count == 32) {
        _mm512_storeu_si512((void *)output, values);
    } else if (count == 16) {
        _mm256_storeu_si256((__m256i *)(void *)output, _mm512_castsi512_si256(values));
    } else {
        _mm512_mask_storeu_epi16(output, (__mmask32)((1U << count) - 1), values);
    }
}

static inline void store8(VECTOR values, int32_t count, int8_t *output) {
    const __m256i narrow = _mm512_cvtepi16_epi8(values);
    if (count == 32) {
        _mm256_storeu_si256((__m256i *)(void *)output, narrow);
    } else if (count == 16) {
        _mm_storeu_si128((__m128i *)(void *)output, _mm256_castsi256_si128(narrow));
    } else {
        _mm256_mask_storeu_epi8(output, (__mmask32)((1U << count) - 1), narrow);
    }
}

#include "host/conv2d_tiles_in.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int ph_conv2d_tiles_avx512_vnni_is_absent; /* ISO C wants something in every file */
#endif
