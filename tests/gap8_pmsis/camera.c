/* Camera and time: frames.bin has of each frame its time in microseconds, int64, and 324x244 bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

enum { PICTURE_BYTES = 324 * 244, FRAME_MICROSECONDS = 100000 };

static FILE *frames;
static int64_t clock_now, next_time;
bool camera_on;
static bool more;
static uint8_t picture[PICTURE_BYTES];
static void *captured;
static pi_task_t *capture;
static int shown, stall_at = -1, stall_seconds = 4; /* the picture of this number is so late */
static bool awake; /* only a sensor that was started since it was stopped or off makes pictures */

/* The counter of the chip has 32 bits of 32,768 Hz: it goes round after 36 hours, which 32 bits of microseconds do not
   divide. */
#define AROUND INT64_C(131072000000)
#define BEFORE_FRAMES INT64_C(1200000000) /* so long before the first frame the program begins */

int64_t time_now(void) {
    return clock_now;
}

void pass_time(int64_t microseconds) {
    clock_now += microseconds;
}

bool more_frames(void) {
    return more;
}

static void read_ahead(void) {
    more = fread(&next_time, sizeof next_time, 1, frames) == 1;
}

void pi_himax_conf_init(struct pi_himax_conf *conf) {
    memset(conf, 0, sizeof *conf);
}

int32_t pi_camera_open(struct pi_device *device) {
    (void)device;
    frames = fopen("frames.bin", "rb");
    if (frames == NULL) {
        return -1;
    }
    read_ahead();
    clock_now = more && next_time > BEFORE_FRAMES ? next_time - BEFORE_FRAMES : 0;
    camera_on = true;
    stall_at = getenv("GAP8_STALL") != NULL ? atoi(getenv("GAP8_STALL")) : stall_at;
    stall_seconds = getenv("GAP8_SECONDS") != NULL ? atoi(getenv("GAP8_SECONDS")) : stall_seconds;
    return 0;
}

static void show(void) {
    if (line >= 0) {
        const int levels = getenv("GAP8_COVERED") == NULL ? 5 : 1;
        for (int i = 0; i < PICTURE_BYTES; i++) {
            picture[i] = (uint8_t)(100 + rand() % levels);
        }
        clock_now += FRAME_MICROSECONDS;
    } else if (more) {
        clock_now = next_time > clock_now ? next_time : clock_now;
        if (fread(picture, sizeof picture, 1, frames) != 1) {
            fail("frames.bin ends within a frame");
        }
        read_ahead();
    } else { /* nothing moves any more */
        clock_now += FRAME_MICROSECONDS;
    }
}

static void picture_comes(void) {
    show();
    memcpy(captured, picture, sizeof picture);
    push(capture);
    capture = NULL;
}

/* It comes after all, some seconds late. */
bool stalled(void) {
    if (capture == NULL) {
        return false;
    }
    clock_now += 1000000;
    if (--stall_seconds <= 0 && awake) {
        picture_comes();
    }
    return true;
}

int32_t pi_camera_control(struct pi_device *device, pi_camera_cmd_e command, void *arg) {
    (void)device;
    (void)arg;
    on_controller("pi_camera_control");
    if (command == PI_CAMERA_CMD_START) {
        if (!camera_on || capture == NULL) {
            fail("a camera that is off, or that nobody waits for, is started");
        }
        awake = true;
        if (shown++ != stall_at) {
            picture_comes();
        }
    } else {
        awake = false;
        camera_on = command == PI_CAMERA_CMD_STOP ? camera_on : command == PI_CAMERA_CMD_ON;
    }
    return 0;
}

void pi_camera_capture_async(struct pi_device *device, void *buffer, uint32_t size, pi_task_t *task) {
    (void)device;
    on_controller("pi_camera_capture_async");
    in_l2(buffer);
    if (size != PICTURE_BYTES) {
        fail("no whole picture");
    }
    captured = buffer;
    capture = task;
}

unsigned int pi_time_get_us(void) {
    on_controller("pi_time_get_us");
    clock_now += 20; /* whoever waits for a quiet line must see time go by */
    return (uint32_t)(clock_now % AROUND);
}
