/* The camera: frames of frames.bin, a file or pipe of the host. */
#ifndef PEEPHOLE_PORT_FRAMES_H
#define PEEPHOLE_PORT_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "peephole/status.h"
#include "peephole/warp.h"

/* What is to be done beside watching; in firmware/frames.py under the same names. */
enum {
    FRAMES_LOOKS = 1, /* what is seen is told, and nothing decided */
    FRAMES_PRESS = 2, /* the button for pairing was pressed just now */
    FRAMES_STAY = 4,  /* after the last frame the owner is served on, until the emulator is stopped */
};

typedef struct {
    int32_t file;
    ph_image_size size;
    int64_t time; /* of the frame to come, in milliseconds; of the last one where there is none */
    bool more;
    bool stalls;  /* there is none until then: the camera gives nothing */
    int32_t mode; /* FRAMES_LOOKS and the like, added up */
} frames;

/* PH_BAD_SHAPE where there is no such file, or frames of another size in it. */
ph_status frames_open(frames *source, ph_image_size size);

/* Whether the camera gives nothing now, at *time. Then it was waited for in vain, and *time is when that was given up.
 */
bool frames_stall(frames *source, int64_t *time);

/* The next frame and its time. PH_END behind the last one, PH_BAD_SHAPE where the file ends within one. */
ph_status frames_next(frames *source, uint8_t *grey, int64_t *time); /* [H,W] */

#endif
