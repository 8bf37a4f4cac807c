#include "host/wide.h"
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw")
#endif

#define POOL_S16 ph_max_pool_s16_avx512
#define POOL_S8 ph_max_pool_s8_avx512
#define FEWER_S16 ph_max_pool_s16_avx2
#define FEWER_S8 ph_max_pool_s8_avx2
#define VECTOR __m512i
#define LOAD(bytes) _mm512_loadu_si512((const void *)(bytes))
#define STORE(bytes, vector) _mm512_storeu_si512((void *)(bytes), vector)
#define LARGER(a, b, narrow) ((narrow) ? _mm512_max_epi8(a, b) : _mm512_max_epi16(a, b))
#include "host/max_pool_in.h"

#include "host/avx2_end.h"
#endif
