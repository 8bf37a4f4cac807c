/* Stands for the SDK's header; all of it is in pmsis.h here. */
#ifndef PEEPHOLE_STUB_FS_READFS_H
#define PEEPHOLE_STUB_FS_READFS_H

#include "pmsis.h"

#endif
