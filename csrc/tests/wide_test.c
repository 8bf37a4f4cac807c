/* The kernels for AVX2 and AVX-512 give the bits of the portable ones. */
#include "host/wide.h"

#include "check.h"
#include "host/depthwise_packed.h"
#include "host/path.h"

#include <string.h>

static int32_t from_to(int32_t least, int32_t most) {
    return least + (int32_t)(next_number() % (uint32_t)(most - least + 1));
}

typedef ph_status pool_s16(const ph_max_pool *layer, const int16_t *input, int16_t *output);
typedef ph_status pool_s8(const ph_max_pool *layer, const int8_t *input, int8_t *output);

/* A pool that any number of channels goes through, padded or not. */
static void compare_pools(int32_t channels, pool_s16 *wide, pool_s8 *wide8) {
    ph_max_pool pool = {.input = {from_to(3, 7), from_to(3, 9), channels},
                        .output = {.channels = channels + 5},
                        .channel = from_to(0, 5),
                        .window = {from_to(1, 3), from_to(1, 3), from_to(1, 2), from_to(1, 2), 1, 1, 0, 0}};
    pool.window.padding_top = from_to(0, pool.window.kernel_height - 1);
    pool.window.padding_left = from_to(0, pool.window.kernel_width - 1);
    pool.output.height = from_to(1, (pool.input.height + pool.window.padding_top - 1) / pool.window.stride_y + 1);
    pool.output.width = from_to(1, (pool.input.width + pool.window.padding_left - 1) / pool.window.stride_x + 1);
    const size_t inputs = (size_t)(pool.input.height * pool.input.width * channels);
    const size_t outputs = (size_t)(pool.output.height * pool.output.width * pool.output.channels);
    int16_t *in = filled_s16(inputs, FILL_RANDOM);
    int16_t *out = allocate(outputs, 2), *expected = allocate(outputs, 2);
    memset(out, 0x5a, outputs * 2);
    memset(expected, 0x5a, outputs * 2);
    CHECK_EQUAL(ph_max_pool_s16(&pool, in, expected), PH_OK);
    CHECK_EQUAL(wide(&pool, in, out), PH_OK);
    CHECK(memcmp(out, expected, outputs * 2) == 0);
    int8_t *narrow = allocate(inputs, 1), *out8 = allocate(outputs, 1), *expected8 = allocate(outputs, 1);
    for (size_t i = 0; i < inputs; i++) {
        narrow[i] = (int8_t)(in[i] >> 8);
    }
    memset(out8, 0x5a, outputs);
    memset(expected8, 0x5a, outputs);
    CHECK_EQUAL(ph_max_pool_s8(&pool, narrow, expected8), PH_OK);
    CHECK_EQUAL(wide8(&pool, narrow, out8), PH_OK);
    CHECK(memcmp(out8, expected8, outputs) == 0);
    pool.window.stride_x = 0;
    CHECK_EQUAL(wide(&pool, in, out), PH_BAD_SHAPE);
    CHECK_EQUAL(wide8(&pool, narrow, out8), PH_BAD_SHAPE);
    free(in);
    free(out);
    free(expected);
    free(narrow);
    free(out8);
    free(expected8);
}

static ph_depthwise_conv2d any_depthwise(int32_t channels) {
    ph_depthwise_conv2d l = {.input = {from_to(3, 7), from_to(3, 9), channels},
                             .output = {.channels = channels + 3},
                             .channel = from_to(0, 3),
                             .window = {from_to(1, 3), from_to(1, 3), from_to(1, 2), from_to(1, 2), 1, 1, 0, 0},
                             .low = -128,
                             .high = from_to(0, 127),
                             .accumulator_bits = 32};
    l.window.padding_top = from_to(0, l.window.kernel_height - 1);
    l.window.padding_left = from_to(0, l.window.kernel_width - 1);
    l.output.height = from_to(1, (l.input.height + l.window.padding_top - 1) / l.window.stride_y + 1);
    l.output.width = from_to(1, (l.input.width + l.window.padding_left - 1) / l.window.stride_x + 1);
    return l;
}

