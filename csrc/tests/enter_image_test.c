#include "host/enter_image.h"

#include "check.h"

/* Each image and each output is an array of its own of exactly the size that may be touched, for the sanitizers, and
   once more the upper part of an array whose rest must stay as it is, which is noticed without them too. */

enum { WIDTHS = 70, GUARDS = 40, GUARD = 85 };

static int32_t expected(const uint8_t *image, int32_t width, int32_t y, int32_t x, int32_t offset, bool mirrored) {
    return image[(size_t)y * width + (mirrored ? width - 1 - x : x)] - offset;
}

#define ENTERED(bits)                                                                                                  \
    static void entered_s##bits(int32_t height, int32_t width, int32_t offset, bool mirrored, size_t guards) {         \
        const size_t count = (size_t)height * width;                                                                   \
        uint8_t *image = allocate(count, 1);                                                                           \
        int##bits##_t *output = allocate(count + guards, sizeof *output);                                              \
        for (size_t i = 0; i < count; i++) {                                                                           \
            image[i] = (uint8_t)(next_number() >> 24);                                                                 \
        }                                                                                                              \
        for (size_t i = 0; i < count + guards; i++) {                                                                  \
            output[i] = GUARD;                                                                                         \
        }                                                                                                              \
        ph_enter_image_s##bits(height, width, image, offset, mirrored, output);                                        \
        for (int32_t y = 0; y < height; y++) {                                                                         \
            for (int32_t x = 0; x < width; x++) {                                                                      \
                CHECK_EQUAL(output[(size_t)y * width + x],                                                             \
                            (int##bits##_t)expected(image, width, y, x, offset, mirrored));                            \
            }                                                                                                          \
        }                                                                                                              \
        for (size_t i = count; i < count + guards; i++) {                                                              \
            CHECK_EQUAL(output[i], GUARD);                                                                             \
        }                                                                                                              \
        free(image);                                                                                                   \
        free(output);                                                                                                  \
    }

ENTERED(16)
ENTERED(8)

int main(void) {
    static const int32_t offsets[3] = {0, 128, 255};
    for (int32_t width = 0; width < WIDTHS; width++) { /* past the widest vector, and what is left beside it */
        const int32_t height = width % 4, offset = offsets[width % 3];
        for (int way = 0; way < 4; way++) {
            const size_t guards = way & 2 ? GUARDS : 0;
            entered_s16(height, width, offset, way & 1, guards);
            entered_s8(height, width, offset, way & 1, guards);
        }
    }
    FINISH();
}
