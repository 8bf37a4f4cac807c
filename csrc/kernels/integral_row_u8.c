#include "peephole/integral.h"

ph_status ph_integral_row_u8(int32_t width, const uint8_t *pixels, uint32_t *sum, uint32_t *squares) {
    if (width < 0) {
        return PH_BAD_SHAPE;
    }
    uint32_t row_sum = 0;
    uint32_t row_squares = 0;
    for (int32_t x = 0; x < width; x++) {
        const uint32_t pixel = pixels[x];
        row_sum += pixel;
        row_squares += pixel * pixel;
        sum[x + 1] += row_sum;
        squares[x + 1] += row_squares;
    }
    return PH_OK;
}
