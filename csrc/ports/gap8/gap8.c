#include "ports/gap8/gap8.h"

#include <stddef.h>

#include "bsp/flash/hyperflash.h"
#include "bsp/fs/readfs.h"
#include "bsp/ram/hyperram.h"
#include "pmsis.h"

enum {
    MILLIVOLTS = 1200,
    FC_HERTZ = 250000000,
    CLUSTER_HERTZ = 175000000,
    RESTING_MILLIVOLTS = 1000,
    RESTING_HERTZ = 50000000,
    LOADED_BYTES = 16 * 1024, /* at once, from flash to HyperRAM */
};

/* One device, whose parts live as long as it does. */
static struct pi_device cluster, ram, flash, files;
static uint32_t weights_at; /* in HyperRAM */
static uint8_t *l1;
static ph_gap8_needs given;
static pi_cl_dma_cmd_t copies[PH_COPIES];
static pi_cl_ram_req_t fetches[PH_FETCHES];

/* What the cluster asks of the controller, one thing at a time. */
static struct {
    int running; /* is work on the cluster? Then whoever asks is there */
    int over;
    int asked;
    int answered;
    void (*function)(void *argument);
    void *argument;
    pi_task_t ask;
    pi_task_t end;
} calls;

static ph_gap8_status set_clocks(void) {
    return pi_pmu_voltage_set(0, MILLIVOLTS) == 0 && pi_freq_set(PI_FREQ_DOMAIN_FC, FC_HERTZ) == 0 ? PH_GAP8_OPEN
                                                                                                   : PH_GAP8_NO_CLOCKS;
}

static ph_gap8_status open_memories(void) {
    static struct pi_hyperram_conf ram_conf;
    static struct pi_hyperflash_conf flash_conf;
    static struct pi_readfs_conf files_conf;
    pi_hyperram_conf_init(&ram_conf);
    pi_open_from_conf(&ram, &ram_conf);
    if (pi_ram_open(&ram) != 0) {
        return PH_GAP8_NO_RAM;
    }
    pi_hyperflash_conf_init(&flash_conf);
    pi_open_from_conf(&flash, &flash_conf);
    if (pi_flash_open(&flash) != 0) {
        return PH_GAP8_NO_FLASH;
    }
    pi_readfs_conf_init(&files_conf);
    files_conf.fs.flash = &flash;
    pi_open_from_conf(&files, &files_conf);
    return pi_fs_mount(&files) == 0 ? PH_GAP8_OPEN : PH_GAP8_NO_FLASH;
}

static ph_gap8_status load(const char *name, uint32_t bytes) {
    pi_fs_file_t *file = pi_fs_open(&files, name, 0);
    uint8_t *buffer = pi_l2_malloc(LOADED_BYTES);
    if (file == NULL || buffer == NULL || file->size != bytes || pi_ram_alloc(&ram, &weights_at, bytes) != 0) {
        return PH_GAP8_NO_FILE;
    }
    for (uint32_t done = 0; done < bytes;) {
        const uint32_t piece = bytes - done < LOADED_BYTES ? bytes - done : LOADED_BYTES;
        if (pi_fs_read(file, buffer, piece) != (int)piece) {
            return PH_GAP8_NO_FILE;
        }
        pi_ram_write(&ram, weights_at + done, buffer, piece);
        done += piece;
    }
    pi_l2_free(buffer, LOADED_BYTES);
    pi_fs_close(file);
    return PH_GAP8_OPEN;
}

static ph_gap8_status open_cluster(void) {
    static struct pi_cluster_conf conf;
    pi_cluster_conf_init(&conf);
    conf.id = 0;
    conf.cc_stack_size = given.first_stack_bytes;
    pi_open_from_conf(&cluster, &conf);
    if (pi_cluster_open(&cluster) != 0) {
        return PH_GAP8_NO_CLUSTER;
    }
    if (pi_freq_set(PI_FREQ_DOMAIN_CL, CLUSTER_HERTZ) != 0) {
        return PH_GAP8_NO_CLOCKS;
    }
    l1 = pi_cl_l1_malloc(&cluster, (int)given.l1_bytes);
    return l1 == NULL ? PH_GAP8_NO_L1 : PH_GAP8_OPEN;
}

ph_gap8_status ph_gap8_open(const ph_gap8_needs *needs) {
    given = *needs;
    ph_gap8_status status = set_clocks();
    status = status == PH_GAP8_OPEN ? open_memories() : status;
    status = status == PH_GAP8_OPEN ? load(given.weights, given.weights_bytes) : status;
    return status == PH_GAP8_OPEN ? open_cluster() : status;
}

void ph_gap8_rest(void) {
    pi_cluster_close(&cluster);
    /* Less voltage only once everything is slow enough for it. */
    pi_freq_set(PI_FREQ_DOMAIN_FC, RESTING_HERTZ);
    pi_pmu_voltage_set(0, RESTING_MILLIVOLTS);
}

ph_gap8_status ph_gap8_wake(void) {
    const ph_gap8_status status = set_clocks();
    return status == PH_GAP8_OPEN ? open_cluster() : status;
}

struct pi_device *ph_gap8_flash(void) {
    return &flash;
}

void ph_gap8_read_weights(uint32_t offset, void *to, uint32_t bytes) {
    pi_ram_read(&ram, weights_at + offset, to, bytes);
}

