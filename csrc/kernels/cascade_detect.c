#include <string.h>

#include "arch/generic.h"
#include "cascade_plan.h"
#include "cascade_pyramid.h"
#include "cascade_search.h"
#include "cascade_windows.h"
#include "peephole/integral.h"

#define STRIP_ROWS                                                                                                     \
    16 /* rows of windows that one strip of integral rows serves; even, so that steps of 2 stay in phase */
#define STRIP_ENTRIES (STRIP_ROWS + PH_CASCADE_WINDOW) /* integral rows that they need */
#define MAX_HALVINGS 10                                /* 2^10 * 24 exceeds the largest frame */

/* The parts of the scratch. */
typedef struct {
    uint32_t *sum;           /* [STRIP_ENTRIES, stride] and PH_CASCADE_LANES to overrun into */
    uint32_t *squares;       /* likewise */
    ph_cascade_window *list; /* [stride] of a machine without vectors, which needs none of the next four */
    uint32_t *line_sum;      /* [stride] the integral row that is being added to, columns in order */
    uint32_t *line_squares;
    int32_t *deviation; /* [stride] */
    int32_t *score;     /* [stride] */
    int32_t *stage_first;
    int32_t *stage_corner;
    uint16_t *corners;
    uint16_t *column; /* [stride] */
    uint16_t *blend;  /* [widest source] */
    uint8_t *share;   /* [stride] */
    uint8_t *pixels;  /* [stride] one row of the level */
    int8_t *weight;
    uint8_t *halved[MAX_HALVINGS + 1]; /* the frame halved 1, 2, .. times; 0 is the frame itself */
    int32_t stride;
    int32_t halvings;
} workspace;

/* Lays the parts out from `base` (NULL: only counts) and returns their bytes; 0 when there is no level at all. */
static size_t lay_out(const ph_cascade *cascade, const ph_cascade_search *search, uint8_t *base, workspace *work) {
    ph_cascade_level level;
    if (!ph_cascade_first_level(search, &level) || level.width > PH_CASCADE_WIDEST_LEVEL) {
        return 0;
    }
    const int32_t first_source = search->width >> level.halvings;
    /* entries 0..width, and whole blocks of windows */
    work->stride = (level.width + 1 + PH_CASCADE_LANES - 1) / PH_CASCADE_LANES * PH_CASCADE_LANES;
    work->halvings = ph_cascade_most_halvings(search, level);
    const size_t stride = (size_t)work->stride;
    size_t used = 0;
    work->sum = ph_cascade_take(base, &used, (STRIP_ENTRIES * stride + PH_CASCADE_LANES) * sizeof(uint32_t));
    work->squares = ph_cascade_take(base, &used, (STRIP_ENTRIES * stride + PH_CASCADE_LANES) * sizeof(uint32_t));
    work->list = ph_cascade_take(base, &used, stride * sizeof(ph_cascade_window));
    if (base) { /* a machine with vectors has these in the place of the list */
        work->line_sum = (uint32_t *)(void *)work->list;
        work->line_squares = work->line_sum + stride;
        work->deviation = (int32_t *)(void *)(work->line_squares + stride);
        work->score = work->deviation + stride;
    }
    work->stage_first = ph_cascade_take(base, &used, ((size_t)cascade->stages + 1) * sizeof(int32_t));
    work->stage_corner = ph_cascade_take(base, &used, (size_t)cascade->stages * sizeof(int32_t));
    work->corners = ph_cascade_take(base, &used, (size_t)cascade->rectangles * 4 * sizeof(uint16_t));
    work->column = ph_cascade_take(base, &used, stride * sizeof(uint16_t));
    work->blend = ph_cascade_take(base, &used, (size_t)first_source * sizeof(uint16_t));
    work->share = ph_cascade_take(base, &used, stride);
    work->pixels = ph_cascade_take(base, &used, stride);
    work->weight = ph_cascade_take(base, &used, (size_t)cascade->weak * 2);
    for (int32_t k = 1; k <= work->halvings; k++) {
        work->halved[k] = ph_cascade_take(base, &used, (size_t)(search->height >> k) * (size_t)(search->width >> k));
    }
    return used;
}

size_t ph_cascade_detect_scratch_bytes(const ph_cascade *cascade, const ph_cascade_search *search) {
    workspace work;
    return ph_cascade_is_sound(search) ? lay_out(cascade, search, NULL, &work) : 0;
}

