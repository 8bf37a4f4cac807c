#include "app/detector.h"

#include "check.h"

#include <string.h>

enum { HEIGHT = 60, WIDTH = 90, CAPACITY = 3000 };

/* A table of one stump, by which every window passes whose left half is brighter than its right. */
static const uint16_t stage_weak[1] = {1};
static const int32_t stage_threshold[1] = {0};
static const int16_t threshold[1] = {1500}, leaf[2] = {-1024, 1024};
static const uint8_t rectangle_count[1] = {2};
static const int8_t rectangle[10] = {0, 0, 24, 24, -1, 0, 0, 12, 24, 2};
static const ph_cascade table = {1,         1,   2, stage_weak, stage_threshold, threshold, leaf, rectangle_count,
                                 rectangle, NULL};

static uint8_t *noise(void) {
    uint8_t *image = allocate(HEIGHT * WIDTH, 1);
    for (int i = 0; i < HEIGHT * WIDTH; i++) {
        image[i] = (uint8_t)(next_number() >> 24);
    }
    return image;
}

/* In scratch of exactly the promised size. */
static int32_t find(int32_t capacity, const uint8_t *image, int32_t most, ph_hit *faces, int32_t *left_out) {
    ph_cascade_detector detector = {.cascade = &table,
                                    .min_size = 24,
                                    .max_size = 60,
                                    .scale = 72090,
                                    .min_deviation = 0,
                                    .min_neighbours = 2,
                                    .hits = allocate((size_t)capacity, sizeof(ph_hit)),
                                    .capacity = capacity};
    const ph_image_size size = {HEIGHT, WIDTH};
    int32_t count = -1;
    detector.scratch_bytes = ph_cascade_find_scratch_bytes(&detector, size);
    detector.scratch = allocate(detector.scratch_bytes, 1);
    CHECK_EQUAL(ph_cascade_find(&detector, size, image, most, faces, &count), PH_OK);
    *left_out = detector.left_out;
    detector.scratch_bytes--;
    CHECK_EQUAL(ph_cascade_find(&detector, size, image, most, faces, &(int32_t){0}), PH_BAD_SHAPE);
    free(detector.scratch);
    free(detector.hits);
    return count;
}

static void it_finds_what_search_and_joining_find(void) {
    const ph_cascade_search search = {HEIGHT, WIDTH, 24, 60, 72090, 0, NULL, 0};
    uint8_t *image = noise();
    void *scratch = allocate(ph_cascade_detect_scratch_bytes(&table, &search), 1);
    ph_hit *hits = allocate(CAPACITY, sizeof *hits), faces[50];
    int32_t count, left_out = -1;
    CHECK_EQUAL(ph_cascade_check(&table), PH_OK);
    CHECK_EQUAL(ph_cascade_detect(&table, &search, image, scratch, CAPACITY, hits, &count), PH_OK);
    CHECK(count > 100 && count <= CAPACITY);
    const int32_t passed = count;
    void *joining = allocate(ph_cascade_group_scratch_bytes(count), 1);
    CHECK_EQUAL(ph_cascade_group(2, joining, hits, &count), PH_OK);
    CHECK(count > 1 && count <= 50);
    CHECK_EQUAL(find(CAPACITY, image, 50, faces, &left_out), count);
    CHECK_EQUAL(left_out, 0);
    CHECK(memcmp(faces, hits, (size_t)count * sizeof *faces) == 0);
    CHECK_EQUAL(find(CAPACITY, image, 1, faces, &left_out), 1); /* the largest, where one is asked for */
    CHECK(memcmp(faces, hits, sizeof *faces) == 0);
    find(100, image, 50, faces, &left_out); /* what does not fit is left out, and told */
    CHECK_EQUAL(left_out, passed - 100);
    free(joining);
    free(hits);
    free(scratch);
    free(image);
}

static void a_picture_that_cannot_be_searched(void) {
    ph_hit hit;
    uint8_t image[30 * 30] = {0};
    ph_cascade_detector detector = {.cascade = &table,
                                    .min_size = 24,
                                    .max_size = 60,
                                    .scale = 65536,
                                    .min_neighbours = 2,
                                    .scratch_bytes = 1 << 20,
                                    .hits = &hit,
                                    .capacity = 1};
    int32_t count = -1;
    CHECK_EQUAL(ph_cascade_find(&detector, (ph_image_size){30, 30}, image, 1, &hit, &count), PH_BAD_ARGUMENT);
    CHECK_EQUAL(count, 0);
}

