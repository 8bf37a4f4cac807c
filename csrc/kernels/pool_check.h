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

/* The direction with its padding for input, so that the taps that meet it are those that count. */
static inline ph_axis ph_counted(ph_axis axis, int32_t padding_after) {
    axis.input += axis.padding + padding_after;
    axis.padding = 0;
    return axis;
}

/* How many taps of a direction count at every place: ph_span_at of these. */
typedef struct {
    ph_axis down;
    ph_axis along;
} ph_counting;

static inline ph_counting ph_counting_of(const ph_average_pool *layer) {
    const ph_axis down = ph_rows(layer->input, layer->output, &layer->window);
    const ph_axis along = ph_columns(layer->input, layer->output, &layer->window);
    if (!layer->counts_padding) {
        return (ph_counting){down, along};
    }
    return (ph_counting){ph_counted(down, layer->padding_bottom), ph_counted(along, layer->padding_right)};
}

static inline ph_status ph_check_average_pool(const ph_average_pool *layer, const int32_t *factor) {
    const ph_window *window = &layer->window;
    const ph_shape in = layer->input;
    const ph_shape out = layer->output;
    if (!ph_is_shape(in) || !ph_is_shape(out) || !ph_is_slice(out, layer->channel, in.channels) ||
        !ph_is_window(in, out, window) || layer->padding_bottom < 0 || layer->padding_bottom > PH_MAX_SIDE ||
        layer->padding_right < 0 || layer->padding_right > PH_MAX_SIDE ||
        window->kernel_height * window->kernel_width > PH_AVERAGE_POOL_MAX_TAPS) {
        return PH_BAD_SHAPE;
    }
    if (!layer->counts_padding &&
        !(ph_always_meets(ph_rows(in, out, window)) && ph_always_meets(ph_columns(in, out, window)))) {
        return PH_BAD_SHAPE;
    }
    for (int32_t n = 1; n <= window->kernel_height * window->kernel_width; n++) {
        if (factor[n - 1] < 0) {
            return PH_BAD_ARGUMENT;
        }
    }
    return layer->shift <= 61 ? PH_OK : PH_BAD_ARGUMENT;
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
