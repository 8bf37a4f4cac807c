/* Packed convolutions: whoever includes this names the function (TILES) and says what a VECTOR of LANES sums is, how
   vectors are made and stored, how many pixels and blocks a tile has at most (MOST, MOST_BLOCKS), whether bytes can be
   multiplied (HAS_NARROW), and by DOT how a unit is.

   A tile is some pixels side by side times one or two blocks of outputs. Its sums stay in registers while the window is
   walked through once. */
#include <string.h>

#include "host/conv2d_tiles.h"

#define INLINE static inline __attribute__((always_inline))

enum {
    BLOCK = PH_PACKED_BLOCK,
    PER_BLOCK = BLOCK / LANES,
    MOST_VECTORS = MOST_BLOCKS * PER_BLOCK,
    AHEAD = 40, /* units whose weights are asked for before they are needed */
};

/* Four bytes that may lie anywhere. */
INLINE int32_t load_unit(const uint8_t *bytes) {
    int32_t unit;
    memcpy(&unit, bytes, sizeof unit);
    return unit;
}

/* What a tile of a layer needs beside the layer. */
typedef struct {
    const ph_packed_conv2d *packed;
    const int32_t *places; /* of the units of a window, in bytes from where it begins */
    int32_t units;         /* of all stretches */
    ptrdiff_t block_words;
    int32_t output_bits;
    VECTOR low, high; /* as values of 16 bits */
} layer_parts;

/* How sums become outputs: constants wherever it is known, since each would be asked for every pixel. */
typedef struct {
    bool shifts_twice, wide, whole; /* wide: of 16 bits; whole: all outputs of the tile's blocks are of the layer */
} rounding;

/* The shifts of a vector's outputs, as the packed block has them: norm - 1, or 0, and whether there is one more. */
typedef struct {
    VECTOR most, last;
} shifts;

/* round(sum / 2^norm). Where every norm is at least 2, what is left after the first shift is far from the limits, and a
   half can be added. */
INLINE VECTOR rounded(VECTOR sums, shifts norm, bool shifts_twice) {
    const VECTOR doubled = SHIFT_EACH(sums, norm.most);
    if (shifts_twice) {
        return SHIFT_ONE(ADD(doubled, SET(1)));
    }
    return ADD(SHIFT_EACH(doubled, norm.last), AND(doubled, norm.last));
}

/* Writes the outputs of a tile: rounded, cut to 16 bits, which the clip does not see, and clipped. */
INLINE void store_tile(const layer_parts *parts, rounding how, VECTOR sums[MOST][MOST_VECTORS], const int32_t *block,
                       int32_t outputs, uint8_t *output, const int pixels, const int blocks) {
    const int vectors = blocks * PER_BLOCK;
    const ptrdiff_t value = how.wide ? 2 : 1;
    const ptrdiff_t step = parts->packed->layer.output.channels * value;
    const int32_t all = how.whole || outputs > blocks * BLOCK ? blocks * BLOCK : outputs;
    const VECTOR low = parts->low, high = parts->high;
    shifts norms[MOST_VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) {
        const int32_t *norm = block + BLOCK + v / PER_BLOCK * parts->block_words + v % PER_BLOCK * LANES;
        norms[v] = (shifts){LOAD(norm), LOAD(norm + BLOCK)};
    }
#pragma GCC unroll 16
    for (int p = 0; p < pixels; p++) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v += 2) {
            const int other = v + 1 < vectors ? v + 1 : v; /* alone, a vector is its own pair */
            const int32_t left = all - v * LANES;
            const int32_t count = left < 2 * LANES ? left : 2 * LANES;
            const VECTOR both = PACK(rounded(sums[p][v], norms[v], how.shifts_twice),
                                     rounded(sums[p][other], norms[other], how.shifts_twice));
            const VECTOR clipped = SMALLER(LARGER(both, low), high);
            uint8_t *out = output + p * step + v * LANES * value;
            if (how.wide) {
                store16(clipped, count, (int16_t *)(void *)out);
            } else {
                store8(clipped, count, (int8_t *)(void *)out);
            }
        }
    }
}

