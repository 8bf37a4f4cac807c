#define PH_ROW ph_cascade_row
#define PH_VECTOR_BYTES 16
#include "cascade_row.h"
