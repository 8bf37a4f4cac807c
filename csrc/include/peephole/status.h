/* What every kernel returns. Kernels never print, allocate or abort: the caller decides what a refusal means. */
#ifndef PEEPHOLE_STATUS_H
#define PEEPHOLE_STATUS_H

typedef enum {
    PH_OK = 0,
    PH_BAD_SHAPE = 1,    /* sizes that do not fit each other, or none at all */
    PH_BAD_ARGUMENT = 2, /* a number outside the range that the kernel computes exactly */
} ph_status;

#endif
