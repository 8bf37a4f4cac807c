#include "kernels/length.h"
#include "peephole/normalize.h"

ph_status ph_l2_normalize_s8(int32_t length, uint8_t frac_bits, const int8_t *input, int16_t *output) {
    if (length < 1) {
        return PH_BAD_SHAPE;
    }
    if (frac_bits > 14) {
        return PH_BAD_ARGUMENT;
    }
    uint64_t sum = 0; /* below 2^31 terms of at most 2^14 */
    for (int32_t i = 0; i < length; i++) {
        sum += (uint64_t)((int32_t)input[i] * input[i]);
    }
    const ph_length whole = ph_length_of(sum);
    for (int32_t i = 0; i < length; i++) {
        output[i] = ph_over_length(input[i], whole, frac_bits);
    }
    return PH_OK;
}
