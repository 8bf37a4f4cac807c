#include "app/name.h"

#include <stdint.h>

/* Bytes of the character that begins there; 0 if none does. */
static size_t character(const uint8_t *byte, size_t left, uint32_t *code) {
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t bytes = byte[0] < 0x80             ? 1
                         : (byte[0] & 0xe0) == 0xc0 ? 2
                         : (byte[0] & 0xf0) == 0xe0 ? 3
                         : (byte[0] & 0xf8) == 0xf0 ? 4
                                                    : 0;
    if (bytes == 0 || bytes > left) {
        return 0;
    }
    *code = bytes == 1 ? byte[0] : byte[0] & (0x7fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if ((byte[i] & 0xc0) != 0x80) {
            return 0;
        }
        *code = *code << 6 | (byte[i] & 0x3f);
    }
    const bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return *code < smallest[bytes] || *code > 0x10ffff || surrogate ? 0 : bytes;
}

bool ph_name_valid(const char *name, size_t bytes) {
    const uint8_t *byte = (const uint8_t *)name;
    if (bytes == 0 || name[0] == ' ' || name[bytes - 1] == ' ') {
        return false;
    }
    for (size_t at = 0, step; at < bytes; at += step) {
        uint32_t code;
        step = character(byte + at, bytes - at, &code);
        if (step == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            return false;
        }
    }
    return true;
}
