/* ph_cascade_detect of csrc/kernels, with the same bits, on all cores of the cluster; it is linked in the place of
   cascade_detect.c. Called on the first core.

   A level is searched in strips of rows. The strip's sums lie in L1, which has no room for the squares too: they lie in
   the scratch, in L2, as they are read once a window. Of a strip, every core

   * samples some of the new rows, each integrated by itself,
   * adds up the columns of some of them, from row to row, and moves what the next strip goes on with,
   * asks the stumps about some of the windows, in a list of its own in L1.

   Windows that pass are taken from the lists in the order of the cores, which is that of rows and columns. A core whose
   list is full stops, and everything from there on is shared out anew. */
#include <stddef.h>
#include <string.h>

#include "kernels/cascade_plan.h"
#include "kernels/cascade_pyramid.h"
#include "kernels/cascade_search.h"
#include "kernels/cascade_windows.h"
#include "ports/gap8/gap8.h"
#include "ports/gap8/parts.h"

enum {
    MOST_ROWS = 16, /* of windows in a strip; even, so that steps of 2 stay in phase */
    MOST_HALVINGS = 10,
    ZEROS = 1, /* rows before the strip's first: what a row that is integrated by itself is added to */
    LEAST_LIST = 16,
};

/* The parts of the scratch, and of L1. */
typedef struct {
    uint32_t *sum;           /* L1: [ZEROS + rows + WINDOW, stride] */
    uint32_t *squares;       /* likewise, in L2 */
    ph_cascade_window *list; /* L1: [PH_MOST_CORES, capacity] */
    int32_t capacity;
    int32_t rows; /* of windows in a strip */
    int32_t stride;
    int32_t *stage_first;
    int32_t *stage_corner;
    uint16_t *corners;
    uint16_t *column; /* [stride] */
    uint8_t *share;   /* [stride] */
    int8_t *weight;
    uint8_t *halved[MOST_HALVINGS + 1];
} workspace;

/* What all cores know of the area that is searched. */
typedef struct {
    const ph_cascade_search *search;
    const ph_cascade_level *level;
    ph_cascade_area area;
    const ph_cascade_plan *plan;
    const ph_cascade_sampler *sampler;
    const workspace *work;
    int32_t base; /* the area's row that the strip begins with */
    int32_t from; /* integral rows of the strip that are made: from .. to */
    int32_t to;
    int32_t next, count;             /* windows of the strip, row by row: next .. count are still to be asked */
    int32_t reached[PH_MOST_CORES];  /* each core: up to which, */
    int32_t survived[PH_MOST_CORES]; /* and how many of them are left in its list */
} job;

/* Lays L1 out: as many rows as there is room for beside short lists at least, then lists as long as there is. */
static int lay_out_l1(workspace *work) {
    uint32_t bytes;
    uint8_t *l1 = ph_gap8_l1(&bytes);
    const uint32_t row = (uint32_t)work->stride * sizeof(uint32_t);
    const uint32_t least = PH_MOST_CORES * LEAST_LIST * sizeof(ph_cascade_window);
    work->rows = MOST_ROWS;
    while (work->rows > 0 && (uint32_t)(ZEROS + work->rows + PH_CASCADE_WINDOW) * row + least > bytes) {
        work->rows -= 2;
    }
    const uint32_t sums = (uint32_t)(ZEROS + work->rows + PH_CASCADE_WINDOW) * row;
    work->sum = (uint32_t *)(void *)l1;
    work->list = (ph_cascade_window *)(void *)(l1 + sums);
    work->capacity = work->rows > 0 ? (int32_t)((bytes - sums) / sizeof(ph_cascade_window) / PH_MOST_CORES) : 0;
    return work->rows > 0;
}

/* Lays the parts out from `base` (NULL: only counts) and returns their bytes; 0 when there is no level at all. */
static size_t lay_out(const ph_cascade *cascade, const ph_cascade_search *search, uint8_t *base, workspace *work) {
    ph_cascade_level level;
    if (!ph_cascade_first_level(search, &level) || level.width > PH_CASCADE_WIDEST_LEVEL) {
        return 0;
    }
    work->stride = (level.width + 1 + PH_CASCADE_LANES - 1) / PH_CASCADE_LANES * PH_CASCADE_LANES;
    const int32_t halvings = ph_cascade_most_halvings(search, level);
    const size_t stride = (size_t)work->stride;
    size_t used = 0;
    work->squares = ph_cascade_take(base, &used, (ZEROS + MOST_ROWS + PH_CASCADE_WINDOW) * stride * sizeof(uint32_t));
    work->stage_first = ph_cascade_take(base, &used, ((size_t)cascade->stages + 1) * sizeof(int32_t));
    work->stage_corner = ph_cascade_take(base, &used, (size_t)cascade->stages * sizeof(int32_t));
    work->corners = ph_cascade_take(base, &used, (size_t)cascade->rectangles * 4 * sizeof(uint16_t));
    work->column = ph_cascade_take(base, &used, stride * sizeof(uint16_t));
    work->share = ph_cascade_take(base, &used, stride);
    work->weight = ph_cascade_take(base, &used, (size_t)cascade->weak * 2);
    for (int32_t k = 1; k <= halvings; k++) {
        work->halved[k] = ph_cascade_take(base, &used, (size_t)(search->height >> k) * (size_t)(search->width >> k));
    }
    return used;
}

