#define DOT ph_dot4x1_s16
#define VALUE int16_t
#include "kernels/dot4x1.h"
