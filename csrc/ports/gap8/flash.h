/* What is kept: two sectors of the flash that the weights came from, behind everything that is written when the program
   is. For the log of csrc/app. */
#ifndef PEEPHOLE_PORTS_GAP8_FLASH_H
#define PEEPHOLE_PORTS_GAP8_FLASH_H

#include "app/flash_log.h"

/* HyperFlash: sectors of 256 KiB, the last two of 64 MiB. Its error correction goes by 16 bytes, which are programmed
   at once and only once. */
enum {
    PH_GAP8_FLASH_BYTES = 64 * 1024 * 1024,
    PH_GAP8_SECTOR_BYTES = 256 * 1024,
    PH_GAP8_FLASH_UNIT = 16,
    PH_GAP8_KEPT_AT = PH_GAP8_FLASH_BYTES - 2 * PH_GAP8_SECTOR_BYTES,
};

/* PH_UNSUPPORTED where sectors have another size. Called on the controller; its functions may be called from the
   cluster's first core too. */
ph_status ph_gap8_flash_open(ph_flash *flash);

#endif
