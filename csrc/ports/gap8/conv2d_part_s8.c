#include "arch/xpulp_pixels.h"

PH_DEFINE_PIXELS_S8(convolve_pixels)

#define PH_VALUE int8_t
#define PH_WRITTEN int8_t
#define PH_PIXELS convolve_pixels
#define PH_PART ph_conv2d_part_s8
#include "ports/gap8/conv2d_part.h"
