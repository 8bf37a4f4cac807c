/* What is kept: two areas at the end of the second flash bank, in front of which the weights lie. */
#ifndef PEEPHOLE_PORT_FLASH_H
#define PEEPHOLE_PORT_FLASH_H

#include "app/flash_log.h"

#define FLASH_BANK_BYTES 0x2000000u /* 32 MiB */
#define FLASH_BLOCK_BYTES 0x40000u  /* what is erased at once: 256 KiB, of 128 KiB on each of two chips */
#define FLASH_AREA_BYTES (2 * FLASH_BLOCK_BYTES)
#define FLASH_START (FLASH_BANK_BYTES - 2 * FLASH_AREA_BYTES) /* in the bank */

/* The flash for the log of what is kept; programs words of 32 bits. */
ph_flash flash_areas(void);

#endif
