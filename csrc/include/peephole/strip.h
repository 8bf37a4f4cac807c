/* Rows of a tensor, for layers that run together in turns of a few rows: the tensors between them exist as strips only.
   A turn asks, from the last layer to the first, for the rows that it needs (ph_strip_want, ph_strip_ask), lets the
   rows leave that no window sees any more (ph_strip_shift), and then makes what is asked for in the order of the
   layers. Tensors that exist whole are strips that hold all their rows. */
#ifndef PEEPHOLE_STRIP_H
#define PEEPHOLE_STRIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "peephole/tensor.h"
#include "peephole/window.h"

/* Where a tensor, or its strip, lies. */
typedef struct {
    size_t offset;     /* bytes from the start of the arena */
    int32_t row_bytes; /* of a row [width,channels] */
    int32_t height;    /* rows of the whole tensor */
} ph_tensor;

typedef struct {
    uint8_t *memory; /* row `first`, and those after it */
    int32_t row_bytes;
    int32_t height; /* rows of the whole tensor */
    int32_t first;  /* rows before this one have left */
    int32_t made;   /* rows before this one were made in earlier turns, or are never seen */
    int32_t end;    /* in this turn rows are made up to this one, which is not */
    int32_t low;    /* the first row that is still to be seen; those before it may leave */
    int32_t turn;   /* counts turns */
} ph_strip;

/* A tensor of which nothing is there yet. */
static inline ph_strip ph_strip_empty(void *arena, ph_tensor tensor) {
    return (ph_strip){(uint8_t *)arena + tensor.offset, tensor.row_bytes, tensor.height, 0, 0, 0, 0, 0};
}

/* A whole tensor: of which all is there, where it is read, and of which all is to be made, where it is written. */
static inline ph_strip ph_strip_whole(void *arena, ph_tensor tensor) {
    return (ph_strip){(uint8_t *)arena + tensor.offset, tensor.row_bytes, tensor.height, 0, 0, tensor.height, 0, 0};
}

/* A whole tensor that the caller gives; nothing is ever written to it. */
static inline ph_strip ph_strip_given(const void *values, ph_tensor tensor) {
    return (ph_strip){(uint8_t *)(uintptr_t)values, tensor.row_bytes, tensor.height, 0, 0, tensor.height, 0, 0};
}

static inline void *ph_strip_row(const ph_strip *strip, int32_t row) {
    return strip->memory + (ptrdiff_t)(row - strip->first) * strip->row_bytes;
}

/* How many rows are to be made in this turn. */
static inline int32_t ph_strip_count(const ph_strip *strip) {
    return strip->end - strip->made;
}

/* The output of the last layer is wanted up to row `end`, which is not: a new turn begins. */
static inline void ph_strip_want(ph_strip *output, int32_t end) {
    output->made = output->end;
    output->end = end < output->height ? end : output->height;
    output->turn++;
}

/* The rows of the input that a window sees from output row `row` on; without a window the row itself. */
static inline int32_t ph_window_begin(const ph_window *window, int32_t row) {
    return window == NULL ? row : row * window->stride_y - window->padding_top;
}

static inline int32_t ph_window_end(const ph_window *window, int32_t row) {
    return ph_window_begin(window, row) + (window == NULL ? 1 : (window->kernel_height - 1) * window->dilation_y + 1);
}

/* A layer asks for the rows of its input that it needs for the rows of its output that are asked for. */
static inline void ph_strip_ask(ph_strip *input, const ph_strip *output, const ph_window *window) {
    if (input->turn != output->turn) { /* the first that asks in this turn */
        input->turn = output->turn;
        input->made = input->end;
        input->low = input->height;
    }
    if (output->end > output->made) {
        const int32_t end = ph_window_end(window, output->end - 1);
        const int32_t inside = end < input->height ? end : input->height;
        input->end = inside > input->end ? inside : input->end;
    }
    const int32_t kept = output->low < output->end ? output->low : output->end;
    const int32_t next = output->made > kept ? output->made : kept;
    if (next < output->height) {
        const int32_t begin = ph_window_begin(window, next);
        const int32_t inside = begin > 0 ? begin : 0;
        input->low = inside < input->low ? inside : input->low;
    }
}

