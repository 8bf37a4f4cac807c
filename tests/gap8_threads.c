/* The machine of ports/gap8/machine.h on a host: a thread a core, and copies that are made when they begin, or only when
   they are waited for, so that nobody can use what has not come or overwrite what has not gone. Reads a byte that says
   which (0 or 1), weights, and inputs; writes outputs and checksums of all layers, as tests/emitted.py's driver does. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "NAME.h"

enum { CORES = 8, POISON = 0x55 };

static struct {
    pthread_barrier_t begin, end;
    pthread_t thread[CORES];
    void (*work)(void *argument, int32_t core, int32_t cores);
    void *argument;
    int over;
} team;

typedef struct {
    int busy, done;
    uint8_t *to;
    const uint8_t *from;
    ph_block block;
    int out;
} transfer;

static transfer copies[PH_COPIES], fetches[PH_FETCHES];
static int late;
static uint8_t *weights;

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(3);
}

static void *exactly(size_t bytes) {
    static void *taken[8]; /* all of it may still be reached at the end: no leak */
    static int count;
    uint8_t *memory = taken[count++] = malloc(bytes);
    if (memory == NULL) {
        fail("no memory");
    }
    memset(memory, POISON, bytes);
    return memory;
}

static void *core_main(void *argument) {
    const int32_t core = (int32_t)(intptr_t)argument;
    for (;;) {
        pthread_barrier_wait(&team.begin);
        if (team.over) {
            return NULL;
        }
        team.work(team.argument, core, CORES);
        pthread_barrier_wait(&team.end);
    }
}

static void run_on_cores(void *context, void (*work)(void *, int32_t, int32_t), void *argument) {
    (void)context;
    team.work = work;
    team.argument = argument;
    pthread_barrier_wait(&team.begin);
    pthread_barrier_wait(&team.end);
}

static void perform(transfer *of) {
    uint32_t made = 0;
    for (uint32_t run = 0; made < of->block.bytes; run++, made += of->block.length) {
        const uint32_t l2 = run * of->block.stride;
        memcpy(of->to + (of->out ? l2 : made), of->from + (of->out ? made : l2), of->block.length);
    }
    of->done = 1;
}

static void start(transfer *of, transfer made) {
    if (of->busy) {
        fail("a copy or a fetch begins whose number is under way");
    }
    if (made.block.bytes == 0 || made.block.bytes % made.block.length != 0) {
        fail("a copy of nothing, or not of whole runs");
    }
    *of = made;
    of->busy = 1;
    if (!late) {
        perform(of);
    }
}

static void finish(transfer *of) {
    if (!of->busy) {
        fail("waits for what is not under way");
    }
    if (!of->done) {
        perform(of);
    }
    of->busy = 0;
}

static void copy(void *context, int32_t number, uint8_t *l1, uint8_t *l2, const ph_block *block, bool out) {
    (void)context;
    if (block->bytes >= 1u << 16 || block->stride >= 1u << 16) {
        fail("more than 16 bits hold");
    }
    start(&copies[number], (transfer){0, 0, out ? l2 : l1, out ? l1 : l2, *block, out});
}

static void wait_for(void *context, int32_t number) {
    (void)context;
    finish(&copies[number]);
}

static void fetch(void *context, int32_t number, uint32_t offset, uint8_t *l2, uint32_t bytes) {
    (void)context;
    start(&fetches[number], (transfer){0, 0, l2, weights + offset, {bytes, bytes, 0}, 0});
}

static void fetched(void *context, int32_t number) {
    (void)context;
    finish(&fetches[number]);
}

static uint32_t now(void *context) {
    uint32_t *ticks = context;
    return ++*ticks;
}

int main(void) {
    uint32_t ticks = 0, cycles[NAME_LAYERS] = {0};
    uint8_t *l1 = exactly(NAME_L1_BYTES), *arena = exactly(NAME_ARENA_BYTES);
    GIVEN *given = exactly(GIVEN_BYTES);
    MADE *out = exactly(sizeof(MADE) * NAME_VALUES);
    const ph_machine machine = {&ticks, l1, NAME_L1_BYTES, CORES, cycles, copy, wait_for, fetch, fetched, run_on_cores,
                                now};
    weights = exactly(NAME_WEIGHTS_BYTES + 1);
    pthread_barrier_init(&team.begin, NULL, CORES + 1);
    pthread_barrier_init(&team.end, NULL, CORES + 1);
    for (intptr_t core = 0; core < CORES; core++) {
        pthread_create(&team.thread[core], NULL, core_main, (void *)core);
    }
    late = getchar() == 1;
    if (NAME_WEIGHTS_BYTES > 0 && fread(weights, NAME_WEIGHTS_BYTES, 1, stdin) != 1) {
        fail("no weights");
    }
    while (fread(given, GIVEN_BYTES, 1, stdin) == 1) {
        memset(l1, POISON, NAME_L1_BYTES);
        if (NAME_run(&machine, given, arena, out) != PH_OK) {
            fail("refused");
        }
        for (int number = 0; number < PH_COPIES; number++) {
            if (copies[number].busy || (number < PH_FETCHES && fetches[number].busy)) {
                fail("still under way at the end");
            }
        }
        fwrite(out, sizeof(MADE), NAME_VALUES, stdout);
        fwrite(NAME_checksums, sizeof *NAME_checksums, NAME_LAYERS, stdout);
    }
    team.over = 1;
    pthread_barrier_wait(&team.begin);
    for (int core = 0; core < CORES; core++) {
        pthread_join(team.thread[core], NULL);
    }
    return 0;
}
