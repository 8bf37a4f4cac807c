#include "peephole/cascade.h"

typedef struct {
    int64_t x, y, side; /* sums over the group, then means */
    int64_t score;      /* sum over the group */
    int32_t count;
} cluster;

size_t ph_cascade_group_scratch_bytes(int32_t count) {
    return count < 0 ? 0 : (size_t)count * (sizeof(cluster) + sizeof(int32_t));
}

static int32_t distance(int32_t a, int32_t b) {
    return a < b ? b - a : a - b;
}

/* All four edges within a fifth of the smaller side (a.side <= b.side). */
static int alike(const ph_hit *a, const ph_hit *b) {
    return 5 * distance(a->x, b->x) <= a->side && 5 * distance(a->y, b->y) <= a->side &&
           5 * distance(a->x + a->side, b->x + b->side) <= a->side &&
           5 * distance(a->y + a->side, b->y + b->side) <= a->side;
}

static int32_t root_of(int32_t *parent, int32_t i) {
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

static void join_alike(int32_t count, const ph_hit *hits, int32_t *parent) {
    for (int32_t i = 0; i < count; i++) {
        parent[i] = i;
    }
    for (int32_t i = 0; i < count; i++) {
        /* opposite edges both within a fifth: the sides differ by at most two fifths, and sides only grow with j */
        for (int32_t j = i + 1; j < count && 5 * (hits[j].side - hits[i].side) <= 2 * hits[i].side; j++) {
            if (alike(&hits[i], &hits[j])) {
                /* the first hit of a group is its root, so that groups of equal score come in the order of the hits */
                const int32_t a = root_of(parent, i), b = root_of(parent, j);
                parent[a < b ? b : a] = a < b ? a : b;
            }
        }
    }
}

static int32_t mean(int64_t sum, int32_t count) {
    return (int32_t)((2 * sum + count) / (2 * (int64_t)count)); /* halves up; nothing is negative */
}

/* Gathers the clusters of at least min_neighbours hits at the front of the array; returns how many. */
static int32_t gather(int32_t min_neighbours, int32_t count, const ph_hit *hits, int32_t *parent, cluster *clusters) {
    for (int32_t i = 0; i < count; i++) {
        clusters[i] = (cluster){0};
    }
    for (int32_t i = 0; i < count; i++) {
        cluster *own = &clusters[root_of(parent, i)];
        own->x += hits[i].x;
        own->y += hits[i].y;
        own->side += hits[i].side;
        own->count++;
        own->score += hits[i].score;
    }
    int32_t kept = 0;
    for (int32_t i = 0; i < count; i++) {
        const cluster one = clusters[i];
        if (one.count >= min_neighbours && one.count > 0) {
            clusters[kept++] = (cluster){mean(one.x, one.count), mean(one.y, one.count), mean(one.side, one.count),
                                         one.score, one.count};
        }
    }
    return kept;
}

/* The centre of a lies in b. */
static int is_part_of(const cluster *a, const cluster *b) {
    return 2 * a->x + a->side > 2 * b->x && 2 * a->x + a->side < 2 * (b->x + b->side) &&
           2 * a->y + a->side > 2 * b->y && 2 * a->y + a->side < 2 * (b->y + b->side);
}

static int32_t clip(int64_t value, int32_t largest) {
    return value > largest ? largest : (int32_t)value;
}

/* Best first; insertion, since there are a handful of clusters. */
static void sort_by_score(int32_t count, cluster *clusters) {
    for (int32_t i = 1; i < count; i++) {
        const cluster one = clusters[i];
        int32_t at = i;
        for (; at > 0 && clusters[at - 1].score < one.score; at--) {
            clusters[at] = clusters[at - 1];
        }
        clusters[at] = one;
    }
}

ph_status ph_cascade_group(int32_t min_neighbours, void *scratch, ph_hit *hits, int32_t *count) {
    if (*count < 0 || min_neighbours < 0) {
        return PH_BAD_ARGUMENT;
    }
    cluster *clusters = scratch;
    int32_t *parent = (int32_t *)(void *)(clusters + *count);
    join_alike(*count, hits, parent);
    const int32_t kept = gather(min_neighbours, *count, hits, parent, clusters);
    sort_by_score(kept, clusters);
    int32_t faces = 0; /* clusters[0..faces) stand, best first */
    for (int32_t i = 0; i < kept; i++) {
        int part = 0;
        for (int32_t j = 0; j < faces && !part; j++) {
            part = is_part_of(&clusters[i], &clusters[j]);
        }
        if (!part) {
            clusters[faces++] = clusters[i];
        }
    }
    for (int32_t i = 0; i < faces; i++) {
        const cluster *one = &clusters[i];
        int32_t at = i;
        for (; at > 0 && hits[at - 1].side < one->side; at--) {
            hits[at] = hits[at - 1];
        }
        hits[at] = (ph_hit){(int16_t)one->x, (int16_t)one->y, (int16_t)one->side, (int16_t)clip(one->count, INT16_MAX),
                            clip(one->score, INT32_MAX)};
    }
    *count = faces;
    return PH_OK;
}
