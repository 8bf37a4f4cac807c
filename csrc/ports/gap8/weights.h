/* Copies to and from L1 by groups, and weights on their way from L3 through L2 to L1. */
#ifndef PEEPHOLE_PORTS_GAP8_WEIGHTS_H
#define PEEPHOLE_PORTS_GAP8_WEIGHTS_H

#include "ports/gap8/tiles.h"

/* Copies with the numbers first .. first + count - 1. */
typedef struct {
    int32_t first, count;
    int32_t next;
    uint32_t busy; /* a bit each: under way */
} ph_copies;

/* Begins a copy; where all numbers are taken, the one that began first is waited for. */
void ph_copy(const ph_machine *machine, ph_copies *copies, uint8_t *l1, uint8_t *l2, ph_block block, bool out);

/* Waits for all of them. */
void ph_copies_wait(const ph_machine *machine, ph_copies *copies);

/* A layer's weights, as ph_stored tells. Those that are staged come in chunks, two of which there is room for; a chunk
   is asked for as soon as the last copy from the one in its place is done. */
typedef struct {
    const ph_stored *stored;
    uint8_t *l2;
    int32_t again;    /* how often all of them will be wanted once more */
    int32_t chunks;   /* 0: all of them are in L2 */
    int32_t held[2];  /* the chunk in each half, or on its way there; -1: none */
    bool arrived[2];  /* was it waited for */
    uint8_t *to;      /* what is wanted and was not copied yet: where it goes in L1, */
    uint32_t from;    /* where it begins, */
    uint32_t missing; /* and how many bytes */
} ph_stage;

/* Begins to bring the weights, and copies biases and shifts to L1. */
void ph_stage_begin(const ph_machine *machine, ph_stage *stage, ph_copies *in, const ph_stored *stored, uint8_t *arena,
                    int32_t again, uint8_t *constants);

/* So many bytes of them, from `from` on, are wanted in L1: begins to copy what of them has arrived. */
void ph_stage_want(const ph_machine *machine, ph_stage *stage, ph_copies *in, uint8_t *l1, uint32_t from,
                   uint32_t bytes);

/* Begins to copy the rest, and waits for what of it has not arrived. */
void ph_stage_finish(const ph_machine *machine, ph_stage *stage, ph_copies *in);

/* Nothing is under way any more. */
void ph_stage_end(const ph_machine *machine, ph_stage *stage);

#endif
