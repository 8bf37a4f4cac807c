/* The length of a vector, and numbers divided by it. */
#ifndef PEEPHOLE_KERNELS_LENGTH_H
#define PEEPHOLE_KERNELS_LENGTH_H

#include <stdint.h>

/* |x| * 2^shift, rounded down; zero if the vector is. */
typedef struct {
    uint64_t root;
    unsigned shift;
} ph_length;

/* Largest r with r * r <= value, one bit of the root at a time. */
static inline uint64_t ph_square_root(uint64_t value) {
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit != 0; bit >>= 1) {
        const uint64_t larger = root | bit;
        if (larger * larger <= value) {
            root = larger;
        }
    }
    return root;
}

/* sum: of the squares, below 2^62. |x| * 2^shift has at least 30 bits: sum * 4^shift lies in [2^60, 2^62). */
static inline ph_length ph_length_of(uint64_t sum) {
    ph_length length = {0, 0};
    while (sum != 0 && sum < UINT64_C(1) << 60) {
        sum <<= 2;
        length.shift++;
    }
    length.root = ph_square_root(sum);
    return length;
}

/* value * 2^frac_bits / |x|, rounded to the nearest, halves away from zero. |value| <= |x|, so |value| * 2^shift <=
   root + 1, and the dividend stays below 2^47. */
static inline int16_t ph_over_length(int32_t value, ph_length length, uint8_t frac_bits) {
    const uint64_t size = (uint64_t)(value < 0 ? -value : value) << (length.shift + frac_bits);
    const int32_t scaled = length.root == 0 ? 0 : (int32_t)((2 * size + length.root) / (2 * length.root));
    return (int16_t)(value < 0 ? -scaled : scaled);
}

#endif
