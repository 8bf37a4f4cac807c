/* Products, maxima and limits with the instructions of Xpulp, which GAP8's cores have, where PH_ARCH_XPULP is defined;
   else the same bits in portable C. Words may be read from any address: the cores take one cycle more where it is no
   multiple of 4 bytes. */
#ifndef PEEPHOLE_ARCH_XPULP_H
#define PEEPHOLE_ARCH_XPULP_H

#include "arch/generic.h"

#if defined(PH_ARCH_XPULP)
#include "arch/xpulp_insn.h"
#endif

#if defined(PH_ARCH_XPULP)

/* sum + a * b, modulo 2^32. */
static inline uint32_t ph_mac(uint32_t sum, int32_t a, int32_t b) {
    __asm__(PH_P_MAC("%0", "%1", "%2") : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

/* y[c] = the largest of all x[..][c], c < 2 * words; words at least one. A loop of 18 instructions. */
static inline void ph_max_of_9(const int16_t *const x[9], int16_t *y, int32_t words) {
    const int16_t *a = x[0], *b = x[1], *c = x[2], *d = x[3], *e = x[4], *f = x[5], *g = x[6], *h = x[7], *i = x[8];
    uint32_t first, second, third;
    __asm__ volatile(
        PH_LP_OPEN PH_LP_BEGIN("%[words]", "36")                                          /**/
        PH_P_LW("%[first]", "4", "%[a]") PH_P_LW("%[second]", "4", "%[b]")                /**/
        PH_P_LW("%[third]", "4", "%[c]") PH_PV_MAX_H("%[first]", "%[first]", "%[second]") /**/
        PH_P_LW("%[second]", "4", "%[d]") PH_PV_MAX_H("%[first]", "%[first]", "%[third]") /**/
        PH_P_LW("%[third]", "4", "%[e]") PH_PV_MAX_H("%[first]", "%[first]", "%[second]") /**/
        PH_P_LW("%[second]", "4", "%[f]") PH_PV_MAX_H("%[first]", "%[first]", "%[third]") /**/
        PH_P_LW("%[third]", "4", "%[g]") PH_PV_MAX_H("%[first]", "%[first]", "%[second]") /**/
        PH_P_LW("%[second]", "4", "%[h]") PH_PV_MAX_H("%[first]", "%[first]", "%[third]") /**/
        PH_P_LW("%[third]", "4", "%[i]") PH_PV_MAX_H("%[first]", "%[first]", "%[second]") /**/
        PH_PV_MAX_H("%[first]", "%[first]", "%[third]")                                   /**/
        PH_LP_LAST PH_P_SW("%[first]", "4", "%[y]") PH_LP_CLOSE
        : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [e] "+r"(e), [f] "+r"(f), [g] "+r"(g), [h] "+r"(h),
          [i] "+r"(i), [y] "+r"(y), [first] "=&r"(first), [second] "=&r"(second), [third] "=&r"(third)
        : [words] "r"(words)
        : "memory");
}

/* The value, raised to low and then lowered to high. */
static inline int32_t ph_limit(int32_t value, int32_t low, int32_t high) {
    __asm__(PH_P_MAX("%0", "%0", "%1") PH_P_MIN("%0", "%0", "%2") : "+&r"(value) : "r"(low), "r"(high));
    return value;
}

#else

static inline uint32_t ph_mac(uint32_t sum, int32_t a, int32_t b) {
    return sum + (uint32_t)a * (uint32_t)b;
}

static inline void ph_max_of_9(const int16_t *const x[9], int16_t *y, int32_t words) {
    for (int32_t c = 0; c < 2 * words; c++) {
        int16_t largest = x[0][c];
        for (int32_t tap = 1; tap < 9; tap++) {
            largest = x[tap][c] > largest ? x[tap][c] : largest;
        }
        y[c] = largest;
    }
}

static inline int32_t ph_limit(int32_t value, int32_t low, int32_t high) {
    return ph_clip32(value, low, high);
}

#endif

#endif
