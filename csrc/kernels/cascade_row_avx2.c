/* The row of cascade_row.h for processors with AVX2; the caller asks the processor first. */
#if defined(__x86_64__) && defined(__GNUC__)
#pragma GCC target("avx2")
#define PH_ROW ph_cascade_row_avx2
#define PH_VECTOR_BYTES 32
#include "cascade_row.h"
#else
typedef int ph_cascade_row_avx2_is_absent; /* ISO C wants something in every file */
#endif
