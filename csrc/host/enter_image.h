/* How an image becomes the input of a network. */
#ifndef PEEPHOLE_HOST_ENTER_IMAGE_H
#define PEEPHOLE_HOST_ENTER_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "peephole/status.h"

PH_BEGIN_C

/* output = pixel - offset, modulo 2^16 or 2^8; from right to left where it is mirrored. image, output: [height,width].
 */
void ph_enter_image_s16(int32_t height, int32_t width, const uint8_t *image, int32_t offset, bool mirrored,
                        int16_t *output);
void ph_enter_image_s8(int32_t height, int32_t width, const uint8_t *image, int32_t offset, bool mirrored,
                       int8_t *output);

PH_END_C

#endif
