#include "peephole/warp.h"

#include "kernels/bilinear.h"
#include "peephole/tensor.h"

/* Walks over the source positions of 0, 1, 2, ... on one axis, exactly and without a division a step:
   floor(256 * ((i + 1/2) * side / outputs - 1/2) + 1/2) = floor((256*(2i+1)*side - 255*outputs) / (2*outputs)). */
typedef struct {
    int32_t position;
    int32_t rest; /* 0 .. divisor-1: what the division left over */
    int32_t step;
    int32_t rest_step;
    int32_t divisor;
} axis_walk;

static axis_walk start_walk(int32_t side, int32_t outputs) {
    const int64_t divisor = 2 * (int64_t)outputs;
    const int64_t start = 256 * (int64_t)side - 255 * (int64_t)outputs;
    const int64_t floored = start >= 0 ? start / divisor : -((-start + divisor - 1) / divisor);
    const int64_t step = 512 * (int64_t)side;
    return (axis_walk){(int32_t)floored, (int32_t)(start - floored * divisor), (int32_t)(step / divisor),
                       (int32_t)(step % divisor), (int32_t)divisor};
}

static void next(axis_walk *walk) {
    walk->position += walk->step;
    walk->rest += walk->rest_step;
    if (walk->rest >= walk->divisor) {
        walk->rest -= walk->divisor;
        walk->position++;
    }
}

ph_status ph_resize_u8(ph_image_size image_size, const uint8_t *image, ph_image_size output_size, uint8_t *output) {
    if (!ph_is_side(image_size.height) || !ph_is_side(image_size.width) || !ph_is_side(output_size.height) ||
        !ph_is_side(output_size.width)) {
        return PH_BAD_SHAPE;
    }
    axis_walk rows = start_walk(image_size.height, output_size.height);
    for (int32_t y = 0; y < output_size.height; y++, next(&rows)) {
        const ph_neighbours row = ph_neighbours_at(rows.position, image_size.height);
        const uint8_t *upper = image + (ptrdiff_t)row.first * image_size.width;
        const uint8_t *lower = image + (ptrdiff_t)row.second * image_size.width;
        uint8_t *out = output + (ptrdiff_t)y * output_size.width;
        axis_walk columns = start_walk(image_size.width, output_size.width);
        for (int32_t x = 0; x < output_size.width; x++, next(&columns)) {
            out[x] = ph_bilinear_u8(upper, lower, ph_neighbours_at(columns.position, image_size.width), row.weight);
        }
    }
    return PH_OK;
}
