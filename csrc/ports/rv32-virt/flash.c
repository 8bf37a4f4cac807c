/* A CFI flash with the Intel command set, two chips of 16 bits side by side, as QEMU's machine `virt` has it. */
#include "flash.h"

#include <string.h>

#define BANK ((volatile uint32_t *)0x22000000u)

/* Both chips are told the same. */
#define BOTH(command) ((uint32_t)(command) << 16 | (command))
#define CLEAR_STATUS BOTH(0x50)
#define READ_ARRAY BOTH(0xff)
#define PROGRAM_BUFFER BOTH(0xe8)
#define ERASE_BLOCK BOTH(0x20)
#define CONFIRM BOTH(0xd0)
#define READY BOTH(0x80)
#define FAILED BOTH(0x3a) /* erase, program, voltage, locked */

#define BUFFER_BYTES 1024u /* of both chips' write buffers, at most; a buffer holds bytes of one aligned piece */

/* Waits for the end of what was begun at a word, and leaves the flash readable. */
static ph_status finish(volatile uint32_t *word) {
    uint32_t status;
    do {
        status = *word;
    } while ((status & READY) != READY);
    *word = CLEAR_STATUS;
    *word = READ_ARRAY;
    return status & FAILED ? PH_FLASH_FAILED : PH_OK;
}

static ph_status read(void *context, uint32_t offset, void *to, uint32_t bytes) {
    (void)context;
    if (offset > 2 * FLASH_AREA_BYTES || bytes > 2 * FLASH_AREA_BYTES - offset) {
        return PH_BAD_ARGUMENT;
    }
    memcpy(to, (const uint8_t *)(uintptr_t)BANK + FLASH_START + offset, bytes);
    return PH_OK;
}

/* Words within one piece of BUFFER_BYTES, all at once. */
static ph_status program_piece(volatile uint32_t *word, const uint8_t *from, uint32_t words) {
    do {
        *word = PROGRAM_BUFFER;
    } while ((*word & READY) != READY);
    *word = BOTH(words - 1);
    for (uint32_t i = 0; i < words; i++) {
        uint32_t value;
        memcpy(&value, from + 4 * i, sizeof value);
        word[i] = value;
    }
    *word = CONFIRM;
    const ph_status status = finish(word);
    return status == PH_OK && memcmp((const void *)(uintptr_t)word, from, 4 * words) != 0 ? PH_FLASH_FAILED : status;
}

static ph_status program(void *context, uint32_t offset, const void *from, uint32_t bytes) {
    (void)context;
    if (offset > 2 * FLASH_AREA_BYTES || bytes > 2 * FLASH_AREA_BYTES - offset || (offset | bytes) % 4 != 0) {
        return PH_BAD_ARGUMENT;
    }
    ph_status status = PH_OK;
    for (uint32_t done = 0, piece; done < bytes && status == PH_OK; done += piece) {
        const uint32_t at = FLASH_START + offset + done, left = bytes - done;
        piece = BUFFER_BYTES - at % BUFFER_BYTES;
        piece = piece < left ? piece : left;
        status = program_piece(BANK + at / 4, (const uint8_t *)from + done, piece / 4);
    }
    return status;
}

static ph_status erase(void *context, uint32_t area) {
    (void)context;
    if (area > 1) {
        return PH_BAD_ARGUMENT;
    }
    for (uint32_t at = 0; at < FLASH_AREA_BYTES; at += FLASH_BLOCK_BYTES) {
        volatile uint32_t *block = BANK + (FLASH_START + area * FLASH_AREA_BYTES + at) / 4;
        *block = ERASE_BLOCK;
        *block = CONFIRM;
        const ph_status status = finish(block);
        if (status != PH_OK) {
            return status;
        }
    }
    return PH_OK;
}

ph_flash flash_areas(void) {
    return (ph_flash){NULL, read, program, erase, FLASH_AREA_BYTES, 4};
}
