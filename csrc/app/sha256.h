/* SHA-256 (FIPS 180-4), HMAC (RFC 2104) and HKDF (RFC 5869): from one key that two share to keys for one session. */
#ifndef PEEPHOLE_APP_SHA256_H
#define PEEPHOLE_APP_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peephole/status.h"

PH_BEGIN_C

#define PH_SHA256_BYTES 32
#define PH_SHA256_BLOCK 64

typedef struct {
    uint32_t state[8];
    uint64_t bytes; /* taken so far */
    uint8_t block[PH_SHA256_BLOCK];
} ph_sha256;

void ph_sha256_begin(ph_sha256 *hash);
void ph_sha256_take(ph_sha256 *hash, const void *from, size_t bytes);
void ph_sha256_end(ph_sha256 *hash, uint8_t *digest); /* [PH_SHA256_BYTES] */

typedef struct {
    ph_sha256 inner;
    uint8_t outer_key[PH_SHA256_BLOCK];
} ph_hmac;

void ph_hmac_begin(ph_hmac *mac, const void *key, size_t key_bytes);
void ph_hmac_take(ph_hmac *mac, const void *from, size_t bytes);
void ph_hmac_end(ph_hmac *mac, uint8_t *tag); /* [PH_SHA256_BYTES] */

/* HKDF with SHA-256: extract gives one good key, expand as many bytes as asked for, at most 255 * PH_SHA256_BYTES
   (PH_BAD_ARGUMENT). */
void ph_hkdf_extract(const void *salt, size_t salt_bytes, const void *secret, size_t secret_bytes,
                     uint8_t *key); /* [PH_SHA256_BYTES] */
ph_status ph_hkdf_expand(const uint8_t *key, const void *info, size_t info_bytes, uint8_t *to, size_t bytes);

/* Whether two secrets are the same, in a time that does not tell where they differ. */
bool ph_same_secret(const void *one, const void *other, size_t bytes);

/* Overwrites a secret; the compiler may not leave it out. */
void ph_wipe(void *secret, size_t bytes);

PH_END_C

#endif
