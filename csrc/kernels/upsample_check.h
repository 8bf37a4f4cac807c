/* What upsampling of any width refuses. */
#ifndef PEEPHOLE_KERNELS_UPSAMPLE_CHECK_H
#define PEEPHOLE_KERNELS_UPSAMPLE_CHECK_H

#include "peephole/upsample.h"

static inline bool ph_is_upsample(const ph_upsample *layer) {
    const ph_shape in = layer->input, out = layer->output;
    return ph_is_shape(in) && ph_is_shape(out) && out.height == 2 * in.height && out.width == 2 * in.width &&
           ph_is_slice(out, layer->channel, in.channels);
}

#endif
