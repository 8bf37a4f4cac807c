#include "host/enter_image.h"

#include <stddef.h>

void ph_enter_image_s16(int32_t height, int32_t width, const uint8_t *restrict image, int32_t offset, bool mirrored,
                        int16_t *restrict output) {
    for (int32_t y = 0; y < height; y++, image += width, output += width) {
        if (mirrored) {
            for (ptrdiff_t x = 0; x < width; x++) {
                output[x] = (int16_t)(image[width - 1 - x] - offset);
            }
        } else {
            for (ptrdiff_t x = 0; x < width; x++) {
                output[x] = (int16_t)(image[x] - offset);
            }
        }
    }
}

void ph_enter_image_s8(int32_t height, int32_t width, const uint8_t *restrict image, int32_t offset, bool mirrored,
                       int8_t *restrict output) {
    for (int32_t y = 0; y < height; y++, image += width, output += width) {
        if (mirrored) {
            for (ptrdiff_t x = 0; x < width; x++) {
                output[x] = (int8_t)(image[width - 1 - x] - offset);
            }
        } else {
            for (ptrdiff_t x = 0; x < width; x++) {
                output[x] = (int8_t)(image[x] - offset);
            }
        }
    }
}
