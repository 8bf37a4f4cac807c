/* What the doorbell asks of the machine that it runs on. A port is a handful of functions; it knows nothing of faces.
 */
#ifndef PEEPHOLE_APP_PORT_H
#define PEEPHOLE_APP_PORT_H

#include <stdint.h>

#include "app/flash_log.h"
#include "peephole/status.h"
#include "peephole/warp.h"

PH_BEGIN_C

/* What ended the sleep. */
typedef enum {
    PH_WAKE_MOTION,
    PH_WAKE_BUTTON,
    PH_WAKE_SERIAL, /* somebody talks on the serial line */
    PH_WAKE_OVER,   /* nothing will ever come again: the frames of an emulator are over */
} ph_wake;

typedef struct ph_port {
    void *context; /* given to every function */
    ph_image_size frame_size;
    /* The next frame and when it was taken, in milliseconds that only grow; switches the camera on where it is off.
       PH_END when the source is over; anything else but PH_OK: the camera gave nothing, and may be asked again. */
    ph_status (*frame)(void *context, uint8_t *grey, int64_t *time); /* [H,W] */
    const ph_flash *flash;                                           /* what outlives a cut of the power */
    /* What has arrived, at most `capacity` bytes, without waiting; returns how many. */
    int32_t (*serial_read)(void *context, uint8_t *to, int32_t capacity);
    void (*serial_write)(void *context, const uint8_t *from, int32_t bytes);
    void (*door)(void *context, int32_t open); /* 1: unlock, 0: lock */
    int64_t (*time)(void *context);            /* milliseconds of the same clock as the frames' */
    ph_wake (*sleep)(void *context);           /* camera off, until something happens */
} ph_port;

PH_END_C

#endif
