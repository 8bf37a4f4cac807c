/* Whether a face is turned too far aside, from its five points. */
#ifndef PEEPHOLE_APP_POSE_H
#define PEEPHOLE_APP_POSE_H

#include <stdbool.h>
#include <stdint.h>

#include "peephole/similarity.h"

PH_BEGIN_C

/* Does the face look to the left or right of the picture by more than `most` whole degrees?

   Under weak perspective tan(yaw) = offset / (0.83 * half the distance between the eyes), where offset is how far the
   tip of the nose stands off the line half-way between the eyes and half-way between the corners of the mouth, and 0.83
   how far it stands out of their plane in the same measure (see vision/pose.py). Both are lengths along the direction
   of eyes and mouth, so its own length drops out and no root is needed; the tangent, rounded to 2^-16, moves the bar
   by less than 0.001 degrees. A face whose eyes and mouth have no direction is turned by 90 degrees; by more than that
   none is.

   points: in the order of the template, in any unit; each number within 2^23 of zero. Outside of that: turned. */
bool ph_is_turned(const int32_t *points, /* [5,2] x, y */
                  int32_t most);

PH_END_C

#endif
