/* Authenticated encryption: ChaCha20 and Poly1305 as RFC 8439 puts them together. Only additions, exclusive ors, turns
   and multiplications, so that the time tells nothing of the key. */
#ifndef PEEPHOLE_APP_CHACHA20_POLY1305_H
#define PEEPHOLE_APP_CHACHA20_POLY1305_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peephole/status.h"

PH_BEGIN_C

#define PH_AEAD_KEY_BYTES 32
#define PH_AEAD_NONCE_BYTES 12
#define PH_AEAD_TAG_BYTES 16

/* The key stream of ChaCha20 from a block on, exclusive or'd into bytes. */
void ph_chacha20(const uint8_t *key, const uint8_t *nonce, uint32_t block, uint8_t *bytes, size_t count);

/* The one-time tag of a message; a key (32 bytes) is good for one message only. */
typedef struct {
    uint32_t r[5], h[5]; /* limbs of 26 bits */
    uint32_t pad[4];
    uint8_t block[16];
    size_t filled;
} ph_poly1305;

void ph_poly1305_begin(ph_poly1305 *state, const uint8_t *key);
void ph_poly1305_take(ph_poly1305 *state, const uint8_t *from, size_t bytes);
void ph_poly1305_end(ph_poly1305 *state, uint8_t *tag); /* [PH_AEAD_TAG_BYTES] */

/* Encrypts text [bytes] in place and writes the tag that binds it to `extra`, which stays readable. A nonce may be used
   only once with a key. */
void ph_aead_seal(const uint8_t *key, const uint8_t *nonce, const void *extra, size_t extra_bytes, uint8_t *text,
                  size_t bytes, uint8_t *tag);

/* Decrypts in place; false, with nothing decrypted, unless text, extra, nonce and key are those that were sealed. */
bool ph_aead_open(const uint8_t *key, const uint8_t *nonce, const void *extra, size_t extra_bytes, uint8_t *text,
                  size_t bytes, const uint8_t *tag);

PH_END_C

#endif
