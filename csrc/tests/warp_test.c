#include "peephole/warp.h"

#include "check.h"

#include <string.h>

static uint8_t *noise(size_t count) {
    uint8_t *values = allocate(count, 1);
    for (size_t i = 0; i < count; i++) {
        values[i] = (uint8_t)(next_number() >> 24);
    }
    return values;
}

/* Nothing is read outside the image, whatever the matrix: the address sanitizer watches. */
static void any_matrix_is_safe(void) {
    for (int round = 0; round < 300; round++) {
        const ph_image_size size = {1 + (int32_t)(next_number() % 20), 1 + (int32_t)(next_number() % 20)};
        const ph_image_size out_size = {1 + (int32_t)(next_number() % 20), 1 + (int32_t)(next_number() % 20)};
        uint8_t *image = noise((size_t)(size.height * size.width));
        uint8_t *out = noise((size_t)(out_size.height * out_size.width));
        int32_t matrix[6];
        const uint32_t cut = next_number() % 20;
        for (int i = 0; i < 6; i++) {
            const int32_t number = (int32_t)next_number();
            matrix[i] = round % 3 == 0 ? (number < 0 ? INT32_MIN : INT32_MAX) : number >> cut;
        }
        CHECK_EQUAL(ph_warp_affine_u8(size, image, matrix, out_size, out), PH_OK);
        CHECK_EQUAL(ph_resize_u8(size, image, out_size, out), PH_OK);
        free(image);
        free(out);
    }
}

static void the_longest_row_with_the_wildest_matrix(void) {
    static const int32_t matrix[6] = {INT32_MIN, INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX, INT32_MAX};
    uint8_t *image = noise(6);
    uint8_t *out = noise(2 * 32767);
    CHECK_EQUAL(ph_warp_affine_u8((ph_image_size){2, 3}, image, matrix, (ph_image_size){2, 32767}, out), PH_OK);
    CHECK_EQUAL(out[2 * 32767 - 1], image[3]); /* bottom left */
    CHECK_EQUAL(ph_resize_u8((ph_image_size){2, 3}, image, (ph_image_size){2, 32767}, out), PH_OK);
    CHECK_EQUAL(out[0], image[0]);
    CHECK_EQUAL(out[2 * 32767 - 1], image[5]);
    CHECK_EQUAL(ph_resize_u8((ph_image_size){1, 32767}, out, (ph_image_size){1, 1}, image), PH_OK);
    CHECK_EQUAL(image[0], out[16383]); /* the middle one */
    free(image);
    free(out);
}

static void a_known_picture(void) {
    static const uint8_t image[2 * 2] = {0, 100, 200, 255};
    static const int32_t half[6] = {32768, 0, 0, 0, 32768, 0};
    static const uint8_t expected[3 * 3] = {0, 50, 100, 100, 139, 178, 200, 228, 255};
    uint8_t out[9];
    CHECK_EQUAL(ph_warp_affine_u8((ph_image_size){2, 2}, image, half, (ph_image_size){3, 3}, out), PH_OK);
    CHECK(memcmp(out, expected, sizeof out) == 0);
    uint8_t one;
    CHECK_EQUAL(ph_resize_u8((ph_image_size){2, 2}, image, (ph_image_size){1, 1}, &one), PH_OK);
    CHECK_EQUAL(one, 139); /* 555 / 4 rounded */
}

static void refusals(void) {
    static const int32_t matrix[6];
    const ph_image_size good = {1, 1};
    const ph_image_size bad[4] = {{0, 1}, {1, -1}, {32768, 1}, {1, INT32_MAX}};
    uint8_t pixel = 7;
    for (int i = 0; i < 4; i++) {
        CHECK_EQUAL(ph_warp_affine_u8(bad[i], &pixel, matrix, good, &pixel), PH_BAD_SHAPE);
        CHECK_EQUAL(ph_warp_affine_u8(good, &pixel, matrix, bad[i], &pixel), PH_BAD_SHAPE);
        CHECK_EQUAL(ph_resize_u8(bad[i], &pixel, good, &pixel), PH_BAD_SHAPE);
        CHECK_EQUAL(ph_resize_u8(good, &pixel, bad[i], &pixel), PH_BAD_SHAPE);
    }
    CHECK_EQUAL(pixel, 7);
}

int main(void) {
    any_matrix_is_safe();
    the_longest_row_with_the_wildest_matrix();
    a_known_picture();
    refusals();
    FINISH();
}
