#include "cascade_pyramid.h"

static int describe(const ph_cascade_search *search, ph_cascade_level *level) {
    const uint32_t factor = level->factor;
    const uint32_t height = (((uint32_t)search->height << 16) + factor / 2) / factor;
    const uint32_t width = (((uint32_t)search->width << 16) + factor / 2) / factor;
    level->side = (int32_t)(((uint64_t)factor * PH_CASCADE_WINDOW + 0x8000) >> 16);
    if (height < PH_CASCADE_WINDOW || width < PH_CASCADE_WINDOW || level->side > search->max_size ||
        level->side > search->height || level->side > search->width) {
        return 0;
    }
    level->height = (int32_t)height;
    level->width = (int32_t)width;
    level->ratio_y = (((uint32_t)search->height << 16) + height / 2) / height;
    level->ratio_x = (((uint32_t)search->width << 16) + width / 2) / width;
    level->halvings = 0;
    while ((uint32_t)4 << level->halvings << 16 <= factor) {
        level->halvings++;
    }
    level->step = factor < (uint32_t)2 << 16 ? 2 : 1;
    return 1;
}

int ph_cascade_first_level(const ph_cascade_search *search, ph_cascade_level *level) {
    level->factor = ((uint32_t)search->min_size << 16) / PH_CASCADE_WINDOW;
    return describe(search, level);
}

int ph_cascade_next_level(const ph_cascade_search *search, ph_cascade_level *level) {
    const uint64_t factor = ((uint64_t)level->factor * (uint32_t)search->scale + 0x8000) >> 16;
    /* beyond this the window exceeds every frame; scale > 1 alone might be lost in rounding, hence the + 1 */
    if (factor > ((uint64_t)PH_CASCADE_LARGEST_FRAME << 16) / PH_CASCADE_WINDOW) {
        return 0;
    }
    level->factor = factor > level->factor ? (uint32_t)factor : level->factor + 1;
    return describe(search, level);
}

/* Where pixel `index` of a level lies in the halved frame of `size` pixels: Q7, between the centres of its first and
   last pixel. (2 * index + 1) * ratio <= 2 * size << 16 <= 2^31. */
static int32_t position(int32_t index, uint32_t ratio, int32_t halvings, int32_t size) {
    const uint32_t edge = ((2 * (uint32_t)index + 1) * ratio) >> 1 >> halvings; /* Q16, pixel edges at integers */
    const int32_t centre = ((int32_t)edge - 0x8000 + 0x100) >> 9;
    const int32_t last = (size - 1) * 128;
    return centre < 0 ? 0 : centre > last ? last : centre;
}

void ph_cascade_sampler_columns(const ph_cascade_level *level, ph_cascade_sampler *sampler) {
    for (int32_t x = 0; x < level->width; x++) {
        const int32_t at = position(x, level->ratio_x, level->halvings, sampler->width);
        const int32_t column = at >> 7 < sampler->width - 2 ? at >> 7 : sampler->width - 2;
        sampler->column[x] = (uint16_t)column;
        sampler->share[x] = (uint8_t)(at - column * 128);
    }
}

ph_cascade_rows ph_cascade_rows_at(const ph_cascade_level *level, const ph_cascade_sampler *sampler, int32_t y) {
    const int32_t at = position(y, level->ratio_y, level->halvings, sampler->height);
    const int32_t row = at >> 7 < sampler->height - 2 ? at >> 7 : sampler->height - 2;
    const uint8_t *upper = sampler->image + (size_t)row * (size_t)sampler->width;
    return (ph_cascade_rows){upper, upper + sampler->width, (uint16_t)(at - row * 128)};
}

void ph_cascade_sampler_row(const ph_cascade_level *level, const ph_cascade_area *area,
                            const ph_cascade_sampler *sampler, int32_t y, uint8_t *pixels) {
    const ph_cascade_rows rows = ph_cascade_rows_at(level, sampler, area->y + y);
    const uint16_t *column = sampler->column + area->x;
    const uint8_t *shares = sampler->share + area->x;
    const uint8_t *upper = rows.upper;
    const uint8_t *lower = rows.lower;
    const uint16_t share = rows.share;
    uint16_t *restrict blend = sampler->blend;
    for (int32_t x = column[0]; x < column[area->width - 1] + 2; x++) {
        blend[x] = (uint16_t)(upper[x] * (128 - share) + lower[x] * share); /* at most 255 * 128 */
    }
    for (int32_t x = 0; x < area->width; x++) {
        const uint16_t *pair = blend + column[x];
        const uint32_t right = shares[x];
        pixels[x] = (uint8_t)((pair[0] * (128 - right) + pair[1] * right + 0x2000) >> 14);
    }
}

void ph_cascade_halve(int32_t height, int32_t width, const uint8_t *image, uint8_t *half) {
    for (int32_t y = 0; y < height / 2; y++) {
        const uint8_t *upper = image + (size_t)(2 * y) * (size_t)width;
        const uint8_t *lower = upper + width;
        for (int32_t x = 0; x < width / 2; x++) {
            *half++ = (uint8_t)((upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1] + 2) >> 2);
        }
    }
}
