#include "peephole/add.h"

#include <stddef.h>

#include "kernels/add_check.h"

static void add_narrow(const ph_add *layer, const int8_t *input, const int8_t *other, int8_t *output) {
    const int32_t channels = layer->input.channels;
    const int32_t scale = (int32_t)1 << layer->shift;
    const int32_t other_scale = (int32_t)1 << layer->other_shift;
    const int32_t half = layer->norm ? (int32_t)1 << (layer->norm - 1) : 0;
    const int32_t low = layer->low;
    const int32_t high = layer->high;
    const int32_t norm = layer->norm;
    PH_EACH_BY_ITSELF
    for (int32_t c = 0; c < channels; c++) {
        const int32_t y = (input[c] * scale + other[c] * other_scale + half) >> norm;
        output[c] = (int8_t)(y < low ? low : y > high ? high : y);
    }
}

static void add_wide(const ph_add *layer, const int8_t *input, const int8_t *other, int8_t *output) {
    const int32_t channels = layer->input.channels;
    const int64_t scale = (int64_t)1 << layer->shift;
    const int64_t other_scale = (int64_t)1 << layer->other_shift;
    const int64_t half = layer->norm ? (int64_t)1 << (layer->norm - 1) : 0;
    const int32_t low = layer->low;
    const int32_t high = layer->high;
    PH_EACH_BY_ITSELF
    for (int32_t c = 0; c < channels; c++) {
        const int64_t y = (input[c] * scale + other[c] * other_scale + half) >> layer->norm;
        output[c] = (int8_t)(y < low ? low : y > high ? high : y);
    }
}

ph_status ph_add_s8(const ph_add *layer, const int8_t *input, const int8_t *other, int8_t *output) {
    const ph_status status = ph_check_add(layer, INT8_MIN, INT8_MAX);
    if (status != PH_OK) {
        return status;
    }
    const ptrdiff_t pixels = (ptrdiff_t)layer->input.height * layer->input.width;
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) {
        const int8_t *in = input + pixel * layer->input.channels;
        const int8_t *second = other + pixel * layer->input.channels;
        int8_t *out = output + pixel * layer->output.channels + layer->channel;
        if (ph_add_fits_32_bits(layer)) {
            add_narrow(layer, in, second, out);
        } else {
            add_wide(layer, in, second, out);
        }
    }
    return PH_OK;
}
