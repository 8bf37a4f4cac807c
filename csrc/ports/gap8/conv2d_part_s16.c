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
    bool quick;            /* are there four, and every norm at least 2 */
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

/* round(sum / 2^norm), norm >= 2, clipped: half of what is shifted by one less, which has room to add. */
static inline int16_t round_quick(uint32_t sum, uint8_t norm, int32_t low, int32_t high) {
    const int32_t doubled = (int32_t)sum >> (norm - 1);
    return (int16_t)ph_limit((doubled + 1) >> 1, low, high);
}

/* Rounds the sums of one pixel and writes them. */
static inline void store(const four_outputs *four, const uint32_t sums[PH_TILE_OUTPUTS], int16_t *output) {
    for (int32_t k = 0; k < four->count; k++) {
        const int32_t y = ph_shift_round32((int32_t)sums[k], four->norm[k]);
        output[k] = (int16_t)ph_limit(y, four->layer->low, four->layer->high);
    }
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

/* The same where there are four outputs whose norms are at least 2, and windows of one patch of more than one value:
   nearly always. What is needed for every pair is taken out of structs once, by a function that has the registers for
   itself.
 */
static PH_NOINLINE void convolve_pairs_quickly(const four_outputs *four, const ph_place *at, int32_t pairs,
                                               int16_t *output) {
    const ptrdiff_t pixel_step = (ptrdiff_t)four->layer->window.stride_x * four->layer->input.channels;
    const ptrdiff_t output_step = four->layer->output.channels;
    const int32_t low = four->layer->low, high = four->layer->high;
    const int32_t rows = at->patch.rows, words = at->patch.length >> 1;
    const bool odd = at->patch.length & 1;
    const ptrdiff_t next = at->patch.output_step, input_step = at->patch.input_step;
    const ptrdiff_t weight_step = at->patch.weight_step;
    const int32_t *bias = four->bias;
    const uint8_t *norm = four->norm;
    const int16_t *first = four->input + at->input, *weights = four->weight + at->weight;
    for (int32_t pair = 0; pair < pairs; pair++) {
        uint32_t sums[PH_TILE_SUMS];
        sums[0] = sums[4] = (uint32_t)bias[0];
        sums[1] = sums[5] = (uint32_t)bias[1];
        sums[2] = sums[6] = (uint32_t)bias[2];
        sums[3] = sums[7] = (uint32_t)bias[3];
        const int16_t *input = first, *weight = weights;
        for (int32_t row = 0; row < rows; row++, input += input_step, weight += weight_step) {
            ph_runs_s16 runs = {input, input + pixel_step, weight, weight + next, weight + 2 * next, weight + 3 * next};
            ph_tile4x2_s16(words, &runs, sums);
            if (odd) {
                ph_tile4x2_rest_s16(&runs, sums);
            }
        }
        output[0] = round_quick(sums[0], norm[0], low, high);
        output[1] = round_quick(sums[1], norm[1], low, high);
        output[2] = round_quick(sums[2], norm[2], low, high);
        output[3] = round_quick(sums[3], norm[3], low, high);
        output += output_step;
        output[0] = round_quick(sums[4], norm[0], low, high);
        output[1] = round_quick(sums[5], norm[1], low, high);
        output[2] = round_quick(sums[6], norm[2], low, high);
        output[3] = round_quick(sums[7], norm[3], low, high);
        output += output_step;
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
            if (four->quick && at.patches == 1 && at.patch.length > 1) {
                convolve_pairs_quickly(four, &at, made, output);
            } else {
                convolve_pairs(four, &at, made, output);
            }
        } else {
            convolve_one(four, &at, output);
        }
        n += made;
        unit += made;
    }
}

static bool is_quick(const uint8_t norm[PH_TILE_OUTPUTS]) {
    return norm[0] > 1 && norm[1] > 1 && norm[2] > 1 && norm[3] > 1;
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
            const four_outputs four = {&layer,
                                       input + group * inputs,
                                       weight + first * kernel_size,
                                       bias + first,
                                       norm + first,
                                       output + layer.channel + first,
                                       count,
                                       count == PH_TILE_OUTPUTS && is_quick(norm + first)};
            convolve_units(&four, &row, from > start ? from - start : 0, end - start < units ? end - start : units);
        }
        first += count;
    }
}
