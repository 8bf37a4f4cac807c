/* Copies between L2 and L1, and weights on their way: from L3 through a ring of chunks in L2 to L1. */
#ifndef PEEPHOLE_PORTS_GAP8_WEIGHTS_H
#define PEEPHOLE_PORTS_GAP8_WEIGHTS_H

#include "ports/gap8/machine.h"

enum { PH_CHUNK_BYTES = 16 * 1024 };

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

/* All weights of a run, in the order in which they are needed, chunk after chunk. They are asked for as far ahead as
   the ring has room, whatever runs meanwhile; what is not needed any more is released. Layers that run in both passes
   come first in L3 and are read twice; each layer's weights lie there without gaps. */
typedef struct {
    const ph_machine *machine;
    uint8_t *ring;
    int32_t slots;    /* chunks that the ring holds, at most PH_FETCHES */
    uint32_t bytes;   /* of all weights in L3 */
    int32_t repeated; /* chunks that are read once more, before those behind them */
    int32_t chunks;   /* of the run */
    int32_t asked, arrived, released;
    uint32_t base; /* of this pass: what lies at `from` in L3 lies base + from bytes behind the beginning of the run */
} ph_stream;

/* Begins a run: asks for as many chunks as there is room for. */
void ph_stream_begin(ph_stream *stream, const ph_machine *machine, uint8_t *ring, int32_t slots, uint32_t bytes,
                     int32_t repeated);

/* A pass is over as far as its chunks are repeated. */
void ph_stream_end_pass(ph_stream *stream);

/* Begins to copy bytes of L3 to L1, waiting for them to arrive in the ring. */
void ph_stream_copy(ph_stream *stream, ph_copies *copies, uint8_t *l1, uint32_t from, uint32_t bytes);

/* Nothing before this place of L3 is needed any more in this pass, and no copy of it is under way. */
void ph_stream_release(ph_stream *stream, uint32_t end);

/* Waits for what is under way. */
void ph_stream_end(ph_stream *stream);

#endif
