#include "app/sha256.h"

#include <string.h>

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
static const uint32_t constant[64] = {
    0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u, 0x923f82a4u, 0xab1c5ed5u,
    0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u, 0x72be5d74u, 0x80deb1feu, 0x9bdc06a7u, 0xc19bf174u,
    0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu, 0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau,
    0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u, 0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u,
    0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu, 0x53380d13u, 0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u,
    0xa2bfe8a1u, 0xa81a664bu, 0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u,
    0x19a4c116u, 0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u,
    0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u, 0x90befffau, 0xa4506cebu, 0xbef9a3f7u, 0xc67178f2u,
};

static uint32_t turned(uint32_t word, int bits) {
    return word >> bits | word << (32 - bits);
}

static uint32_t get_big_endian(const uint8_t *from) {
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static void put_big_endian(uint8_t *to, uint32_t word) {
    for (int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(word >> (24 - 8 * i));
    }
}

static void take_block(uint32_t *state, const uint8_t *block) {
    uint32_t w[16], s[8]; /* the schedule's last 16 words, the working variables a to h */
    memcpy(s, state, sizeof s);
    for (int t = 0; t < 64; t++) {
        uint32_t *word = &w[t & 15];
        if (t < 16) {
            *word = get_big_endian(block + 4 * t);
        } else {
            const uint32_t two = w[(t - 2) & 15], fifteen = w[(t - 15) & 15];
            *word += (turned(two, 17) ^ turned(two, 19) ^ two >> 10) + w[(t - 7) & 15] +
                     (turned(fifteen, 7) ^ turned(fifteen, 18) ^ fifteen >> 3);
        }
        const uint32_t one = s[7] + (turned(s[4], 6) ^ turned(s[4], 11) ^ turned(s[4], 25)) +
                             ((s[4] & s[5]) ^ (~s[4] & s[6])) + constant[t] + *word;
        const uint32_t other =
            (turned(s[0], 2) ^ turned(s[0], 13) ^ turned(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += one;
        s[0] = one + other;
    }
    for (int i = 0; i < 8; i++) {
        state[i] += s[i];
    }
}

void ph_sha256_begin(ph_sha256 *hash) {
    static const uint32_t start[8] = {0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au,
                                      0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u};
    memcpy(hash->state, start, sizeof start);
    hash->bytes = 0;
}

void ph_sha256_take(ph_sha256 *hash, const void *from, size_t bytes) {
    const uint8_t *byte = from;
    while (bytes > 0) {
        const size_t place = (size_t)(hash->bytes % PH_SHA256_BLOCK), room = PH_SHA256_BLOCK - place;
        const size_t count = bytes < room ? bytes : room;
        memcpy(hash->block + place, byte, count);
        hash->bytes += count;
        byte += count;
        bytes -= count;
        if (count == room) {
            take_block(hash->state, hash->block);
        }
    }
}

void ph_sha256_end(ph_sha256 *hash, uint8_t *digest) {
    static const uint8_t padding[PH_SHA256_BLOCK] = {0x80};
    const uint64_t bits = hash->bytes * 8;
    const size_t place = (size_t)(hash->bytes % PH_SHA256_BLOCK);
    uint8_t length[8];
    put_big_endian(length, (uint32_t)(bits >> 32));
    put_big_endian(length + 4, (uint32_t)bits);
    ph_sha256_take(hash, padding, place < 56 ? 56 - place : 120 - place);
    ph_sha256_take(hash, length, sizeof length);
    for (int i = 0; i < 8; i++) {
        put_big_endian(digest + 4 * i, hash->state[i]);
    }
    ph_wipe(hash, sizeof *hash);
}

/* HMAC */

void ph_hmac_begin(ph_hmac *mac, const void *key, size_t key_bytes) {
    uint8_t padded[PH_SHA256_BLOCK] = {0};
    if (key_bytes > sizeof padded) {
        ph_sha256_begin(&mac->inner);
        ph_sha256_take(&mac->inner, key, key_bytes);
        ph_sha256_end(&mac->inner, padded);
    } else if (key_bytes > 0) {
        memcpy(padded, key, key_bytes);
    }
    for (size_t i = 0; i < sizeof padded; i++) {
        mac->outer_key[i] = padded[i] ^ 0x5c;
        padded[i] ^= 0x36;
    }
    ph_sha256_begin(&mac->inner);
    ph_sha256_take(&mac->inner, padded, sizeof padded);
    ph_wipe(padded, sizeof padded);
}

void ph_hmac_take(ph_hmac *mac, const void *from, size_t bytes) {
    ph_sha256_take(&mac->inner, from, bytes);
}

void ph_hmac_end(ph_hmac *mac, uint8_t *tag) {
    ph_sha256_end(&mac->inner, tag);
    ph_sha256_begin(&mac->inner);
    ph_sha256_take(&mac->inner, mac->outer_key, sizeof mac->outer_key);
    ph_sha256_take(&mac->inner, tag, PH_SHA256_BYTES);
    ph_sha256_end(&mac->inner, tag);
    ph_wipe(mac, sizeof *mac);
}

/* HKDF */

void ph_hkdf_extract(const void *salt, size_t salt_bytes, const void *secret, size_t secret_bytes, uint8_t *key) {
    ph_hmac mac;
    ph_hmac_begin(&mac, salt, salt_bytes);
    ph_hmac_take(&mac, secret, secret_bytes);
    ph_hmac_end(&mac, key);
}

ph_status ph_hkdf_expand(const uint8_t *key, const void *info, size_t info_bytes, uint8_t *to, size_t bytes) {
    uint8_t block[PH_SHA256_BYTES];
    if (bytes > (size_t)255 * PH_SHA256_BYTES) {
        return PH_BAD_ARGUMENT;
    }
    for (uint8_t number = 1; bytes > 0; number++) {
        const size_t count = bytes < sizeof block ? bytes : sizeof block;
        ph_hmac mac;
        ph_hmac_begin(&mac, key, PH_SHA256_BYTES);
        ph_hmac_take(&mac, block, number == 1 ? 0 : sizeof block);
        ph_hmac_take(&mac, info, info_bytes);
        ph_hmac_take(&mac, &number, 1);
        ph_hmac_end(&mac, block);
        memcpy(to, block, count);
        to += count;
        bytes -= count;
    }
    ph_wipe(block, sizeof block);
    return PH_OK;
}

/* Secrets */

bool ph_same_secret(const void *one, const void *other, size_t bytes) {
    const uint8_t *a = one, *b = other;
    uint8_t different = 0;
    for (size_t i = 0; i < bytes; i++) {
        different |= a[i] ^ b[i];
    }
    return different == 0;
}

void ph_wipe(void *secret, size_t bytes) {
    volatile uint8_t *byte = secret;
    while (bytes-- > 0) {
        *byte++ = 0;
    }
}
