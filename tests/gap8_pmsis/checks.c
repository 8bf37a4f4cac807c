/* Who may call what, with which memory. */
#include <stdio.h>
#include <unistd.h>

#include "model.h"

void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    fflush(NULL);
    _exit(3);
}

_Thread_local int core_number = -1;

void on_controller(const char *what) {
    if (core_number >= 0) {
        fprintf(stderr, "%s: ", what);
        fail("only the controller may call this");
    }
}

void on_first_core(const char *what) {
    if (core_number != 0) {
        fprintf(stderr, "%s: ", what);
        fail("only the cluster's first core may call this");
    }
}

/* Stacks of threads lie above, static memory below. */
void in_l2(const void *memory) {
    if ((uintptr_t)memory >> 32 != 0) {
        fail("a transfer to or from a stack");
    }
}
