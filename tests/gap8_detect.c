/* The detector of GAP8's cluster on a host: cores one after the other, the last one first, and L1 of as many bytes as
   are asked for. Reads a search, its regions and an image; writes how many windows pass, and the hits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cascade_table.h"
#include "ports/gap8/gap8.h"

enum { CAPACITY = 8192, POISON = 0x55 };

static uint8_t *l1;
static uint32_t l1_bytes;

uint8_t *ph_gap8_l1(uint32_t *bytes) {
    *bytes = l1_bytes;
    return l1;
}

void ph_gap8_fork(void (*work)(void *, int32_t, int32_t), void *argument) {
    for (int32_t core = PH_MOST_CORES; core-- > 0;) {
        work(argument, core, PH_MOST_CORES);
    }
}

static void *exactly(size_t bytes) {
    void *memory = malloc(bytes);
    if (memory == NULL) {
        exit(2);
    }
    memset(memory, POISON, bytes);
    return memory;
}

static int32_t number(void) {
    int32_t value;
    if (fread(&value, sizeof value, 1, stdin) != 1) {
        exit(2);
    }
    return value;
}

int main(void) {
    l1_bytes = (uint32_t)number();
    l1 = exactly(l1_bytes);
    ph_cascade_search search = {.height = number()};
    search.width = number();
    search.min_size = number();
    search.max_size = number();
    search.scale = number();
    search.min_deviation = number();
    search.region_count = number();
    ph_cascade_region *regions = exactly((size_t)(search.region_count + 1) * sizeof *regions);
    for (int32_t r = 0; r < search.region_count; r++) {
        regions[r] = (ph_cascade_region){.left = number()};
        regions[r].right = number();
        regions[r].top = number();
        regions[r].bottom = number();
        regions[r].min_side = number();
        regions[r].max_side = number();
    }
    search.regions = regions;
    const size_t pixels = (size_t)search.height * (size_t)search.width;
    uint8_t *image = exactly(pixels);
    if (fread(image, pixels, 1, stdin) != 1) {
        return 2;
    }
    void *scratch = exactly(ph_cascade_detect_scratch_bytes(&cascade_table, &search));
    ph_hit *hits = exactly(CAPACITY * sizeof *hits);
    int32_t count = 0;
    const ph_status status = ph_cascade_detect(&cascade_table, &search, image, scratch, CAPACITY, hits, &count);
    printf("%d %d\n", (int)status, (int)count);
    for (int32_t i = 0; i < count && i < CAPACITY; i++) {
        printf("%d %d %d %d\n", hits[i].x, hits[i].y, hits[i].side, (int)hits[i].score);
    }
    free(hits);
    free(scratch);
    free(image);
    free(regions);
    free(l1);
    return 0;
}
