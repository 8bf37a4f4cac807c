/* What may be a person's name. */
#ifndef PEEPHOLE_APP_NAME_H
#define PEEPHOLE_APP_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "peephole/status.h"

PH_BEGIN_C

/* Whether name [bytes] is UTF-8 (RFC 3629: no longer than need be, no surrogates, up to U+10FFFF) without control
   characters, with neither a space at an end nor nothing in it. */
bool ph_name_valid(const char *name, size_t bytes);

PH_END_C

#endif
