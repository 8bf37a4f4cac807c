/* Chooses the fastest dot product of this machine; all of them give the same bits. */
#ifndef PEEPHOLE_ARCH_DOT4_H
#define PEEPHOLE_ARCH_DOT4_H

#include "arch/generic.h"

typedef void (*ph_dot4)(const ph_window *window, const int16_t *input, const int16_t *weight, int64_t sums[4]);

static inline ph_dot4 ph_choose_dot4_wrap32(void) {
    return ph_dot4_wrap32_generic;
}

static inline ph_dot4 ph_choose_dot4_exact(void) {
    return ph_dot4_exact_generic;
}

#endif