/* What follows runs on the cluster. */

uint8_t *ph_gap8_l1(uint32_t *bytes) {
    *bytes = given.l1_bytes;
    return l1;
}

static uint32_t address(const uint8_t *memory) {
    return (uint32_t)(uintptr_t)memory;
}

static void copy(void *context, int32_t number, uint8_t *to, uint8_t *l2, const ph_block *block, bool out) {
    const pi_cl_dma_dir_e way = out ? PI_CL_DMA_DIR_LOC2EXT : PI_CL_DMA_DIR_EXT2LOC;
    (void)context;
    if (block->bytes == block->length) {
        pi_cl_dma_cmd(address(l2), address(to), block->bytes, way, &copies[number]);
    } else {
        pi_cl_dma_cmd_2d(address(l2), address(to), block->bytes, block->stride, block->length, way, &copies[number]);
    }
}

static void wait_for(void *context, int32_t number) {
    (void)context;
    pi_cl_dma_cmd_wait(&copies[number]);
}

static void fetch(void *context, int32_t number, uint32_t offset, uint8_t *l2, uint32_t bytes) {
    const uint32_t *l3 = context;
    pi_cl_ram_read(&ram, weights_at + (l3 != NULL ? *l3 : 0) + offset, l2, bytes, &fetches[number]);
}

static void fetched(void *context, int32_t number) {
    (void)context;
    pi_cl_ram_read_wait(&fetches[number]);
}

typedef struct {
    void (*work)(void *argument, int32_t core, int32_t cores);
    void *argument;
} forked;

static void on_core(void *argument) {
    const forked *of = argument;
    of->work(of->argument, (int32_t)pi_core_id(), PH_MOST_CORES);
}

void ph_gap8_fork(void (*work)(void *, int32_t, int32_t), void *argument) {
    forked of = {work, argument};
    pi_cl_team_fork(PH_MOST_CORES, on_core, &of);
}

uint32_t ph_gap8_cycles(void) {
    return pi_perf_read(PI_PERF_CYCLES); /* one counter of all cores, which no other core touches */
}

static void run_on_cores(void *context, void (*work)(void *, int32_t, int32_t), void *argument) {
    (void)context;
    ph_gap8_fork(work, argument);
}

static uint32_t now(void *context) {
    (void)context;
    return ph_gap8_cycles();
}

typedef struct {
    ph_gap8_work work;
    void *argument;
    ph_machine machine;
    uint32_t total;
    ph_status status;
} order;

static void on_cluster(void *argument) {
    order *of = argument;
    pi_perf_conf(1u << PI_PERF_CYCLES);
    pi_perf_reset();
    pi_perf_start();
    of->status = of->work(&of->machine, of->argument);
    of->total = ph_gap8_cycles();
}

ph_machine ph_gap8_with_weights(const ph_machine *machine, const uint32_t *l3) {
    ph_machine other = *machine;
    other.context = (void *)(uintptr_t)l3;
    return other;
}

static void set(int *flag, int value) {
    __atomic_store_n(flag, value, __ATOMIC_RELEASE);
}

static int is(const int *flag) {
    return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

/* Called on the controller by events: the cluster asks for something, or its work is over. */
static void on_event(void *argument) {
    set(argument, 1);
}

void ph_gap8_on_controller(void (*function)(void *argument), void *argument) {
    if (!is(&calls.running)) {
        function(argument);
        return;
    }
    calls.function = function;
    calls.argument = argument;
    set(&calls.answered, 0);
    pi_cl_send_task_to_fc(&calls.ask);
    while (!is(&calls.answered)) { /* the other cores sleep; not every release of the SDK has a way to wait */
    }
}

/* Does what is asked until the work is over. The event's task is made anew before the cluster can send it again. */
static void serve(void) {
    while (!is(&calls.over)) {
        if (is(&calls.asked)) {
            set(&calls.asked, 0);
            calls.function(calls.argument);
            pi_task_callback(&calls.ask, on_event, &calls.asked);
            set(&calls.answered, 1);
        } else {
            pi_yield();
        }
    }
}

ph_status ph_gap8_run(ph_gap8_work work, void *argument, uint32_t *cycles, uint32_t *total) {
    /* Where the cluster can see it: the controller's stack is in memory of its own. */
    static order of;
    static struct pi_cluster_task task;
    of = (order){work,
                 argument,
                 {NULL, l1, given.l1_bytes, PH_MOST_CORES, cycles, copy, wait_for, fetch, fetched, run_on_cores, now},
                 0,
                 PH_OK};
    task = (struct pi_cluster_task){0};
    pi_cluster_task(&task, on_cluster, &of);
    task.stack_size = given.first_stack_bytes;
    task.slave_stack_size = given.stack_bytes;
    set(&calls.over, 0);
    set(&calls.asked, 0);
    set(&calls.running, 1);
    pi_task_callback(&calls.ask, on_event, &calls.asked);
    pi_task_callback(&calls.end, on_event, &calls.over);
    const int sent = pi_cluster_send_task_to_cl_async(&cluster, &task, &calls.end) == 0;
    if (sent) {
        serve();
    }
    set(&calls.running, 0);
    if (!sent) {
        return PH_BAD_ARGUMENT;
    }
    if (total != NULL) {
        *total = of.total;
    }
    return of.status;
}
