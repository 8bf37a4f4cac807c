/* The row of cascade_row.h for processors with AVX2; the caller asks the processor first. */
#if defined(__x86_64__) && defined(__GNUC__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif
#define PH_ROW ph_cascade_row_avx2
#define PH_VECTOR_BYTES 32
#include "cascade_row.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int ph_cascade_row_avx2_is_absent; /* ISO C wants something in every file */
#endif
