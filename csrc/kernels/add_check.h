/* What the additions of any width refuse, and where their sums fit 32 bits. */
#ifndef PEEPHOLE_KERNELS_ADD_CHECK_H
#define PEEPHOLE_KERNELS_ADD_CHECK_H

#include "arch/generic.h"
#include "peephole/add.h"

/* Before a loop: no turn reads what another writes, also where a sum is written over a summand; so it may be computed
   for several values at once. Where clang cannot, as without vectors or under sanitizers, it need not warn. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"
#define PH_EACH_BY_ITSELF _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define PH_EACH_BY_ITSELF _Pragma("GCC ivdep")
#else
#define PH_EACH_BY_ITSELF
#endif

/* least, greatest: the limits of the output's type. */
static inline ph_status ph_check_add(const ph_add *layer, int32_t least, int32_t greatest) {
    const ph_shape in = layer->input;
    const ph_shape out = layer->output;
    if (!ph_is_shape(in) || !ph_is_shape(out) || in.height != out.height || in.width != out.width ||
        !ph_is_slice(out, layer->channel, in.channels)) {
        return PH_BAD_SHAPE;
    }
    const bool fits = layer->shift <= 31 && layer->other_shift <= 31 && layer->norm <= 31 &&
                      ph_is_clip(layer->low, layer->high, least, greatest);
    return fits ? PH_OK : PH_BAD_ARGUMENT;
}

/* Of 16 bits too: |sum| <= 2^15 * 2^14 * 2 + 2^29 < 2^31. Right shifts are arithmetic, as arch/generic.h checks. */
static inline bool ph_add_fits_32_bits(const ph_add *layer) {
    return layer->shift <= 14 && layer->other_shift <= 14 && layer->norm <= 30;
}

#endif
