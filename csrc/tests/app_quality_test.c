#include "app/quality.h"

#include "app/pose.h"
#include "check.h"

#include <string.h>

static const ph_policy policy = PH_DEFAULT_POLICY;

static uint8_t *noise(size_t count) {
    uint8_t *values = allocate(count, 1);
    for (size_t i = 0; i < count; i++) {
        values[i] = (uint8_t)(next_number() >> 24);
    }
    return values;
}

static void sharpness_by_hand(void) {
    /* One bright pixel of 9 in the middle of 5x5: the Laplacian's variance is 180, the picture's 3.11, of which 3. */
    uint8_t spot[25] = {0};
    int32_t sharpness = -1;
    spot[12] = 9;
    CHECK_EQUAL(ph_sharpness((ph_image_size){5, 5}, spot, NULL, &sharpness), PH_OK); /* no scratch: it is small */
    CHECK_EQUAL(sharpness, 1000 * 180 / 3);
    memset(spot, 77, sizeof spot);
    CHECK_EQUAL(ph_sharpness((ph_image_size){5, 5}, spot, NULL, &sharpness), PH_OK);
    CHECK_EQUAL(sharpness, 0);
}

/* The sanitizers watch the sums, at the limits above all. */
static void crops_of_any_size(void) {
    static const ph_image_size sizes[] = {{3, 3}, {64, 4096}, {4096, 64}, {65, 65}, {66, 4096}, {1024, 1024}};
    uint8_t *scratch = allocate(PH_SHARPNESS_SCRATCH, 1);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const size_t pixels = (size_t)sizes[i].height * (size_t)sizes[i].width;
        uint8_t *crop = noise(pixels);
        for (int kind = 0; kind < 2; kind++) {
            int32_t sharpness = -1;
            ph_exposure light;
            CHECK_EQUAL(ph_sharpness(sizes[i], crop, scratch, &sharpness), PH_OK);
            CHECK(sharpness >= 0);
            CHECK_EQUAL(ph_measure_exposure(sizes[i], crop, &light), PH_OK);
            CHECK(light.brightness <= 255 && light.contrast <= 128 && light.clipped <= 1000);
            for (size_t k = 0; k < pixels; k++) { /* then the largest Laplacian that there is */
                crop[k] = (k + k / (size_t)sizes[i].width) % 2 ? 255 : 0;
            }
        }
        free(crop);
    }
    free(scratch);
}

static void refusals(void) {
    uint8_t crop[9] = {0};
    int32_t value = 7;
    ph_exposure light;
    ph_policy odd = policy;
    const ph_image_size bad[4] = {{2, 3}, {3, 2}, {4097, 3}, {3, 4097}};
    for (int i = 0; i < 4; i++) {
        CHECK_EQUAL(ph_sharpness(bad[i], crop, NULL, &value), PH_BAD_SHAPE);
    }
    CHECK_EQUAL(ph_measure_exposure((ph_image_size){0, 3}, crop, &light), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_quality_value(&policy, -1, 0, 0, &value), PH_BAD_ARGUMENT);
    odd.good_width = 0;
    CHECK_EQUAL(ph_quality_value(&odd, 1, 1, 1, &value), PH_BAD_ARGUMENT);
    odd.good_width = INT32_MAX;
    CHECK_EQUAL(ph_quality_value(&odd, 1, 1, 1, &value), PH_BAD_ARGUMENT);
    CHECK_EQUAL(value, 7);
}

static int32_t value_of(int32_t width, int32_t sharpness, int32_t neighbours) {
    int32_t value = -1;
    CHECK_EQUAL(ph_quality_value(&policy, width, sharpness, neighbours, &value), PH_OK);
    return value;
}

static void one_figure(void) {
    CHECK_EQUAL(value_of(96, 150, 120), 1000);
    CHECK_EQUAL(value_of(INT32_MAX, INT32_MAX, INT32_MAX), 1000);
    CHECK_EQUAL(value_of(0, 150, 120), 0);
    CHECK_EQUAL(value_of(12, 150, 120), 500); /* an eighth */
    CHECK_EQUAL(value_of(48, 75, 60), 500);
    ph_policy even = policy;
    int32_t value = 0;
    even.good_width = even.good_sharpness = even.good_neighbours = 80;
    CHECK_EQUAL(ph_quality_value(&even, 1, 1, 1, &value), PH_OK); /* 12.5: halves upwards */
    CHECK_EQUAL(value, 13);
    even.good_width = 1 << 29, even.good_sharpness = 2, even.good_neighbours = 2; /* 2^31 in all */
    CHECK_EQUAL(ph_quality_value(&even, 1 << 26, 2, 2, &value), PH_OK);
    CHECK_EQUAL(value, 500);
}

static void each_fault_has_its_bar(void) {
    const ph_exposure lit = {130, policy.min_contrast, policy.most_clipped};
    const ph_exposure flat = {130, policy.min_contrast - 1, 0}, glaring = {130, 45, policy.most_clipped + 1};
    CHECK_EQUAL(ph_find_fault(&policy, policy.min_width, policy.min_sharpness, &lit, false), PH_FAULT_NONE);
    CHECK_EQUAL(ph_find_fault(&policy, policy.min_width - 1, 0, &flat, true), PH_FAULT_TOO_SMALL);
    CHECK_EQUAL(ph_find_fault(&policy, 100, policy.min_sharpness - 1, &flat, true), PH_FAULT_BLURRED);
    CHECK_EQUAL(ph_find_fault(&policy, 100, 100, &flat, true), PH_FAULT_FLAT);
    CHECK_EQUAL(ph_find_fault(&policy, 100, 100, &glaring, true), PH_FAULT_GLARING);
    CHECK_EQUAL(ph_find_fault(&policy, 100, 100, &lit, true), PH_FAULT_TURNED);
}

static void turned_aside(void) {
    /* Eyes 200 apart, the nose 83 aside of the middle: tan(yaw) = 83 / (100 * 0.83) = 1. */
    int32_t points[10] = {-100, 0, 100, 0, 83, 50, -80, 100, 80, 100};
    const int32_t same[10] = {5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
    CHECK(!ph_is_turned(points, 45));
    CHECK(ph_is_turned(points, 44));
    CHECK(!ph_is_turned(points, 90));
    CHECK(ph_is_turned(points, -1));
    points[4] = -84; /* to the other side */
    CHECK(ph_is_turned(points, 45));
    CHECK(!ph_is_turned(points, 46));
    CHECK(ph_is_turned(same, 89));
    CHECK(!ph_is_turned(same, 90));
}

static void points_anywhere(void) {
    static const int32_t edge = 1 << 23;
    for (int round = 0; round < 20000; round++) {
        int32_t points[10];
        for (int i = 0; i < 10; i++) {
            points[i] = round % 2 ? (next_number() % 2 ? edge : -edge) : (int32_t)(next_number() % (2u * edge)) - edge;
        }
        const int32_t most = (int32_t)(next_number() % 90);
        CHECK(ph_is_turned(points, most) || !ph_is_turned(points, most + 1)); /* the bar only widens */
        points[next_number() % 10] = edge + 1;
        CHECK(ph_is_turned(points, most));
    }
}

int main(void) {
    sharpness_by_hand();
    crops_of_any_size();
    refusals();
    one_figure();
    each_fault_has_its_bar();
    turned_aside();
    points_anywhere();
    FINISH();
}
