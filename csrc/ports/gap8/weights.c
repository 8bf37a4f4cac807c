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

/* Asks for all chunks that there is room for. */
static void ask(ph_stream *stream) {
    const ph_machine *machine = stream->machine;
    for (; stream->asked < stream->chunks && stream->asked < stream->released + stream->slots &&
           stream->asked < stream->arrived + PH_FETCHES;
         stream->asked++) {
        const int32_t again = stream->asked < stream->repeated ? 0 : stream->repeated;
        const uint32_t from = (uint32_t)(stream->asked - again) * PH_CHUNK_BYTES;
        const int32_t slot = stream->asked % stream->slots;
        const uint32_t left = stream->bytes - from;
        machine->fetch(machine->context, stream->asked % PH_FETCHES, from, stream->ring + slot * PH_CHUNK_BYTES,
                       left < PH_CHUNK_BYTES ? left : PH_CHUNK_BYTES);
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

void ph_stream_begin(ph_stream *stream, const ph_machine *machine, uint8_t *ring, int32_t slots, uint32_t bytes,
                     int32_t repeated) {
    const int32_t stored = (int32_t)((bytes + PH_CHUNK_BYTES - 1) / PH_CHUNK_BYTES);
    *stream = (ph_stream){.machine = machine,
                          .ring = ring,
                          .slots = slots,
                          .bytes = bytes,
                          .repeated = repeated,
                          .chunks = stored + repeated};
    ask(stream);
}

void ph_stream_copy(ph_stream *stream, ph_copies *copies, uint8_t *l1, uint32_t from, uint32_t bytes) {
    const uint32_t room = (uint32_t)stream->slots * PH_CHUNK_BYTES;
    uint32_t at = stream->base + from;
    wait_for(stream, (int32_t)((at + bytes + PH_CHUNK_BYTES - 1) / PH_CHUNK_BYTES));
    while (bytes > 0) { /* in two pieces where the ring begins anew */
        const uint32_t place = at % room;
        const uint32_t piece = bytes < room - place ? bytes : room - place;
        ph_copy(stream->machine, copies, l1, stream->ring + place, (ph_block){piece, piece, 0}, false);
        l1 += piece;
        at += piece;
        bytes -= piece;
    }
}

void ph_stream_release(ph_stream *stream, uint32_t end) {
    const int32_t chunk = (int32_t)((stream->base + end) / PH_CHUNK_BYTES);
    if (chunk > stream->released) {
        stream->released = chunk;
        wait_for(stream, chunk); /* all of it was needed, but for what filled up the last chunk */
    }
}

void ph_stream_end_pass(ph_stream *stream) {
    const uint32_t again = (uint32_t)stream->repeated * PH_CHUNK_BYTES;
    ph_stream_release(stream, again);
    stream->base = again;
}

void ph_stream_end(ph_stream *stream) {
    wait_for(stream, stream->asked);
}
