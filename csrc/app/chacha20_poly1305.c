#include "app/chacha20_poly1305.h"

#include <string.h>

#include "app/little_endian.h"
#include "app/sha256.h"

/* ChaCha20 */

static uint32_t turned(uint32_t word, int bits) {
    return word << bits | word >> (32 - bits);
}

static void quarter_round(uint32_t *x, int a, int b, int c, int d) {
    x[a] += x[b];
    x[d] = turned(x[d] ^ x[a], 16);
    x[c] += x[d];
    x[b] = turned(x[b] ^ x[c], 12);
    x[a] += x[b];
    x[d] = turned(x[d] ^ x[a], 8);
    x[c] += x[d];
    x[b] = turned(x[b] ^ x[c], 7);
}

static void chacha20_block(const uint8_t *key, const uint8_t *nonce, uint32_t number, uint8_t *stream) { /* [64] */
    uint32_t start[16] = {0x61707865u, 0x3320646eu, 0x79622d32u, 0x6b206574u}, x[16];
    for (int i = 0; i < 8; i++) {
        start[4 + i] = ph_get_u32(key + 4 * i);
    }
    start[12] = number;
    for (int i = 0; i < 3; i++) {
        start[13 + i] = ph_get_u32(nonce + 4 * i);
    }
    memcpy(x, start, sizeof x);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 4; i++) {
            quarter_round(x, i, 4 + i, 8 + i, 12 + i);
        }
        for (int i = 0; i < 4; i++) {
            quarter_round(x, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
        }
    }
    for (int i = 0; i < 16; i++) {
        ph_put_u32(stream + 4 * i, x[i] + start[i]);
    }
    ph_wipe(start, sizeof start);
    ph_wipe(x, sizeof x);
}

void ph_chacha20(const uint8_t *key, const uint8_t *nonce, uint32_t block, uint8_t *bytes, size_t count) {
    uint8_t stream[64];
    for (size_t done = 0; done < count; done += sizeof stream) {
        const size_t left = count - done < sizeof stream ? count - done : sizeof stream;
        chacha20_block(key, nonce, block++, stream);
        for (size_t i = 0; i < left; i++) {
            bytes[done + i] ^= stream[i];
        }
    }
    ph_wipe(stream, sizeof stream);
}

/* Poly1305: h = (h + block) * r modulo 2^130 - 5, in five limbs of 26 bits, so that sums of products fit 64 bits. */

#define LIMB 0x3ffffffu

static void take_block(ph_poly1305 *state, const uint8_t *block, uint32_t high) {
    uint32_t *h = state->h;
    const uint32_t *r = state->r;
    uint64_t d[5];
    h[0] += ph_get_u32(block) & LIMB;
    h[1] += ph_get_u32(block + 3) >> 2 & LIMB;
    h[2] += ph_get_u32(block + 6) >> 4 & LIMB;
    h[3] += ph_get_u32(block + 9) >> 6 & LIMB;
    h[4] += ph_get_u32(block + 12) >> 8 | high;
    for (int i = 0; i < 5; i++) {
        d[i] = 0;
        for (int j = 0; j < 5; j++) {
            d[i] += (uint64_t)h[j] * (j <= i ? r[i - j] : 5 * r[5 + i - j]);
        }
    }
    uint64_t carry = 0;
    for (int i = 0; i < 5; i++) {
        d[i] += carry;
        h[i] = (uint32_t)d[i] & LIMB;
        carry = d[i] >> 26;
    }
    carry = h[0] + 5 * carry;
    h[0] = (uint32_t)carry & LIMB;
    h[1] += (uint32_t)(carry >> 26);
}

void ph_poly1305_begin(ph_poly1305 *state, const uint8_t *key) {
    memset(state, 0, sizeof *state);
    state->r[0] = ph_get_u32(key) & 0x3ffffff;
    state->r[1] = ph_get_u32(key + 3) >> 2 & 0x3ffff03;
    state->r[2] = ph_get_u32(key + 6) >> 4 & 0x3ffc0ff;
    state->r[3] = ph_get_u32(key + 9) >> 6 & 0x3f03fff;
    state->r[4] = ph_get_u32(key + 12) >> 8 & 0x00fffff;
    for (int i = 0; i < 4; i++) {
        state->pad[i] = ph_get_u32(key + 16 + 4 * i);
    }
}

