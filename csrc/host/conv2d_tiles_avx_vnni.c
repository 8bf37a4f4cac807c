/* Packed convolutions for processors with AVX-VNNI; the caller asks first. */
#include "host/conv2d_tiles.h"

#if PH_HAS_AVX_VNNI_TILES
#include <immintrin.h>
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,avxvnni"))), apply_to = function)
#else
#pragma GCC target("avx2,avxvnni")
#endif
#include <stdint.h>

#define TILES ph_conv2d_tiles_avx_vnni
#define MOST 6
#define HAS_NARROW 1
#define DOT(narrow, sums, values, weights) ph_dot_unit(narrow, sums, values, weights)

/* In assembly, since compilers copy every sum to and fro around the intrinsic, which takes half of the time. */
static inline __attribute__((always_inline)) __m256i ph_dot_unit(int narrow, __m256i sums, __m256i values,
                                                                 __m256i weights) {
    if (narrow) {
        __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sums) : "x"(values), "x"(weights));
    } else {
        __asm__("%{vex%} vpdpwssd %2, %1, %0" : "+x"(sums) : "x"(values), "x"(weights));
    }
    return sums;
}

#include "host/conv2d_tiles_256.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int ph_conv2d_tiles_avx_vnni_is_absent; /* ISO C wants something in every file */
#endif
