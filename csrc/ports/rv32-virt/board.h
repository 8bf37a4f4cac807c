/* QEMU's machine `virt` as the port needs it: a serial line, a console, exit, the instruction counter, the stack's
   depth, and files of the host. Console and files are semihosting. */
#ifndef PEEPHOLE_BOARD_H
#define PEEPHOLE_BOARD_H

#include <stdint.h>

#define BOARD_TRAPPED 3 /* exit code after a trap */

/* Sends bytes on the serial line, which is the owner's. */
void board_put(const uint8_t *bytes, int32_t count);

/* Takes what has arrived, at most `capacity` bytes, without waiting; returns how many. */
int32_t board_get(uint8_t *bytes, int32_t capacity);

/* Text on the console of the emulator, for those who develop; hex: at most 8 digits. */
void board_print(const char *text);
void board_print_number(int64_t number);
void board_print_hex(uint32_t value, int32_t digits);

/* Ends the emulator with an exit code, 0 to 255. */
__attribute__((noreturn)) void board_exit(int code);

/* Instructions since reset; exact where QEMU runs with -icount shift=0. */
uint64_t board_instructions(void);

/* The deepest that the stack has been since reset, and all that there is, in bytes. */
int32_t board_stack_used(void);
int32_t board_stack_bytes(void);

/* The emulator's time since reset, and sleeping for some of it. */
int64_t board_milliseconds(void);
void board_rest(int32_t milliseconds);

/* Opens a file of the host's folder that QEMU was started in, to be read; negative where there is none. */
int32_t board_open(const char *name);

/* Reads `bytes` of an open file; returns how many there were. */
int32_t board_read(int32_t file, void *to, int32_t bytes);

#endif
