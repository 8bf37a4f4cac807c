/* Two areas of NOR flash in RAM, whose power can be cut at any byte and whose cells can fail.

   budget counts what may still be done: one for a byte that is programmed, two for an erase (before it, and in its
   middle). When it is used up the power is gone: the byte on the way gets some of its bits, an area that was being
   erased holds anything, and nothing works until `powered` is set again. Programming what is not blank, or unaligned,
   is counted as an offence. */
#ifndef PEEPHOLE_TESTS_FLASH_MEMORY_H
#define PEEPHOLE_TESTS_FLASH_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "app/flash_log.h"

typedef struct {
    ph_flash flash;
    uint8_t *bytes; /* [2 * area_bytes] */
    int64_t budget; /* negative: no cut to come */
    bool powered;
    uint32_t random;
    uint32_t erases[2];
    uint32_t offences;
    bool stubborn;                 /* erasing fails */
    uint32_t stuck_from, stuck_to; /* bytes that keep their ones */
    uint32_t lost_from, lost_to;   /* bytes that the driver reports as lost */
    uint32_t mute_from, mute_to;   /* bytes that cannot be read at all */
} flash_memory;

static inline uint32_t flash_memory_random(flash_memory *memory) {
    memory->random ^= memory->random << 13;
    memory->random ^= memory->random >> 17;
    memory->random ^= memory->random << 5;
    return memory->random >> 7;
}

static inline bool flash_memory_spend(flash_memory *memory) {
    if (memory->budget == 0) {
        memory->powered = false;
    } else if (memory->budget > 0) {
        memory->budget--;
    }
    return memory->powered;
}

static inline ph_status flash_memory_read(void *context, uint32_t offset, void *to, uint32_t bytes) {
    flash_memory *memory = (flash_memory *)context;
    if (!memory->powered || offset + bytes > 2 * memory->flash.area_bytes) {
        memory->offences += memory->powered;
        return PH_FLASH_FAILED;
    }
    if (offset < memory->mute_to && offset + bytes > memory->mute_from) {
        return PH_FLASH_FAILED;
    }
    memcpy(to, memory->bytes + offset, bytes);
    return offset < memory->lost_to && offset + bytes > memory->lost_from ? PH_DAMAGED : PH_OK;
}

static inline ph_status flash_memory_program(void *context, uint32_t offset, const void *from, uint32_t bytes) {
    flash_memory *memory = (flash_memory *)context;
    const uint32_t unit = memory->flash.program_unit;
    if (!memory->powered || offset + bytes > 2 * memory->flash.area_bytes) {
        memory->offences += memory->powered;
        return PH_FLASH_FAILED;
    }
    memory->offences += offset % unit != 0 || bytes % unit != 0;
    for (uint32_t i = 0; i < bytes; i++) {
        uint8_t *byte = memory->bytes + offset + i;
        uint8_t wanted = ((const uint8_t *)from)[i];
        memory->offences += *byte != 0xff;
        if (!flash_memory_spend(memory)) {
            *byte &= (uint8_t)(wanted | flash_memory_random(memory));
            return PH_FLASH_FAILED;
        }
        if (offset + i < memory->stuck_from || offset + i >= memory->stuck_to) {
            *byte &= wanted;
        }
    }
    return PH_OK;
}

static inline ph_status flash_memory_erase(void *context, uint32_t area) {
    flash_memory *memory = (flash_memory *)context;
    const uint32_t size = memory->flash.area_bytes;
    uint8_t *bytes = memory->bytes + area * size;
    if (memory->stubborn || !memory->powered || !flash_memory_spend(memory)) {
        return PH_FLASH_FAILED;
    }
    const bool whole = flash_memory_spend(memory);
    for (uint32_t i = 0; i < size; i++) {
        const uint32_t number = flash_memory_random(memory);
        const uint8_t anything[4] = {bytes[i], 0xff, (uint8_t)(bytes[i] | number >> 2), (uint8_t)(number >> 2)};
        bytes[i] = whole ? 0xff : anything[number % 4];
    }
    memory->erases[area]++;
    return whole ? PH_OK : PH_FLASH_FAILED;
}

/* bytes: [2 * area_bytes]; begins with anything in it, as a chip may. */
static inline void flash_memory_begin(flash_memory *memory, uint8_t *bytes, uint32_t area_bytes,
                                      uint32_t program_unit) {
    memset(memory, 0, sizeof *memory);
    memory->flash.context = memory;
    memory->flash.read = flash_memory_read;
    memory->flash.program = flash_memory_program;
    memory->flash.erase = flash_memory_erase;
    memory->flash.area_bytes = area_bytes;
    memory->flash.program_unit = program_unit;
    memory->bytes = bytes;
    memory->budget = -1;
    memory->powered = true;
    memory->random = 2463534242u;
    for (uint32_t i = 0; i < 2 * area_bytes; i++) {
        bytes[i] = (uint8_t)flash_memory_random(memory);
    }
}

#endif
