/* Whole numbers as text, without a C library. */
#ifndef PEEPHOLE_APP_DECIMAL_H
#define PEEPHOLE_APP_DECIMAL_H

#include <stdint.h>

#define PH_DECIMAL_BYTES 21 /* of the longest, with its sign and the zero behind it */

/* Writes a number to the end of text; returns where it begins. */
static inline const char *ph_decimal(int64_t number, char text[PH_DECIMAL_BYTES]) {
    char *first = text + PH_DECIMAL_BYTES - 1;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    *first = 0;
    do {
        *--first = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0) {
        *--first = '-';
    }
    return first;
}

#endif