size_t ph_cascade_detect_scratch_bytes(const ph_cascade *cascade, const ph_cascade_search *search) {
    workspace work;
    return ph_cascade_is_sound(search) ? lay_out(cascade, search, NULL, &work) : 0;
}

static int32_t windows_in_row(const job *of) {
    return (of->area.width - PH_CASCADE_WINDOW) / of->level->step + 1;
}

/* Row `row` of the strip's integrals, by itself. */
static void sample_rows(void *argument, int32_t core, int32_t cores) {
    const job *of = argument;
    const ph_share share = {core, cores};
    const int32_t count = of->to - of->from;
    const workspace *work = of->work;
    for (int32_t i = ph_share_begin(share, count); i < ph_share_end(share, count); i++) {
        const int32_t row = of->from + i;
        ph_cascade_integrate_row(of->level, &of->area, of->sampler, of->base + row - 1,
                                 (ptrdiff_t)(ZEROS + row) * work->stride, work->sum, work->squares);
    }
}

static void add_columns(uint32_t *rows, int32_t stride, int32_t from, int32_t to, int32_t begin, int32_t end) {
    for (int32_t row = from; row < to; row++) {
        uint32_t *made = rows + (ptrdiff_t)(ZEROS + row) * stride;
        const uint32_t *above = made - stride;
        for (int32_t x = begin; x < end; x++) {
            made[x] += above[x];
        }
    }
}

/* Adds to each new row the one above it. */
static void integrate_columns(void *argument, int32_t core, int32_t cores) {
    const job *of = argument;
    const ph_share share = {core, cores};
    const int32_t begin = ph_share_begin(share, of->area.width + 1), end = ph_share_end(share, of->area.width + 1);
    add_columns(of->work->sum, of->work->stride, of->from, of->to, begin, end);
    add_columns(of->work->squares, of->work->stride, of->from, of->to, begin, end);
}

/* The strip's last rows become its first. */
static void move_rows(void *argument, int32_t core, int32_t cores) {
    const job *of = argument;
    const workspace *work = of->work;
    const ph_share share = {core, cores};
    const int32_t begin = ph_share_begin(share, of->area.width + 1), end = ph_share_end(share, of->area.width + 1);
    for (int32_t row = ZEROS; begin < end && row < ZEROS + PH_CASCADE_WINDOW; row++) {
        const size_t to = (size_t)row * (size_t)work->stride + (size_t)begin;
        const size_t from = to + (size_t)work->rows * (size_t)work->stride;
        memcpy(work->sum + to, work->sum + from, (size_t)(end - begin) * sizeof(uint32_t));
        memcpy(work->squares + to, work->squares + from, (size_t)(end - begin) * sizeof(uint32_t));
    }
}

/* Asks about a core's share of the windows that are left, as far as its list goes. */
static void ask_windows(void *argument, int32_t core, int32_t cores) {
    job *of = argument;
    const workspace *work = of->work;
    const ph_share share = {core, cores};
    const int32_t in_row = windows_in_row(of), step = of->level->step;
    const int32_t end = of->next + ph_share_end(share, of->count - of->next);
    ph_cascade_window *list = work->list + (ptrdiff_t)core * work->capacity;
    int32_t window = of->next + ph_share_begin(share, of->count - of->next), kept = 0;
    while (window < end && kept < work->capacity) {
        int32_t open = kept;
        while (window < end && open < work->capacity) {
            const int32_t x = window % in_row, room = work->capacity - open;
            int32_t windows = in_row - x < end - window ? in_row - x : end - window;
            windows = windows < room ? windows : room;
            const size_t at = (size_t)(ZEROS + window / in_row * step) * (size_t)work->stride + (size_t)(x * step);
            open += ph_cascade_open_windows(of->plan, windows, step, (uint32_t)(at * sizeof(uint32_t)), work->sum + at,
                                            work->squares + at, work->stride, list + open);
            window += windows;
        }
        kept += ph_cascade_vote(of->plan, work->sum, open - kept, list + kept);
    }
    of->reached[core] = window;
    of->survived[core] = kept;
}

