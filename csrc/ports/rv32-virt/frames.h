/* The camera: frames of frames.bin, a file or pipe of the host. */
#ifndef PEEPHOLE_PORT_FRAMES_H
#define PEEPHOLE_PORT_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "peephole/status.h"
#include "peephole/warp.h"

typedef struct {
    int32_t file;
    ph_image_size size;
    int64_t time; /* of the frame to come, in milliseconds; of the last one where there is none */
    bool more;
    bool looks; /* what is seen is to be told, and nothing decided */
} frames;

/* PH_BAD_SHAPE where there is no such file, or frames of another size in it. */
ph_status frames_open(frames *source, ph_image_size size);

/* The next frame and its time. PH_END behind the last one, PH_BAD_SHAPE where the file ends within one. */
ph_status frames_next(frames *source, uint8_t *grey, int64_t *time); /* [H,W] */

#endif
