#include "host/wide.h"
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#include <stddef.h>

#include "host/avx2_begin.h"

#define POOL_S16 ph_max_pool_s16_avx2
#define POOL_S8 ph_max_pool_s8_avx2
#define FEWER_S16 ph_max_pool_s16
#define FEWER_S8 ph_max_pool_s8
#define VECTOR __m256i
#define LOAD(bytes) _mm256_loadu_si256((const __m256i *)(const void *)(bytes))
#define STORE(bytes, vector) _mm256_storeu_si256((__m256i *)(void *)(bytes), vector)
#define LARGER(a, b, narrow) ((narrow) ? _mm256_max_epi8(a, b) : _mm256_max_epi16(a, b))
#include "host/max_pool_in.h"

#include "host/avx2_end.h"
#endif
