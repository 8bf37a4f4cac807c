/* Packed convolutions for processors with AVX2; the caller asks first. */
#include "host/conv2d_tiles.h"

#if PH_HAS_X86_TILES
#include <immintrin.h>
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif
#include <stdint.h>

#define TILES ph_conv2d_tiles_avx2
#define MOST 5
#define HAS_NARROW 0
#define DOT(narrow, sums, values, weights) ((void)(narrow), _mm256_add_epi32(sums, _mm256_madd_epi16(values, weights)))
#include "host/conv2d_tiles_256.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int ph_conv2d_tiles_avx2_is_absent; /* ISO C wants something in every file */
#endif
