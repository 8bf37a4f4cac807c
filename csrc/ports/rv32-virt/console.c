#include "console.h"

#include "app/console.h"
#include "board.h"

#define REFUSED 5 /* exit code */

void tell_number(const char *name, int64_t number) {
    ph_console_number(board_print, name, number);
}

void must(ph_status status, const char *what) {
    if (status != PH_OK) {
        board_print("refused: ");
        board_print(what);
        tell_number(", status ", status);
        board_print("\n");
        board_exit(REFUSED);
    }
}
