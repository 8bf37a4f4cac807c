/* The 8-bit average pool, whatever the width of its output. */
#ifndef PEEPHOLE_KERNELS_AVERAGE_POOL_S8_H
#define PEEPHOLE_KERNELS_AVERAGE_POOL_S8_H

#include "kernels/output_s8.h"
#include "peephole/pool.h"

ph_status ph_average_windows_s8(const ph_average_pool *layer, const int8_t *input, const int32_t *factor,
                                ph_output output);

#endif
