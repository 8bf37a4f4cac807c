/* Stands for the SDK's header; all of it is in pmsis.h here. */
#ifndef PEEPHOLE_STUB_CAMERA_HIMAX_H
#define PEEPHOLE_STUB_CAMERA_HIMAX_H

#include "pmsis.h"

#endif
