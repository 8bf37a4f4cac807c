/* Max pools with vectors: whoever includes this names the functions (POOL_S16, POOL_S8), and those for channels that
   are fewer than a vector's (FEWER_S16, FEWER_S8), and says what a VECTOR of VECTOR_BYTES is, how it is read and
   written, and by LARGER what the larger values of two are, of 8 bits where `narrow` is. */
#include <stddef.h>

#include "kernels/pool_check.h"

#define INLINE static inline __attribute__((always_inline))

enum { VECTOR_BYTES = sizeof(VECTOR), MOST_VECTORS = 128 / VECTOR_BYTES };

/* The taps of one window: `rows` times `columns` pixels of `bytes`, these many bytes apart. */
typedef struct {
    const uint8_t *first;
    int32_t rows, columns;
    ptrdiff_t row_step, column_step;
} window_taps;

/* The largest values of a window in the channels of `vectors` vectors, which is a constant where this is called, from
   `at` on: taps outermost, so that vectors do not wait for each other. */
INLINE void pool_vectors(const window_taps *taps, ptrdiff_t at, bool narrow, const int vectors, uint8_t *output) {
    VECTOR found[MOST_VECTORS];
    const uint8_t *row = taps->first + at;
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        found[v] = LOAD(row + v * VECTOR_BYTES);
    }
    for (int32_t r = 0; r < taps->rows; r++, row += taps->row_step) {
        const uint8_t *tap = row;
        for (int32_t column = 0; column < taps->columns; column++, tap += taps->column_step) {
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++) {
                found[v] = LARGER(found[v], LOAD(tap + v * VECTOR_BYTES), narrow);
            }
        }
    }
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        STORE(output + at + v * VECTOR_BYTES, found[v]);
    }
}

/* All channels of a window; the last vector overlaps the one before where channels are no multiple of vectors. */
INLINE void pool_window(const window_taps *taps, ptrdiff_t bytes, bool narrow, uint8_t *output) {
    ptrdiff_t at = 0;
    for (; at + MOST_VECTORS * VECTOR_BYTES <= bytes; at += MOST_VECTORS * VECTOR_BYTES) {
        pool_vectors(taps, at, narrow, MOST_VECTORS, output);
    }
    for (; at + 2 * VECTOR_BYTES <= bytes; at += 2 * VECTOR_BYTES) {
        pool_vectors(taps, at, narrow, 2, output);
    }
    for (; at < bytes; at += VECTOR_BYTES) {
        pool_vectors(taps, at + VECTOR_BYTES <= bytes ? at : bytes - VECTOR_BYTES, narrow, 1, output);
    }
}

INLINE void pool(const ph_max_pool *layer, const uint8_t *input, bool narrow, uint8_t *output) {
    const ptrdiff_t value = narrow ? 1 : 2;
    const ptrdiff_t bytes = layer->input.channels * value;
    const ptrdiff_t input_row = layer->input.width * bytes;
    const ph_axis down = ph_rows(layer->input, layer->output, &layer->window);
    const ph_axis along = ph_columns(layer->input, layer->output, &layer->window);
    output += layer->channel * value;
    for (int32_t y = 0; y < layer->output.height; y++) {
        const ph_span rows = ph_span_at(&down, y);
        for (int32_t x = 0; x < layer->output.width; x++) {
            const ph_span columns = ph_span_at(&along, x);
            const window_taps taps = {.first = input + rows.start * input_row + columns.start * bytes,
                                      .rows = rows.count,
                                      .columns = columns.count,
                                      .row_step = layer->window.dilation_y * input_row,
                                      .column_step = layer->window.dilation_x * bytes};
            pool_window(&taps, bytes, narrow, output);
            output += layer->output.channels * value;
        }
    }
}

ph_status POOL_S16(const ph_max_pool *layer, const int16_t *input, int16_t *output) {
    if (!ph_is_max_pool(layer) || layer->input.channels * 2 < VECTOR_BYTES) {
        return FEWER_S16(layer, input, output);
    }
    pool(layer, (const uint8_t *)input, false, (uint8_t *)output);
    return PH_OK;
}

ph_status POOL_S8(const ph_max_pool *layer, const int8_t *input, int8_t *output) {
    if (!ph_is_max_pool(layer) || layer->input.channels < VECTOR_BYTES) {
        return FEWER_S8(layer, input, output);
    }
    pool(layer, (const uint8_t *)input, true, (uint8_t *)output);
    return PH_OK;
}
