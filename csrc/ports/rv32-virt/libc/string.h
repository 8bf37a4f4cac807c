/* All of a C library that the kernels call; string.c of this port has it. */
#ifndef PEEPHOLE_PORT_STRING_H
#define PEEPHOLE_PORT_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *one, const void *other, size_t bytes);
size_t strlen(const char *text);

#endif
