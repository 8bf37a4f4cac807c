/* A CFI flash with the Intel command set, two chips of 16 bits side by side, as QEMU's machine `virt` has it. */
#include "flash.h"

#include <string.h>

#define BANK ((volatile uint32_t *)0x22000000u)

/* Both chips are told the same. */
#define BOTH(command) ((uint32_t)(command) << 16 | (command))
#define CLEAR_STATUS BOTH(0x50)
#define READ_ARRAY BOTH(0xff)
#define PROGRAM_WORD BOTH(0x40)
#define ERASE_BLOCK BOTH(0x20)
#define CONFIRM BOTH(0xd0)
#define READY BOTH(0x80)
#define FAILED BOTH(0x3a) /* erase, program, voltage, locked */

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

static ph_status program(void *context, uint32_t offset, const void *from, uint32_t bytes) {
    (void)context;
    if (offset > 2 * FLASH_AREA_BYTES || bytes > 2 * FLASH_AREA_BYTES - offset || (offset | bytes) % 4 != 0) {
        return PH_BAD_ARGUMENT;
    }
    for (uint32_t done = 0; done < bytes; done += 4) {
        volatile uint32_t *word = BANK + (FLASH_START + offset + done) / 4;
        uint32_t value;
        memcpy(&value, (const uint8_t *)from + done, 4);
        *word = PROGRAM_WORD;
        *word = value;
        const ph_status status = finish(word);
        if (status != PH_OK || *word != value) {
            return PH_FLASH_FAILED;
        }
    }
    return PH_OK;
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
