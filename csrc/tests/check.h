/* The whole test framework: CHECK says what is wrong and where, FINISH says how many checks there were. Numbers come
   from a generator with a fixed seed, so that every run is the same. Buffers are taken from malloc with exactly the
   size that a kernel may touch, so that the address sanitizer sees the first value beyond. */
#ifndef PEEPHOLE_TESTS_CHECK_H
#define PEEPHOLE_TESTS_CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int checks_done;
static int checks_failed;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        checks_done++;                                                                                                 \
        if (!(condition)) {                                                                                            \
            checks_failed++;                                                                                           \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                  \
        }                                                                                                              \
    } while (0)

#define CHECK_EQUAL(actual, expected)                                                                                  \
    do {                                                                                                               \
        const long long actual_ = (long long)(actual), expected_ = (long long)(expected);                              \
        checks_done++;                                                                                                 \
        if (actual_ != expected_) {                                                                                    \
            checks_failed++;                                                                                           \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #actual, actual_, expected_);         \
        }                                                                                                              \
    } while (0)

#define FINISH()                                                                                                       \
    do {                                                                                                               \
        printf("%d checks, %d failed\n", checks_done, checks_failed);                                                  \
        return checks_failed != 0 || checks_done == 0;                                                                 \
    } while (0)

/* xorshift (Marsaglia, 2003) */
static inline uint32_t next_number(void) {
    static uint32_t state = 2463534242u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static inline void *allocate(size_t count, size_t size) {
    void *memory = malloc(count * size + (count == 0));
    if (!memory) {
        abort();
    }
    return memory;
}

/* How the numbers of a test are chosen; most faults of fixed-point code show at the limits. */
typedef enum { FILL_RANDOM, FILL_LOWEST, FILL_HIGHEST, FILL_ZERO, FILL_EDGES, FILLS } fill_kind;

static inline int16_t *filled_s16(size_t count, fill_kind kind) {
    static const int16_t edges[5] = {INT16_MIN, INT16_MAX, -1, 0, 1};
    int16_t *values = allocate(count, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        const uint32_t number = next_number();
        const int16_t choice[FILLS] = {(int16_t)(number >> 16), INT16_MIN, INT16_MAX, 0, edges[number % 5]};
        values[i] = choice[kind];
    }
    return values;
}

#endif