/* Rows that nobody sees any more leave the strip; the others move to its beginning. */
static inline void ph_strip_shift(ph_strip *strip) {
    const int32_t kept = strip->low < strip->end ? strip->low : strip->end;
    if (kept > strip->first) {
        if (strip->made > kept) {
            memmove(strip->memory, ph_strip_row(strip, kept), (size_t)(strip->made - kept) * (size_t)strip->row_bytes);
        }
        strip->first = kept;
        strip->made = strip->made > kept ? strip->made : kept;
    }
}

/* Makes a layer of whole tensors one of the rows to be made: their counts, and how far the first window hangs out above
   the rows at hand. Returns the first row that it sees, NULL where nothing is to be made. */
static inline const void *ph_strip_see(const ph_strip *input, const ph_strip *output, ph_window *window,
                                       ph_shape *input_shape, ph_shape *output_shape) {
    if (ph_strip_count(output) <= 0) {
        return NULL;
    }
    const int32_t begin = ph_window_begin(window, output->made);
    const int32_t end = ph_window_end(window, output->end - 1);
    const int32_t first = begin > 0 ? begin : 0;
    input_shape->height = (end < input->height ? end : input->height) - first;
    output_shape->height = ph_strip_count(output);
    if (window != NULL) {
        window->padding_top = first - begin;
    }
    return ph_strip_row(input, first);
}

/* Rows of a grey image, uint8 [rows,width], enter as `pixel - offset`; mirrored: the last column first. */
static inline void ph_enter_s16(int32_t rows, int32_t width, const uint8_t *image, int32_t offset, bool mirrored,
                                int16_t *output) { /* [rows,width] */
    for (int32_t y = 0; y < rows; y++, image += width, output += width) {
        for (int32_t x = 0; x < width; x++) {
            output[x] = (int16_t)(image[mirrored ? width - 1 - x : x] - offset);
        }
    }
}

static inline void ph_enter_s8(int32_t rows, int32_t width, const uint8_t *image, int32_t offset, bool mirrored,
                               int8_t *output) { /* [rows,width] */
    for (int32_t y = 0; y < rows; y++, image += width, output += width) {
        for (int32_t x = 0; x < width; x++) {
            output[x] = (int8_t)(image[mirrored ? width - 1 - x : x] - offset);
        }
    }
}

/* The checksum of a slice of rows, to be compared with what the simulator computed: a polynomial over the values as 16
   bits, modulo 2^32. Its factor is odd, so that no change of one value goes unseen, not even one from 0 to -1. */
#define PH_CHECKSUM_FACTOR 2654435761u

static inline uint32_t ph_checksum_s16(uint32_t sum, int32_t pixels, int32_t channels, int32_t first, int32_t count,
                                       const int16_t *values) { /* [pixels,channels] */
    for (int32_t pixel = 0; pixel < pixels; pixel++, values += channels) {
        for (int32_t c = first; c < first + count; c++) {
            sum = sum * PH_CHECKSUM_FACTOR + (uint16_t)values[c] + 1u;
        }
    }
    return sum;
}

static inline uint32_t ph_checksum_s8(uint32_t sum, int32_t pixels, int32_t channels, int32_t first, int32_t count,
                                      const int8_t *values) { /* [pixels,channels] */
    for (int32_t pixel = 0; pixel < pixels; pixel++, values += channels) {
        for (int32_t c = first; c < first + count; c++) {
            sum = sum * PH_CHECKSUM_FACTOR + (uint16_t)values[c] + 1u;
        }
    }
    return sum;
}

#endif
