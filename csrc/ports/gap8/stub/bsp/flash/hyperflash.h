/* Stands for the SDK's header; all of it is in pmsis.h here. */
#ifndef PEEPHOLE_STUB_FLASH_HYPERFLASH_H
#define PEEPHOLE_STUB_FLASH_HYPERFLASH_H

#include "pmsis.h"

#endif
