/* What every kernel returns, and the doorbell in csrc/app. Neither ever prints, allocates or aborts: the caller decides
   what a refusal means. */
#ifndef PEEPHOLE_STATUS_H
#define PEEPHOLE_STATUS_H

typedef enum {
    PH_OK = 0,
    PH_BAD_SHAPE = 1,    /* sizes that do not fit each other, or none at all */
    PH_BAD_ARGUMENT = 2, /* a number outside the range that the kernel computes exactly */
    PH_END = 3,          /* nothing more will come: the source of the frames is over */
    PH_NO_ROOM = 4,      /* there is no room left; nothing was changed */
    PH_UNKNOWN = 5,      /* nothing is kept under that id or number */
    PH_TAKEN = 6,        /* somebody else has that name */
    PH_FLASH_FAILED = 7, /* the flash memory could not be read, or does not hold what was written */
    PH_DAMAGED = 8,      /* what was kept there has changed since it was written */
    PH_UNSUPPORTED = 9,  /* written by a newer version, which is left as it is */
    PH_BUSY = 10,        /* something else has to end first; nothing was changed */
} ph_status;

/* Around the functions of every public header, so that C++ finds them under their C names. */
#ifdef __cplusplus
#define PH_BEGIN_C extern "C" {
#define PH_END_C }
#else
#define PH_BEGIN_C
#define PH_END_C
#endif

#endif
