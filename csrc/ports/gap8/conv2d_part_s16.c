#include "arch/xpulp.h"
#include "kernels/conv2d_place.h"
#include "ports/gap8/parts.h"

/* A function of its own has the registers for itself. */
#if defined(__GNUC__)
#define PH_NOINLINE __attribute__((noinline))
#else
#define PH_NOINLINE
#endif

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

/* Rounds the sums of one pixel and writes them. */
static inline void store(const four_outputs *four, const uint32_t sums[PH_TILE_OUTPUTS], int16_t *output) {
    const int32_t low = four->layer->low;
    const int32_t high = four->layer->high;
    if (four->count < PH_TILE_OUTPUTS) {
        output[0] = (int16_t)ph_limit(ph_shift_round32((int32_t)sums[0], four->norm[0]), low, high);
        return;
    }
    output[0] = (int16_t)ph_limit(ph_shift_round32((int32_t)sums[0], four->norm[0]), low, high);
    output[1] = (int16_t)ph_limit(ph_shift_round32((int32_t)sums[1], four->norm[1]), low, high);
    output[2] = (int16_t)ph_limit(ph_shift_round32((int32_t)sums[2], four->norm[2]), low, high);
    output[3] = (int16_t)ph_limit(ph_shift_round32((int32_t)sums[3], four->norm[3]), low, high);
}

/* Where the window of pixel x of a row lies; where there are no four outputs left to read, the one is made four times.
 */
static ph_place place_of(const four_outputs *four, const ph_axis *along, ph_span rows, int32_t x) {
    ph_place at = ph_place_at(four->layer, rows, ph_span_at(along, x));
    if (four->count < PH_TILE_OUTPUTS) {
        at.patch.output_step = 0;
    }
    return at;
}

static inline void begin(const four_outputs *four, uint32_t sums[PH_TILE_OUTPUTS]) {
    const bool all = four->count == PH_TILE_OUTPUTS;
    sums[0] = (uint32_t)four->bias[0];
    sums[1] = (uint32_t)four->bias[all ? 1 : 0];
    sums[2] = (uint32_t)four->bias[all ? 2 : 0];
    sums[3] = (uint32_t)four->bias[all ? 3 : 0];
}

/* One pixel. */
static void convolve_one(const four_outputs *four, const ph_place *at, int16_t *output) {
    const int16_t *input = four->input + at->input;
    const int16_t *weight = four->weight + at->weight;
    uint32_t sums[PH_TILE_OUTPUTS];
    begin(four, sums);
    for (int32_t part = 0; part < at->patches; part++, input += at->input_step, weight += at->weight_step) {
        ph_dot4x1_s16(&at->patch, input, weight, sums);
    }
    store(four, sums, output);
}

/* So many pairs of pixels side by side, whose windows all lie like the first one's. */
static void convolve_pairs(const four_outputs *four, const ph_place *at, int32_t pairs, int16_t *output) {
    const ph_conv2d *layer = four->layer;
    const ptrdiff_t pixel_step = (ptrdiff_t)layer->window.stride_x * layer->input.channels;
    const ptrdiff_t output_step = layer->output.channels;
    const int16_t *first = four->input + at->input;
    for (int32_t pair = 0; pair < pairs; pair++) {
        const int16_t *input = first;
        const int16_t *weight = four->weight + at->weight;
        uint32_t sums[PH_TILE_SUMS];
        begin(four, sums);
        sums[4] = sums[0], sums[5] = sums[1], sums[6] = sums[2], sums[7] = sums[3];
        for (int32_t part = 0; part < at->patches; part++, input += at->input_step, weight += at->weight_step) {
            ph_dot4x2_s16(&at->patch, pixel_step, input, weight, sums);
        }
        store(four, sums, output);
        store(four, sums + PH_TILE_OUTPUTS, output + output_step);
        output += PH_TILE_PIXELS * output_step;
        first += PH_TILE_PIXELS * pixel_step;
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
    for (int32_t n = first; n < end;) {
        if (unit == row->units) {
            unit = 0;
            rows = ph_span_at(&down, ++y);
        }
        const int32_t behind = unit - row->inside.first; /* units of the row from the first pair on */
        const int32_t x = behind <= 0 ? unit : unit + (behind < pairs ? behind : pairs);
        const ph_place at = place_of(four, &row->along, rows, x);
        int16_t *output = four->output + ((ptrdiff_t)y * layer->output.width + x) * layer->output.channels;
        int32_t made = 1;
        if (behind >= 0 && behind < pairs) {
            made = pairs - behind < end - n ? pairs - behind : end - n;
            convolve_pairs(four, &at, made, output);
        } else {
            convolve_one(four, &at, output);
        }
        n += made;
        unit += made;
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
    const int32_t from = ph_share_begin(share, blocks * units);
    const int32_t end = ph_share_end(share, blocks * units);
    ph_fence();
    int32_t start = 0; /* the first unit of the block */
    for (int32_t first = 0; first < layer.outputs && start < end; start += units) {
        const int32_t group = first / outputs;
        const int32_t count = (group + 1) * outputs - first >= PH_TILE_OUTPUTS ? PH_TILE_OUTPUTS : 1;
        if (from < start + units) {
            const four_outputs four = {&layer,       input + group * inputs, weight + first * kernel_size,
                                       bias + first, norm + first,           output + layer.channel + first,
                                       count};
            convolve_units(&four, &row, from > start ? from - start : 0, end - start < units ? end - start : units);
        }
        first += count;
    }
}
