#include "ports/gap8/tiles.h"

/* First .. end - 1 of a direction. */
typedef struct {
    int32_t first, end;
} span;

/* A tile of a call: the part of the output that it makes, counted in the rows wanted and the layer's own channels; what
   it reads of the rows at hand; and how far its first window hangs out. */
typedef struct {
    span rows, columns, channels;
    span seen_rows, seen_columns, seen_channels;
    int32_t top, left;
    int32_t part;  /* which channels */
    int32_t apart; /* of which pass: bytes from the second one's tensors */
} place;

/* A call on its way. */
typedef struct {
    const ph_machine *machine;
    const ph_tiled *tiled;
    const ph_tiling *tiling;
    uint8_t *source[2]; /* in L2: the first row at hand */
    int32_t sources;
    uint8_t *made; /* in L2: the first row wanted */
    ph_copies in, out;
    ph_stream *weights;
    int32_t along, map, pixels, parts; /* tiles in a row of tiles, of a map, of all maps, of channels */
    bool mirrored;
    place loaded; /* what was loaded last, and into which half */
    bool any;
    int32_t input_half, weight_half;
} call;

static inline span split(int32_t side, int32_t size, int32_t number) {
    const int32_t first = number * size;
    return (span){first, first + size < side ? first + size : side};
}

static inline int32_t parts_of(int32_t side, int32_t size) {
    return (side + size - 1) / size;
}

/* What windows at `of` see of `side` rows or columns; out: how far the first one hangs out. */
static span see(span of, int32_t stride, int32_t padding, int32_t extent, int32_t side, int32_t *out) {
    const int32_t begin = of.first * stride - padding;
    const int32_t end = (of.end - 1) * stride - padding + extent;
    const int32_t first = begin > 0 ? begin : 0;
    *out = first - begin;
    return (span){first, end < side ? end : side};
}

static span channels_read(const ph_tiled *tiled, span channels) {
    if (tiled->groups == 0) {
        return (span){tiled->first_read + channels.first, tiled->first_read + channels.end};
    }
    const int32_t inputs = tiled->input.channels / tiled->groups;
    const int32_t outputs = tiled->channels / tiled->groups;
    return (span){channels.first / outputs * inputs, ((channels.end - 1) / outputs + 1) * inputs};
}

/* Tile number n. */
static place place_of(const call *of, int32_t n) {
    const ph_tiled *tiled = of->tiled;
    const ph_tiling *tiling = of->tiling;
    const int32_t part = tiling->channels_first ? n / of->pixels : n % of->parts;
    const int32_t all = tiling->channels_first ? n % of->pixels : n / of->parts;
    const int32_t pixel = all < of->map ? all : all - of->map;
    place at = {
        .rows = split(tiling->rows, tiling->tile_rows, pixel / of->along),
        .columns = split(tiled->output.width, tiling->tile_columns, pixel % of->along),
        .channels = split(tiled->channels, tiling->tile_channels, part),
        .part = part,
        .apart = all < of->map ? tiled->apart : 0,
    };
    at.seen_channels = channels_read(tiled, at.channels);
    const ph_window *window = tiled->window;
    if (window != NULL) {
        const int32_t down = (window->kernel_height - 1) * window->dilation_y + 1;
        const int32_t across = (window->kernel_width - 1) * window->dilation_x + 1;
        at.seen_rows = see(at.rows, window->stride_y, tiling->top, down, tiling->seen, &at.top);
        at.seen_columns = see(at.columns, window->stride_x, window->padding_left, across, tiled->input.width, &at.left);
    } else if (tiling->rows == tiling->seen && tiled->output.width == tiled->input.width) {
        const int32_t width = tiled->input.width;
        at.seen_rows = at.rows;
        at.seen_columns = of->mirrored ? (span){width - at.columns.end, width - at.columns.first} : at.columns;
    } else { /* a row of everything */
        at.seen_rows = (span){0, tiling->seen};
        at.seen_columns = (span){0, tiled->input.width};
    }
    return at;
}

