#include "peephole/cascade.h"

#include "check.h"
#include "kernels/cascade_windows.h"

#include <string.h>

/* A table of random stumps through which some windows pass. */
enum { STAGES = 4, PER_STAGE = 3, WEAK = STAGES * PER_STAGE };

static uint16_t stage_weak[STAGES];
static int32_t stage_threshold[STAGES];
static int16_t threshold[WEAK], leaf[WEAK * 2];
static uint8_t rectangle_count[WEAK];
static int8_t rectangle[WEAK * 3 * 5];
static uint8_t carried[STAGES];

static int32_t between(int32_t low, int32_t high) {
    return low + (int32_t)(next_number() % (uint32_t)(high - low + 1));
}

/* The second rectangle becomes a part of the first one, cut off at any side. */
static void cut(int8_t *rectangles) {
    const int8_t *whole = rectangles;
    int8_t *part = rectangles + 5;
    const int along = between(0, 1), far = between(0, 1);
    memcpy(part, whole, 5);
    part[2 + along] = (int8_t)between(1, whole[2 + along]);
    part[along] = (int8_t)(whole[along] + (far ? whole[2 + along] - part[2 + along] : 0));
    part[4] = (int8_t)between(1, 3);
}

static ph_cascade random_table(void) {
    int32_t rectangles = 0;
    for (int32_t k = 0; k < WEAK; k++) {
        threshold[k] = (int16_t)(k % 5 == 0 ? INT16_MIN : k % 5 == 1 ? INT16_MAX : between(-9000, 9000));
        leaf[2 * k] = (int16_t)between(-3000, 3000);
        leaf[2 * k + 1] = (int16_t)between(-3000, 3000);
        rectangle_count[k] = (uint8_t)between(2, 3);
        for (int32_t r = 0; r < rectangle_count[k]; r++, rectangles++) {
            int8_t *one = rectangle + 5 * rectangles;
            one[0] = (int8_t)between(0, 23);
            one[1] = (int8_t)between(0, 23);
            one[2] = (int8_t)between(1, 24 - one[0]);
            one[3] = (int8_t)between(1, 24 - one[1]);
            one[4] = (int8_t)(r == 0 ? -1 : between(0, 1) ? 127 : -128);
            if (r == 1 && k % 2) {
                cut(one - 5);
                threshold[k] = (int16_t)between(-200, 200); /* near the middle, where every sign counts */
            }
        }
    }
    for (int32_t stage = 0; stage < STAGES; stage++) {
        stage_weak[stage] = PER_STAGE;
        stage_threshold[stage] = between(-6000, 0);
    }
    for (int32_t stage = 1; stage < STAGES; stage++) {
        carried[stage] = (uint8_t)between(0, 1);
    }
    return (ph_cascade){STAGES,    WEAK, rectangles,      stage_weak, stage_threshold,
                        threshold, leaf, rectangle_count, rectangle,  between(0, 1) ? carried : NULL};
}

static uint8_t *random_frame(int32_t height, int32_t width, int32_t kind) {
    uint8_t *image = allocate((size_t)height * (size_t)width, 1);
    for (int32_t i = 0; i < height * width; i++) {
        const int32_t checker = (i % width / 3 + i / width / 5) % 2 * 255;
        image[i] = (uint8_t)(kind == 0 ? next_number() >> 24 : kind == 1 ? (uint32_t)checker : kind == 2 ? 0u : 255u);
    }
    return image;
}

/* Searches in buffers of exactly the promised size; every hit lies in the frame and comes in the promised order. */
static int32_t search_frame(const ph_cascade *table, ph_cascade_search search, int32_t kind, int32_t capacity) {
    uint8_t *image = random_frame(search.height, search.width, kind);
    const size_t bytes = ph_cascade_detect_scratch_bytes(table, &search);
    void *scratch = allocate(bytes, 1);
    ph_hit *hits = allocate((size_t)capacity, sizeof *hits);
    int32_t count = -1, again = -1;
    ph_hit *same = allocate((size_t)capacity, sizeof *same);
    CHECK_EQUAL(ph_cascade_detect_by(1, table, &search, image, scratch, capacity, same, &again), PH_OK);
    CHECK_EQUAL(ph_cascade_detect_by(0, table, &search, image, scratch, capacity, hits, &count), PH_OK);
    CHECK_EQUAL(again, count);
    CHECK(memcmp(same, hits, sizeof *hits * (size_t)(count < capacity ? count : capacity)) == 0);
    free(same);
    CHECK_EQUAL(ph_cascade_detect(table, &search, image, scratch, capacity, hits, &again), PH_OK);
    CHECK_EQUAL(again, count);
    int inside = 1, ordered = 1;
    int32_t listed = count < capacity ? count : capacity;
    for (int32_t i = 0; i < listed; i++) {
        inside = inside && hits[i].x >= 0 && hits[i].y >= 0 && hits[i].x + hits[i].side <= search.width &&
                 hits[i].y + hits[i].side <= search.height && hits[i].score >= 0 && hits[i].neighbours == 1;
        ordered = ordered && (i == 0 || hits[i].side >= hits[i - 1].side);
    }
    CHECK(inside);
    CHECK(ordered);
    void *group_scratch = allocate(ph_cascade_group_scratch_bytes(listed), 1);
    CHECK_EQUAL(ph_cascade_group(2, group_scratch, hits, &listed), PH_OK);
    CHECK(listed >= 0 && listed <= (count < capacity ? count : capacity));
    free(group_scratch);
    free(hits);
    free(scratch);
    free(image);
    return count;
}

