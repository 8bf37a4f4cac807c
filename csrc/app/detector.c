#include "app/detector.h"

#include <string.h>

static ph_cascade_search search_of(const ph_cascade_detector *detector, ph_image_size size) {
    return (ph_cascade_search){size.height,        size.width,      detector->min_size,
                               detector->max_size, detector->scale, detector->min_deviation};
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
    const size_t glancing =
        detector->glance_scale == 0 ? 0 : ph_cascade_detect_scratch_bytes(detector->cascade, &glance);
    return larger(larger(searching, glancing), ph_cascade_group_scratch_bytes(detector->capacity));
}

ph_status ph_cascade_find(void *context, ph_image_size size, const uint8_t *image, int32_t capacity, ph_hit *faces,
                          int32_t *count) {
    ph_cascade_detector *detector = context;
    const ph_cascade_search search = search_of(detector, size);
    *count = 0;
    if (detector->scratch_bytes < ph_cascade_find_scratch_bytes(detector, size)) {
        return PH_BAD_SHAPE;
    }
    if (detector->glance_scale != 0) {
        const ph_cascade_search glance = glance_of(detector, size);
        int32_t windows;
        const ph_status glanced =
            ph_cascade_detect(detector->cascade, &glance, image, detector->scratch, 0, detector->hits, &windows);
        if (glanced != PH_OK || windows == 0) {
            detector->left_out = 0;
            return glanced;
        }
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
