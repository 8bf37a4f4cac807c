/* How good a look at a face is, from things that say nothing about who it is. */
#ifndef PEEPHOLE_APP_QUALITY_H
#define PEEPHOLE_APP_QUALITY_H

#include <stdbool.h>

#include "app/policy.h"
#include "app/types.h"
#include "peephole/warp.h"

PH_BEGIN_C

/* Sharpness is measured on crops reduced to this side, so that networks of several sizes mean the same by it, and the
   grain of a camera in dim light, which is finest, counts for less. */
#define PH_SHARPNESS_SIDE 64
#define PH_SHARPNESS_SCRATCH (PH_SHARPNESS_SIDE * PH_SHARPNESS_SIDE)
#define PH_MOST_CROP_SIDE 4096

/* Light on the middle three quarters of a crop, which hold the face and little of what is behind it. */
typedef struct {
    int32_t brightness; /* mean grey level */
    int32_t contrast;   /* standard deviation in grey levels */
    int32_t clipped;    /* thousandths of the pixels that are black (5 or less) or white (250 or more) */
} ph_exposure;

/* The variance of the Laplacian over the variance of the crop, in thousandths; 0 for a flat crop. The variance of the
   Laplacian is the focus measure LAP4 of Pertuz, Puig and Garcia (2013); dividing by the crop's own variance keeps dim
   light and dark skin from counting as blur. Both variances are whole, rounded down. Sides of 3 to 4,096; a crop both
   sides of which are above 64 is reduced to 64x64 in `scratch` first, else that is not touched. */
ph_status ph_sharpness(ph_image_size size, const uint8_t *crop, /* [H,W] */
                       uint8_t *scratch,                        /* [PH_SHARPNESS_SCRATCH] */
                       int32_t *sharpness);

/* The light on a crop; sides of 1 to 4,096. */
ph_status ph_measure_exposure(ph_image_size size, const uint8_t *crop, /* [H,W] */
                              ph_exposure *exposure);

/* Why a look is of no use, the first reason that holds: too small, blurred, flat, glaring or turned. */
ph_fault ph_find_fault(const ph_policy *policy, int32_t width, int32_t sharpness, const ph_exposure *exposure,
                       bool turned);

/* round(1000 * cube root of the product of width, sharpness and neighbours over their good_ numbers, each at most 1):
   one middling property makes a middling look, one hopeless property a hopeless one. Exact: the result r is the largest
   with (2r - 1)^3 * good <= 8 * 10^9 * product. PH_BAD_ARGUMENT for a negative number, and where the good_ numbers are
   not all 1 or more or multiply to more than 2^31. */
ph_status ph_quality_value(const ph_policy *policy, int32_t width, int32_t sharpness, int32_t neighbours,
                           int32_t *value);

/* Judges a look by the face's width in the frame, its crop's sharpness and light, the detector's certainty, and whether
   it is known to be turned too far aside. */
ph_status ph_assess(const ph_policy *policy, int32_t width, int32_t neighbours, bool turned, ph_image_size size,
                    const uint8_t *crop, /* [H,W] */
                    uint8_t *scratch,    /* [PH_SHARPNESS_SCRATCH] */
                    ph_quality *quality);

PH_END_C

#endif
