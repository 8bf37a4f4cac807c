/* Inside of the cascade: the levels of the pyramid and the pixels on them. */
#ifndef PEEPHOLE_CASCADE_PYRAMID_H
#define PEEPHOLE_CASCADE_PYRAMID_H

#include "peephole/cascade.h"

/* One level: the frame shrunk so that windows of `side` frame pixels become PH_CASCADE_WINDOW. */
typedef struct {
    uint32_t factor; /* Q16: side / window */
    int32_t side;    /* of the windows, in frame pixels */
    int32_t height;  /* of the level */
    int32_t width;
    uint32_t ratio_y; /* Q16: frame height / level height */
    uint32_t ratio_x;
    int32_t
        halvings; /* the level is sampled from the frame halved so often that less than a quarter is left to shrink */
    int32_t step; /* windows lie so many level pixels apart: 2 where a level pixel is less than 2 frame pixels */
} ph_cascade_level;

/* The part of a level in which windows are looked for, in level pixels. */
typedef struct {
    int32_t x;
    int32_t y;
    int32_t width;
    int32_t height;
} ph_cascade_area;

/* Sampling of one level row: bilinear, pixel centres aligned, border replicated. */
typedef struct {
    const uint8_t *image; /* [height,width] the halved frame */
    int32_t height;
    int32_t width;
    uint16_t *column; /* [level width] left one of the two source columns */
    uint8_t *share;   /* [level width] Q7 share of the right one, 0..128 */
    uint16_t *blend;  /* [width] Q7: the two source rows, blended */
} ph_cascade_sampler;

/* First level of a search, and the one after. Returns 0 when there is none (any more). */
int ph_cascade_first_level(const ph_cascade_search *search, ph_cascade_level *level);
int ph_cascade_next_level(const ph_cascade_search *search, ph_cascade_level *level);

/* Where the pixels of a level row come from: two source rows, and the Q7 share of the lower one. */
typedef struct {
    const uint8_t *upper;
    const uint8_t *lower;
    uint16_t share;
} ph_cascade_rows;

ph_cascade_rows ph_cascade_rows_at(const ph_cascade_level *level, const ph_cascade_sampler *sampler, int32_t y);

void ph_cascade_sampler_columns(const ph_cascade_level *level, ph_cascade_sampler *sampler);
/* Row y of the area. */
void ph_cascade_sampler_row(const ph_cascade_level *level, const ph_cascade_area *area,
                            const ph_cascade_sampler *sampler, int32_t y, uint8_t *pixels); /* [area width] */

/* Mean of 2x2 pixels, halves up; an odd last row or column is left out. */
void ph_cascade_halve(int32_t height, int32_t width, const uint8_t *image, /* [height,width] */
                      uint8_t *half);                                      /* [height/2,width/2] */

#endif
