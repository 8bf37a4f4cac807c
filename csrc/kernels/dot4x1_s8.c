#define DOT ph_dot4x1_s8
#define VALUE int8_t
#include "kernels/dot4x1.h"
