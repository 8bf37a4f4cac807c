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

static void plain(const ph_machine *machine, ph_copies *in, uint8_t *l1, uint8_t *l2, uint32_t bytes) {
    ph_copy(machine, in, l1, l2, (ph_block){bytes, bytes, 0}, false);
}

static uint32_t chunk_end(const ph_stage *stage, int32_t chunk) {
    const uint32_t end = (uint32_t)(chunk + 1) * PH_CHUNK_BYTES;
    return end < stage->stored->bytes ? end : stage->stored->bytes;
}

/* Asks for a chunk, unless it is held; what is in its place is not needed any more. */
static void ask(const ph_machine *machine, ph_stage *stage, int32_t chunk) {
    const int32_t half = chunk & 1;
    if (stage->held[half] == chunk) {
        return;
    }
    if (stage->held[half] >= 0 && !stage->arrived[half]) {
        machine->fetched(machine->context, half);
    }
    const uint32_t begin = (uint32_t)chunk * PH_CHUNK_BYTES;
    machine->fetch(machine->context, half, stage->stored->l3 + begin, stage->l2 + half * PH_CHUNK_BYTES,
                   chunk_end(stage, chunk) - begin);
    stage->held[half] = chunk;
    stage->arrived[half] = false;
}

static void wait_for(const ph_machine *machine, ph_stage *stage, int32_t chunk) {
    ask(machine, stage, chunk);
    if (!stage->arrived[chunk & 1]) {
        machine->fetched(machine->context, chunk & 1);
        stage->arrived[chunk & 1] = true;
    }
}

/* A chunk was copied to its end: those that will be wanted may take its place, and after the last one, if all of them
   are gone through again, those at the beginning. */
static void ask_behind(const ph_machine *machine, ph_stage *stage, int32_t chunk) {
    if (chunk + 2 < stage->chunks) {
        ask(machine, stage, chunk + 2);
    } else if (chunk + 1 == stage->chunks && stage->again > 0) {
        stage->again--;
        ask(machine, stage, 0);
        ask(machine, stage, 1);
    }
}

/* Copies what is missing, as long as it has arrived, or all of it. */
static void pull(const ph_machine *machine, ph_stage *stage, ph_copies *in, bool all) {
    while (stage->missing > 0) {
        const int32_t chunk = (int32_t)(stage->from / PH_CHUNK_BYTES);
        const int32_t half = chunk & 1;
        if (!all && (stage->held[half] != chunk || !stage->arrived[half])) {
            return;
        }
        wait_for(machine, stage, chunk);
        const uint32_t left = chunk_end(stage, chunk) - stage->from;
        const uint32_t bytes = stage->missing < left ? stage->missing : left;
        plain(machine, in, stage->to, stage->l2 + half * PH_CHUNK_BYTES + stage->from % PH_CHUNK_BYTES, bytes);
        stage->to += bytes;
        stage->from += bytes;
        stage->missing -= bytes;
        if (bytes == left && stage->chunks > 2) {
            ph_copies_wait(machine, in); /* the next chunk takes the place of this one */
            ask_behind(machine, stage, chunk);
        }
    }
}

void ph_stage_begin(const ph_machine *machine, ph_stage *stage, ph_copies *in, const ph_stored *stored, uint8_t *arena,
                    int32_t again, uint8_t *constants) {
    *stage = (ph_stage){.stored = stored, .l2 = arena + stored->l2, .again = again, .held = {-1, -1}};
    if (stored->at == PH_STAGED) {
        stage->chunks = (int32_t)((stored->bytes + PH_CHUNK_BYTES - 1) / PH_CHUNK_BYTES);
        for (int32_t chunk = 0; chunk < 2 && chunk < stage->chunks; chunk++) {
            ask(machine, stage, chunk);
        }
        stage->to = constants;
        stage->missing = stored->weight;
        pull(machine, stage, in, true);
    } else {
        plain(machine, in, constants, stage->l2, stored->weight);
    }
}

void ph_stage_want(const ph_machine *machine, ph_stage *stage, ph_copies *in, uint8_t *l1, uint32_t from,
                   uint32_t bytes) {
    if (stage->chunks == 0) {
        plain(machine, in, l1, stage->l2 + from, bytes);
        return;
    }
    stage->to = l1;
    stage->from = from;
    stage->missing = bytes;
    pull(machine, stage, in, false);
}

void ph_stage_finish(const ph_machine *machine, ph_stage *stage, ph_copies *in) {
    pull(machine, stage, in, true);
}

void ph_stage_end(const ph_machine *machine, ph_stage *stage) {
    for (int32_t half = 0; half < 2; half++) {
        if (stage->chunks > half && stage->held[half] >= 0 && !stage->arrived[half]) {
            machine->fetched(machine->context, half);
        }
    }
    stage->chunks = 0;
}

void ph_tiles_bring(const ph_machine *machine, const ph_stored *stored, uint8_t *arena) {
    machine->fetch(machine->context, 0, stored->l3, arena + stored->l2, stored->bytes);
    machine->fetched(machine->context, 0);
    if (stored->at == PH_IN_L1) {
        ph_copies in = {0, PH_COPIES_IN, 0, 0};
        plain(machine, &in, machine->l1 + stored->l1, arena + stored->l2, stored->bytes);
        ph_copies_wait(machine, &in);
    }
}

void ph_tiles_shift(const ph_machine *machine, ph_strip *strip, uint32_t free) {
    const int32_t kept = strip->low < strip->end ? strip->low : strip->end;
    if (kept <= strip->first) {
        return;
    }
    if (strip->made > kept) {
        const uint8_t *from = ph_strip_row(strip, kept);
        uint8_t *to = strip->memory;
        uint32_t left = (uint32_t)(strip->made - kept) * (uint32_t)strip->row_bytes;
        while (left > 0) { /* piece by piece, so that nothing is overwritten before it was read */
            const uint32_t piece = left < machine->l1_bytes - free ? left : machine->l1_bytes - free;
            const ph_block block = {piece, piece, 0};
            machine->copy(machine->context, 0, machine->l1 + free, (uint8_t *)(uintptr_t)from, &block, false);
            machine->wait(machine->context, 0);
            machine->copy(machine->context, 0, machine->l1 + free, to, &block, true);
            machine->wait(machine->context, 0);
            from += piece;
            to += piece;
            left -= piece;
        }
    }
    strip->first = kept;
    strip->made = strip->made > kept ? strip->made : kept;
}