/* One more row of the level into the strip; `odd` splits even and odd columns for windows two pixels apart. */
static void store_row(int32_t entries, int32_t odd, const uint32_t *line, uint32_t *row) {
    if (!odd) {
        memcpy(row, line, (size_t)entries * sizeof *row);
        return;
    }
    for (int32_t x = 0; x + 1 < entries; x += 2) {
        row[x / 2] = line[x];
        row[odd + x / 2] = line[x + 1];
    }
    if (entries & 1) {
        row[entries / 2] = line[entries - 1];
    }
}

static void search_level(const ph_cascade_search *search, const ph_cascade_level *level, const ph_cascade_area *area,
                         const workspace *work, ph_cascade_row_function *row_function, const ph_cascade_plan *plan,
                         const ph_cascade_sampler *sampler, ph_cascade_hits *list) {
    const int32_t entries = area->width + 1;
    const int32_t odd = level->step == 2 ? work->stride / 2 : 0;
    const int32_t windows = (area->width - PH_CASCADE_WINDOW) / level->step + 1;
    const int32_t last = area->height - PH_CASCADE_WINDOW;
    const size_t stride = (size_t)work->stride;
    const size_t line = (size_t)entries * sizeof(uint32_t);
    memset(work->line_sum, 0, line);
    memset(work->line_squares, 0, line);
    memset(work->sum, 0, stride * sizeof(uint32_t));
    memset(work->squares, 0, stride * sizeof(uint32_t));
    int32_t filled = 1; /* integral rows 0..filled-1 of the area exist; the strip holds those from `base` on */
    for (int32_t base = 0; base <= last; base += STRIP_ROWS) {
        for (; filled <= area->height && filled < base + STRIP_ENTRIES; filled++) {
            ph_cascade_sampler_row(level, area, sampler, filled - 1, work->pixels);
            ph_integral_row_u8(area->width, work->pixels, work->line_sum, work->line_squares);
            store_row(entries, odd, work->line_sum, work->sum + (size_t)(filled - base) * stride);
            store_row(entries, odd, work->line_squares, work->squares + (size_t)(filled - base) * stride);
        }
        for (int32_t y = base; y <= last && y < base + STRIP_ROWS; y += level->step) {
            const size_t at = (size_t)(y - base) * stride;
            row_function(plan, windows, work->sum + at, work->squares + at, work->deviation, work->score);
            for (int32_t x = 0; x < windows; x++) {
                if (work->score[x] >= 0) {
                    ph_cascade_add_hit(search, level, area->x + x * level->step, area->y + y, work->score[x], list);
                }
            }
        }
        const size_t kept = PH_CASCADE_WINDOW * stride * sizeof(uint32_t);
        memmove(work->sum, work->sum + STRIP_ROWS * stride, kept);
        memmove(work->squares, work->squares + STRIP_ROWS * stride, kept);
    }
}

/* The stages that belong to the first one: up to one that is not carried. */
static int32_t first_stages(const ph_cascade *cascade) {
    int32_t stages = 1;
    while (stages < cascade->stages && ph_cascade_is_carried(cascade, stages)) {
        stages++;
    }
    return stages;
}

/* Windows of the list, which have passed the first stages, become hits if they pass the others. base: the area's row
   that the strip begins with. */
static void finish_list(const ph_cascade_search *search, const ph_cascade_level *level, const ph_cascade_area *area,
                        const workspace *work, const ph_cascade_plan *plan, int32_t base, int32_t count,
                        ph_cascade_hits *list) {
    const int32_t left =
        ph_cascade_vote_stages(plan, first_stages(plan->cascade), plan->cascade->stages, work->sum, count, work->list);
    for (int32_t i = 0; i < left; i++) {
        const int32_t entry = (int32_t)(work->list[i].at / sizeof(uint32_t));
        const int32_t x = area->x + entry % work->stride, y = area->y + base + entry / work->stride;
        ph_cascade_add_hit(search, level, x, y, work->list[i].score, list);
    }
}

