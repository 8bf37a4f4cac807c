#include "peephole/normalize.h"

/* Largest r with r * r <= value, one bit of the root at a time. */
static uint64_t square_root(uint64_t value) {
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit != 0; bit >>= 1) {
        const uint64_t larger = root | bit;
        if (larger * larger <= value) {
            root = larger;
        }
    }
    return root;
}

ph_status ph_l2_normalize_s16(int32_t length, uint8_t frac_bits, const int16_t *input, int16_t *output) {
    if (length < 1) {
        return PH_BAD_SHAPE;
    }
    if (frac_bits > 14) {
        return PH_BAD_ARGUMENT;
    }
    uint64_t sum = 0; /* below 2^31 terms of at most 2^30 */
    for (int32_t i = 0; i < length; i++) {
        sum += (uint64_t)((int32_t)input[i] * input[i]);
    }
    /* |x| * 2^shift has at least 30 bits: sum * 4^shift lies in [2^60, 2^62). */
    unsigned shift = 0;
    while (sum != 0 && sum < UINT64_C(1) << 60) {
        sum <<= 2;
        shift++;
    }
    const uint64_t root = square_root(sum);
    for (int32_t i = 0; i < length; i++) {
        /* |x[i]| <= |x|, so |x[i]| * 2^shift <= root + 1, and the dividend stays below 2^47. */
        const uint64_t size = (uint64_t)(input[i] < 0 ? -(int32_t)input[i] : input[i]) << (shift + frac_bits);
        const int32_t scaled = root == 0 ? 0 : (int32_t)((2 * size + root) / (2 * root));
        output[i] = (int16_t)(input[i] < 0 ? -scaled : scaled);
    }
    return PH_OK;
}
