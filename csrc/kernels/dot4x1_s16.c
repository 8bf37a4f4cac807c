#include "arch/scalar.h"

#define TAP(i)                                                                                                         \
    do {                                                                                                               \
        const int32_t p = x[i];                                                                                        \
        PH_ADD_PRODUCT(a, p, w0[i]);                                                                                   \
        PH_ADD_PRODUCT(b, p, w1[i]);                                                                                   \
        PH_ADD_PRODUCT(c, p, w2[i]);                                                                                   \
        PH_ADD_PRODUCT(d, p, w3[i]);                                                                                   \
    } while (0)

void ph_dot4x1_s16(const ph_patch *patch, const int16_t *input, const int16_t *weight, uint32_t sums[4]) {
    uint32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
    for (int32_t row = 0; row < patch->rows; row++) {
        const int16_t *x = input + row * patch->input_step;
        const int16_t *w0 = weight + row * patch->weight_step;
        const int16_t *w1 = w0 + patch->output_step;
        const int16_t *w2 = w1 + patch->output_step;
        const int16_t *w3 = w2 + patch->output_step;
        const int16_t *end = x + patch->length;
        const int16_t *whole = x + (patch->length & ~7);
        while (x != whole) {
            TAP(0);
            TAP(1);
            TAP(2);
            TAP(3);
            TAP(4);
            TAP(5);
            TAP(6);
            TAP(7);
            x += 8;
            w0 += 8, w1 += 8, w2 += 8, w3 += 8;
        }
        while (x != end) {
            TAP(0);
            x++;
            w0++, w1++, w2++, w3++;
        }
    }
    sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;
}
