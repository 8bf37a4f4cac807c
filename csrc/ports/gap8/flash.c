#include "ports/gap8/flash.h"

#include <string.h>

#include "bsp/flash/hyperflash.h"
#include "pmsis.h"
#include "ports/gap8/gap8.h"

enum { BUFFER_BYTES = 512 }; /* of the flash's own buffer: more is never programmed at once */

typedef struct {
    uint32_t offset; /* in both areas */
    uint8_t *to;
    const uint8_t *from;
    uint32_t bytes;
    ph_status status;
} transfer;

/* The flash's DMA goes to L2 alone, in whole words. */
static uint8_t buffer[BUFFER_BYTES] __attribute__((aligned(4)));

static uint32_t piece_of(uint32_t at, uint32_t left) {
    const uint32_t room = BUFFER_BYTES - at % BUFFER_BYTES;
    return left < room ? left : room;
}

/* The words that a few bytes lie in, into the buffer; returns where in it the bytes begin. */
static uint32_t fill(uint32_t at, uint32_t bytes) {
    const uint32_t first = at & ~3u, behind = (at + bytes + 3) & ~3u;
    pi_flash_read(ph_gap8_flash(), first, buffer, behind - first);
    return at - first;
}

static void read_on_controller(void *argument) {
    transfer *of = argument;
    for (uint32_t done = 0, piece; done < of->bytes; done += piece) {
        const uint32_t at = PH_GAP8_KEPT_AT + of->offset + done;
        piece = piece_of(at, of->bytes - done);
        const uint32_t begin = fill(at, piece);
        memcpy(of->to + done, buffer + begin, piece);
    }
}

static void program_on_controller(void *argument) {
    transfer *of = argument;
    for (uint32_t done = 0, piece; done < of->bytes && of->status == PH_OK; done += piece) {
        const uint32_t at = PH_GAP8_KEPT_AT + of->offset + done;
        piece = piece_of(at, of->bytes - done);
        memcpy(buffer, of->from + done, piece);
        pi_flash_program(ph_gap8_flash(), at, buffer, piece);
        memset(buffer, 0, piece);
        fill(at, piece); /* the driver tells of no failure */
        of->status = memcmp(buffer, of->from + done, piece) == 0 ? PH_OK : PH_FLASH_FAILED;
    }
}

static void erase_on_controller(void *argument) {
    transfer *of = argument;
    pi_flash_erase_sector(ph_gap8_flash(), PH_GAP8_KEPT_AT + of->offset);
    fill(PH_GAP8_KEPT_AT + of->offset, BUFFER_BYTES);
    for (int i = 0; i < BUFFER_BYTES; i++) {
        of->status = buffer[i] == 0xff ? of->status : PH_FLASH_FAILED;
    }
}

static int is_inside(uint32_t offset, uint32_t bytes) {
    return offset <= 2 * PH_GAP8_SECTOR_BYTES && bytes <= 2 * PH_GAP8_SECTOR_BYTES - offset;
}

static ph_status read(void *context, uint32_t offset, void *to, uint32_t bytes) {
    transfer of = {offset, to, NULL, bytes, PH_OK};
    (void)context;
    if (!is_inside(offset, bytes)) {
        return PH_BAD_ARGUMENT;
    }
    ph_gap8_on_controller(read_on_controller, &of);
    return of.status;
}

static ph_status program(void *context, uint32_t offset, const void *from, uint32_t bytes) {
    transfer of = {offset, NULL, from, bytes, PH_OK};
    (void)context;
    if (!is_inside(offset, bytes) || (offset | bytes) % PH_GAP8_FLASH_UNIT != 0) {
        return PH_BAD_ARGUMENT;
    }
    ph_gap8_on_controller(program_on_controller, &of);
    return of.status;
}

static ph_status erase(void *context, uint32_t area) {
    transfer of = {area * PH_GAP8_SECTOR_BYTES, NULL, NULL, 0, PH_OK};
    (void)context;
    if (area > 1) {
        return PH_BAD_ARGUMENT;
    }
    ph_gap8_on_controller(erase_on_controller, &of);
    return of.status;
}

ph_status ph_gap8_flash_open(ph_flash *flash) {
    struct pi_flash_info info = {0, 0};
    *flash = (ph_flash){NULL, read, program, erase, PH_GAP8_SECTOR_BYTES, PH_GAP8_FLASH_UNIT};
    pi_flash_ioctl(ph_gap8_flash(), PI_FLASH_IOCTL_INFO, &info);
    return info.sector_size == PH_GAP8_SECTOR_BYTES ? PH_OK : PH_UNSUPPORTED;
}
