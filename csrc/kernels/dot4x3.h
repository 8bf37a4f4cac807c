/* ph_dot4x3_s16 and ph_dot4x3_s8 (arch/scalar.h): whoever includes this says which by DOT and VALUE. */
#include "arch/scalar.h"

/* Three pixels times one weight. */
#define TIMES_3(sum, w)                                                                                                \
    do {                                                                                                               \
        const int32_t factor = (w);                                                                                    \
        PH_ADD_PRODUCT(sum##0, p, factor);                                                                             \
        PH_ADD_PRODUCT(sum##1, q, factor);                                                                             \
        PH_ADD_PRODUCT(sum##2, r, factor);                                                                             \
    } while (0)

#define TAP(i)                                                                                                         \
    do {                                                                                                               \
        const int32_t p = x0[i];                                                                                       \
        const int32_t q = x1[i];                                                                                       \
        const int32_t r = x2[i];                                                                                       \
        TIMES_3(a, w0[i]);                                                                                             \
        TIMES_3(b, w1[i]);                                                                                             \
        TIMES_3(c, w2[i]);                                                                                             \
        TIMES_3(d, w3[i]);                                                                                             \
    } while (0)

void DOT(const ph_patch *patch, ptrdiff_t pixel_step, const VALUE *input, const VALUE *weight,
         uint32_t sums[PH_BLOCK_SUMS]) {
    uint32_t a0 = sums[0], b0 = sums[1], c0 = sums[2], d0 = sums[3];
    uint32_t a1 = sums[4], b1 = sums[5], c1 = sums[6], d1 = sums[7];
    uint32_t a2 = sums[8], b2 = sums[9], c2 = sums[10], d2 = sums[11];
    for (int32_t row = 0; row < patch->rows; row++) {
        const VALUE *x0 = input + row * patch->input_step;
        const VALUE *x1 = x0 + pixel_step;
        const VALUE *x2 = x1 + pixel_step;
        const VALUE *w0 = weight + row * patch->weight_step;
        const VALUE *w1 = w0 + patch->output_step;
        const VALUE *w2 = w1 + patch->output_step;
        const VALUE *w3 = w2 + patch->output_step;
        const VALUE *end = x0 + patch->length;
        const VALUE *whole = x0 + (patch->length & ~7);
        while (x0 != whole) {
            TAP(0);
            TAP(1);
            TAP(2);
            TAP(3);
            TAP(4);
            TAP(5);
            TAP(6);
            TAP(7);
            x0 += 8, x1 += 8, x2 += 8;
            w0 += 8, w1 += 8, w2 += 8, w3 += 8;
        }
        while (x0 != end) {
            TAP(0);
            x0++, x1++, x2++;
            w0++, w1++, w2++, w3++;
        }
    }
    sums[0] = a0, sums[1] = b0, sums[2] = c0, sums[3] = d0;
    sums[4] = a1, sums[5] = b1, sums[6] = c1, sums[7] = d1;
    sums[8] = a2, sums[9] = b2, sums[10] = c2, sums[11] = d2;
}
