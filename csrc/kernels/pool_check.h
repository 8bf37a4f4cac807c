/* What pooling of any width refuses. */
#ifndef PEEPHOLE_KERNELS_POOL_CHECK_H
#define PEEPHOLE_KERNELS_POOL_CHECK_H

#include "kernels/window.h"
#include "peephole/pool.h"

/* Does every window of a direction meet the input? A window inside does; only one that hangs out may step over it. */
static inline bool ph_always_meets(ph_axis axis) {
    for (int32_t place = 0; place < axis.output && place * axis.stride < axis.padding; place++) {
        if (ph_span_at(&axis, place).count == 0) {
            return false;
        }
    }
    return true;
}

static inline bool ph_is_pool(ph_shape in, ph_shape out, int32_t channel, const ph_window *window) {
    return ph_is_shape(in) && ph_is_shape(out) && ph_is_slice(out, channel, in.channels) &&
           ph_is_window(in, out, window) && ph_always_meets(ph_rows(in, out, window)) &&
           ph_always_meets(ph_columns(in, out, window));
}

static inline bool ph_is_max_pool(const ph_max_pool *layer) {
    return ph_is_pool(layer->input, layer->output, layer->channel, &layer->window);
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
