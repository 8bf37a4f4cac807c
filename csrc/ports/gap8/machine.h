/* What a program in tiles needs of a machine with a scratchpad: cores that work together from L1, copies between L2 and
   L1 and reads from L3 beside them. gap8.c has GAP8's; tests have one of threads. One core, the first of the cluster,
   calls all of this. */
#ifndef PEEPHOLE_PORTS_GAP8_MACHINE_H
#define PEEPHOLE_PORTS_GAP8_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PH_MOST_CORES = 8,
    PH_COPIES_IN = 4, /* copies that may be under way at once, to L1 and from it; each has a number */
    PH_COPIES_OUT = 2,
    PH_COPIES = PH_COPIES_IN + PH_COPIES_OUT,
    PH_FETCHES = 16, /* reads from L3 that may be under way at once, done in the order in which they began */
};

/* Bytes in L2: runs of `length` bytes, each `stride` bytes behind the one before; in L1 they lie without gaps. */
typedef struct {
    uint32_t bytes; /* of all runs */
    uint32_t length;
    uint32_t stride;
} ph_block;

typedef struct {
    void *context;     /* the first argument of every function */
    uint8_t *l1;       /* begins at a multiple of 4 bytes */
    uint32_t l1_bytes; /* beside stacks */
    int32_t cores;     /* at most PH_MOST_CORES */
    uint32_t *cycles;  /* by layer: what each took is added; or NULL */
    /* Begins copy number `copy`, which no copy that is under way has; out: from L1. */
    void (*copy)(void *context, int32_t copy, uint8_t *l1, uint8_t *l2, const ph_block *block, bool out);
    void (*wait)(void *context, int32_t copy); /* until that copy is done */
    /* Begins to read bytes of L3, from so many bytes behind the beginning of the program's weights on. */
    void (*fetch)(void *context, int32_t fetch, uint32_t offset, uint8_t *l2, uint32_t bytes);
    void (*fetched)(void *context, int32_t fetch); /* waits for it */
    /* Calls the work on every core, and returns when all have returned. */
    void (*run_on_cores)(void *context, void (*work)(void *argument, int32_t core, int32_t cores), void *argument);
    uint32_t (*now)(void *context); /* cycles; wraps */
} ph_machine;

#endif
