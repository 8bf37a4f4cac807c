#include "board.h"

#include <string.h>

#include "app/decimal.h"

#define UART ((volatile uint8_t *)0x10000000u) /* NS16550 */
#define UART_STATUS 5
#define UART_ARRIVED 0x01
#define UART_MAY_SEND 0x20
#define ALARM ((volatile uint32_t *)0x02004000u) /* of the core's timer: low and high word */
#define CLOCK ((volatile uint32_t *)0x0200bff8u)
#define CLOCK_KILOHERTZ 10000u
#define TIMER_INTERRUPT 0x80
#define STACK_PAINT 0x57ac57acu /* as in start.S */

/* Operations of semihosting, Arm's document 100863. */
#define SEMIHOST_OPEN 0x01
#define SEMIHOST_WRITE_TEXT 0x04
#define SEMIHOST_READ 0x06
#define SEMIHOST_OPEN_BINARY 1 /* "rb" */

extern uint32_t __stack_limit[], __stack_top[];
int32_t board_semihost(int32_t operation, const void *block);

void board_put(const uint8_t *bytes, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        while (!(UART[UART_STATUS] & UART_MAY_SEND)) {
        }
        UART[0] = bytes[i];
    }
}

int32_t board_get(uint8_t *bytes, int32_t capacity) {
    int32_t count = 0;
    while (count < capacity && (UART[UART_STATUS] & UART_ARRIVED)) {
        bytes[count++] = UART[0];
    }
    return count;
}

void board_print(const char *text) {
    board_semihost(SEMIHOST_WRITE_TEXT, text);
}

void board_print_number(int64_t number) {
    char text[PH_DECIMAL_BYTES];
    board_print(ph_decimal(number, text));
}

void board_print_hex(uint32_t value, int32_t digits) {
    char text[9];
    for (int32_t i = 0; i < digits; i++) {
        text[i] = "0123456789abcdef"[(value >> (4 * (digits - 1 - i))) & 15];
    }
    text[digits] = 0;
    board_print(text);
}

uint64_t board_instructions(void) {
    uint32_t high, low, again;
    do {
        __asm__ volatile("csrr %0, minstreth\n csrr %1, minstret\n csrr %2, minstreth"
                         : "=r"(high), "=r"(low), "=r"(again));
    } while (high != again);
    return (uint64_t)high << 32 | low;
}

int32_t board_stack_used(void) {
    const uint32_t *deepest = __stack_limit;
    while (deepest < __stack_top && *deepest == STACK_PAINT) {
        deepest++;
    }
    return (int32_t)((uintptr_t)__stack_top - (uintptr_t)deepest);
}

int32_t board_stack_bytes(void) {
    return (int32_t)((uintptr_t)__stack_top - (uintptr_t)__stack_limit);
}

static uint64_t clock_now(void) {
    uint32_t high, low;
    do {
        high = CLOCK[1];
        low = CLOCK[0];
    } while (high != CLOCK[1]);
    return (uint64_t)high << 32 | low;
}

int64_t board_milliseconds(void) {
    return (int64_t)(clock_now() / CLOCK_KILOHERTZ);
}

void board_rest(int32_t milliseconds) {
    const uint64_t alarm = clock_now() + (uint64_t)milliseconds * CLOCK_KILOHERTZ;
    ALARM[1] = UINT32_MAX; /* so that no half of it is an alarm */
    ALARM[0] = (uint32_t)alarm;
    ALARM[1] = (uint32_t)(alarm >> 32);
    /* The timer's interrupt ends the wait and, as interrupts are off, no more than that. */
    __asm__ volatile("csrs mie, %0\n wfi\n csrc mie, %0" ::"r"(TIMER_INTERRUPT));
}

int32_t board_open(const char *name) {
    const struct {
        const char *name;
        int32_t mode, length;
    } block = {name, SEMIHOST_OPEN_BINARY, (int32_t)strlen(name)};
    return board_semihost(SEMIHOST_OPEN, &block);
}

int32_t board_read(int32_t file, void *to, int32_t bytes) {
    int32_t done = 0;
    for (int32_t got = 1; got > 0 && done < bytes; done += got) { /* a pipe gives what is there; nothing at its end */
        const struct {
            int32_t file;
            void *to;
            int32_t bytes;
        } block = {file, (uint8_t *)to + done, bytes - done};
        got = block.bytes - board_semihost(SEMIHOST_READ, &block); /* which returns how many are missing */
    }
    return done;
}

/* Called by start.S with an empty stack; `pointer` is where the stack was. Returns the exit code. */
int board_trap(uint32_t cause, uint32_t pc, uint32_t address, uint32_t pointer);
int board_trap(uint32_t cause, uint32_t pc, uint32_t address, uint32_t pointer) {
    board_print("\ntrap: cause ");
    board_print_number(cause);
    board_print(cause == 7 ? " (store)" : cause == 5 ? " (load)" : cause == 2 ? " (illegal instruction)" : "");
    board_print(", pc 0x");
    board_print_hex(pc, 8);
    board_print(", address 0x");
    board_print_hex(address, 8);
    board_print(", stack pointer 0x");
    board_print_hex(pointer, 8);
    board_print(pointer < (uint32_t)(uintptr_t)__stack_limit + 64 ? ": the stack is full\n" : "\n");
    return BOARD_TRAPPED;
}
