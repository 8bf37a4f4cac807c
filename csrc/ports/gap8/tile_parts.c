#include "ports/gap8/tiles.h"

ph_tile ph_tile_rows(const ph_tile *tile, const ph_window *window, int32_t input_bytes, int32_t output_bytes,
                     ph_share share) {
    ph_tile part = *tile;
    const int32_t first = ph_share_begin(share, tile->output.height);
    const int32_t end = ph_share_end(share, tile->output.height);
    part.output.height = end - first;
    if (end == first) {
        return part;
    }
    int32_t begin = first;
    int32_t stop = end;
    if (window != NULL) {
        begin = first * window->stride_y - tile->padding_top;
        stop = (end - 1) * window->stride_y - tile->padding_top + (window->kernel_height - 1) * window->dilation_y + 1;
    }
    const int32_t inside = begin > 0 ? begin : 0;
    const ptrdiff_t row = (ptrdiff_t)tile->input.width * tile->input.channels * input_bytes;
    part.padding_top = inside - begin;
    part.input.height = (stop < tile->input.height ? stop : tile->input.height) - inside;
    part.source[0] += inside * row;
    part.source[1] += inside * row;
    part.made += (ptrdiff_t)first * tile->output.width * tile->output.channels * output_bytes;
    return part;
}

ph_tile ph_tile_pixels(const ph_tile *tile, int32_t input_bytes, int32_t output_bytes, ph_share share) {
    ph_tile flat = *tile;
    flat.input.height *= flat.input.width;
    flat.output.height *= flat.output.width;
    flat.input.width = flat.output.width = 1;
    return ph_tile_rows(&flat, NULL, input_bytes, output_bytes, share);
}