/* The same area as search_level, on a machine without vectors. */
static void search_windows(const ph_cascade_search *search, const ph_cascade_level *level, const ph_cascade_area *area,
                           const workspace *work, const ph_cascade_plan *plan, const ph_cascade_sampler *sampler,
                           ph_cascade_hits *list) {
    const int32_t windows = (area->width - PH_CASCADE_WINDOW) / level->step + 1;
    const int32_t last = area->height - PH_CASCADE_WINDOW;
    const int32_t first = first_stages(plan->cascade);
    const size_t stride = (size_t)work->stride;
    memset(work->sum, 0, stride * sizeof(uint32_t));
    memset(work->squares, 0, stride * sizeof(uint32_t));
    int32_t filled = 1; /* as in search_level */
    for (int32_t base = 0; base <= last; base += STRIP_ROWS) {
        for (; filled <= area->height && filled < base + STRIP_ENTRIES; filled++) {
            const size_t before = (size_t)(filled - 1 - base) * stride;
            ph_cascade_integrate_row(level, area, sampler, filled - 1, work->stride, work->sum + before,
                                     work->squares + before);
        }
        int32_t open = 0;
        for (int32_t y = base; y <= last && y < base + STRIP_ROWS; y += level->step) {
            if (open + windows > work->stride) {
                finish_list(search, level, area, work, plan, base, open, list);
                open = 0;
            }
            const size_t at = (size_t)(y - base) * stride;
            const int32_t row =
                ph_cascade_open_windows(plan, windows, level->step, (uint32_t)(at * sizeof(uint32_t)), work->sum + at,
                                        work->squares + at, work->stride, work->list + open);
            /* most fail here: what is left of many rows goes on together */
            open += ph_cascade_vote_stages(plan, 0, first, work->sum, row, work->list + open);
        }
        finish_list(search, level, area, work, plan, base, open, list);
        const size_t line = (size_t)(area->width + 1) * sizeof(uint32_t); /* of a stride that fits the widest level */
        for (size_t row = 0; row < PH_CASCADE_WINDOW * stride; row += stride) {
            memcpy(work->sum + row, work->sum + row + STRIP_ROWS * stride, line);
            memcpy(work->squares + row, work->squares + row + STRIP_ROWS * stride, line);
        }
    }
}

static ph_cascade_row_function *best_row_function(void) {
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx2")) {
        return ph_cascade_row_avx2;
    }
#endif
    return ph_cascade_row;
}

ph_status ph_cascade_detect(const ph_cascade *cascade, const ph_cascade_search *search, const uint8_t *image,
                            void *scratch, int32_t capacity, ph_hit *hits, int32_t *count) {
    return ph_cascade_detect_by(PH_IS_SCALAR, cascade, search, image, scratch, capacity, hits, count);
}

ph_status ph_cascade_detect_by(int windows, const ph_cascade *cascade, const ph_cascade_search *search,
                               const uint8_t *image, void *scratch, int32_t capacity, ph_hit *hits, int32_t *count) {
    const int by_windows = PH_IS_SCALAR || windows; /* a machine without vectors needs no code for them */
    workspace work;
    if (!ph_cascade_is_sound(search) || capacity < 0) {
        return PH_BAD_ARGUMENT;
    }
    *count = 0;
    ph_cascade_level level;
    if (!ph_cascade_first_level(search, &level)) {
        return PH_OK; /* no window of the wanted sizes fits into the frame */
    }
    const size_t bytes = lay_out(cascade, search, scratch, &work);
    if (!bytes) {
        return PH_BAD_SHAPE;
    }
    memset(work.sum, 0, bytes - (size_t)((uint8_t *)work.sum - (uint8_t *)scratch)); /* what overruns read is defined */
    ph_cascade_plan plan = {.cascade = cascade,
                            .least_deviation = PH_CASCADE_INNER * PH_CASCADE_INNER * search->min_deviation,
                            .corners = work.corners,
                            .weight = work.weight,
                            .stage_first = work.stage_first,
                            .stage_corner = work.stage_corner};
    ph_cascade_row_function *row_function = best_row_function();
    ph_cascade_hits list = {hits, capacity, 0};
    const uint8_t *source = image;
    int32_t halved = 0, step = 0;
    do {
        for (; halved < level.halvings; halved++) {
            ph_cascade_halve(search->height >> halved, search->width >> halved, source, work.halved[halved + 1]);
            source = work.halved[halved + 1];
        }
        if (step == 0 || (step != level.step && !by_windows)) {
            step = level.step;
            ph_cascade_plan_offsets(&plan, work.stride, step == 2 && !by_windows ? work.stride / 2 : 0);
            if (by_windows) {
                ph_cascade_plan_windows(&plan);
            }
        }
        ph_cascade_sampler sampler = {
            source, search->height >> halved, search->width >> halved, work.column, work.share, work.blend};
        ph_cascade_sampler_columns(&level, &sampler);
        ph_cascade_area area = {0, 0, level.width, level.height};
        for (int32_t r = 0; r < search->region_count || r == 0; r++) {
            if (search->region_count && !ph_cascade_area_of(&level, &search->regions[r], &area)) {
                continue;
            }
            if (by_windows) {
                search_windows(search, &level, &area, &work, &plan, &sampler, &list);
            } else {
                search_level(search, &level, &area, &work, row_function, &plan, &sampler, &list);
            }
        }
    } while (ph_cascade_next_level(search, &level));
    *count = list.count;
    return PH_OK;
}
