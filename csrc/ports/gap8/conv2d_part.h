/* A core's part of a convolution, for a type that is read and one that is written: include it with PH_VALUE,
   PH_WRITTEN, PH_PIXELS (what PH_DEFINE_PIXELS has defined for them), and PH_PART, the function's name. Blocks of four
   outputs are the outer loop, or single ones where no four are left in a group; their pixels fall to the cores in equal
   numbers. */
#include "kernels/conv2d_place.h"
#include "ports/gap8/parts.h"

enum { VALUE = sizeof(PH_VALUE), WRITTEN = sizeof(PH_WRITTEN), VALUES_OF_A_WORD = 4 / sizeof(PH_VALUE) };

/* What a call's pixels have in common. Distances are bytes. */
typedef struct {
    ph_axis down, across;
    ph_span rows_inside, columns_inside; /* of the output, where windows see no border */
    int32_t inputs;                      /* channels that an output sees */
    int32_t x_pixel, x_row;              /* from a pixel, or a row, of the input to the next */
    int32_t x_window;                    /* from a row of a window to the next */
    int32_t y_pixel, y_row;              /* of the output */
    int32_t w_tap, w_row;                /* of the weights */
    ph_pixels pixels;
} walk;

/* As ph_span_at, where dilation is 1 without a division. */
static inline ph_span span_at(const ph_axis *axis, int32_t place) {
    if (axis->dilation > 1) {
        return ph_span_at(axis, place);
    }
    const int32_t start = place * axis->stride - axis->padding;
    const int32_t first = start < 0 ? -start : 0;
    const int32_t left = axis->input - start;
    return (ph_span){first, (axis->kernel < left ? axis->kernel : left) - first, start + first};
}

/* As ph_inside. */
static inline ph_span inside_of(const ph_axis *axis) {
    if (axis->stride > 1) {
        return ph_inside(axis);
    }
    const int32_t end = axis->input + axis->padding - (axis->kernel - 1) * axis->dilation;
    const int32_t last = end < axis->output ? end : axis->output;
    return (ph_span){axis->padding, last > axis->padding ? last - axis->padding : 0, 0};
}

/* Does PH_PIXELS know windows like these? Their taps lie side by side. */
static inline bool is_quick(const ph_conv2d *layer) {
    return layer->window.kernel_width == 1 || (layer->groups == 1 && layer->window.dilation_x == 1);
}

/* Pixels side by side, or below each other, from (y, x) on, whose windows all lie alike. The block's first channels of
   the input and weights begin at input and weight, and made is where its first pixel is written; alone: the block is of
   one output, which is made four times. */
static void convolve_line(walk *of, const char *input, const char *weight, char *made, int32_t y, int32_t x,
                          int32_t count, bool along, bool alone) {
    ph_pixels *now = &of->pixels;
    const ph_span rows = span_at(&of->down, y), columns = span_at(&of->across, x);
    const bool sees = rows.count > 0 && columns.count > 0;
    const int32_t length = sees ? columns.count * of->inputs : 0;
    const int32_t y_next = along ? of->y_pixel : of->y_row;
    now->x = sees ? input + rows.start * of->x_row + columns.start * of->x_pixel : input;
    now->w = sees ? weight + rows.first * of->w_row + columns.first * of->w_tap : weight;
    now->x_next = along ? of->across.stride * of->x_pixel : of->down.stride * of->x_row;
    now->rows = sees ? rows.count : 1;
    now->words = length / VALUES_OF_A_WORD;
    now->rest = length % VALUES_OF_A_WORD;
    now->x_row = of->x_window - length * VALUE;
    now->w_row = of->w_row - length * VALUE;
    made += y * of->y_row + x * of->y_pixel;
    if (alone) {
        PH_WRITTEN four[PH_GROUP_OUTPUTS];
        for (; count > 0; count--, made += y_next) {
            now->groups = 1;
            now->x_group = now->x_next;
            now->y = four;
            PH_PIXELS(now, 1);
            *(PH_WRITTEN *)(void *)made = four[0];
        }
        return;
    }
    now->y = made;
    now->y_next = y_next;
    now->x_group = PH_GROUP_PIXELS * now->x_next;
    for (now->groups = 0; count >= PH_GROUP_PIXELS; count -= PH_GROUP_PIXELS) {
        now->groups++;
    }
    if (now->groups > 0) {
        PH_PIXELS(now, PH_GROUP_PIXELS);
    }
    if (count > 0) {
        now->groups = 1;
        PH_PIXELS(now, count);
    }
}

static inline int32_t least(int32_t a, int32_t b) {
    return a < b ? a : b;
}

/* The pixels first .. end - 1 of a block: those of columns whose windows lie inside, row by row, and then the others,
   column by column. */
static void convolve_block(walk *of, const char *input, const char *weight, char *made, int32_t first, int32_t end,
                           bool alone) {
    const int32_t height = of->down.output;
    const ph_span inside = of->columns_inside, rows_inside = of->rows_inside;
    int32_t n = 0, next;
    for (int32_t y = 0; y < height && n < end; y++, n = next) {
        next = n + inside.count;
        if (next > first) {
            const int32_t from = n > first ? n : first;
            const int32_t x = inside.first + from - n;
            convolve_line(of, input, weight, made, y, x, least(next, end) - from, true, alone);
        }
    }
    for (int32_t x = 0; n < end; x++) {
        if (x == inside.first) {
            x += inside.count;
        }
        for (int32_t y = 0; y < height && n < end; n = next) {
            int32_t count = 1;
            if (y >= rows_inside.first && y < rows_inside.first + rows_inside.count) {
                count = rows_inside.first + rows_inside.count - y;
            }
            next = n + count;
            if (next > first) {
                const int32_t from = n > first ? n : first;
                convolve_line(of, input, weight, made, y + from - n, x, least(next, end) - from, false, alone);
            }
            y += count;
        }
    }
}

