/* Every path that this machine can compute convolutions on gives the bits of the portable kernels. */
#include "host/conv2d_packed.h"

#include "check.h"

#include <string.h>

static int32_t from_to(int32_t least, int32_t most) {
    return least + (int32_t)(next_number() % (uint32_t)(most - least + 1));
}

/* Any geometry: an output that windows hang out of on all sides, or that leaves input unread. */
static ph_conv2d any_layer(void) {
    ph_conv2d l = {.input = {from_to(1, 9), from_to(1, 30), from_to(1, 40)},
                   .outputs = from_to(1, 50),
                   .groups = 1,
                   .accumulation = PH_FULL,
                   .accumulator_bits = 32};
    const bool pointwise = next_number() % 3 == 0;
    const bool spread = next_number() % 4 == 0;
    ph_window *w = &l.window;
    w->kernel_height = pointwise ? 1 : from_to(1, 4);
    w->kernel_width = pointwise ? 1 : from_to(1, 4);
    w->stride_y = from_to(1, 2);
    w->stride_x = from_to(1, 2);
    w->dilation_y = spread ? from_to(1, 3) : 1;
    w->dilation_x = spread ? from_to(1, 3) : 1;
    w->padding_top = from_to(0, (w->kernel_height - 1) * w->dilation_y);
    w->padding_left = from_to(0, (w->kernel_width - 1) * w->dilation_x);
    l.output.height = from_to(1, (l.input.height + w->padding_top - 1) / w->stride_y + 1);
    l.output.width = from_to(1, (l.input.width + w->padding_left - 1) / w->stride_x + 1);
    l.channel = from_to(0, 3);
    l.output.channels = l.channel + l.outputs + from_to(0, 3);
    return l;
}

typedef struct {
    ph_conv2d layer;
    int32_t bits;
    int32_t output_bits;
    size_t output_bytes;
    void *input, *weight;
    int32_t *bias;
    uint8_t *norm;
} convolution;

/* Values of 16 bits, or their high bytes as values of 8. */
static void *values_of(size_t count, int32_t bits, fill_kind kind) {
    int16_t *values = filled_s16(count, kind);
    if (bits == 16) {
        return values;
    }
    int8_t *narrow = allocate(count, 1);
    for (size_t i = 0; i < count; i++) {
        narrow[i] = (int8_t)(values[i] >> 8);
    }
    free(values);
    return narrow;
}

static convolution any_convolution(int32_t bits, int32_t output_bits) {
    convolution c = {.layer = any_layer(), .bits = bits, .output_bits = output_bits};
    ph_conv2d *l = &c.layer;
    const int32_t limit = output_bits == 8 ? 127 : 32767;
    l->high = from_to(0, 1) ? limit : from_to(0, limit);
    l->low = from_to(0, 1) ? -limit - 1 : 0;
    const size_t taps = (size_t)(l->window.kernel_height * l->window.kernel_width * l->input.channels);
    const size_t inputs = (size_t)(l->input.height * l->input.width * l->input.channels);
    c.input = values_of(inputs, bits, (fill_kind)(next_number() % FILLS));
    c.weight = values_of((size_t)l->outputs * taps, bits, (fill_kind)(next_number() % FILLS));
    c.bias = allocate((size_t)l->outputs, sizeof *c.bias);
    c.norm = allocate((size_t)l->outputs, 1);
    const int32_t least = from_to(0, 2); /* where all are at least 2, rounding is simpler */
    for (int32_t o = 0; o < l->outputs; o++) {
        c.bias[o] = (int32_t)next_number();
        c.norm[o] = (uint8_t)from_to(least, 31);
    }
    c.output_bytes = (size_t)(l->output.height * l->output.width * l->output.channels) * (size_t)(output_bits / 8);
    return c;
}

static void *marked(const convolution *c) {
    return memset(allocate(c->output_bytes, 1), 0x5a, c->output_bytes);
}

