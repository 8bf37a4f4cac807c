#include "arch/xpulp.h"
#include "kernels/conv2d_place.h"
#include "ports/gap8/parts.h"

/* Up to four outputs of a layer. */
typedef struct {
    const ph_conv2d *layer;
    const int16_t *input;  /* of their group */
    const int16_t *weight; /* of the first of them */
    const int32_t *bias;   /* [count] */
    const uint8_t *norm;   /* [count] */
    int16_t *output;       /* the first one's value of the first pixel */
    int32_t count;         /* of outputs */
} four_outputs;

/* A row of the output: its windows' rows, and the columns of which those of `inside` see no border. Units are what is
   computed at once: pairs of pixels inside, and single pixels. */
typedef struct {
    ph_axis along;
    ph_span inside;
    int32_t units;
} row_units;

static row_units units_of(const ph_conv2d *layer) {
    const ph_axis along = ph_columns(layer->input, layer->output, &layer->window);
    const ph_span inside = ph_inside(&along);
    return (row_units){along, inside, layer->output.width - inside.count / PH_TILE_PIXELS};
}

static inline void store(const four_outputs *four, const uint32_t *sums, int16_t *output) {
    const int32_t low = four->layer->low;
    const int32_t high = four->layer->high;
    for (int32_t k = 0; k < four->count; k++) {
        output[k] = (int16_t)ph_limit(ph_shift_round32((int32_t)sums[k], four->norm[k]), low, high);
    }
}

/* The pixel x of a row, or two from there on. */
static void convolve(const four_outputs *four, const ph_axis *along, ph_span rows, int32_t x, bool two,
                     int16_t *output) {
    const ph_conv2d *layer = four->layer;
    ph_place at = ph_place_at(layer, rows, ph_span_at(along, x));
    if (four->count < PH_TILE_OUTPUTS) {
        at.patch.output_step = 0; /* there are no four outputs left to read: make the one four times */
    }
    uint32_t sums[PH_TILE_SUMS];
    for (int32_t k = 0; k < PH_TILE_OUTPUTS; k++) {
        sums[k] = sums[PH_TILE_OUTPUTS + k] = (uint32_t)four->bias[k < four->count ? k : 0];
    }
    const int16_t *input = four->input + at.input;
    const int16_t *weight = four->weight + at.weight;
    const ptrdiff_t pixel_step = (ptrdiff_t)layer->window.stride_x * layer->input.channels;
    for (int32_t part = 0; part < at.patches; part++, input += at.input_step, weight += at.weight_step) {
        if (two) {
            ph_dot4x2_s16(&at.patch, pixel_step, input, weight, sums);
        } else {
            ph_dot4x1_s16(&at.patch, input, weight, sums);
        }
    }
    store(four, sums, output);
    if (two) {
        store(four, sums + PH_TILE_OUTPUTS, output + layer->output.channels);
    }
}

/* The units first .. end - 1 of the four outputs, counted row by row. */
static void convolve_units(const four_outputs *four, const row_units *row, int32_t first, int32_t end) {
    const ph_conv2d *layer = four->layer;
    const ph_axis down = ph_rows(layer->input, layer->output, &layer->window);
    const int32_t pairs = row->inside.count / PH_TILE_PIXELS;
    int32_t y = first / row->units;
    int32_t unit = first - y * row->units;
    ph_span rows = ph_span_at(&down, y);
    for (int32_t n = first; n < end; n++, unit++) {
        if (unit == row->units) {
            unit = 0;
            rows = ph_span_at(&down, ++y);
        }
        const int32_t behind = unit - row->inside.first; /* units of the row from the first pair on */
        const bool two = behind >= 0 && behind < pairs;
        const int32_t x = behind <= 0 ? unit : unit + (behind < pairs ? behind : pairs);
        const ptrdiff_t pixel = (ptrdiff_t)y * layer->output.width + x;
        convolve(four, &row->along, rows, x, two, four->output + pixel * layer->output.channels);
    }
}

/* A convolution of single pixels, each of which meets one: its rows may as well be one row. */
static ph_conv2d in_one_row(ph_conv2d layer) {
    const ph_window *window = &layer.window;
    if (window->kernel_height == 1 && window->kernel_width == 1 && window->stride_y == 1 && window->stride_x == 1 &&
        layer.input.height == layer.output.height && layer.input.width == layer.output.width) {
        layer.input.width *= layer.input.height;
        layer.output.width *= layer.output.height;
        layer.input.height = layer.output.height = 1;
    }
    return layer;
}

void ph_conv2d_part_s16(const ph_conv2d *whole, const int16_t *input, const int16_t *weight, const int32_t *bias,
                        const uint8_t *norm, int16_t *output, ph_share share) {
    const ph_conv2d layer = in_one_row(*whole);
    const int32_t inputs = ph_group_inputs(&layer);
    const int32_t outputs = layer.outputs / layer.groups;
    const ptrdiff_t kernel_size = (ptrdiff_t)layer.window.kernel_height * layer.window.kernel_width * inputs;
    const row_units row = units_of(&layer);
    const int32_t units = layer.output.height * row.units; /* of each block of outputs */
    const int32_t blocks = layer.groups * (outputs / PH_TILE_OUTPUTS + outputs % PH_TILE_OUTPUTS);
    const int32_t begin = ph_share_begin(share, blocks * units);
    const int32_t end = ph_share_end(share, blocks * units);
    int32_t start = 0; /* the first unit of the block */
    for (int32_t first = 0; first < layer.outputs && start < end; start += units) {
        const int32_t group = first / outputs;
        const int32_t count = (group + 1) * outputs - first >= PH_TILE_OUTPUTS ? PH_TILE_OUTPUTS : 1;
        if (begin < start + units) {
            const four_outputs four = {&layer,       input + group * inputs, weight + first * kernel_size,
                                       bias + first, norm + first,           output + layer.channel + first,
                                       count};
            convolve_units(&four, &row, begin > start ? begin - start : 0, end - start < units ? end - start : units);
        }
        first += count;
    }
}