void ph_poly1305_take(ph_poly1305 *state, const uint8_t *from, size_t bytes) {
    while (bytes > 0) {
        const size_t room = sizeof state->block - state->filled, count = bytes < room ? bytes : room;
        memcpy(state->block + state->filled, from, count);
        state->filled += count;
        from += count;
        bytes -= count;
        if (state->filled == sizeof state->block) {
            take_block(state, state->block, UINT32_C(1) << 24);
            state->filled = 0;
        }
    }
}

void ph_poly1305_end(ph_poly1305 *state, uint8_t *tag) {
    uint32_t *h = state->h, less[5];
    if (state->filled > 0) {
        memset(state->block + state->filled, 0, sizeof state->block - state->filled);
        state->block[state->filled] = 1;
        take_block(state, state->block, 0);
    }
    for (int round = 0; round < 2; round++) { /* every carry, all the way round */
        uint32_t carry = 0;
        for (int i = 0; i < 5; i++) {
            h[i] += carry;
            carry = h[i] >> 26;
            h[i] &= LIMB;
        }
        h[0] += 5 * carry;
    }
    uint32_t carry = 5; /* less = h + 5 - 2^130: to be taken when it is not below zero */
    for (int i = 0; i < 5; i++) {
        less[i] = h[i] + carry;
        carry = less[i] >> 26;
        less[i] &= LIMB;
    }
    const uint32_t take_less = 0u - carry;
    for (int i = 0; i < 5; i++) {
        h[i] = (h[i] & ~take_less) | (less[i] & take_less);
    }
    const uint32_t word[4] = {h[0] | h[1] << 26, h[1] >> 6 | h[2] << 20, h[2] >> 12 | h[3] << 14,
                              h[3] >> 18 | h[4] << 8};
    uint64_t sum = 0;
    for (int i = 0; i < 4; i++) {
        sum = (sum >> 32) + word[i] + state->pad[i];
        ph_put_u32(tag + 4 * i, (uint32_t)sum);
    }
    ph_wipe(state, sizeof *state);
}

/* Both together */

static void make_tag(const uint8_t *key, const uint8_t *nonce, const void *extra, size_t extra_bytes,
                     const uint8_t *text, size_t bytes, uint8_t *tag) {
    static const uint8_t zeros[16];
    uint8_t once[32] = {0}, lengths[16];
    ph_poly1305 state;
    ph_chacha20(key, nonce, 0, once, sizeof once);
    ph_poly1305_begin(&state, once);
    ph_poly1305_take(&state, extra, extra_bytes);
    ph_poly1305_take(&state, zeros, (16 - extra_bytes % 16) % 16);
    ph_poly1305_take(&state, text, bytes);
    ph_poly1305_take(&state, zeros, (16 - bytes % 16) % 16);
    ph_put_u64(lengths, extra_bytes);
    ph_put_u64(lengths + 8, bytes);
    ph_poly1305_take(&state, lengths, sizeof lengths);
    ph_poly1305_end(&state, tag);
    ph_wipe(once, sizeof once);
}

void ph_aead_seal(const uint8_t *key, const uint8_t *nonce, const void *extra, size_t extra_bytes, uint8_t *text,
                  size_t bytes, uint8_t *tag) {
    ph_chacha20(key, nonce, 1, text, bytes);
    make_tag(key, nonce, extra, extra_bytes, text, bytes, tag);
}

bool ph_aead_open(const uint8_t *key, const uint8_t *nonce, const void *extra, size_t extra_bytes, uint8_t *text,
                  size_t bytes, const uint8_t *tag) {
    uint8_t right[PH_AEAD_TAG_BYTES];
    make_tag(key, nonce, extra, extra_bytes, text, bytes, right);
    if (!ph_same_secret(right, tag, sizeof right)) {
        return false;
    }
    ph_chacha20(key, nonce, 1, text, bytes);
    return true;
}