/* Takes what is left from the lists, up to the first core that stopped before its end, and goes on from there. */
static void take_hits(job *of, ph_cascade_hits *hits) {
    const workspace *work = of->work;
    const int32_t first = of->next;
    for (int32_t core = 0; core < PH_MOST_CORES; core++) {
        const ph_share share = {core, PH_MOST_CORES};
        const ph_cascade_window *list = work->list + (ptrdiff_t)core * work->capacity;
        for (int32_t i = 0; i < of->survived[core]; i++) {
            const int32_t entry = (int32_t)(list[i].at / sizeof(uint32_t));
            const int32_t row = entry / work->stride - ZEROS;
            ph_cascade_add_hit(of->search, of->level, of->area.x + entry % work->stride, of->area.y + of->base + row,
                               list[i].score, hits);
        }
        of->next = of->reached[core];
        if (of->reached[core] < first + ph_share_end(share, of->count - first)) {
            return;
        }
    }
}

static void search_area(job *of, ph_cascade_hits *hits) {
    const workspace *work = of->work;
    const size_t line = (size_t)(of->area.width + 1) * sizeof(uint32_t);
    const int32_t last = of->area.height - PH_CASCADE_WINDOW, step = of->level->step;
    int32_t filled = 1; /* integral rows 0..filled-1 of the area exist; the strip holds those from `base` on */
    for (int32_t row = 0; row < ZEROS + 1; row++) {
        memset(work->sum + (ptrdiff_t)row * work->stride, 0, line);
        memset(work->squares + (ptrdiff_t)row * work->stride, 0, line);
    }
    for (of->base = 0; of->base <= last; of->base += work->rows) {
        const int32_t behind = of->base + work->rows + PH_CASCADE_WINDOW;
        const int32_t all = behind < of->area.height + 1 ? behind : of->area.height + 1;
        of->from = filled - of->base;
        of->to = all - of->base;
        filled = all;
        ph_gap8_fork(sample_rows, of);
        ph_gap8_fork(integrate_columns, of);
        const int32_t rows = last - of->base < work->rows - 1 ? last - of->base + 1 : work->rows;
        of->next = 0;
        of->count = (rows + step - 1) / step * windows_in_row(of);
        while (of->next < of->count) {
            ph_gap8_fork(ask_windows, of);
            take_hits(of, hits);
        }
        if (of->base + work->rows <= last) {
            ph_gap8_fork(move_rows, of);
        }
    }
}

typedef struct {
    int32_t height, width; /* of the image */
    const uint8_t *image;
    uint8_t *half;
} halving;

static void halve_rows(void *argument, int32_t core, int32_t cores) {
    const halving *of = argument;
    const ph_share share = {core, cores};
    const int32_t begin = ph_share_begin(share, of->height / 2), end = ph_share_end(share, of->height / 2);
    ph_cascade_halve(2 * (end - begin), of->width, of->image + (ptrdiff_t)2 * begin * of->width,
                     of->half + (ptrdiff_t)begin * (of->width / 2));
}

ph_status ph_cascade_detect(const ph_cascade *cascade, const ph_cascade_search *search, const uint8_t *image,
                            void *scratch, int32_t capacity, ph_hit *hits, int32_t *count) {
    workspace work;
    if (!ph_cascade_is_sound(search) || capacity < 0) {
        return PH_BAD_ARGUMENT;
    }
    *count = 0;
    ph_cascade_level level;
    if (!ph_cascade_first_level(search, &level)) {
        return PH_OK; /* no window of the wanted sizes fits into the frame */
    }
    if (!lay_out(cascade, search, scratch, &work) || !lay_out_l1(&work)) {
        return PH_BAD_SHAPE;
    }
    ph_cascade_plan plan = {.cascade = cascade,
                            .least_deviation = PH_CASCADE_INNER * PH_CASCADE_INNER * search->min_deviation,
                            .corners = work.corners,
                            .weight = work.weight,
                            .stage_first = work.stage_first,
                            .stage_corner = work.stage_corner};
    ph_cascade_plan_offsets(&plan, work.stride, 0);
    ph_cascade_plan_windows(&plan);
    ph_cascade_hits list = {hits, capacity, 0};
    const uint8_t *source = image;
    int32_t halved = 0;
    do {
        for (; halved < level.halvings; halved++) {
            halving of = {search->height >> halved, search->width >> halved, source, work.halved[halved + 1]};
            ph_gap8_fork(halve_rows, &of);
            source = work.halved[halved + 1];
        }
        ph_cascade_sampler sampler = {
            source, search->height >> halved, search->width >> halved, work.column, work.share, NULL};
        ph_cascade_sampler_columns(&level, &sampler);
        job of = {.search = search,
                  .level = &level,
                  .area = {0, 0, level.width, level.height},
                  .plan = &plan,
                  .sampler = &sampler,
                  .work = &work};
        for (int32_t r = 0; r < search->region_count || r == 0; r++) {
            if (search->region_count == 0 || ph_cascade_area_of(&level, &search->regions[r], &of.area)) {
                search_area(&of, &list);
            }
        }
    } while (ph_cascade_next_level(search, &level));
    *count = list.count;
    return PH_OK;
}
