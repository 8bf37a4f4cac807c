#include "peephole/add.h"

#include <stddef.h>

#include "arch/generic.h"

static ph_status check(const ph_add *layer) {
    const ph_shape in = layer->input;
    const ph_shape out = layer->output;
    if (!ph_is_shape(in) || !ph_is_shape(out) || in.height != out.height || in.width != out.width ||
        !ph_is_slice(out, layer->channel, in.channels)) {
        return PH_BAD_SHAPE;
    }
    return layer->shift > 31 || layer->other_shift > 31 || layer->norm > 31 ? PH_BAD_ARGUMENT : PH_OK;
}

/* |sum| <= 2^15 * 2^14 * 2 + 2^29 < 2^31 */
static bool fits_32_bits(const ph_add *layer) {
    return layer->shift <= 14 && layer->other_shift <= 14 && layer->norm <= 30;
}

static void add_narrow(const ph_add *layer, const int16_t *input, const int16_t *other, int16_t *output) {
    const int32_t scale = (int32_t)1 << layer->shift;
    const int32_t other_scale = (int32_t)1 << layer->other_shift;
    const int32_t half = layer->norm ? (int32_t)1 << (layer->norm - 1) : 0;
    const int32_t least = layer->relu ? 0 : INT16_MIN;
    const int32_t norm = layer->norm;
    for (int32_t c = 0; c < layer->input.channels; c++) {
        const int32_t y = (input[c] * scale + other[c] * other_scale + half) >> norm;
        output[c] = (int16_t)(y < least ? least : y > INT16_MAX ? INT16_MAX : y);
    }
}

static void add_wide(const ph_add *layer, const int16_t *input, const int16_t *other, int16_t *output) {
    const int64_t scale = (int64_t)1 << layer->shift;
    const int64_t other_scale = (int64_t)1 << layer->other_shift;
    for (int32_t c = 0; c < layer->input.channels; c++) {
        const int16_t y = ph_shift_round_clip16(input[c] * scale + other[c] * other_scale, layer->norm);
        output[c] = (int16_t)(layer->relu && y < 0 ? 0 : y);
    }
}

ph_status ph_add_s16(const ph_add *layer, const int16_t *input, const int16_t *other, int16_t *output) {
    const ph_status status = check(layer);
    if (status != PH_OK) {
        return status;
    }
    const ptrdiff_t pixels = (ptrdiff_t)layer->input.height * layer->input.width;
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) {
        const int16_t *in = input + pixel * layer->input.channels;
        const int16_t *second = other + pixel * layer->input.channels;
        int16_t *out = output + pixel * layer->output.channels + layer->channel;
        if (fits_32_bits(layer)) {
            add_narrow(layer, in, second, out);
        } else {
            add_wide(layer, in, second, out);
        }
    }
    return PH_OK;
}
