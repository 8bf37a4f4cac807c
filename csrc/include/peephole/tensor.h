/* The size of a tensor [height, width, channels]; channels lie innermost, rows and pixels follow without gaps. */
#ifndef PEEPHOLE_TENSOR_H
#define PEEPHOLE_TENSOR_H

#include <stdbool.h>
#include <stdint.h>

/* No side, kernel, stride or padding may be larger, so that every coordinate fits 32 bits with room to add. */
#define PH_MAX_SIDE 32767

typedef struct {
    int32_t height;
    int32_t width;
    int32_t channels;
} ph_shape;

static inline bool ph_is_side(int32_t side) {
    return side >= 1 && side <= PH_MAX_SIDE;
}

static inline bool ph_is_shape(ph_shape shape) {
    return ph_is_side(shape.height) && ph_is_side(shape.width) && ph_is_side(shape.channels);
}

/* Do channels first .. first + count - 1 lie inside a tensor of this shape? */
static inline bool ph_is_slice(ph_shape shape, int32_t first, int32_t count) {
    return first >= 0 && count >= 1 && first < shape.channels && count <= shape.channels - first;
}

#endif
