/* Inside of the cascade: what a search is beside the order in which its windows are asked, so that machines which share
   that out in other ways (csrc/ports/gap8/gap8_cascade.c) find the same. */
#ifndef PEEPHOLE_CASCADE_SEARCH_H
#define PEEPHOLE_CASCADE_SEARCH_H

#include "cascade_pyramid.h"

/* Windows that passed. */
typedef struct {
    ph_hit *hits; /* [capacity] */
    int32_t capacity;
    int32_t count; /* of all, also those that found no room */
} ph_cascade_hits;

/* Are the numbers of a search such that nothing overflows? */
int ph_cascade_is_sound(const ph_cascade_search *search);

/* How often the frame is halved at most, from a level of the search on. */
int32_t ph_cascade_most_halvings(const ph_cascade_search *search, ph_cascade_level level);

/* The next part of the scratch, at a multiple of 16 bytes from `base` on (NULL: it is only counted). */
void *ph_cascade_take(uint8_t *base, size_t *used, size_t bytes);

/* The part of the level that holds the windows of a region; 0 where there are none. */
int ph_cascade_area_of(const ph_cascade_level *level, const ph_cascade_region *region, ph_cascade_area *area);

/* The window at these pixels of the level has passed. */
void ph_cascade_add_hit(const ph_cascade_search *search, const ph_cascade_level *level, int32_t x, int32_t y,
                        int32_t score, ph_cascade_hits *list);

#endif
