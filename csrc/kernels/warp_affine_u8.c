#include "peephole/warp.h"

#include "kernels/bilinear.h"
#include "peephole/tensor.h"

ph_status ph_warp_affine_u8(ph_image_size image_size, const uint8_t *image, const int32_t *matrix,
                            ph_image_size output_size, uint8_t *output) {
    if (!ph_is_side(image_size.height) || !ph_is_side(image_size.width) || !ph_is_side(output_size.height) ||
        !ph_is_side(output_size.width)) {
        return PH_BAD_SHAPE;
    }
    for (int32_t y = 0; y < output_size.height; y++) {
        /* 2^31 * 2^15 * 2 + 2^31 is far below 2^63: no matrix overflows. 128 rounds Q16 to Q8. */
        int64_t source_x = (int64_t)matrix[1] * y + matrix[2] + 128;
        int64_t source_y = (int64_t)matrix[4] * y + matrix[5] + 128;
        uint8_t *out = output + (ptrdiff_t)y * output_size.width;
        for (int32_t x = 0; x < output_size.width; x++) {
            const ph_neighbours row = ph_neighbours_at(source_y >> 8, image_size.height);
            const ph_neighbours column = ph_neighbours_at(source_x >> 8, image_size.width);
            out[x] = ph_bilinear_u8(image + (ptrdiff_t)row.first * image_size.width,
                                    image + (ptrdiff_t)row.second * image_size.width, column, row.weight);
            source_x += matrix[0];
            source_y += matrix[3];
        }
    }
    return PH_OK;
}