static inline bool same(span a, span b) {
    return a.first == b.first && a.end == b.end;
}

/* Copies a block of a tensor [.., width, channels] of L2, whose values have so many bytes, to L1 or from there. */
static void copy_block(const ph_machine *machine, ph_copies *copies, uint8_t *l1, uint8_t *l2, ph_shape whole,
                       int32_t value, const span block[3], bool out) {
    const uint32_t pixel = (uint32_t)(whole.channels * value);
    const uint32_t row = (uint32_t)whole.width * pixel;
    const uint32_t rows = (uint32_t)(block[0].end - block[0].first);
    const uint32_t columns = (uint32_t)(block[1].end - block[1].first);
    const uint32_t run = (uint32_t)((block[2].end - block[2].first) * value);
    l2 += (uint32_t)block[0].first * row + (uint32_t)block[1].first * pixel + (uint32_t)(block[2].first * value);
    if (run == pixel && (columns * pixel == row || rows == 1)) {
        ph_copy(machine, copies, l1, l2, (ph_block){rows * columns * run, rows * columns * run, 0}, out);
    } else if (run == pixel) {
        ph_copy(machine, copies, l1, l2, (ph_block){rows * columns * run, columns * run, row}, out);
    } else if (columns * pixel == row || rows == 1) {
        ph_copy(machine, copies, l1, l2, (ph_block){rows * columns * run, run, pixel}, out);
    } else if (columns == 1) {
        ph_copy(machine, copies, l1, l2, (ph_block){rows * run, run, row}, out);
    } else {
        for (uint32_t y = 0; y < rows; y++) {
            ph_copy(machine, copies, l1 + y * columns * run, l2 + y * row, (ph_block){columns * run, run, pixel}, out);
        }
    }
}

/* Begins to load what tile `at` reads, as far as it is not there from the tile before. */
static void begin_load(call *of, const place *at) {
    const ph_machine *machine = of->machine;
    const ph_tiled *tiled = of->tiled;
    const place *last = &of->loaded;
    if (!of->any || at->apart != last->apart || !same(at->seen_rows, last->seen_rows) ||
        !same(at->seen_columns, last->seen_columns) || !same(at->seen_channels, last->seen_channels)) {
        of->input_half = of->any ? 1 - of->input_half : 0;
        const span block[3] = {at->seen_rows, at->seen_columns, at->seen_channels};
        for (int32_t s = 0; s < of->sources; s++) {
            uint8_t *l1 = machine->l1 + of->tiling->input[of->input_half] + (uint32_t)s * of->tiling->source_bytes;
            copy_block(machine, &of->in, l1, of->source[s] + at->apart, tiled->input, tiled->input_bytes, block, false);
        }
    }
    if (tiled->stored.bytes > 0 && tiled->stored.at != PH_IN_L1 && (!of->any || at->part != last->part)) {
        of->weight_half = of->any ? 1 - of->weight_half : 0;
        const ph_stored *stored = &tiled->stored;
        ph_stream_copy(of->weights, &of->in, machine->l1 + of->tiling->weight[of->weight_half],
                       stored->l3 + stored->weight + (uint32_t)at->channels.first * stored->each,
                       (uint32_t)(at->channels.end - at->channels.first) * stored->each);
    }
    of->loaded = *at;
    of->any = true;
}

/* Waits for it; weights that no other tile needs make room for others. */
static void finish_load(call *of) {
    const ph_stored *stored = &of->tiled->stored;
    ph_copies_wait(of->machine, &of->in);
    if (stored->bytes > 0 && stored->at == PH_STAGED &&
        (of->tiling->channels_first || of->parts == 1 || of->pixels == 1)) {
        ph_stream_release(of->weights, stored->l3 + stored->weight + (uint32_t)of->loaded.channels.end * stored->each);
    }
}