/* Weights that are laid out before, of 16 and of 8 bits, the high bytes of the others. */
static void compare_depthwise(int32_t channels) {
    ph_depthwise_conv2d l = any_depthwise(channels);
    const size_t inputs = (size_t)(l.input.height * l.input.width * channels);
    const size_t outputs = (size_t)(l.output.height * l.output.width * l.output.channels);
    const size_t weights = (size_t)(l.window.kernel_height * l.window.kernel_width * channels);
    const size_t values = ph_packed_depthwise_values(&l);
    int16_t *in = filled_s16(inputs, FILL_EDGES), *weight = filled_s16(weights, FILL_RANDOM);
    int16_t *taps = allocate(values, 2), *out = allocate(outputs, 2), *expected = allocate(outputs, 2);
    int8_t *in8 = allocate(inputs, 1), *weight8 = allocate(weights, 1), *taps8 = allocate(values, 1);
    int32_t *bias = allocate((size_t)channels, sizeof *bias);
    uint8_t *norm = allocate((size_t)channels, 1);
    for (int32_t c = 0; c < channels; c++) {
        bias[c] = (int32_t)next_number();
        norm[c] = (uint8_t)from_to(0, 31);
    }
    for (size_t i = 0; i < inputs; i++) {
        in8[i] = (int8_t)(in[i] >> 8);
    }
    for (size_t i = 0; i < weights; i++) {
        weight8[i] = (int8_t)(weight[i] >> 8);
    }
    memset(out, 0x5a, outputs * 2);
    memset(expected, 0x5a, outputs * 2);
    ph_pack_depthwise_s16(&l, weight, taps);
    ph_pack_depthwise_s8(&l, weight8, taps8);
    for (l.accumulator_bits = 32; l.accumulator_bits <= 64; l.accumulator_bits += 32) {
        CHECK_EQUAL(ph_depthwise_conv2d_s16(&l, in, weight, bias, norm, expected), PH_OK);
        CHECK_EQUAL(ph_packed_depthwise_s16(&l, in, weight, taps, bias, norm, out), PH_OK);
        CHECK(memcmp(out, expected, outputs * 2) == 0);
    }
    CHECK_EQUAL(ph_packed_depthwise_s16(&l, in, weight, taps, bias, norm, out), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_packed_depthwise_s8(&l, in8, weight8, taps8, bias, norm, (int8_t *)out), PH_BAD_ARGUMENT);
    l.accumulator_bits = 32;
    CHECK_EQUAL(ph_depthwise_conv2d_s8_s16(&l, in8, weight8, bias, norm, expected), PH_OK);
    CHECK_EQUAL(ph_packed_depthwise_s8_s16(&l, in8, weight8, taps8, bias, norm, out), PH_OK);
    CHECK(memcmp(out, expected, outputs * 2) == 0);
    CHECK_EQUAL(ph_depthwise_conv2d_s8(&l, in8, weight8, bias, norm, (int8_t *)expected), PH_OK);
    CHECK_EQUAL(ph_packed_depthwise_s8(&l, in8, weight8, taps8, bias, norm, (int8_t *)out), PH_OK);
    CHECK(memcmp(out, expected, outputs * 2) == 0);
    void *all[] = {in, weight, taps, out, expected, in8, weight8, taps8, bias, norm};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        free(all[i]);
    }
}

static void compare_distances(int32_t length, fill_kind fill) {
    enum { COUNT = 3 };
    int16_t *a = filled_s16((size_t)length, fill), *b = filled_s16((size_t)length * COUNT, FILL_EDGES);
    uint64_t distance[COUNT], expected[COUNT];
    CHECK_EQUAL(ph_squared_l2_many_s16(length, COUNT, a, b, expected), PH_OK);
    CHECK_EQUAL(ph_squared_l2_many_s16_avx2(length, COUNT, a, b, distance), PH_OK);
    CHECK(memcmp(distance, expected, sizeof expected) == 0);
    CHECK_EQUAL(ph_squared_l2_many_s16_avx2(-1, COUNT, a, b, distance), PH_BAD_SHAPE);
    free(a);
    free(b);
}

int main(void) {
    if (!ph_path_runs(PH_AVX2)) {
        printf("this processor has no AVX2\n");
        return 0;
    }
    for (int32_t n = 0; n < 300; n++) {
        compare_pools(from_to(1, 150), ph_max_pool_s16_avx2, ph_max_pool_s8_avx2);
        if (ph_path_runs(PH_AVX512_VNNI)) {
            compare_pools(from_to(1, 150), ph_max_pool_s16_avx512, ph_max_pool_s8_avx512);
        }
        compare_depthwise(from_to(1, 70));
        compare_distances(from_to(0, 300), (fill_kind)(n % FILLS));
    }
    FINISH();
}
