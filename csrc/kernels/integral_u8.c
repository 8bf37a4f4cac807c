#include "peephole/integral.h"

#include <stddef.h>
#include <string.h>

ph_status ph_integral_u8(int32_t height, int32_t width, const uint8_t *image, uint32_t *sum, uint32_t *squares) {
    if (height < 0 || width < 0) {
        return PH_BAD_SHAPE;
    }
    const size_t stride = (size_t)width + 1;
    memset(sum, 0, stride * sizeof *sum);
    memset(squares, 0, stride * sizeof *squares);
    for (int32_t y = 0; y < height; y++) {
        memcpy(sum + stride, sum, stride * sizeof *sum);
        memcpy(squares + stride, squares, stride * sizeof *squares);
        sum += stride;
        squares += stride;
        ph_integral_row_u8(width, image + (size_t)y * (size_t)width, sum, squares);
    }
    return PH_OK;
}
