/* The checksum of Ethernet, zlib and PNG (IEEE 802.3): reflected polynomial 0xedb88320, all ones before and after. */
#ifndef PEEPHOLE_APP_CRC32_H
#define PEEPHOLE_APP_CRC32_H

#include <stddef.h>
#include <stdint.h>

#include "peephole/status.h"

PH_BEGIN_C

/* The checksum of what `crc` is the checksum of, followed by `bytes` bytes; 0 stands for nothing before. */
uint32_t ph_crc32(uint32_t crc, const void *from, size_t bytes);

PH_END_C

#endif