/* A glance for windows as large as can be sees fewer than there are: what it misses is not looked for. */
static void a_first_glance(void) {
    uint8_t *image = noise();
    ph_hit faces[50];
    ph_cascade_detector detector = {.cascade = &table,
                                    .min_size = 24,
                                    .max_size = 60,
                                    .scale = 72090,
                                    .min_neighbours = 2,
                                    .hits = allocate(CAPACITY, sizeof(ph_hit)),
                                    .capacity = CAPACITY};
    const ph_image_size size = {HEIGHT, WIDTH};
    int32_t at_once, count;
    detector.scratch_bytes = 1 << 20;
    detector.scratch = allocate(detector.scratch_bytes, 1);
    CHECK_EQUAL(ph_cascade_find(&detector, size, image, 50, faces, &at_once), PH_OK);
    CHECK(at_once > 1);
    detector.glance = &table;
    detector.glance_size = 24;
    detector.glance_scale = 2 * 65536;
    detector.away = 4 * 256; /* all over the picture */
    detector.times = 4 * 256;
    CHECK_EQUAL(ph_cascade_find(&detector, size, image, 50, faces, &count), PH_OK);
    CHECK_EQUAL(count, at_once);
    detector.glance_size = 61; /* above all windows */
    CHECK_EQUAL(ph_cascade_find(&detector, size, image, 50, faces, &count), PH_OK);
    CHECK_EQUAL(count, 0);
    detector.glance_scale = 65536;
    CHECK_EQUAL(ph_cascade_find(&detector, size, image, 50, faces, &count), PH_BAD_ARGUMENT);
    detector.capacity = 1;
    detector.glance_size = 24;
    detector.min_size = 40; /* the glance, whose pictures are larger, needs the more memory */
    detector.glance_scale = 72090;
    detector.scratch_bytes = ph_cascade_find_scratch_bytes(&detector, size);
    detector.glance = NULL;
    CHECK(ph_cascade_find_scratch_bytes(&detector, size) < detector.scratch_bytes);
    free(detector.scratch);
    free(detector.hits);
    free(image);
}

/* Every window with a pixel unlike the others. */
static const int32_t lowest[1] = {-4096};
static const ph_cascade any = {1, 1, 2, stage_weak, lowest, threshold, leaf, rectangle_count, rectangle, NULL};

enum { AWAY = 16, TIMES = 300, MOST = 24 };

/* How many windows there are near those of a list, which they replace. */
static int32_t near_those(int32_t count, const uint8_t *image, void *scratch, ph_hit *hits) {
    ph_cascade_region regions[MOST];
    const int32_t near = ph_cascade_regions(AWAY, TIMES, count, hits, MOST, regions);
    const ph_cascade_search search = {HEIGHT, WIDTH, 24, 60, 72090, 0, regions, near};
    CHECK(near > 0);
    CHECK_EQUAL(ph_cascade_detect(&any, &search, image, scratch, CAPACITY, hits, &count), PH_OK);
    return count;
}

/* A glance sees the largest windows; others are looked for near them, and near those again where they are no face. */
static void windows_near_those_of_a_glance(void) {
    uint8_t *image = noise();
    ph_hit *hits = allocate(CAPACITY, sizeof *hits), faces[50];
    ph_cascade_detector detector = {.cascade = &any,
                                    .min_size = 24,
                                    .max_size = 60,
                                    .scale = 72090,
                                    .min_neighbours = 1,
                                    .glance = &any,
                                    .glance_size = 60,
                                    .glance_scale = 72090,
                                    .away = AWAY,
                                    .times = TIMES,
                                    .hits = hits,
                                    .capacity = CAPACITY};
    const ph_image_size size = {HEIGHT, WIDTH};
    detector.scratch_bytes = ph_cascade_find_scratch_bytes(&detector, size);
    detector.scratch = allocate(detector.scratch_bytes, 1);
    const ph_cascade_search glance = {HEIGHT, WIDTH, 60, 60, 72090, 0, NULL, 0};
    int32_t count;
    CHECK_EQUAL(ph_cascade_detect(&any, &glance, image, detector.scratch, CAPACITY, hits, &count), PH_OK);
    CHECK(count > 0);
    const int32_t first = near_those(count, image, detector.scratch, hits);
    const int32_t second = near_those(first, image, detector.scratch, hits);
    CHECK(first > 0 && second > first);
    CHECK_EQUAL(ph_cascade_find(&detector, size, image, 50, faces, &count), PH_OK);
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(faces[0].neighbours, first);
    detector.min_neighbours = first + 1; /* more than half of it was there */
    CHECK_EQUAL(ph_cascade_find(&detector, size, image, 50, faces, &count), PH_OK);
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(faces[0].neighbours, second);
    detector.min_neighbours = 2 * first + 1; /* less than half */
    CHECK(2 * first + 1 <= second);
    CHECK_EQUAL(ph_cascade_find(&detector, size, image, 50, faces, &count), PH_OK);
    CHECK_EQUAL(count, 0);
    free(detector.scratch);
    free(hits);
    free(image);
}

int main(void) {
    a_first_glance();
    windows_near_those_of_a_glance();
    it_finds_what_search_and_joining_find();
    a_picture_that_cannot_be_searched();
    FINISH();
}
