#include "app/detector.h"

#include <string.h>

#define MOST_REGIONS 24 /* where a glance finds more, the whole picture is searched */

static ph_cascade_search search_of(const ph_cascade_detector *detector, ph_image_size size) {
    return (ph_cascade_search){.height = size.height,
                               .width = size.width,
                               .min_size = detector->min_size,
                               .max_size = detector->max_size,
                               .scale = detector->scale,
                               .min_deviation = detector->min_deviation};
}

static ph_cascade_search glance_of(const ph_cascade_detector *detector, ph_image_size size) {
    ph_cascade_search search = search_of(detector, size);
    search.min_size = detector->glance_size;
    search.scale = detector->glance_scale;
    return search;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

size_t ph_cascade_find_scratch_bytes(const ph_cascade_detector *detector, ph_image_size size) {
    const ph_cascade_search search = search_of(detector, size), glance = glance_of(detector, size);
    const size_t searching = ph_cascade_detect_scratch_bytes(detector->cascade, &search);
    const size_t glancing = detector->glance ? ph_cascade_detect_scratch_bytes(detector->glance, &glance) : 0;
    return larger(larger(searching, glancing), ph_cascade_group_scratch_bytes(detector->capacity));
}

/* Searches for some sizes only. *windows: how many it finds; near them lie the regions, -1 where they are too many. */
static ph_status glance_at(ph_cascade_detector *detector, ph_image_size size, const uint8_t *image, int32_t *windows,
                           int32_t *count, ph_cascade_region *regions) {
    const ph_cascade_search glance = glance_of(detector, size);
    const ph_status status = ph_cascade_detect(detector->glance, &glance, image, detector->scratch, detector->capacity,
                                               detector->hits, windows);
    if (status == PH_OK) {
        *count = *windows > detector->capacity ? -1
                                               : ph_cascade_regions(detector->away, detector->times, *windows,
                                                                    detector->hits, MOST_REGIONS, regions);
    }
    return status;
}

ph_status ph_cascade_find(void *context, ph_image_size size, const uint8_t *image, int32_t capacity, ph_hit *faces,
                          int32_t *count) {
    ph_cascade_detector *detector = context;
    ph_cascade_search search = search_of(detector, size);
    ph_cascade_region regions[MOST_REGIONS];
    *count = 0;
    if (detector->scratch_bytes < ph_cascade_find_scratch_bytes(detector, size)) {
        return PH_BAD_SHAPE;
    }
    if (detector->glance) {
        int32_t windows = 0, near = 0;
        const ph_status status = glance_at(detector, size, image, &windows, &near, regions);
        if (status != PH_OK || windows == 0) {
            detector->left_out = 0;
            return status;
        }
        search.regions = regions;
        search.region_count = near < 0 ? 0 : near;
    }
    int32_t found;
    ph_status status = ph_cascade_detect(detector->cascade, &search, image, detector->scratch, detector->capacity,
                                         detector->hits, &found);
    if (status != PH_OK) {
        return status;
    }
    detector->left_out = found > detector->capacity ? found - detector->capacity : 0;
    found -= detector->left_out;
    status = ph_cascade_group(detector->min_neighbours, detector->scratch, detector->hits, &found);
    if (status == PH_OK) {
        *count = found < capacity ? found : capacity;
        memcpy(faces, detector->hits, (size_t)*count * sizeof *faces);
    }
    return status;
}
