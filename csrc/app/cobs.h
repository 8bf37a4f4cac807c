/* Frames on a line of bytes: consistent overhead byte stuffing (Cheshire and Baker, 1999). A frame travels without a
   zero and ends in one, so that a reader finds the next frame after anything that was lost or added. */
#ifndef PEEPHOLE_APP_COBS_H
#define PEEPHOLE_APP_COBS_H

#include <stdbool.h>
#include <stdint.h>

#include "peephole/status.h"

PH_BEGIN_C

/* Writes a frame, with a zero before and one behind it; no buffer, at most 255 bytes in a call of write. */
void ph_cobs_write(const uint8_t *frame, int32_t bytes, /* [bytes] */
                   void (*write)(void *context, const uint8_t *from, int32_t bytes), void *context);

/* What has arrived of a frame. */
typedef struct {
    uint8_t *frame; /* [capacity] the caller's */
    int32_t capacity;
    int32_t count;
    uint8_t run;   /* bytes to come before the next code */
    bool begun;    /* something of the frame is there */
    bool zero;     /* a zero stands behind the run, unless the frame ends there */
    bool overlong; /* more came than there is room for */
    bool ended;    /* the next byte begins another frame */
} ph_cobs_reader;

typedef enum {
    PH_COBS_MORE,    /* the frame goes on */
    PH_COBS_FRAME,   /* frame[0 .. count - 1] is there, until the next byte is taken */
    PH_COBS_DAMAGED, /* it ended, and it was too long or cut within a run */
} ph_cobs_step;

void ph_cobs_begin(ph_cobs_reader *reader, uint8_t *frame, int32_t capacity);

/* Takes one byte. There is no frame between two zeros. */
ph_cobs_step ph_cobs_take(ph_cobs_reader *reader, uint8_t byte);

PH_END_C

#endif
