/* Copies between L2 and L1, and weights on their way: from L3 through a ring of chunks in L2 to L1. */
#ifndef PEEPHOLE_PORTS_GAP8_WEIGHTS_H
#define PEEPHOLE_PORTS_GAP8_WEIGHTS_H

#include "ports/gap8/machine.h"

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

/* Bytes of weights on their way. Steps are counted as they run, those of a second pass anew. */
typedef struct {
    uint32_t from, bytes; /* in L3 */
    uint32_t l2;          /* where they go, from the beginning of the arena */
    int16_t step;         /* the last one that needs them */
    int16_t early;        /* the one in which they may be asked for, */
    int16_t after;        /* when so many chunks before them have been released */
} ph_chunk;

/* All weights of a run, in the order in which they are needed. Chunks are asked for as far ahead as their places are
   free, whatever runs meanwhile. */
typedef struct {
    const ph_machine *machine;
    uint8_t *arena;
    const ph_chunk *chunks;
    int32_t count;
    int32_t asked, arrived, released; /* chunks */
    int32_t step;
} ph_stream;

void ph_stream_begin(ph_stream *stream, const ph_machine *machine, uint8_t *arena, const ph_chunk *chunks,
                     int32_t count);

/* The next step begins: what earlier ones needed is released. */
void ph_stream_begin_step(ph_stream *stream);

/* Begins to copy bytes of L3 that this step needs to L1, waiting for them to arrive in L2. */
void ph_stream_copy(ph_stream *stream, ph_copies *copies, uint8_t *l1, uint32_t from, uint32_t bytes);

/* This step needs nothing before this place of L3 any more, and no copy of it is under way. */
void ph_stream_release(ph_stream *stream, uint32_t end);

/* Waits for what is under way. */
void ph_stream_end(ph_stream *stream);

#endif