/* The tile that was loaded last, as the cores see it. */
static ph_tile tile_at(const call *of, int32_t n) {
    const ph_tiled *tiled = of->tiled;
    const ph_tiling *tiling = of->tiling;
    const place *at = &of->loaded;
    uint8_t *l1 = of->machine->l1;
    ph_tile tile = {
        .layer = tiled->layer,
        .input = {at->seen_rows.end - at->seen_rows.first, at->seen_columns.end - at->seen_columns.first,
                  at->seen_channels.end - at->seen_channels.first},
        .output = {at->rows.end - at->rows.first, at->columns.end - at->columns.first,
                   at->channels.end - at->channels.first},
        .padding_top = at->top,
        .padding_left = at->left,
        .source = {l1 + tiling->input[of->input_half], l1 + tiling->input[of->input_half] + tiling->source_bytes},
        .made = l1 + tiling->output[n & 1],
        .mirrored = of->mirrored,
    };
    if (tiled->stored.bytes > 0) {
        const bool stays = tiled->stored.at == PH_IN_L1;
        const uint8_t *constants = l1 + (stays ? tiled->stored.l1 : tiling->constants);
        tile.bias = (const int32_t *)(const void *)constants + at->channels.first;
        tile.norm = constants + tiled->stored.norm + at->channels.first;
        tile.weight = stays ? constants + tiled->stored.weight + (uint32_t)at->channels.first * tiled->stored.each
                            : l1 + tiling->weight[of->weight_half];
    }
    return tile;
}

/* What the cores share. Each has a status of its own. */
typedef struct {
    ph_part part;
    const ph_tile *tile;
    ph_status status[PH_MOST_CORES];
} shared;

static void work(void *argument, int32_t core, int32_t cores) {
    shared *of = argument;
    of->status[core] = of->part(of->tile, (ph_share){core, cores});
}

static ph_status compute(const ph_machine *machine, ph_part part, const ph_tile *tile) {
    shared all = {part, tile, {PH_OK}};
    machine->run_on_cores(machine->context, work, &all);
    for (int32_t core = 0; core < machine->cores; core++) {
        if (all.status[core] != PH_OK) {
            return all.status[core];
        }
    }
    return PH_OK;
}

/* All tiles of a call. */
static ph_status run_tiles(call *of) {
    const ph_machine *machine = of->machine;
    const ph_tiled *tiled = of->tiled;
    const int32_t count = of->pixels * of->parts;
    ph_status status = PH_OK;
    place at = place_of(of, 0);
    begin_load(of, &at);
    finish_load(of);
    for (int32_t n = 0; n < count && status == PH_OK; n++) {
        const ph_tile tile = tile_at(of, n);
        const span made[3] = {
            at.rows, at.columns, {tiled->channel + at.channels.first, tiled->channel + at.channels.end}};
        uint8_t *whole = of->made + at.apart;
        if (n + 1 < count) {
            at = place_of(of, n + 1);
            begin_load(of, &at);
        }
        status = compute(machine, tiled->part, &tile);
        ph_copies_wait(machine, &of->out);
        copy_block(machine, &of->out, tile.made, whole, tiled->output, tiled->output_bytes, made, true);
        finish_load(of);
    }
    ph_copies_wait(machine, &of->out);
    return status;
}

static const ph_tiling *find(const ph_tiled *tiled, int32_t rows, int32_t seen, int32_t top) {
    for (int32_t n = 0; n < tiled->tiling_count; n++) {
        const ph_tiling *tiling = &tiled->tilings[n];
        if (tiling->rows == rows && tiling->seen == seen && tiling->top == top) {
            return tiling;
        }
    }
    return NULL;
}

