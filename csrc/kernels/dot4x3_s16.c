#define DOT ph_dot4x3_s16
#define VALUE int16_t
#include "kernels/dot4x3.h"
