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

/* All windows that pass, into the detector's hits. *count: how many of them are there. */
static ph_status all_windows(ph_cascade_detector *detector, const ph_cascade *cascade, const ph_cascade_search *search,
                             const uint8_t *image, int32_t *count) {
    *count = 0;
    const ph_status status =
        ph_cascade_detect(cascade, search, image, detector->scratch, detector->capacity, detector->hits, count);
    detector->left_out = status == PH_OK && *count > detector->capacity ? *count - detector->capacity : 0;
    *count -= detector->left_out;
    return status;
}

/* Joined windows. Where there are no faces the windows stay as they were. */
static ph_status joined_windows(ph_cascade_detector *detector, const ph_cascade_search *search, const uint8_t *image,
                                int32_t *windows, int32_t *faces) {
    const ph_status status = all_windows(detector, detector->cascade, search, image, windows);
    *faces = *windows;
    return status != PH_OK ? status
                           : ph_cascade_group(detector->min_neighbours, detector->scratch, detector->hits, faces);
}

/* The next search is for windows near those that the last one found, or for all where these are too many. */
static void look_near(const ph_cascade_detector *detector, int32_t windows, ph_cascade_region *regions,
                      ph_cascade_search *search) {
    const int32_t near = detector->left_out ? -1
                                            : ph_cascade_regions(detector->away, detector->times, windows,
                                                                 detector->hits, MOST_REGIONS, regions);
    search->regions = regions;
    search->region_count = near < 0 ? 0 : near;
}

static ph_status find_near(ph_cascade_detector *detector, ph_cascade_search *search, const uint8_t *image,
                           ph_image_size size, int32_t *faces) {
    ph_cascade_region regions[MOST_REGIONS];
    const ph_cascade_search glance = glance_of(detector, size);
    int32_t windows;
    *faces = 0;
    ph_status status = all_windows(detector, detector->glance, &glance, image, &windows);
    if (status != PH_OK || windows == 0) {
        return status;
    }
    look_near(detector, windows, regions, search);
    status = joined_windows(detector, search, image, &windows, faces);
    if (status == PH_OK && *faces == 0 && search->region_count > 0 && 2 * windows >= detector->min_neighbours) {
        look_near(detector, windows, regions, search); /* half a face: the rest may lie a little farther off */
        status = joined_windows(detector, search, image, &windows, faces);
    }
    return status;
}

ph_status ph_cascade_find(void *context, ph_image_size size, const uint8_t *image, int32_t capacity, ph_hit *faces,
                          int32_t *count) {
    ph_cascade_detector *detector = context;
    ph_cascade_search search = search_of(detector, size);
    int32_t windows, found = 0;
    *count = 0;
    if (detector->scratch_bytes < ph_cascade_find_scratch_bytes(detector, size)) {
        return PH_BAD_SHAPE;
    }
    const ph_status status = detector->glance ? find_near(detector, &search, image, size, &found)
                                              : joined_windows(detector, &search, image, &windows, &found);
    if (status == PH_OK) {
        *count = found < capacity ? found : capacity;
        memcpy(faces, detector->hits, (size_t)*count * sizeof *faces);
    }
    return status;
}
