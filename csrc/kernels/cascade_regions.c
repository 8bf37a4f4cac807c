#include "peephole/cascade.h"

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static int32_t larger(int32_t a, int32_t b) {
    return a > b ? a : b;
}

/* Sides are at most 2^14, `away` and `times` below 2^16: everything stays below 2^31. */
static ph_cascade_region around(int32_t away, int32_t times, const ph_hit *hit) {
    const int32_t reach = (2 * hit->side * away) >> 8; /* of doubled middles */
    const int32_t across = 2 * hit->x + hit->side, down = 2 * hit->y + hit->side;
    return (ph_cascade_region){across - reach,   across + reach + 1,      down - reach,
                               down + reach + 1, hit->side * 256 / times, hit->side * times / 256};
}

static int meet(const ph_cascade_region *a, const ph_cascade_region *b) {
    return a->left < b->right && b->left < a->right && a->top < b->bottom && b->top < a->bottom &&
           a->min_side <= b->max_side && b->min_side <= a->max_side;
}

static ph_cascade_region both(const ph_cascade_region *a, const ph_cascade_region *b) {
    return (ph_cascade_region){smaller(a->left, b->left),         larger(a->right, b->right),
                               smaller(a->top, b->top),           larger(a->bottom, b->bottom),
                               smaller(a->min_side, b->min_side), larger(a->max_side, b->max_side)};
}

/* Takes the regions that meet `one` out, into it. Returns how many are left, in their order. */
static int32_t absorb(ph_cascade_region *one, int32_t count, ph_cascade_region *regions) {
    int32_t left = 0;
    for (int32_t r = 0; r < count; r++) {
        if (meet(one, &regions[r])) {
            *one = both(one, &regions[r]);
        } else {
            regions[left++] = regions[r];
        }
    }
    return left;
}

int32_t ph_cascade_regions(int32_t away, int32_t times, int32_t count, const ph_hit *hits, int32_t capacity,
                           ph_cascade_region *regions) {
    int32_t kept = 0;
    for (int32_t i = 0; i < count; i++) {
        ph_cascade_region one = around(away, times, &hits[i]);
        for (int32_t before = -1; before != kept;) { /* once it has grown, the others are asked again */
            before = kept;
            kept = absorb(&one, kept, regions);
        }
        if (kept == capacity) {
            return -1;
        }
        regions[kept++] = one;
    }
    return kept;
}
