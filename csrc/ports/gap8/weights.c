#include "ports/gap8/weights.h"

void ph_copy(const ph_machine *machine, ph_copies *copies, uint8_t *l1, uint8_t *l2, ph_block block, bool out) {
    const int32_t number = copies->first + copies->next;
    if (copies->busy & 1u << copies->next) {
        machine->wait(machine->context, number);
    }
    machine->copy(machine->context, number, l1, l2, &block, out);
    copies->busy |= 1u << copies->next;
    copies->next = (copies->next + 1) % copies->count;
}

void ph_copies_wait(const ph_machine *machine, ph_copies *copies) {
    for (int32_t n = 0; n < copies->count; n++) { /* from the oldest on */
        const int32_t number = (copies->next + n) % copies->count;
        if (copies->busy & 1u << number) {
            machine->wait(machine->context, copies->first + number);
        }
    }
    copies->busy = 0;
}

/* Asks for all chunks that may come. */
static void ask(ph_stream *stream) {
    const ph_machine *machine = stream->machine;
    while (stream->asked < stream->count && stream->asked < stream->arrived + PH_FETCHES) {
        const ph_chunk *chunk = &stream->chunks[stream->asked];
        if (chunk->early > stream->step || chunk->after > stream->released) {
            return;
        }
        machine->fetch(machine->context, stream->asked % PH_FETCHES, chunk->from, stream->arena + chunk->l2,
                       chunk->bytes);
        stream->asked++;
    }
}

static void wait_for(ph_stream *stream, int32_t chunks) {
    for (; stream->arrived < chunks; stream->arrived++) {
        if (stream->arrived == stream->asked) {
            ask(stream);
        }
        stream->machine->fetched(stream->machine->context, stream->arrived % PH_FETCHES);
    }
    ask(stream);
}

void ph_stream_begin(ph_stream *stream, const ph_machine *machine, uint8_t *arena, const ph_chunk *chunks,
                     int32_t count) {
    *stream = (ph_stream){.machine = machine, .arena = arena, .chunks = chunks, .count = count, .step = -1};
}

void ph_stream_begin_step(ph_stream *stream) {
    stream->step++;
    while (stream->released < stream->count && stream->chunks[stream->released].step < stream->step) {
        stream->released++;
    }
    ask(stream);
}

void ph_stream_copy(ph_stream *stream, ph_copies *copies, uint8_t *l1, uint32_t from, uint32_t bytes) {
    int32_t n = stream->released;
    while (stream->chunks[n].from + stream->chunks[n].bytes <= from) {
        n++;
    }
    for (; bytes > 0; n++) {
        const ph_chunk *chunk = &stream->chunks[n];
        const uint32_t left = chunk->from + chunk->bytes - from;
        const uint32_t piece = bytes < left ? bytes : left;
        wait_for(stream, n + 1);
        ph_copy(stream->machine, copies, l1, stream->arena + chunk->l2 + (from - chunk->from),
                (ph_block){piece, piece, 0}, false);
        l1 += piece;
        from += piece;
        bytes -= piece;
    }
}

void ph_stream_release(ph_stream *stream, uint32_t end) {
    while (stream->released < stream->count && stream->chunks[stream->released].step == stream->step &&
           stream->chunks[stream->released].from + stream->chunks[stream->released].bytes <= end) {
        stream->released++;
    }
    ask(stream);
}

void ph_stream_end(ph_stream *stream) {
    wait_for(stream, stream->asked);
}