/* One output value by portable C, for what PH_PIXELS does not know. */
static void convolve_slowly(const ph_conv2d *layer, int32_t o, int32_t y, int32_t x, const PH_VALUE *input,
                            const PH_VALUE *weight, int32_t bias, uint8_t norm, PH_WRITTEN *output) {
    const ph_axis down = ph_rows(layer->input, layer->output, &layer->window);
    const ph_axis across = ph_columns(layer->input, layer->output, &layer->window);
    const ph_place at = ph_place_at(layer, ph_span_at(&down, y), ph_span_at(&across, x));
    const ph_patch *patch = &at.patch;
    const int32_t inputs = ph_group_inputs(layer);
    input += at.input + o / (layer->outputs / layer->groups) * inputs;
    weight += at.weight + (ptrdiff_t)o * layer->window.kernel_height * layer->window.kernel_width * inputs;
    uint32_t sum = (uint32_t)bias;
    for (int32_t part = 0; part < at.patches; part++, input += at.input_step, weight += at.weight_step) {
        for (int32_t row = 0; row < patch->rows; row++) {
            for (int32_t i = 0; i < patch->length; i++) {
                sum = ph_mac(sum, input[row * patch->input_step + i], weight[row * patch->weight_step + i]);
            }
        }
    }
    output[((ptrdiff_t)y * layer->output.width + x) * layer->output.channels + layer->channel + o] =
        (PH_WRITTEN)ph_limit(ph_shift_round32((int32_t)sum, norm), layer->low, layer->high);
}

/* A convolution of single pixels, each of which meets one: its rows may as well be one row. */
static inline bool is_of_pixels(const ph_conv2d *layer) {
    const ph_window *window = &layer->window;
    return window->kernel_height == 1 && window->kernel_width == 1 && window->stride_y == 1 && window->stride_x == 1 &&
           layer->input.height == layer->output.height && layer->input.width == layer->output.width;
}

static void begin_walk(walk *of, const ph_conv2d *layer) {
    ph_shape in = layer->input, out = layer->output;
    if (is_of_pixels(layer)) {
        in.width *= in.height;
        out.width *= out.height;
        in.height = out.height = 1;
    }
    of->down = ph_rows(in, out, &layer->window);
    of->across = ph_columns(in, out, &layer->window);
    of->rows_inside = inside_of(&of->down);
    of->columns_inside = inside_of(&of->across);
    of->inputs = layer->groups > 1 ? ph_group_inputs(layer) : in.channels;
    of->x_pixel = in.channels * VALUE;
    of->x_row = in.width * of->x_pixel;
    of->x_window = layer->window.dilation_y * of->x_row;
    of->y_pixel = out.channels * WRITTEN;
    of->y_row = out.width * of->y_pixel;
    of->w_tap = of->inputs * VALUE;
    of->w_row = layer->window.kernel_width * of->w_tap;
    of->pixels.low = layer->low;
    of->pixels.high = layer->high;
}

/* The first `count` outputs, 4 or 1, of a block. Returns whether every norm is at least 2, so that PH_PIXELS can round.
 */
static inline bool begin_block(ph_pixels *now, int32_t count, int32_t kernel, const int32_t *bias,
                               const uint8_t *norm) {
    now->w_next = count > 1 ? kernel : 0;
    bool quick = true;
    for (int32_t k = 0; k < PH_GROUP_OUTPUTS; k++) {
        const int32_t from = count > 1 ? k : 0;
        now->bias[k] = (uint32_t)bias[from];
        now->shift[k] = (uint8_t)(norm[from] - 1);
        quick = quick && norm[from] > 1;
    }
    return quick;
}

void PH_PART(const ph_conv2d *layer, const PH_VALUE *input, const PH_VALUE *weight, const int32_t *bias,
             const uint8_t *norm, PH_WRITTEN *output, ph_share share) {
    walk of;
    begin_walk(&of, layer);
    const int32_t groups = layer->groups, outputs = groups > 1 ? layer->outputs / groups : layer->outputs;
    const int32_t fours = outputs / PH_GROUP_OUTPUTS, blocks = fours + outputs % PH_GROUP_OUTPUTS; /* of a group */
    const int32_t pixels = of.down.output * of.across.output;
    const int32_t kernel = layer->window.kernel_height * of.w_row;
    const int32_t begin = ph_share_begin(share, groups * blocks * pixels);
    const int32_t end = ph_share_end(share, groups * blocks * pixels);
    const bool quick = is_quick(layer);
    int32_t block = begin / pixels;
    for (int32_t n = block * pixels; n < end; n += pixels, block++) {
        const int32_t group = groups > 1 ? block / blocks : 0, behind = block - group * blocks;
        const int32_t count = behind < fours ? PH_GROUP_OUTPUTS : 1;
        const int32_t first = group * outputs + (count > 1 ? PH_GROUP_OUTPUTS * behind : behind + 3 * fours);
        const int32_t from = begin > n ? begin - n : 0, to = least(end - n, pixels);
        if (begin_block(&of.pixels, count, kernel, bias + first, norm + first) && quick) {
            const char *x = (const char *)(input + group * of.inputs), *w = (const char *)weight + first * kernel;
            convolve_block(&of, x, w, (char *)(output + layer->channel + first), from, to, count == 1);
            continue;
        }
        for (int32_t p = from; p < to; p++) {
            const int32_t y = p / layer->output.width, x = p - y * layer->output.width;
            for (int32_t k = first; k < first + count; k++) {
                convolve_slowly(layer, k, y, x, input, weight, bias[k], norm[k], output);
            }
        }
    }
}
