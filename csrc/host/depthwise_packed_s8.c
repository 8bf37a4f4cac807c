#include "host/depthwise_packed.h"
#if defined(__x86_64__) && defined(__GNUC__)
#include "host/avx2_begin.h"
#endif

#define ph_depthwise_convolve_s8 ph_depthwise_convolve_s8_host
#define ph_depthwise_conv2d_s8 ph_depthwise_conv2d_s8_host
#include "kernels/depthwise_conv2d_s8.c"

#define VALUE int8_t
#define PACK ph_pack_depthwise_s8
#include "host/depthwise_packed_in.h"

static ph_status convolve(const ph_depthwise_conv2d *layer, const int8_t *input, const int8_t *weight,
                          const int8_t *taps, const int32_t *bias, const uint8_t *norm, ph_output output) {
    if (!ph_is_depthwise(layer) || layer->accumulator_bits != 32 || !ph_is_clip_to(output, layer->low, layer->high) ||
        !ph_are_norms(layer->input.channels, norm)) {
        return ph_depthwise_convolve_s8(layer, input, weight, bias, norm, output);
    }
    for (int32_t first = 0; first < layer->input.channels; first += BLOCK, taps += taps_of_block(layer)) {
        convolve_block(layer, first, channels_of_block(layer, first), input, taps, bias, norm, output);
    }
    return PH_OK;
}

ph_status ph_packed_depthwise_s8(const ph_depthwise_conv2d *layer, const int8_t *input, const int8_t *weight,
                                 const int8_t *taps, const int32_t *bias, const uint8_t *norm, int8_t *output) {
    return convolve(layer, input, weight, taps, bias, norm, (ph_output){.s8 = output});
}

ph_status ph_packed_depthwise_s8_s16(const ph_depthwise_conv2d *layer, const int8_t *input, const int8_t *weight,
                                     const int8_t *taps, const int32_t *bias, const uint8_t *norm, int16_t *output) {
    return convolve(layer, input, weight, taps, bias, norm, (ph_output){.s16 = output});
}

#if defined(__x86_64__) && defined(__GNUC__)
#include "host/avx2_end.h"
#endif
