/* The two areas below the log: their headers, and reading and programming as the log needs it. */
#ifndef PEEPHOLE_APP_FLASH_AREA_H
#define PEEPHOLE_APP_FLASH_AREA_H

#include "app/flash_log.h"

#define PH_CRC_BYTES 4
#define PH_FLASH_CHUNK 64            /* that are read at once, on the stack */
#define PH_FLASH_RECORD_ALIGNMENT 16 /* at least */

static inline uint32_t ph_larger(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

static inline uint32_t ph_smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* unit: a power of two */
static inline uint32_t ph_round_up(uint32_t bytes, uint32_t unit) {
    return (bytes + unit - 1) & ~(unit - 1);
}

/* Where records begin is a multiple of this. */
static inline uint32_t ph_flash_alignment(const ph_flash *flash) {
    return ph_larger(flash->program_unit, PH_FLASH_RECORD_ALIGNMENT);
}

typedef struct {
    bool valid; /* there is one; the rest is undefined if there is none */
    bool whole; /* both copies are there */
    uint32_t version;
    uint32_t alignment;
    uint32_t generation;
    uint32_t damaged;
} ph_area_header;

#define PH_AREA_VERSION 1

/* PH_OK or PH_FLASH_FAILED, as the others below. Bytes that the driver knows to be lost (PH_DAMAGED) are read as 0: as
   good as any other wrong ones. */
ph_status ph_area_read(const ph_flash *flash, uint32_t area, uint32_t place, void *to, uint32_t bytes);

/* place and bytes: multiples of the program unit */
ph_status ph_area_program(const ph_flash *flash, uint32_t area, uint32_t place, const void *from, uint32_t bytes);

ph_status ph_area_erase(const ph_flash *flash, uint32_t area);

ph_status ph_area_read_header(const ph_flash *flash, uint32_t area, ph_area_header *header);

/* Writes both copies; one that can be read is enough. If none can, what was written is made unreadable for good. */
ph_status ph_area_write_header(const ph_flash *flash, uint32_t area, uint32_t generation, uint32_t damaged);

/* end = the number of bytes of an area up to the last one that is not blank. */
ph_status ph_area_find_end(const ph_flash *flash, uint32_t area, uint32_t *end);

#endif
