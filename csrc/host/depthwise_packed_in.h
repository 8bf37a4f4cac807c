/* What both widths share; whoever includes this has included the kernel, and says of what VALUE its weights are, and
   names the function that lays them out (PACK). */
static inline int32_t channels_of_block(const ph_depthwise_conv2d *layer, int32_t first) {
    return layer->input.channels - first < BLOCK ? layer->input.channels - first : BLOCK;
}

static inline ptrdiff_t taps_of_block(const ph_depthwise_conv2d *layer) {
    return (ptrdiff_t)layer->window.kernel_height * layer->window.kernel_width * BLOCK;
}

void PACK(const ph_depthwise_conv2d *layer, const VALUE *weight, VALUE *taps) {
    const ptrdiff_t size = taps_of_block(layer) / BLOCK;
    for (int32_t first = 0; first < layer->input.channels; first += BLOCK, taps += taps_of_block(layer)) {
        for (int32_t c = 0; c < BLOCK; c++) {
            for (ptrdiff_t tap = 0; tap < size; tap++) {
                taps[tap * BLOCK + c] =
                    (VALUE)(c < channels_of_block(layer, first) ? weight[(first + c) * size + tap] : 0);
            }
        }
    }
}
