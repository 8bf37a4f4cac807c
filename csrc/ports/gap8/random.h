/* Bytes that nobody can guess, for the owner's sessions. GAP8 has no generator: they come from the noise of the
   camera's pixels, and from when pictures were taken, to the cycle.

   A sample of every picture is hashed into a pool. A pixel of the sample that has changed since the picture before by
   up to eight levels, and by others than its neighbour in the sample, counts as a quarter of a bit of noise. Larger
   changes are movement, and like ones are the light, which somebody else may see too: they count nothing. Nothing is
   given out before 256 bits have come together so: a covered or blinded camera, all of whose pixels are the same, never
   gets there, and then there is no session. What is given out says nothing of what was or will be (the pool goes
   through the hash each time).

   What that is worth: enough for nonces and a pairing key as long as the sensor is a sensor, whose noise at a few
   levels of 256 nobody knows. It is an estimate, not a certified source; a board with a generator should add its own
   bytes. A simulator that shows the same pictures every time makes the same bytes every time. */
#ifndef PEEPHOLE_PORTS_GAP8_RANDOM_H
#define PEEPHOLE_PORTS_GAP8_RANDOM_H

#include <stdint.h>

#include "app/sha256.h"

enum { PH_RANDOM_SAMPLE = 2048, PH_RANDOM_BITS = 256 };

typedef struct {
    uint8_t pool[PH_SHA256_BYTES];
    uint8_t sample[PH_RANDOM_SAMPLE]; /* of the picture before */
    uint32_t quarters;                /* of bits that have come together, up to as many as are needed */
    uint32_t pictures;
    uint32_t given;
} ph_random;

void ph_random_begin(ph_random *random);

/* Takes a sample of a picture, of `pixels` bytes (PH_RANDOM_SAMPLE or more), and when it was taken. */
void ph_random_stir(ph_random *random, const uint8_t *picture, uint32_t pixels, int64_t microseconds, uint32_t cycles);

/* PH_UNKNOWN until there is noise enough. */
ph_status ph_random_draw(ph_random *random, uint8_t *to, int32_t bytes);

#endif