static void run_portable(const convolution *c, void *out) {
    if (c->bits == 16) {
        CHECK_EQUAL(ph_conv2d_s16(&c->layer, c->input, c->weight, c->bias, c->norm, out), PH_OK);
    } else if (c->output_bits == 16) {
        CHECK_EQUAL(ph_conv2d_s8_s16(&c->layer, c->input, c->weight, c->bias, c->norm, out), PH_OK);
    } else {
        CHECK_EQUAL(ph_conv2d_s8(&c->layer, c->input, c->weight, c->bias, c->norm, out), PH_OK);
    }
}

static void compare(const convolution *c, ph_path path, ph_workers *workers, const void *expected) {
    ph_packed_conv2d packed;
    CHECK(ph_plan_packed_conv2d(&c->layer, c->bits, c->norm, path, &packed));
    int32_t *words = allocate(ph_packed_conv2d_words(&packed), sizeof *words);
    uint8_t *scratch = allocate(ph_packed_conv2d_scratch(&packed), 1);
    ph_pack_conv2d(&packed, c->weight, c->bias, c->norm, words);
    for (int helped = 0; helped < 2; helped++) {
        void *out = marked(c);
        ph_conv2d_packed(&packed, words, c->input, c->output_bits, out, scratch, helped ? workers : NULL);
        CHECK(memcmp(out, expected, c->output_bytes) == 0);
        free(out);
    }
    free(words);
    free(scratch);
}

static void what_is_left_to_the_portable_kernels(void) {
    ph_packed_conv2d packed;
    const uint8_t norm[2] = {1, 32};
    ph_conv2d l = {.input = {3, 3, 2},
                   .output = {3, 3, 2},
                   .outputs = 2,
                   .groups = 2,
                   .window = {1, 1, 1, 1, 1, 1, 0, 0},
                   .high = 1,
                   .accumulator_bits = 32};
    for (ph_path path = PH_PORTABLE; path < PH_PATHS; path++) {
        l.groups = 2;
        CHECK(!ph_plan_packed_conv2d(&l, 16, (const uint8_t[2]){1, 1}, path, &packed));
        l.groups = 1;
        CHECK_EQUAL(ph_plan_packed_conv2d(&l, 16, (const uint8_t[2]){1, 1}, path, &packed),
                    path != PH_PORTABLE && ph_path_runs(path));
        CHECK(!ph_plan_packed_conv2d(&l, 16, norm, path, &packed)); /* a shift that is refused */
        l.accumulator_bits = 64;
        CHECK(!ph_plan_packed_conv2d(&l, 16, (const uint8_t[2]){1, 1}, path, &packed));
        l.accumulator_bits = 32;
        l.low = 2; /* above high */
        CHECK(!ph_plan_packed_conv2d(&l, 16, (const uint8_t[2]){1, 1}, path, &packed));
        l.low = INT16_MIN - 1;
        CHECK(!ph_plan_packed_conv2d(&l, 16, (const uint8_t[2]){1, 1}, path, &packed));
        l.low = 0;
    }
}

int main(void) {
    CHECK(ph_path_runs(PH_PORTABLE));
    what_is_left_to_the_portable_kernels();
    ph_workers workers;
    ph_start_workers(&workers, 2);
    CHECK(ph_lead(&workers));
    for (int n = 0; n < 1500; n++) {
        const int32_t bits = n % 2 ? 16 : 8;
        const convolution c = any_convolution(bits, bits == 8 && n % 4 == 0 ? 8 : 16);
        void *expected = marked(&c);
        run_portable(&c, expected);
        for (ph_path path = PH_AVX2; path < PH_PATHS; path++) {
            if (ph_path_runs(path)) {
                compare(&c, path, &workers, expected);
            }
        }
        free(expected);
        free(c.input);
        free(c.weight);
        free(c.bias);
        free(c.norm);
    }
    ph_release(&workers);
    ph_stop_workers(&workers);
    FINISH();
}
