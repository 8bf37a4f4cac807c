#include "arch/xpulp_pixels.h"

PH_DEFINE_PIXELS_S8_S16(convolve_pixels)

#define PH_VALUE int8_t
#define PH_WRITTEN int16_t
#define PH_PIXELS convolve_pixels
#define PH_PART ph_conv2d_part_s8_s16
#include "ports/gap8/conv2d_part.h"