ph_status ph_tiles_run(const ph_tiled *tiled, const ph_strip *input, const ph_strip *other, const ph_strip *output,
                       ph_stream *weights, bool mirrored) {
    const ph_machine *machine = weights->machine;
    const uint32_t began = machine->now(machine->context);
    ph_window window = {1, 1, 1, 1, 1, 1, 0, 0};
    ph_shape seen = tiled->input, wanted = tiled->output;
    if (tiled->window != NULL) {
        window = *tiled->window;
    }
    const bool rowwise = tiled->window != NULL || seen.height == wanted.height;
    const uint8_t *rows = rowwise ? ph_strip_see(input, output, tiled->window != NULL ? &window : NULL, &seen, &wanted)
                                  : ph_strip_row(input, 0);
    if (rows == NULL) {
        return PH_OK;
    }
    const ph_tiling *tiling = find(tiled, wanted.height, seen.height, tiled->window != NULL ? window.padding_top : 0);
    if (tiling == NULL) {
        return PH_BAD_SHAPE;
    }
    call of = {
        .machine = machine,
        .tiled = tiled,
        .tiling = tiling,
        .source = {(uint8_t *)(uintptr_t)rows, other != NULL ? ph_strip_row(other, output->made) : NULL},
        .sources = other != NULL ? 2 : 1,
        .made = ph_strip_row(output, rowwise ? output->made : 0),
        .in = {0, PH_COPIES_IN, 0, 0},
        .out = {PH_COPIES_IN, PH_COPIES_OUT, 0, 0},
        .along = parts_of(tiled->output.width, tiling->tile_columns),
        .parts = parts_of(tiled->channels, tiling->tile_channels),
        .mirrored = mirrored,
        .weights = weights,
    };
    of.map = parts_of(tiling->rows, tiling->tile_rows) * of.along;
    of.pixels = tiled->apart != 0 ? 2 * of.map : of.map;
    const ph_stored *stored = &tiled->stored;
    if (stored->bytes > 0 && stored->at != PH_IN_L1) {
        ph_stream_copy(weights, &of.in, machine->l1 + tiling->constants, stored->l3, stored->weight);
    }
    const ph_status status = run_tiles(&of);
    if (stored->bytes > 0 && stored->at == PH_STAGED) {
        ph_stream_release(weights, stored->l3 + stored->bytes);
    }
    if (machine->cycles != NULL && tiled->number >= 0) {
        machine->cycles[tiled->number] += machine->now(machine->context) - began;
    }
    return status;
}

void ph_tiles_bring(ph_stream *weights, const ph_stored *stored) {
    ph_copies in = {0, PH_COPIES_IN, 0, 0};
    ph_stream_copy(weights, &in, weights->machine->l1 + stored->l1, stored->l3, stored->bytes);
    ph_copies_wait(weights->machine, &in);
}

void ph_tiles_move(const ph_machine *machine, uint8_t *to, const uint8_t *from, uint32_t bytes, uint32_t free) {
    while (bytes > 0) { /* one after the other, so that nothing is overwritten before it was read */
        const uint32_t piece = bytes < machine->l1_bytes - free ? bytes : machine->l1_bytes - free;
        const ph_block block = {piece, piece, 0};
        machine->copy(machine->context, 0, machine->l1 + free, (uint8_t *)(uintptr_t)from, &block, false);
        machine->wait(machine->context, 0);
        machine->copy(machine->context, 0, machine->l1 + free, to, &block, true);
        machine->wait(machine->context, 0);
        from += piece;
        to += piece;
        bytes -= piece;
    }
}

void ph_tiles_shift(const ph_machine *machine, ph_strip *strip, uint32_t free) {
    const int32_t kept = strip->low < strip->end ? strip->low : strip->end;
    if (kept <= strip->first) {
        return;
    }
    if (strip->made > kept) {
        ph_tiles_move(machine, strip->memory, ph_strip_row(strip, kept),
                      (uint32_t)(strip->made - kept) * (uint32_t)strip->row_bytes, free);
    }
    strip->first = kept;
    strip->made = strip->made > kept ? strip->made : kept;
}
