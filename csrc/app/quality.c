#include "app/quality.h"

#include <stddef.h>

#include "kernels/length.h"

#define BLACK 5 /* grey levels that a sensor gives where it has no more to tell */
#define WHITE 250
#define LEAST_SIDE 3 /* of which one pixel has four neighbours */

/* Sums over at most 4,096^2 = 2^24 values of at most 1,020 (a Laplacian; reduced crops have 2^18 pixels at most) or 255
   (pixels): count * squares < 2^24 * 2^24 * 255^2 < 2^64, and so is the squared sum, which is never above it. */
typedef struct {
    uint64_t count;
    int64_t sum;
    uint64_t squares;
} moments;

static void add(moments *of, int32_t value) {
    of->count++;
    of->sum += value;
    of->squares += (uint64_t)((int64_t)value * value);
}

/* Rounded down. */
static uint64_t variance(const moments *of) {
    const uint64_t size = (uint64_t)(of->sum < 0 ? -of->sum : of->sum);
    return (of->count * of->squares - size * size) / (of->count * of->count);
}

static bool is_crop(ph_image_size size, int32_t least) {
    return size.height >= least && size.height <= PH_MOST_CROP_SIDE && size.width >= least &&
           size.width <= PH_MOST_CROP_SIDE;
}

ph_status ph_sharpness(ph_image_size size, const uint8_t *crop, uint8_t *scratch, int32_t *sharpness) {
    if (!is_crop(size, LEAST_SIDE)) {
        return PH_BAD_SHAPE;
    }
    if (size.height > PH_SHARPNESS_SIDE && size.width > PH_SHARPNESS_SIDE) {
        const ph_image_size reduced = {PH_SHARPNESS_SIDE, PH_SHARPNESS_SIDE};
        const ph_status status = ph_resize_u8(size, crop, reduced, scratch);
        if (status != PH_OK) {
            return status;
        }
        crop = scratch;
        size = reduced;
    }
    moments own = {0, 0, 0}, edges = {0, 0, 0};
    for (int32_t y = 0; y < size.height; y++) {
        const uint8_t *row = crop + (ptrdiff_t)y * size.width;
        for (int32_t x = 0; x < size.width; x++) {
            add(&own, row[x]);
            if (y > 0 && y < size.height - 1 && x > 0 && x < size.width - 1) {
                add(&edges, 4 * row[x] - row[x - 1] - row[x + 1] - row[x - size.width] - row[x + size.width]);
            }
        }
    }
    const uint64_t contrast = variance(&own);
    *sharpness = contrast == 0 ? 0 : (int32_t)(1000 * variance(&edges) / contrast); /* at most 1000 * 1020^2 < 2^31 */
    return PH_OK;
}

ph_status ph_measure_exposure(ph_image_size size, const uint8_t *crop, ph_exposure *exposure) {
    if (!is_crop(size, 1)) {
        return PH_BAD_SHAPE;
    }
    const int32_t top = size.height / 8, left = size.width / 8;
    moments light = {0, 0, 0};
    uint64_t clipped = 0;
    for (int32_t y = top; y < size.height - top; y++) {
        for (int32_t x = left; x < size.width - left; x++) {
            const uint8_t pixel = crop[(ptrdiff_t)y * size.width + x];
            add(&light, pixel);
            clipped += pixel <= BLACK || pixel >= WHITE;
        }
    }
    exposure->brightness = (int32_t)((uint64_t)light.sum / light.count);
    exposure->contrast = (int32_t)ph_square_root(variance(&light));
    exposure->clipped = (int32_t)(1000 * clipped / light.count);
    return PH_OK;
}

ph_fault ph_find_fault(const ph_policy *policy, int32_t width, int32_t sharpness, const ph_exposure *exposure,
                       bool turned) {
    if (width < policy->min_width) {
        return PH_FAULT_TOO_SMALL;
    }
    if (sharpness < policy->min_sharpness) {
        return PH_FAULT_BLURRED;
    }
    if (exposure->contrast < policy->min_contrast) {
        return PH_FAULT_FLAT;
    }
    if (exposure->clipped > policy->most_clipped) {
        return PH_FAULT_GLARING;
    }
    return turned ? PH_FAULT_TURNED : PH_FAULT_NONE;
}

/* Multiplies what there is of a property, and how much of it is good; false where `good` is out of bounds. */
static bool weigh(int32_t value, int32_t good, uint64_t *product, uint64_t *whole) {
    if (good < 1 || value < 0 || *whole * (uint64_t)good > UINT64_C(1) << 31) {
        return false;
    }
    *product *= (uint64_t)(value < good ? value : good);
    *whole *= (uint64_t)good;
    return true;
}

ph_status ph_quality_value(const ph_policy *policy, int32_t width, int32_t sharpness, int32_t neighbours,
                           int32_t *value) {
    uint64_t product = 1, whole = 1;
    if (!weigh(width, policy->good_width, &product, &whole) ||
        !weigh(sharpness, policy->good_sharpness, &product, &whole) ||
        !weigh(neighbours, policy->good_neighbours, &product, &whole)) {
        return PH_BAD_ARGUMENT;
    }
    /* 8 * 10^9 * 2^31 < 2^64, and 1999^3 < 8 * 10^9 */
    const uint64_t cube = UINT64_C(8000000000) * product;
    int32_t low = 0, high = 1000;
    while (low < high) {
        const int32_t middle = (low + high + 1) / 2;
        const uint64_t edge = (uint64_t)(2 * middle - 1);
        if (edge * edge * edge * whole <= cube) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    *value = low;
    return PH_OK;
}

ph_status ph_assess(const ph_policy *policy, int32_t width, int32_t neighbours, bool turned, ph_image_size size,
                    const uint8_t *crop, uint8_t *scratch, ph_quality *quality) {
    int32_t sharpness, value;
    ph_exposure exposure;
    ph_status status = ph_sharpness(size, crop, scratch, &sharpness);
    if (status == PH_OK) {
        status = ph_measure_exposure(size, crop, &exposure);
    }
    if (status == PH_OK) {
        status = ph_quality_value(policy, width, sharpness, neighbours, &value);
    }
    if (status == PH_OK) {
        *quality = (ph_quality){width, sharpness, neighbours, value,
                                ph_find_fault(policy, width, sharpness, &exposure, turned)};
    }
    return status;
}
