/* Every dot product that this machine can run gives the bits of the definition. */
#include "arch/dot4.h"

#include "check.h"

/* The definition, in 64 bits and one product at a time. */
static void defined(const ph_patch *patch, const int16_t *input, const int16_t *weight, int64_t sums[4]) {
    for (int k = 0; k < 4; k++) {
        sums[k] = 0;
        for (int32_t i = 0; i < patch->rows * patch->length; i++) {
            const int32_t row = i / patch->length, column = i % patch->length;
            sums[k] += (int32_t)input[row * patch->input_step + column] *
                       weight[k * patch->output_step + row * patch->weight_step + column];
        }
    }
}

static void defined_wrap32(const ph_patch *patch, const int16_t *input, const int16_t *weight, int64_t sums[4]) {
    defined(patch, input, weight, sums);
    for (int k = 0; k < 4; k++) {
        sums[k] = (int32_t)(uint32_t)sums[k];
    }
}

static void compare(ph_dot4 plain, ph_dot4 fast, int32_t rows, int32_t length, fill_kind x_fill, fill_kind w_fill) {
    const ph_patch patch = {rows, length, length + 3, length + 5, rows * (length + 5) + 7};
    const size_t x_values = (size_t)((rows - 1) * (length + 3) + length);
    const size_t w_values = (size_t)(3 * patch.output_step + (rows - 1) * (length + 5) + length);
    int16_t *x = filled_s16(x_values, x_fill);
    int16_t *w = filled_s16(w_values, w_fill);
    int64_t expected[4], actual[4];
    plain(&patch, x, w, expected);
    fast(&patch, x, w, actual);
    for (int k = 0; k < 4; k++) {
        CHECK_EQUAL(actual[k], expected[k]);
    }
    free(x);
    free(w);
}

/* Of the high bytes of random numbers. */
static void compare_s8(ph_dot4_s8 fast, int32_t rows, int32_t length, fill_kind x_fill, fill_kind w_fill) {
    const ph_patch patch = {rows, length, length + 3, length + 5, rows * (length + 5) + 7};
    const size_t x_values = (size_t)((rows - 1) * (length + 3) + length);
    const size_t w_values = (size_t)(3 * patch.output_step + (rows - 1) * (length + 5) + length);
    int16_t *x = filled_s16(x_values, x_fill), *w = filled_s16(w_values, w_fill);
    int8_t *x8 = allocate(x_values, 1), *w8 = allocate(w_values, 1);
    for (size_t i = 0; i < x_values; i++) {
        x[i] = x8[i] = (int8_t)(x[i] >> 8);
    }
    for (size_t i = 0; i < w_values; i++) {
        w[i] = w8[i] = (int8_t)(w[i] >> 8);
    }
    int64_t expected[4];
    int32_t actual[4];
    defined(&patch, x, w, expected);
    fast(&patch, x8, w8, actual);
    for (int k = 0; k < 4; k++) {
        CHECK_EQUAL(actual[k], expected[k]);
    }
    free(x);
    free(w);
    free(x8);
    free(w8);
}

int main(void) {
    static const int32_t lengths[] = {1, 3, 9, 15, 16, 17, 31, 48, 192, 255, 256, 257, 300, 512, 2049};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (int32_t rows = 1; rows <= 3; rows++) {
            for (int fills = 0; fills < FILLS * FILLS; fills++) {
                const fill_kind x_fill = (fill_kind)(fills / FILLS), w_fill = (fill_kind)(fills % FILLS);
                compare(defined_wrap32, ph_dot4_wrap32_generic, rows, lengths[i], x_fill, w_fill);
                compare(defined_wrap32, ph_choose_dot4_wrap32(), rows, lengths[i], x_fill, w_fill);
                compare(defined, ph_dot4_exact_generic, rows, lengths[i], x_fill, w_fill);
                compare(defined, ph_choose_dot4_exact(), rows, lengths[i], x_fill, w_fill);
                compare_s8(ph_dot4_s8_generic, rows, lengths[i], x_fill, w_fill);
                compare_s8(ph_choose_dot4_s8(), rows, lengths[i], x_fill, w_fill);
            }
        }
    }
    const ph_patch nothing = {0, 0, 0, 0, 0};
    int64_t sums[4] = {7, 7, 7, 7};
    ph_choose_dot4_exact()(&nothing, (const int16_t[1]){5}, (const int16_t[1]){5}, sums);
    CHECK_EQUAL(sums[0] | sums[1] | sums[2] | sums[3], 0);
    FINISH();
}
