/* One bilinear sample of a grey image; what resize and warp have in common. */
#ifndef PEEPHOLE_KERNELS_BILINEAR_H
#define PEEPHOLE_KERNELS_BILINEAR_H

#include <stddef.h>
#include <stdint.h>

/* Two neighbouring rows or columns, repeated at the border, and the weight of the second in 1/256. */
typedef struct {
    int32_t first;
    int32_t second;
    uint32_t weight;
} ph_neighbours;

/* The neighbours of a position in 1/256 pixel on an axis of `side` pixels. */
static inline ph_neighbours ph_neighbours_at(int64_t position, int32_t side) {
    const int64_t whole = position >> 8;
    const int32_t last = side - 1;
    const int32_t first = whole < 0 ? 0 : whole > last ? last : (int32_t)whole;
    const int32_t second = whole < -1 ? 0 : whole >= last ? last : (int32_t)whole + 1;
    return (ph_neighbours){first, second, (uint32_t)(position & 255)};
}

static inline uint8_t ph_bilinear_u8(const uint8_t *upper, const uint8_t *lower, ph_neighbours column,
                                     uint32_t row_weight) {
    const uint32_t left = 256 - column.weight;
    const uint32_t above = left * upper[column.first] + column.weight * upper[column.second];
    const uint32_t below = left * lower[column.first] + column.weight * lower[column.second];
    return (uint8_t)(((256 - row_weight) * above + row_weight * below + 32768) >> 16);
}

#endif
