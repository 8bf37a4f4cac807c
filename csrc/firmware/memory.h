/* The memory of an image: one block, in which the plan of device_memory.h says who lies where, and when. */
#ifndef PEEPHOLE_FIRMWARE_MEMORY_H
#define PEEPHOLE_FIRMWARE_MEMORY_H

#include <stdint.h>

#include "device_memory.h"

extern uint8_t device_memory[DEVICE_MEMORY_BYTES];

/* Where a part begins, as AT(FRAME). */
#define AT(part) ((void *)(device_memory + DEVICE_##part##_AT))

#endif
