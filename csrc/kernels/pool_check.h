/* What pooling of any width refuses. */
#ifndef PEEPHOLE_KERNELS_POOL_CHECK_H
#define PEEPHOLE_KERNELS_POOL_CHECK_H

#include "peephole/pool.h"

static inline bool ph_is_maxpool(ph_shape in, int32_t size, int32_t stride, ph_shape out, int32_t channel) {
    return ph_is_shape(in) && ph_is_shape(out) && ph_is_side(size) && ph_is_side(stride) &&
           ph_is_slice(out, channel, in.channels) && size <= in.height && size <= in.width &&
           out.height == (in.height - size) / stride + 1 && out.width == (in.width - size) / stride + 1;
}

/* Sums are bounded as those of 16 bits. */
static inline ph_status ph_check_average(ph_shape in, int32_t factor, uint8_t shift, ph_shape out, int32_t channel) {
    if (!ph_is_shape(in) || !ph_is_shape(out) || out.height != 1 || out.width != 1 ||
        !ph_is_slice(out, channel, in.channels)) {
        return PH_BAD_SHAPE;
    }
    const int64_t pixels = (int64_t)in.height * in.width;
    const bool fits = factor == 0 || (factor > 0 && pixels <= (INT64_C(1) << 62) / 32768 / factor);
    return fits && shift <= 61 ? PH_OK : PH_BAD_ARGUMENT;
}

#endif
