#include "app/flash_area.h"

#include <string.h>

#include "app/crc32.h"
#include "app/little_endian.h"

#define MAGIC 0x474c4850u /* "PHLG" */
#define HEADER 32

ph_status ph_area_read(const ph_flash *flash, uint32_t area, uint32_t place, void *to, uint32_t bytes) {
    const ph_status status = flash->read(flash->context, area * flash->area_bytes + place, to, bytes);
    if (status == PH_DAMAGED) {
        memset(to, 0, bytes);
        return PH_OK;
    }
    return status == PH_OK ? PH_OK : PH_FLASH_FAILED;
}

ph_status ph_area_program(const ph_flash *flash, uint32_t area, uint32_t place, const void *from, uint32_t bytes) {
    const ph_status status = flash->program(flash->context, area * flash->area_bytes + place, from, bytes);
    return status == PH_OK ? PH_OK : PH_FLASH_FAILED;
}

ph_status ph_area_erase(const ph_flash *flash, uint32_t area) {
    return flash->erase(flash->context, area) == PH_OK ? PH_OK : PH_FLASH_FAILED;
}

ph_status ph_area_read_header(const ph_flash *flash, uint32_t area, ph_area_header *header) {
    uint8_t bytes[HEADER];
    header->valid = false;
    header->whole = true;
    for (uint32_t copy = 0; copy < 2; copy++) {
        const ph_status status = ph_area_read(flash, area, copy * HEADER, bytes, HEADER);
        if (status != PH_OK) {
            return status;
        }
        if (ph_get_u32(bytes) != MAGIC ||
            ph_get_u32(bytes + HEADER - PH_CRC_BYTES) != ph_crc32(0, bytes, HEADER - PH_CRC_BYTES)) {
            header->whole = false;
            continue;
        }
        header->valid = true;
        header->version = ph_get_u16(bytes + 4);
        header->alignment = ph_get_u16(bytes + 6);
        header->generation = ph_get_u32(bytes + 8);
        header->damaged = ph_get_u32(bytes + 12);
    }
    return PH_OK;
}

ph_status ph_area_write_header(const ph_flash *flash, uint32_t area, uint32_t generation, uint32_t damaged) {
    ph_area_header header;
    uint8_t bytes[HEADER];
    memset(bytes, 0xff, sizeof bytes);
    ph_put_u32(bytes, MAGIC);
    ph_put_u16(bytes + 4, PH_AREA_VERSION);
    ph_put_u16(bytes + 6, (uint16_t)ph_flash_alignment(flash));
    ph_put_u32(bytes + 8, generation);
    ph_put_u32(bytes + 12, damaged);
    ph_put_u32(bytes + HEADER - PH_CRC_BYTES, ph_crc32(0, bytes, HEADER - PH_CRC_BYTES));
    ph_area_program(flash, area, 0, bytes, HEADER);
    ph_area_program(flash, area, HEADER, bytes, HEADER);
    if (ph_area_read_header(flash, area, &header) == PH_OK && header.valid) {
        return PH_OK;
    }
    memset(bytes, 0, sizeof bytes);
    ph_area_program(flash, area, 0, bytes, HEADER);
    ph_area_program(flash, area, HEADER, bytes, HEADER);
    return PH_FLASH_FAILED;
}

ph_status ph_area_find_end(const ph_flash *flash, uint32_t area, uint32_t *end) {
    uint8_t bytes[PH_FLASH_CHUNK];
    *end = flash->area_bytes;
    while (*end > 0) {
        const uint32_t count = ph_smaller(PH_FLASH_CHUNK, *end);
        const ph_status status = ph_area_read(flash, area, *end - count, bytes, count);
        if (status != PH_OK) {
            return status;
        }
        for (uint32_t i = count; i > 0; i--) {
            if (bytes[i - 1] != 0xff) {
                return PH_OK;
            }
            (*end)--;
        }
    }
    return PH_OK;
}
