/* Chooses the fastest dot product of this machine when the program runs; all of them give the same bits. */
#ifndef PEEPHOLE_ARCH_DOT4_H
#define PEEPHOLE_ARCH_DOT4_H

#include "arch/generic.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include "arch/avx2.h"
#define PH_HAS_AVX2_CODE 1
#else
#define PH_HAS_AVX2_CODE 0
#endif

typedef void (*ph_dot4)(const ph_patch *patch, const int16_t *input, const int16_t *weight, int64_t sums[4]);
typedef void (*ph_dot4_s8)(const ph_patch *patch, const int8_t *input, const int8_t *weight, int32_t sums[4]);

static inline ph_dot4_s8 ph_choose_dot4_s8(void) {
#if PH_HAS_AVX2_CODE
    if (__builtin_cpu_supports("avx2")) {
        return ph_dot4_s8_avx2;
    }
#endif
    return ph_dot4_s8_generic;
}

static inline ph_dot4 ph_choose_dot4_wrap32(void) {
#if PH_HAS_AVX2_CODE
    if (__builtin_cpu_supports("avx2")) {
        return ph_dot4_wrap32_avx2;
    }
#endif
    return ph_dot4_wrap32_generic;
}

static inline ph_dot4 ph_choose_dot4_exact(void) {
#if PH_HAS_AVX2_CODE
    if (__builtin_cpu_supports("avx2")) {
        return ph_dot4_exact_avx2;
    }
#endif
    return ph_dot4_exact_generic;
}

#endif
