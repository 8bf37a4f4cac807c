/* What every part of the doorbell speaks of. Times are int64 milliseconds of any origin, boxes pixels of the frame. */
#ifndef PEEPHOLE_APP_TYPES_H
#define PEEPHOLE_APP_TYPES_H

#include <stdint.h>

#include "peephole/status.h"

PH_BEGIN_C

typedef struct {
    int16_t x;
    int16_t y;
    int16_t width;
    int16_t height;
} ph_box;

/* Why a look is of no use. */
typedef enum {
    PH_FAULT_NONE, /* it is good: it may vote and be remembered */
    PH_FAULT_TOO_SMALL,
    PH_FAULT_BLURRED,
    PH_FAULT_FLAT,
    PH_FAULT_GLARING,
    PH_FAULT_TURNED,
    PH_FAULT_UNALIGNED,
} ph_fault;

typedef struct {
    int32_t width;      /* of the face, in pixels of the frame */
    int32_t sharpness;  /* thousandths */
    int32_t neighbours; /* overlapping hits of the detector */
    int32_t value;      /* all of it in one figure, 0 (useless) to 1000 */
    ph_fault fault;
} ph_quality;

typedef struct {
    int64_t time;
    ph_box box;
    int32_t tilt; /* by how many degrees the face leans clockwise */
    ph_quality quality;
    uint32_t picture; /* the caller's number for it */
} ph_look;

typedef struct {
    int32_t values; /* of a descriptor */
    int32_t capacity;
    int32_t count;
    ph_look *look;       /* [capacity] */
    int16_t *descriptor; /* [capacity, values] Q14 */
} ph_looks;

/* As a time: not yet. */
#define PH_NEVER INT64_MIN

/* As owner of a reference: nobody. */
#define PH_NOBODY 0xffffu

/* Every look that a face is compared with; owner[i] is whose descriptor[i] is. Any order will do. */
typedef struct {
    int32_t values; /* of a descriptor */
    int32_t count;
    const uint16_t *owner;     /* [count] */
    const int16_t *descriptor; /* [count, values] Q14 */
} ph_references;

PH_END_C

#endif