static void searches(void) {
    int32_t found = 0;
    for (int32_t round = 0; round < 60; round++) {
        const ph_cascade table = random_table();
        CHECK_EQUAL(ph_cascade_check(&table), PH_OK);
        const ph_cascade_search search = {between(1, 80),
                                          between(1, 110),
                                          between(24, 60),
                                          between(24, 200),
                                          between(66000, 100000),
                                          between(0, 20),
                                          NULL,
                                          0};
        found += search_frame(&table, search, round % 4, round % 3 ? 500 : 1);
    }
    CHECK(found > 100);
    const ph_cascade table = random_table();
    search_frame(&table, (ph_cascade_search){24, 24, 24, 24, 72090, 0, NULL, 0}, 0, 4);
    search_frame(&table, (ph_cascade_search){24, PH_CASCADE_WIDEST_LEVEL, 24, 16384, 72090, 0, NULL, 0}, 0, 4000);
    search_frame(&table, (ph_cascade_search){1, PH_CASCADE_LARGEST_FRAME, 24, 16384, 72090, 0, NULL, 0}, 0, 1);
    search_frame(&table, (ph_cascade_search){500, PH_CASCADE_LARGEST_FRAME, 200, 16384, 200000, 0, NULL, 0}, 0, 4000);
}

/* The wide and the portable row give the same bits, also for the windows of a last block that is not full. */
static void rows_alike(void) {
#if defined(__x86_64__) && defined(__GNUC__)
    if (!__builtin_cpu_supports("avx2")) {
        return;
    }
    enum { STRIDE = 64, ENTRIES = 25 * STRIDE + PH_CASCADE_LANES };
    uint32_t *sum = allocate(ENTRIES, sizeof *sum), *squares = allocate(ENTRIES, sizeof *squares);
    int passed = 0;
    for (int32_t round = 0; round < 200; round++) {
        const ph_cascade table = random_table();
        uint16_t corners[4 * 3 * WEAK];
        int8_t weight[2 * WEAK];
        int32_t first[STAGES + 1], corner[STAGES];
        ph_cascade_plan plan = {.cascade = &table,
                                .least_deviation = 484 * between(0, 40),
                                .corners = corners,
                                .weight = weight,
                                .stage_first = first,
                                .stage_corner = corner};
        ph_cascade_plan_offsets(&plan, STRIDE, round % 2 ? STRIDE / 2 : 0);
        for (int32_t i = 0; i < ENTRIES; i++) {
            sum[i] = next_number();
            squares[i] = next_number();
        }
        const int32_t windows = between(1, round % 2 ? 16 : 40);
        int32_t deviation[2][48] = {{0}}, score[2][48];
        ph_cascade_row(&plan, windows, sum, squares, deviation[0], score[0]);
        ph_cascade_row_avx2(&plan, windows, sum, squares, deviation[1], score[1]);
        CHECK(memcmp(score[0], score[1], (size_t)windows * sizeof(int32_t)) == 0);
        CHECK(memcmp(deviation[0], deviation[1], (size_t)windows * sizeof(int32_t)) == 0);
        for (int32_t x = 0; x < windows; x++) {
            passed += score[0][x] >= 0;
        }
    }
    CHECK(passed > 50);
    free(sum);
    free(squares);
#endif
}

/* By a table that every window passes: exactly those are rejected whose root is at most the least deviation. Squares
   whose mean is the square of the least one put the windows of a row just above it and just below, and whole blocks
   below. */
