/* Everything about deciding that an owner may want to change, as integers. What each number means is said once, at
   `Policy` in src/peephole/doorbell/policy.py, which is the same in seconds and shares. */
#ifndef PEEPHOLE_APP_POLICY_H
#define PEEPHOLE_APP_POLICY_H

#include <stdint.h>

#include "peephole/status.h"

PH_BEGIN_C

typedef struct {
    uint32_t known_rate;         /* rates in 1e-9, all people together */
    uint32_t stranger_rate;      /* at least known_rate makes sense */
    uint32_t same_stranger_rate; /* of one pair of strangers */
    int32_t known_sightings;     /* good looks that must agree */
    int32_t stranger_sightings;
    int32_t votes;
    int32_t margin_share; /* thousandths of the known bar */
    int32_t opening_faces;
    int64_t hold; /* times in milliseconds */
    int64_t blink;
    int64_t gap;
    int64_t longest;
    int64_t cool_down;
    int64_t look;
    int64_t later_look;
    int64_t save;
    int64_t retry;
    int32_t keep_looks;
    int32_t keep_stranger_looks;
    int32_t min_width; /* pixels of the frame */
    int32_t good_width;
    int32_t min_sharpness; /* thousandths */
    int32_t good_sharpness;
    int32_t min_contrast; /* grey levels */
    int32_t most_clipped; /* thousandths of the pixels */
    int32_t most_turned;  /* degrees */
    int32_t good_neighbours;
} ph_policy;

/* What Policy() says. */
#define PH_DEFAULT_POLICY                                                                                              \
    {.known_rate = 2000000,                                                                                            \
     .stranger_rate = 10000000,                                                                                        \
     .same_stranger_rate = 500000,                                                                                     \
     .known_sightings = 3,                                                                                             \
     .stranger_sightings = 4,                                                                                          \
     .votes = 9,                                                                                                       \
     .margin_share = 50,                                                                                               \
     .opening_faces = 2,                                                                                               \
     .hold = 1000,                                                                                                     \
     .blink = 400,                                                                                                     \
     .gap = 3000,                                                                                                      \
     .longest = 300000,                                                                                                \
     .cool_down = 60000,                                                                                               \
     .look = 100,                                                                                                      \
     .later_look = 500,                                                                                                \
     .save = 1000,                                                                                                     \
     .retry = 5000,                                                                                                    \
     .keep_looks = 12,                                                                                                 \
     .keep_stranger_looks = 8,                                                                                         \
     .min_width = 40,                                                                                                  \
     .good_width = 96,                                                                                                 \
     .min_sharpness = 20,                                                                                              \
     .good_sharpness = 150,                                                                                            \
     .min_contrast = 8,                                                                                                \
     .most_clipped = 600,                                                                                              \
     .most_turned = 60,                                                                                                \
     .good_neighbours = 120}

PH_END_C

#endif