/* `pixels` windows from x on, times `blocks` blocks from `block` on; narrow: of 8 bits. These three are constants where
   this is called. */
INLINE void tile(const layer_parts *parts, const uint8_t *x, const int32_t *block, int32_t outputs, uint8_t *output,
                 const int pixels, const int blocks, const bool narrow) {
    const ph_packed_conv2d *packed = parts->packed;
    const ptrdiff_t step = packed->pixel_step;
    const ptrdiff_t next = parts->block_words;
    const int vectors = blocks * PER_BLOCK;
    VECTOR sums[MOST][MOST_VECTORS];
#pragma GCC unroll 16
    for (int p = 0; p < pixels; p++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            sums[p][v] = LOAD(block + v / PER_BLOCK * next + v % PER_BLOCK * LANES);
        }
    }
    const int32_t *w = block + PH_BLOCK_HEAD;
    const uint8_t *x3 = x + (pixels > 3 ? 3 * step : 0);
    const uint8_t *x6 = x + (pixels > 6 ? 6 * step : 0);
    const uint8_t *x9 = x + (pixels > 9 ? 9 * step : 0);
    for (int32_t unit = 0; unit < parts->units; unit++, w += BLOCK) {
        const int32_t at = parts->places[unit];
        const uint8_t *from0 = x + at, *from3 = x3 + at, *from6 = x6 + at, *from9 = x9 + at;
        VECTOR weights[MOST_VECTORS];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            weights[v] = LOAD(w + v / PER_BLOCK * next + v % PER_BLOCK * LANES);
        }
        for (int b = 0; b < blocks; b++) { /* a large network's weights do not stay in the nearest caches */
            __builtin_prefetch(w + b * next + AHEAD * BLOCK);
        }
#pragma GCC unroll 16
        for (int p = 0; p < pixels; p++) {
            const uint8_t *from = p < 3 ? from0 : p < 6 ? from3 : p < 9 ? from6 : from9;
            const VECTOR values = SPREAD(from + p % 3 * step);
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) {
                sums[p][v] = DOT(narrow, sums[p][v], values, weights[v]);
            }
        }
    }
    const rounding how = {packed->shifts_twice, parts->output_bits == 16, outputs >= blocks * BLOCK};
    if (how.shifts_twice && how.whole && how.wide) {
        store_tile(parts, (rounding){true, true, true}, sums, block, outputs, output, pixels, blocks);
    } else if (how.shifts_twice && how.whole) {
        store_tile(parts, (rounding){true, false, true}, sums, block, outputs, output, pixels, blocks);
    } else {
        store_tile(parts, how, sums, block, outputs, output, pixels, blocks);
    }
}

#define TILE_OF(n)                                                                                                     \
    case n:                                                                                                            \
        tile(parts, x, block, outputs, output, n, blocks, narrow);                                                     \
        break;

INLINE void tile_of(const layer_parts *parts, const uint8_t *x, const int32_t *block, int32_t outputs, uint8_t *output,
                    int pixels, const int blocks, const bool narrow) {
    switch (pixels) {
        TILE_OF(1)
        TILE_OF(2)
        TILE_OF(3)
        TILE_OF(4)
        TILE_OF(5)
#if MOST > 5
        TILE_OF(6)
#endif
#if MOST > 6
        TILE_OF(7)
        TILE_OF(8)
        TILE_OF(9)
        TILE_OF(10)
        TILE_OF(11)
        TILE_OF(12)
#endif
    }
}

typedef void tile_function(const layer_parts *parts, const uint8_t *x, const int32_t *block, int32_t outputs,
                           uint8_t *output, int pixels);

#define TILE_FUNCTION(name, blocks, narrow)                                                                            \
    static void name(const layer_parts *parts, const uint8_t *x, const int32_t *block, int32_t outputs,                \
                     uint8_t *output, int pixels) {                                                                    \
        tile_of(parts, x, block, outputs, output, pixels, blocks, narrow);                                             \
    }

