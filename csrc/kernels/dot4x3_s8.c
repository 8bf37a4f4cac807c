#define DOT ph_dot4x3_s8
#define VALUE int8_t
#include "kernels/dot4x3.h"
