/* Inputs of packed convolutions as the vectors read them. */
#include <string.h>

#include "host/conv2d_tiles.h"
#include "kernels/window.h"

/* Values of the input, as they are prepared; `count` of them, NULL for zeros. Returns where the next belong. */
static uint8_t *prepare(const ph_packed_conv2d *packed, const uint8_t *input, ptrdiff_t count, uint8_t *out) {
    if (packed->value_bytes == 1) {
        if (input) {
            for (ptrdiff_t i = 0; i < count; i++) {
                out[i] = input[i] ^ 128;
            }
        } else {
            memset(out, 128, (size_t)count);
        }
        return out + count;
    }
    int16_t *wide = (int16_t *)(void *)out;
    if (!input) {
        memset(out, 0, (size_t)count * 2);
    } else if (packed->bits == 16) {
        memcpy(out, input, (size_t)count * 2);
    } else {
        const int8_t *narrow = (const int8_t *)(const void *)input;
        for (ptrdiff_t i = 0; i < count; i++) {
            wide[i] = narrow[i];
        }
    }
    return out + 2 * count;
}

/* The first of so many columns that lie inside of the input, which is `inside`, and how many do. */
static ph_span columns_inside(int32_t start, int32_t count, int32_t inside) {
    const int32_t first = start < 0 ? (-start < count ? -start : count) : 0;
    const int32_t end = start + count < inside ? count : inside - start;
    return (ph_span){first, end > first ? end - first : 0, start + first};
}

/* `count` pixels of a row of the input from `start` on, zeros outside of it. */
static uint8_t *prepare_pixels(const ph_packed_conv2d *packed, const uint8_t *input, int32_t row, int32_t start,
                               int32_t count, uint8_t *out) {
    const ph_shape shape = packed->layer.input;
    const ptrdiff_t channels = shape.channels;
    const ph_span met = columns_inside(start, count, shape.width);
    if (row < 0 || row >= shape.height || met.count == 0) {
        return prepare(packed, NULL, count * channels, out);
    }
    const ptrdiff_t from = ((ptrdiff_t)row * shape.width + met.start) * channels * (packed->bits / 8);
    out = prepare(packed, NULL, met.first * channels, out);
    out = prepare(packed, input + from, met.count * channels, out);
    return prepare(packed, NULL, (count - met.first - met.count) * channels, out);
}

static void pad(const ph_packed_conv2d *packed, const uint8_t *input, uint8_t *scratch) {
    const ph_window *window = &packed->layer.window;
    for (int32_t row = 0; row < packed->prepared_height; row++) {
        scratch = prepare_pixels(packed, input, row - window->padding_top, -window->padding_left,
                                 packed->prepared_width, scratch);
    }
    memset(scratch, 0, PH_PREPARED_SLACK); /* behind the last stretch, where weights are zeros */
}

static void gather(const ph_packed_conv2d *packed, const uint8_t *input, uint8_t *scratch) {
    const ph_window *window = &packed->layer.window;
    const ph_shape output = packed->layer.output;
    const int32_t together = window->kernel_width / packed->columns; /* taps of a stretch */
    for (int32_t pixel = 0; pixel < output.height * output.width; pixel++) {
        const int32_t y = pixel / output.width * window->stride_y - window->padding_top;
        const int32_t x = pixel % output.width * window->stride_x - window->padding_left;
        for (int32_t run = 0; run < packed->runs; run++) {
            for (int32_t column = 0; column < packed->columns; column++) {
                memset(scratch + packed->column_step - 4, 0, 4); /* the last unit may have values too many */
                prepare_pixels(packed, input, y + run * window->dilation_y, x + column * window->dilation_x, together,
                               scratch);
                scratch += packed->column_step;
            }
        }
    }
}

const uint8_t *ph_prepare_conv2d(const ph_packed_conv2d *packed, const void *input, uint8_t *scratch) {
    switch (packed->preparing) {
    case PH_PADDED:
        pad(packed, input, scratch);
        return scratch;
    case PH_GATHERED:
        gather(packed, input, scratch);
        return scratch;
    case PH_AS_IT_IS:
        break;
    }
    return input;
}
