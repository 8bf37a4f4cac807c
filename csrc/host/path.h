/* The ways that a convolution can be computed on the host; all give the same bits. */
#ifndef PEEPHOLE_HOST_PATH_H
#define PEEPHOLE_HOST_PATH_H

#include <stdbool.h>

#include "peephole/status.h"

PH_BEGIN_C

typedef enum {
    PH_PORTABLE,    /* the kernels that every machine has */
    PH_AVX2,        /* 8 sums at once */
    PH_AVX_VNNI,    /* the same, with a product and a sum in one instruction */
    PH_AVX512_VNNI, /* 16 sums at once */
    PH_NEON,        /* 4 sums at once, on ARM of 64 bits */
    PH_PATHS,
} ph_path;

/* Can this machine compute so? */
bool ph_path_runs(ph_path path);

PH_END_C

#endif