TILE_FUNCTION(tile_of_one, 1, false)
#if MOST_BLOCKS > 1
TILE_FUNCTION(tile_of_two, 2, false)
#else
#define tile_of_two NULL
#endif
#if HAS_NARROW
TILE_FUNCTION(tile_of_one_narrow, 1, true)
#else
#define tile_of_one_narrow NULL
#endif
#if HAS_NARROW && MOST_BLOCKS > 1
TILE_FUNCTION(tile_of_two_narrow, 2, true)
#else
#define tile_of_two_narrow NULL
#endif

static tile_function *tile_for(const ph_packed_conv2d *packed, int32_t blocks) {
    static tile_function *const all[2][2] = {{tile_of_one, tile_of_two}, {tile_of_one_narrow, tile_of_two_narrow}};
    return all[packed->value_bytes == 1][blocks - 1];
}

static int32_t tiles_of_row(const ph_packed_conv2d *packed) {
    return (packed->pixels + MOST - 1) / MOST;
}

/* Tiles `first` to `end` of one or two blocks. A row of the output is cut into as few as it takes, of sizes as equal as
   can be: the last one would else often be short, and short tiles wait for their sums. */
static void convolve_tiles(const layer_parts *parts, const uint8_t *prepared, const int32_t *block, int32_t outputs,
                           int32_t blocks, uint8_t *output, int64_t first, int64_t end) {
    const ph_packed_conv2d *packed = parts->packed;
    const ptrdiff_t output_step = (ptrdiff_t)packed->layer.output.channels * (parts->output_bits / 8);
    const int32_t tiles = tiles_of_row(packed);
    const int32_t least = packed->pixels / tiles, larger = packed->pixels % tiles; /* so many have a pixel more */
    tile_function *const some_pixels = tile_for(packed, blocks);
    int64_t row = first / tiles;
    int32_t t = (int32_t)(first % tiles);
    for (int64_t n = first; n < end; n++) {
        const int32_t at = t * least + (t < larger ? t : larger);
        const uint8_t *x = prepared + row * packed->row_step + at * packed->pixel_step;
        some_pixels(parts, x, block, outputs, output + (row * packed->pixels + at) * output_step, least + (t < larger));
        if (++t == tiles) {
            row++, t = 0;
        }
    }
}

void TILES(const ph_packed_conv2d *packed, const int32_t *words, const uint8_t *prepared, int32_t output_bits,
           void *output, ph_share share) {
    const ph_conv2d *layer = &packed->layer;
    const layer_parts parts = {
        .packed = packed,
        .places = words,
        .units = ph_units_of_window(packed),
        .block_words = ph_block_words(packed),
        .output_bits = output_bits,
        .low = SET16((int16_t)layer->low),
        .high = SET16((int16_t)layer->high),
    };
    const int32_t *blocks = words + ph_place_words(packed);
    const int32_t together = MOST_BLOCKS * BLOCK; /* outputs of a tile */
    const int64_t tiles = (int64_t)packed->rows * tiles_of_row(packed);
    const int64_t all = tiles * ((layer->outputs + together - 1) / together);
    const int64_t end = all * (share.part + 1) / share.parts;
    for (int64_t at = all * share.part / share.parts; at < end;) {
        const int32_t first = (int32_t)(at / tiles) * together;
        const int32_t left = layer->outputs - first;
        const int64_t begin = at / tiles * tiles;
        const int64_t stop = begin + tiles < end ? begin + tiles : end;
        convolve_tiles(&parts, prepared, blocks + first / BLOCK * parts.block_words, left,
                       MOST_BLOCKS > 1 && left > BLOCK ? 2 : 1,
                       (uint8_t *)output + (layer->channel + first) * (output_bits / 8), at - begin, stop - begin);
        at = stop;
    }
}
