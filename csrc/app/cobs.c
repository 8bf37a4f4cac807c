#include "app/cobs.h"

#include <string.h>

#define LONGEST_RUN 254

void ph_cobs_write(const uint8_t *frame, int32_t bytes,
                   void (*write)(void *context, const uint8_t *from, int32_t bytes), void *context) {
    static const uint8_t zero = 0;
    bool more = true;
    write(context, &zero, 1);
    while (more) {
        uint8_t block[1 + LONGEST_RUN];
        int32_t run = 0;
        while (run < LONGEST_RUN && run < bytes && frame[run] != 0) {
            run++;
        }
        block[0] = (uint8_t)(run + 1);
        memcpy(block + 1, frame, (size_t)run);
        write(context, block, run + 1);
        /* A run that a zero ended is followed by another, if only an empty one. */
        const bool ended = run < bytes && run < LONGEST_RUN;
        frame += run + ended;
        bytes -= run + ended;
        more = bytes > 0 || ended;
    }
    write(context, &zero, 1);
}

void ph_cobs_begin(ph_cobs_reader *reader, uint8_t *frame, int32_t capacity) {
    memset(reader, 0, sizeof *reader);
    reader->frame = frame;
    reader->capacity = capacity;
}

static void put(ph_cobs_reader *reader, uint8_t byte) {
    if (reader->count < reader->capacity) {
        reader->frame[reader->count++] = byte;
    } else {
        reader->overlong = true;
    }
}

ph_cobs_step ph_cobs_take(ph_cobs_reader *reader, uint8_t byte) {
    if (reader->ended) {
        ph_cobs_begin(reader, reader->frame, reader->capacity);
    }
    if (byte == 0) {
        reader->ended = true;
        if (!reader->begun) {
            return PH_COBS_MORE;
        }
        return reader->run == 0 && !reader->overlong ? PH_COBS_FRAME : PH_COBS_DAMAGED;
    }
    reader->begun = true;
    if (reader->run > 0) {
        put(reader, byte);
        reader->run--;
        return PH_COBS_MORE;
    }
    if (reader->zero) {
        put(reader, 0);
    }
    reader->run = (uint8_t)(byte - 1);
    reader->zero = byte != LONGEST_RUN + 1;
    return PH_COBS_MORE;
}
