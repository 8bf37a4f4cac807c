/* Lines of JSON, and what refuses, on the emulator's console. */
#ifndef PEEPHOLE_PORT_CONSOLE_H
#define PEEPHOLE_PORT_CONSOLE_H

#include <stdint.h>

#include "peephole/status.h"

/* What stands before a number, as its name, and the number. */
void tell_number(const char *name, int64_t number);

/* Ends the emulator with a message unless the status is PH_OK. */
void must(ph_status status, const char *what);

#endif