static void flat_windows(void) {
    enum { STRIDE = 64, ENTRIES = 25 * STRIDE + PH_CASCADE_LANES };
    uint32_t *sum = allocate(ENTRIES, sizeof *sum), *squares = allocate(ENTRIES, sizeof *squares);
    int flat = 0, open = 0, whole = 0;
    for (int32_t round = 0; round < 200; round++) {
        const ph_cascade table = random_table();
        for (int32_t stage = 0; stage < STAGES; stage++) {
            stage_threshold[stage] = -3000 * PER_STAGE * STAGES;
        }
        const int32_t least = between(1, 127);
        uint16_t corners[4 * 3 * WEAK];
        int8_t weight[2 * WEAK];
        int32_t first[STAGES + 1], corner[STAGES];
        ph_cascade_plan plan = {.cascade = &table,
                                .least_deviation = 484 * least,
                                .corners = corners,
                                .weight = weight,
                                .stage_first = first,
                                .stage_corner = corner};
        ph_cascade_plan_offsets(&plan, STRIDE, 0);
        for (int32_t i = 0; i < ENTRIES; i++) {
            const int32_t at = i / STRIDE * (i % STRIDE) * least * least;
            sum[i] = 0;
            squares[i] =
                (uint32_t)(at + between(-least - 2, 2 * least + 2) - (i % STRIDE > 40 && i > STRIDE * 12 ? at / 2 : 0));
        }
        int32_t deviation[40] = {0}, score[40];
        ph_cascade_row(&plan, 40, sum, squares, deviation, score);
        for (int32_t x = 0; x < 40; x++) {
            const uint16_t *c = plan.inner;
            const uint32_t n2 = 484 * (squares[x + c[3]] - squares[x + c[2]] - squares[x + c[1]] + squares[x + c[0]]);
            uint64_t root = 0;
            while ((root + 1) * (root + 1) <= n2) {
                root++;
            }
            CHECK((score[x] < 0) == (root <= (uint64_t)plan.least_deviation));
            CHECK(score[x] < 0 || deviation[x] == (int32_t)root);
            flat += score[x] < 0;
            open += score[x] >= 0;
            whole += x % 8 == 7 && deviation[x] == 0;
        }
    }
    CHECK(flat > 1000 && open > 1000 && whole > 100);
    free(sum);
    free(squares);
}

static void refusals(void) {
    ph_cascade table = random_table();
    uint8_t image[24 * 24] = {0};
    ph_hit hit;
    int32_t count;
    const ph_cascade_search good = {24, 24, 24, 24, 72090, 10, NULL, 0};
    const ph_cascade_search bad[] = {{0, 24, 24, 24, 72090, 10, NULL, 0},  {24, 16385, 24, 24, 72090, 10, NULL, 0},
                                     {24, 24, 23, 24, 72090, 10, NULL, 0}, {24, 24, 24, 24, 65536, 10, NULL, 0},
                                     {24, 24, 24, 24, 72090, -1, NULL, 0}, {24, 24, 24, 24, 72090, 128, NULL, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_EQUAL(ph_cascade_detect(&table, &bad[i], image, NULL, 1, &hit, &count), PH_BAD_ARGUMENT);
        CHECK_EQUAL(ph_cascade_detect_scratch_bytes(&table, &bad[i]), 0);
    }
    CHECK_EQUAL(ph_cascade_detect(&table, &good, image, NULL, -1, &hit, &count), PH_BAD_ARGUMENT);
    const ph_cascade_search wide = {24, PH_CASCADE_WIDEST_LEVEL + 1, 24, 24, 72090, 10, NULL, 0};
    CHECK_EQUAL(ph_cascade_detect(&table, &wide, image, NULL, 1, &hit, &count), PH_BAD_SHAPE);

    stage_weak[1]++;
    CHECK_EQUAL(ph_cascade_check(&table), PH_BAD_SHAPE);
    table = random_table();
    rectangle[0] = -1;
    CHECK_EQUAL(ph_cascade_check(&table), PH_BAD_ARGUMENT);
    table = random_table();
    rectangle[4] = 1;
    CHECK_EQUAL(ph_cascade_check(&table), PH_BAD_ARGUMENT);
    table = random_table();
    rectangle_count[0] = 4;
    CHECK_EQUAL(ph_cascade_check(&table), PH_BAD_SHAPE);
    table = random_table();
    stage_threshold[0] = INT32_MIN;
    CHECK_EQUAL(ph_cascade_check(&table), PH_BAD_ARGUMENT);
    count = -1;
    CHECK_EQUAL(ph_cascade_group(1, NULL, &hit, &count), PH_BAD_ARGUMENT);
}

int main(void) {
    searches();
    rows_alike();
    flat_windows();
    refusals();
    FINISH();
}
