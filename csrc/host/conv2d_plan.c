/* How a convolution is computed by vectors: which stretches of the prepared input a window is, and where they lie. */
#include "host/conv2d_tiles.h"
#include "kernels/conv2d_blocked.h"
#include "kernels/conv2d_place.h"

enum { NARROW_ROW = 8, MOST_BYTES = INT32_MAX / 8 };

static bool can_be_packed(const ph_conv2d *layer, const uint8_t *norm, ph_path path) {
    return path != PH_PORTABLE && ph_path_runs(path) && ph_is_conv2d(layer) && ph_can_be_blocked(layer) &&
           layer->groups == 1 && ph_are_norms(layer->outputs, norm) &&
           ph_is_clip(layer->low, layer->high, INT16_MIN, INT16_MAX);
}

static bool are_at_least_2(int32_t count, const uint8_t *norm) {
    for (int32_t o = 0; o < count; o++) {
        if (norm[o] < 2) {
            return false;
        }
    }
    return true;
}

/* Does no window hang out of the input? */
static bool lies_inside(ph_axis axis) {
    return axis.padding == 0 && (axis.output - 1) * axis.stride + (axis.kernel - 1) * axis.dilation < axis.input;
}

/* Rows or columns from the first that a window meets to the last. */
static int32_t extent_of(ph_axis axis) {
    return (axis.output - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
}

/* The stretches of a window. Returns the values of one. */
static int64_t plan_stretches(ph_packed_conv2d *packed) {
    const ph_window *window = &packed->layer.window;
    const bool side_by_side = window->dilation_x == 1 || window->kernel_width == 1;
    const int64_t values = (int64_t)(side_by_side ? window->kernel_width : 1) * packed->layer.input.channels;
    packed->runs = window->kernel_height;
    packed->columns = side_by_side ? 1 : window->kernel_width;
    packed->units = (int32_t)((values * packed->value_bytes + 3) / 4);
    return values;
}

/* The input as it is, where whole units lie inside of it everywhere, or a copy with zeros around it. */
static void plan_rows(ph_packed_conv2d *packed, int64_t values) {
    const ph_conv2d *layer = &packed->layer;
    const ph_window *window = &layer->window;
    const ph_axis down = ph_rows(layer->input, layer->output, window);
    const ph_axis along = ph_columns(layer->input, layer->output, window);
    const bool as_it_is = lies_inside(down) && lies_inside(along) && packed->bits == 16 && values % 2 == 0;
    packed->preparing = as_it_is ? PH_AS_IT_IS : PH_PADDED;
    packed->prepared_height = as_it_is ? layer->input.height : extent_of(down);
    packed->prepared_width = as_it_is ? layer->input.width : extent_of(along);
    const ptrdiff_t pixel = (ptrdiff_t)layer->input.channels * packed->value_bytes;
    packed->column_step = window->dilation_x * pixel;
    packed->run_step = (ptrdiff_t)window->dilation_y * packed->prepared_width * pixel;
    packed->pixel_step = window->stride_x * pixel;
    packed->row_step = (ptrdiff_t)window->stride_y * packed->prepared_width * pixel;
    packed->rows = layer->output.height;
    packed->pixels = layer->output.width;
}

/* A copy of every window, so that all pixels lie alike and are one row. */
static void plan_windows(ph_packed_conv2d *packed) {
    packed->preparing = PH_GATHERED;
    packed->column_step = (ptrdiff_t)packed->units * 4;
    packed->run_step = packed->columns * packed->column_step;
    packed->pixel_step = packed->runs * packed->run_step;
    packed->pixels *= packed->rows;
    packed->rows = 1;
}

/* Are there fewer bytes than 32 bits count, of the prepared input and of the weights of a block? */
static bool fits(const ph_packed_conv2d *packed) {
    const int64_t window = (int64_t)packed->runs * packed->columns * packed->units * 4;
    const int64_t pixels = (int64_t)packed->layer.output.height * packed->layer.output.width;
    const int64_t prepared =
        (int64_t)packed->prepared_height * packed->prepared_width * packed->layer.input.channels * packed->value_bytes;
    return window * PH_PACKED_BLOCK <= MOST_BYTES && prepared <= MOST_BYTES &&
           (packed->preparing != PH_GATHERED || window * pixels <= MOST_BYTES);
}

bool ph_plan_packed_conv2d(const ph_conv2d *layer, int32_t bits, const uint8_t *norm, ph_path path,
                           ph_packed_conv2d *packed) {
    if (!can_be_packed(layer, norm, path)) {
        return false;
    }
    *packed = (ph_packed_conv2d){
        .layer = ph_in_one_row(*layer),
        .path = path,
        .bits = bits,
        .value_bytes = bits == 8 && path != PH_AVX2 && path != PH_NEON ? 1 : 2,
        .shifts_twice = are_at_least_2(layer->outputs, norm),
    };
    plan_rows(packed, plan_stretches(packed));
    if (packed->pixels < NARROW_ROW && packed->rows > 1) {
        plan_windows(packed);
    }
    return fits(packed);
}
