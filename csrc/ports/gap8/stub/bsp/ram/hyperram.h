/* Stands for the SDK's header; all of it is in pmsis.h here. */
#ifndef PEEPHOLE_STUB_RAM_HYPERRAM_H
#define PEEPHOLE_STUB_RAM_HYPERRAM_H

#include "pmsis.h"

#endif
