#include "host/conv2d_packed.h"

#include <string.h>

#include "host/conv2d_tiles.h"

enum {
    BLOCK = PH_PACKED_BLOCK,
    PART_PRODUCTS = 100000, /* that are worth another thread's while: about half a microsecond */
    PARTS_EACH = 4,         /* for a thread, so that one that comes late finds something to do */
};

static int32_t blocks_of(const ph_packed_conv2d *packed) {
    return (packed->layer.outputs + BLOCK - 1) / BLOCK;
}

size_t ph_packed_conv2d_words(const ph_packed_conv2d *packed) {
    return (size_t)ph_place_words(packed) + (size_t)blocks_of(packed) * (size_t)ph_block_words(packed);
}

size_t ph_packed_conv2d_scratch(const ph_packed_conv2d *packed) {
    switch (packed->preparing) {
    case PH_AS_IT_IS:
        return 0;
    case PH_PADDED:
        return (size_t)packed->prepared_height * (size_t)packed->prepared_width * (size_t)packed->layer.input.channels *
                   (size_t)packed->value_bytes +
               PH_PREPARED_SLACK;
    case PH_GATHERED:
        return (size_t)packed->pixels * (size_t)packed->pixel_step + PH_PREPARED_SLACK;
    }
    return 0;
}

/* A weight, and 0 for those behind the last of a stretch. */
static int32_t weight_at(const ph_packed_conv2d *packed, const void *weight, ptrdiff_t at) {
    return packed->bits == 8 ? ((const int8_t *)weight)[at] : ((const int16_t *)weight)[at];
}

/* The weights of one output in a stretch, [unit][BLOCK] of which this is one column; returns their sum. */
static uint32_t pack_stretch(const ph_packed_conv2d *packed, const void *weight, ptrdiff_t at, int32_t values,
                             int32_t *words) {
    const int32_t together = 4 / packed->value_bytes;
    uint32_t sum = 0;
    for (int32_t unit = 0; unit < packed->units; unit++) {
        uint32_t word = 0;
        for (int32_t k = 0; k < together && unit * together + k < values; k++) {
            const int32_t value = weight_at(packed, weight, at + unit * together + k);
            const uint32_t bits = packed->value_bytes == 1 ? (uint8_t)value : (uint16_t)value;
            word |= bits << (8 * packed->value_bytes * k);
            sum += (uint32_t)value;
        }
        words[(ptrdiff_t)unit * BLOCK] = (int32_t)word;
    }
    return sum;
}

static void pack_places(const ph_packed_conv2d *packed, int32_t *places) {
    for (int32_t run = 0; run < packed->runs; run++) {
        for (int32_t column = 0; column < packed->columns; column++) {
            for (int32_t unit = 0; unit < packed->units; unit++) {
                *places++ = (int32_t)(run * packed->run_step + column * packed->column_step) + 4 * unit;
            }
        }
    }
}

void ph_pack_conv2d(const ph_packed_conv2d *packed, const void *weight, const int32_t *bias, const uint8_t *norm,
                    int32_t *words) {
    const int32_t stretches = packed->runs * packed->columns;
    const int32_t values = packed->layer.window.kernel_width / packed->columns * packed->layer.input.channels;
    memset(words, 0, ph_packed_conv2d_words(packed) * sizeof *words);
    pack_places(packed, words);
    words += ph_place_words(packed);
    for (int32_t o = 0; o < packed->layer.outputs; o++) {
        int32_t *block = words + (ptrdiff_t)(o / BLOCK) * ph_block_words(packed);
        const int32_t lane = o % BLOCK;
        uint32_t sum = 0;
        for (int32_t s = 0; s < stretches; s++) {
            sum += pack_stretch(packed, weight, ((ptrdiff_t)o * stretches + s) * values, values,
                                block + PH_BLOCK_HEAD + (ptrdiff_t)s * packed->units * BLOCK + lane);
        }
        const uint32_t excess = packed->value_bytes == 1 ? sum * 128U : 0; /* of inputs that are 128 too large */
        block[lane] = (int32_t)((uint32_t)bias[o] - excess);
        block[BLOCK + lane] = norm[o] - (norm[o] > 0);
        block[2 * BLOCK + lane] = norm[o] > 0;
    }
}

/* The path's function; NULL where this machine's compiler has none. */
static ph_conv2d_tiles *tiles_of(ph_path path) {
    switch (path) {
#if PH_HAS_X86_TILES
    case PH_AVX2:
        return ph_conv2d_tiles_avx2;
    case PH_AVX512_VNNI:
        return ph_conv2d_tiles_avx512_vnni;
#endif
#if PH_HAS_AVX_VNNI_TILES
    case PH_AVX_VNNI:
        return ph_conv2d_tiles_avx_vnni;
#endif
#if PH_HAS_NEON_TILES
    case PH_NEON:
        return ph_conv2d_tiles_neon;
#endif
    default:
        return NULL;
    }
}

/* A layer and its arrays, for those who compute a share of it. */
typedef struct {
    const ph_packed_conv2d *packed;
    const int32_t *words;
    const uint8_t *prepared;
    int32_t output_bits;
    void *output;
} shared_conv2d;

static void do_share(const void *work, int32_t part, int32_t parts) {
    const shared_conv2d *w = work;
    tiles_of(w->packed->path)(w->packed, w->words, w->prepared, w->output_bits, w->output, (ph_share){part, parts});
}

/* As many parts as are worth it. */
static int32_t parts_of(const ph_packed_conv2d *packed, const ph_workers *workers) {
    const int64_t products = (int64_t)packed->rows * packed->pixels * packed->layer.outputs * packed->runs *
                             packed->columns * packed->units * 2;
    const int64_t parts = products / PART_PRODUCTS;
    const int32_t most = workers ? PARTS_EACH * (workers->count + 1) : 1;
    return parts < 1 ? 1 : parts > most ? most : (int32_t)parts;
}

void ph_conv2d_packed(const ph_packed_conv2d *packed, const int32_t *words, const void *input, int32_t output_bits,
                      void *output, uint8_t *scratch, ph_workers *workers) {
    const shared_conv2d work = {packed, words, ph_prepare_conv2d(packed, input, scratch), output_bits, output};
    const int32_t parts = parts_of(packed, workers);
    if (parts > 1) {
        ph_share_work(workers, do_share, &work, parts);
    } else {
        do_share(&work, 0, 1);
    }
}
