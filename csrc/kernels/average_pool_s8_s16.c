#include "kernels/average_pool_s8.h"

ph_status ph_average_pool_s8_s16(const ph_average_pool *layer, const int8_t *input, const int32_t *factor,
                                 int16_t *output) {
    return ph_average_windows_s8(layer, input, factor, (ph_output){.s16 = output});
}
