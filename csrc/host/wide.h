/* Other kernels for processors with AVX2, and pools for those with AVX-512, of the same bits; the caller asks for
   PH_AVX2 or PH_AVX512_VNNI first. On other machines the names mean the kernels themselves. */
#ifndef PEEPHOLE_HOST_WIDE_H
#define PEEPHOLE_HOST_WIDE_H

#include "peephole/distance.h"
#include "peephole/pool.h"

PH_BEGIN_C

#if defined(__x86_64__) && defined(__GNUC__)
ph_status ph_max_pool_s16_avx2(const ph_max_pool *layer, const int16_t *input, int16_t *output);
ph_status ph_max_pool_s8_avx2(const ph_max_pool *layer, const int8_t *input, int8_t *output);
ph_status ph_max_pool_s16_avx512(const ph_max_pool *layer, const int16_t *input, int16_t *output);
ph_status ph_max_pool_s8_avx512(const ph_max_pool *layer, const int8_t *input, int8_t *output);
ph_status ph_squared_l2_many_s16_avx2(int32_t length, int32_t count, const int16_t *a, const int16_t *b,
                                      uint64_t *distance);
#else
#define ph_max_pool_s16_avx2 ph_max_pool_s16
#define ph_max_pool_s8_avx2 ph_max_pool_s8
#define ph_max_pool_s16_avx512 ph_max_pool_s16
#define ph_max_pool_s8_avx512 ph_max_pool_s8
#define ph_squared_l2_many_s16_avx2 ph_squared_l2_many_s16
#endif

PH_END_C

#endif
