#include "ports/gap8/random.h"

#include <string.h>

enum { MOST_NOISE = 8 }; /* levels */

void ph_random_begin(ph_random *random) {
    memset(random, 0, sizeof *random);
}

static int is_small(int change) {
    return change <= MOST_NOISE && change >= -MOST_NOISE;
}

/* The pool becomes the digest of itself and of what comes. */
static void take(ph_random *random, const void *from, size_t bytes, const char *purpose) {
    ph_sha256 hash;
    ph_sha256_begin(&hash);
    ph_sha256_take(&hash, purpose, strlen(purpose));
    ph_sha256_take(&hash, random->pool, sizeof random->pool);
    ph_sha256_take(&hash, from, bytes);
    ph_sha256_end(&hash, random->pool);
    ph_wipe(&hash, sizeof hash);
}

void ph_random_stir(ph_random *random, const uint8_t *picture, uint32_t pixels, int64_t microseconds, uint32_t cycles) {
    const uint32_t step = pixels / PH_RANDOM_SAMPLE;
    const uint32_t first = random->pictures % step; /* another pixel of each stretch than last time but `step` */
    const struct {
        int64_t microseconds;
        uint32_t cycles, pictures;
    } when = {microseconds, cycles, random->pictures};
    uint32_t noisy = 0;
    int before = 0; /* the change of the pixel that was counted before */
    for (uint32_t i = 0; i < PH_RANDOM_SAMPLE; i++) {
        /* One half is always of the same pixels, of which the noise is counted; the other goes round. */
        const uint8_t pixel = picture[i * step + (i % 2 ? first : 0)];
        const int change = pixel - random->sample[i];
        if (i % 2 == 0) {
            noisy += i > 0 && change != 0 && change != before && is_small(change) && is_small(change - before);
            before = change;
        }
        random->sample[i] = pixel;
    }
    if (random->pictures > 0 && random->quarters < 4 * PH_RANDOM_BITS) {
        random->quarters += noisy;
    }
    random->pictures++;
    take(random, random->sample, sizeof random->sample, "picture");
    take(random, &when, sizeof when, "when");
}

ph_status ph_random_draw(ph_random *random, uint8_t *to, int32_t bytes) {
    uint8_t digest[PH_SHA256_BYTES];
    if (random->quarters < 4 * PH_RANDOM_BITS) {
        return PH_UNKNOWN;
    }
    for (int32_t done = 0; done < bytes; done += PH_SHA256_BYTES) {
        const int32_t left = bytes - done;
        ph_sha256 hash;
        random->given++;
        ph_sha256_begin(&hash);
        ph_sha256_take(&hash, "given", 5);
        ph_sha256_take(&hash, random->pool, sizeof random->pool);
        ph_sha256_take(&hash, &random->given, sizeof random->given);
        ph_sha256_end(&hash, digest);
        memcpy(to + done, digest, (size_t)(left < PH_SHA256_BYTES ? left : PH_SHA256_BYTES));
        ph_wipe(&hash, sizeof hash);
    }
    ph_wipe(digest, sizeof digest);
    take(random, &random->given, sizeof random->given, "next");
    return PH_OK;
}
