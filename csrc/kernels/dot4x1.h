/* ph_dot4x1_s16 and ph_dot4x1_s8 (arch/scalar.h): whoever includes this says which by DOT and VALUE. */
#include "arch/scalar.h"

#define TAP(i)                                                                                                         \
    do {                                                                                                               \
        const int32_t p = x[i];                                                                                        \
        PH_ADD_PRODUCT(a, p, w0[i]);                                                                                   \
        PH_ADD_PRODUCT(b, p, w1[i]);                                                                                   \
        PH_ADD_PRODUCT(c, p, w2[i]);                                                                                   \
        PH_ADD_PRODUCT(d, p, w3[i]);                                                                                   \
    } while (0)

void DOT(const ph_patch *patch, const VALUE *input, const VALUE *weight, uint32_t sums[4]) {
    uint32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
    for (int32_t row = 0; row < patch->rows; row++) {
        const VALUE *x = input + row * patch->input_step;
        const VALUE *w0 = weight + row * patch->weight_step;
        const VALUE *w1 = w0 + patch->output_step;
        const VALUE *w2 = w1 + patch->output_step;
        const VALUE *w3 = w2 + patch->output_step;
        const VALUE *end = x + patch->length;
        const VALUE *whole = x + (patch->length & ~7);
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
