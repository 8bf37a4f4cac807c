/* Copies by words where both sides lie on them. Built without the compiler's habit of calling memcpy for a loop. */
#include <stdint.h>
#include <string.h>

typedef uint32_t __attribute__((may_alias)) word;

static int on_words(const void *one, const void *other) {
    return (((uintptr_t)one | (uintptr_t)other) & 3u) == 0;
}

/* From the first byte to the last, so that a target that begins below its source may lie over it. */
static void *copy_forward(void *to, const void *from, size_t bytes) {
    uint8_t *out = to;
    const uint8_t *in = from;
    if (on_words(to, from)) {
        word *out_word = to;
        const word *in_word = from;
        for (; bytes >= 16; bytes -= 16, out_word += 4, in_word += 4) {
            const word a = in_word[0], b = in_word[1], c = in_word[2], d = in_word[3];
            out_word[0] = a;
            out_word[1] = b;
            out_word[2] = c;
            out_word[3] = d;
        }
        for (; bytes >= 4; bytes -= 4) {
            *out_word++ = *in_word++;
        }
        out = (uint8_t *)out_word;
        in = (const uint8_t *)in_word;
    }
    while (bytes-- > 0) {
        *out++ = *in++;
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
    return copy_forward(to, from, bytes);
}

void *memmove(void *to, const void *from, size_t bytes) {
    if ((uintptr_t)to - (uintptr_t)from >= bytes) {
        return copy_forward(to, from, bytes);
    }
    uint8_t *out = (uint8_t *)to + bytes;
    const uint8_t *in = (const uint8_t *)from + bytes;
    if (on_words(out, in)) {
        for (; bytes >= 4; bytes -= 4) {
            out -= 4;
            in -= 4;
            *(word *)(void *)out = *(const word *)(const void *)in;
        }
    }
    while (bytes-- > 0) {
        *--out = *--in;
    }
    return to;
}

void *memset(void *to, int value, size_t bytes) {
    uint8_t *out = to;
    if (on_words(to, to)) {
        const word four = (uint8_t)value * UINT32_C(0x01010101);
        word *out_word = to;
        for (; bytes >= 16; bytes -= 16, out_word += 4) {
            out_word[0] = out_word[1] = out_word[2] = out_word[3] = four;
        }
        out = (uint8_t *)out_word;
    }
    while (bytes-- > 0) {
        *out++ = (uint8_t)value;
    }
    return to;
}

int memcmp(const void *one, const void *other, size_t bytes) {
    const uint8_t *a = one, *b = other;
    for (; bytes > 0; bytes--, a++, b++) {
        if (*a != *b) {
            return *a - *b;
        }
    }
    return 0;
}

size_t strlen(const char *text) {
    const char *end = text;
    while (*end != 0) {
        end++;
    }
    return (size_t)(end - text);
}
