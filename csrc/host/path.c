#include "host/path.h"

#include "host/conv2d_tiles.h"

#if PH_HAS_X86_TILES
#include <cpuid.h>

/* Have processor and compiler AVX-VNNI? The rest is asked by the compiler's own function, which also asks whether the
   operating system keeps wide registers. */
static bool has_avx_vnni(void) {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return PH_HAS_AVX_VNNI_TILES && __builtin_cpu_supports("avx2") && __get_cpuid_count(7, 1, &a, &b, &c, &d) &&
           (a >> 4 & 1);
}

static bool has_avx512_vnni(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}

bool ph_path_runs(ph_path path) {
    switch (path) {
    case PH_PORTABLE:
        return true;
    case PH_AVX2:
        return __builtin_cpu_supports("avx2");
    case PH_AVX_VNNI:
        return has_avx_vnni();
    case PH_AVX512_VNNI:
        return has_avx512_vnni();
    case PH_NEON:
    case PH_PATHS:
        break;
    }
    return false;
}
#else
bool ph_path_runs(ph_path path) {
    return path == PH_PORTABLE || (path == PH_NEON && PH_HAS_NEON_TILES); /* every such ARM has it */
}
#endif
