#include "frames.h"

#include "board.h"
#include "device_memory.h"

#define WAITED 200 /* milliseconds for a frame, until the camera counts as stalled */

static void read_time(frames *source) {
    int64_t time;
    source->more = board_read(source->file, &time, sizeof time) == (int32_t)sizeof time;
    if (source->more) {
        source->stalls = time < 0;
        source->time = source->stalls ? -1 - time : time;
    }
}

bool frames_stall(frames *source, int64_t *time) {
    if (!source->more || !source->stalls) {
        return false;
    }
    *time += WAITED;
    if (*time >= source->time) {
        read_time(source);
    }
    return true;
}

ph_status frames_open(frames *source, ph_image_size size) {
    int32_t header[4]; /* magic, width, height, mode */
    *source = (frames){.file = board_open("frames.bin"), .size = size};
    if (source->file < 0 || board_read(source->file, header, sizeof header) != (int32_t)sizeof header ||
        header[0] != DEVICE_FRAMES_MAGIC || header[1] != size.width || header[2] != size.height) {
        return PH_BAD_SHAPE;
    }
    source->mode = header[3];
    read_time(source);
    return PH_OK;
}

ph_status frames_next(frames *source, uint8_t *grey, int64_t *time) {
    const int32_t bytes = source->size.height * source->size.width;
    while (source->more && source->stalls) {
        read_time(source);
    }
    if (!source->more) {
        return PH_END;
    }
    if (board_read(source->file, grey, bytes) != bytes) {
        source->more = false;
        return PH_BAD_SHAPE;
    }
    *time = source->time;
    read_time(source);
    return PH_OK;
}
