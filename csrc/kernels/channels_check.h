/* What moving channels of any width refuses, and what becomes of a number that is moved. */
#ifndef PEEPHOLE_KERNELS_CHANNELS_CHECK_H
#define PEEPHOLE_KERNELS_CHANNELS_CHECK_H

#include "arch/generic.h"
#include "peephole/channels.h"

static inline bool ph_have_same_size(ph_shape in, ph_shape out) {
    return ph_is_shape(in) && ph_is_shape(out) && in.height == out.height && in.width == out.width;
}

/* least, greatest: the limits of the output's type. */
static inline ph_status ph_check_copy(const ph_copy_channels *layer, int32_t least, int32_t greatest) {
    if (!ph_have_same_size(layer->input, layer->output) || !ph_is_slice(layer->input, layer->first, layer->count) ||
        !ph_is_slice(layer->output, layer->channel, layer->count)) {
        return PH_BAD_SHAPE;
    }
    const bool fits = layer->shift >= -31 && layer->shift <= 31 && ph_is_clip(layer->low, layer->high, least, greatest);
    return fits ? PH_OK : PH_BAD_ARGUMENT;
}

/* value * 2^shift, rounded, clipped to low .. high. A shift by more than 15 clips whatever is not 0, as one by 15 does:
   low and high have 16 bits. */
static inline int32_t ph_shift_clip(int32_t value, const ph_copy_channels *layer) {
    const int32_t left = layer->shift < 15 ? layer->shift : 15;
    const int32_t y =
        layer->shift < 0 ? ph_shift_round32(value, (unsigned)-layer->shift) : value * ((int32_t)1 << left);
    return ph_clip32(y, layer->low, layer->high);
}

static inline bool ph_is_shuffle(const ph_shuffle_channels *layer) {
    return ph_have_same_size(layer->input, layer->output) &&
           ph_is_slice(layer->output, layer->channel, layer->input.channels) && ph_is_side(layer->groups) &&
           layer->input.channels % layer->groups == 0;
}

#endif
