#include "host/depthwise_packed.h"
#if defined(__x86_64__) && defined(__GNUC__)
#include "host/avx2_begin.h"
#endif

#define ph_depthwise_conv2d_s16 ph_depthwise_conv2d_s16_host
#include "kernels/depthwise_conv2d_s16.c"

#define VALUE int16_t
#define PACK ph_pack_depthwise_s16
#include "host/depthwise_packed_in.h"

size_t ph_packed_depthwise_values(const ph_depthwise_conv2d *layer) {
    return (size_t)taps_of_block(layer) * (size_t)((layer->input.channels + BLOCK - 1) / BLOCK);
}

ph_status ph_packed_depthwise_s16(const ph_depthwise_conv2d *layer, const int16_t *input, const int16_t *weight,
                                  const int16_t *taps, const int32_t *bias, const uint8_t *norm, int16_t *output) {
    if (!ph_is_depthwise(layer) || (layer->accumulator_bits != 32 && layer->accumulator_bits != 64) ||
        !ph_is_clip(layer->low, layer->high, INT16_MIN, INT16_MAX) || !ph_are_norms(layer->input.channels, norm)) {
        return ph_depthwise_conv2d_s16(layer, input, weight, bias, norm, output);
    }
    for (int32_t first = 0; first < layer->input.channels; first += BLOCK, taps += taps_of_block(layer)) {
        convolve_block(layer, first, channels_of_block(layer, first), input, taps, bias, norm, output);
    }
    return PH_OK;
}

#if defined(__x86_64__) && defined(__GNUC__)
#include "host/avx2_end.h"
#endif
