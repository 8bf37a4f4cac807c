#include "cascade_search.h"

#include <stddef.h>

int ph_cascade_is_sound(const ph_cascade_search *search) {
    return search->height >= 1 && search->height <= PH_CASCADE_LARGEST_FRAME && search->width >= 1 &&
           search->width <= PH_CASCADE_LARGEST_FRAME && search->min_size >= PH_CASCADE_WINDOW &&
           search->min_size <= PH_CASCADE_LARGEST_FRAME && search->scale > 65536 && search->scale <= 4 * 65536 &&
           search->min_deviation >= 0 && search->min_deviation <= 127 && search->region_count >= 0;
}

int32_t ph_cascade_most_halvings(const ph_cascade_search *search, ph_cascade_level level) {
    int32_t halvings = level.halvings;
    while (ph_cascade_next_level(search, &level)) {
        halvings = level.halvings;
    }
    return halvings;
}

void *ph_cascade_take(uint8_t *base, size_t *used, size_t bytes) {
    void *part = base ? base + *used : NULL;
    *used += (bytes + 15) & ~(size_t)15;
    return part;
}

/* Windows of a level, `step` pixels apart, whose doubled middle in the frame lies before `middle`: 0..most. With sides
   up to 2^14 and ratio >= 2^16 everything stays below 2^32. */
static int32_t windows_before(int32_t middle, const ph_cascade_level *level, uint32_t ratio, int32_t most) {
    const int32_t edge = middle - level->side; /* twice the windows' first pixel */
    if (edge <= 0) {
        return 0;
    }
    const uint32_t at = edge > 2 * PH_CASCADE_LARGEST_FRAME ? 2 * PH_CASCADE_LARGEST_FRAME : (uint32_t)edge;
    const uint32_t pixel = ((at << 16) + 2 * ratio - 1) / (2 * ratio);
    const int32_t count = (int32_t)((pixel + (uint32_t)level->step - 1) / (uint32_t)level->step);
    return count < most ? count : most;
}

int ph_cascade_area_of(const ph_cascade_level *level, const ph_cascade_region *region, ph_cascade_area *area) {
    const int32_t columns = (level->width - PH_CASCADE_WINDOW) / level->step + 1;
    const int32_t rows = (level->height - PH_CASCADE_WINDOW) / level->step + 1;
    const int32_t left = windows_before(region->left, level, level->ratio_x, columns);
    const int32_t right = windows_before(region->right, level, level->ratio_x, columns);
    const int32_t top = windows_before(region->top, level, level->ratio_y, rows);
    const int32_t bottom = windows_before(region->bottom, level, level->ratio_y, rows);
    *area =
        (ph_cascade_area){left * level->step, top * level->step, (right - left - 1) * level->step + PH_CASCADE_WINDOW,
                          (bottom - top - 1) * level->step + PH_CASCADE_WINDOW};
    return level->side >= region->min_side && level->side <= region->max_side && left < right && top < bottom;
}

void ph_cascade_add_hit(const ph_cascade_search *search, const ph_cascade_level *level, int32_t x, int32_t y,
                        int32_t score, ph_cascade_hits *list) {
    if (list->count < list->capacity) {
        const int32_t left = (int32_t)(((uint32_t)x * level->ratio_x + 0x8000) >> 16);
        const int32_t top = (int32_t)(((uint32_t)y * level->ratio_y + 0x8000) >> 16);
        const int32_t most_left = search->width - level->side, most_top = search->height - level->side;
        list->hits[list->count] = (ph_hit){(int16_t)(left < most_left ? left : most_left),
                                           (int16_t)(top < most_top ? top : most_top), (int16_t)level->side, 1, score};
    }
    list->count++;
}
