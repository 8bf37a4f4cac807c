/* The cluster: its cores, L1, the DMA and the counter of cycles. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "model.h"

enum { CORES = 8, L1_BYTES = 64 * 1024, SYSTEM_BYTES = 256 };

static uint8_t l1[L1_BYTES] __attribute__((aligned(16)));
static uint32_t l1_taken;
bool cluster_on;
static bool work_begun; /* and its end is not noticed */

static struct {
    pthread_barrier_t begin, end;
    pthread_t thread[CORES];
    void (*work)(void *);
    void *argument;
    pthread_mutex_t mutex;
    pthread_cond_t come;
    struct pi_cluster_task *task;
    pi_task_t *ended;
} team = {.mutex = PTHREAD_MUTEX_INITIALIZER, .come = PTHREAD_COND_INITIALIZER};

static volatile bool is_stopped;

void stop_cluster(void) {
    is_stopped = true;
}

bool stopped(void) {
    return is_stopped;
}

static void stay_if_stopped(void) {
    while (is_stopped) {
        pause();
    }
}

bool at_work(void) {
    return work_begun;
}

void notice(pi_task_t *task) {
    work_begun = work_begun && task != team.ended;
}

static void *other_core(void *argument) {
    core_number = (int)(intptr_t)argument;
    for (;;) {
        pthread_barrier_wait(&team.begin);
        team.work(team.argument);
        pthread_barrier_wait(&team.end);
    }
    return NULL;
}

static void *first_core(void *argument) {
    (void)argument;
    core_number = 0;
    for (;;) {
        pthread_mutex_lock(&team.mutex);
        while (team.task == NULL) {
            pthread_cond_wait(&team.come, &team.mutex);
        }
        struct pi_cluster_task *task = team.task;
        pi_task_t *ended = team.ended;
        team.task = NULL;
        pthread_mutex_unlock(&team.mutex);
        task->entry(task->arg);
        push(ended);
    }
    return NULL;
}

static void start_cores(void) {
    static bool started;
    if (started) {
        return;
    }
    started = true;
    pthread_barrier_init(&team.begin, NULL, CORES);
    pthread_barrier_init(&team.end, NULL, CORES);
    pthread_create(&team.thread[0], NULL, first_core, NULL);
    for (intptr_t core = 1; core < CORES; core++) {
        pthread_create(&team.thread[core], NULL, other_core, (void *)core);
    }
}

void pi_cluster_conf_init(struct pi_cluster_conf *conf) {
    memset(conf, 0, sizeof *conf);
}

int pi_cluster_open(struct pi_device *device) {
    (void)device;
    on_controller("pi_cluster_open");
    start_cores();
    cluster_on = true;
    l1_taken = 0;
    return 0;
}

int pi_cluster_close(struct pi_device *device) {
    (void)device;
    on_controller("pi_cluster_close");
    if (!cluster_on || work_begun) {
        fail("a cluster that is off or at work is switched off");
    }
    cluster_on = false;
    memset(l1, 0x55, sizeof l1);
    return 0;
}

struct pi_cluster_task *pi_cluster_task(struct pi_cluster_task *task, void (*entry)(void *), void *arg) {
    task->entry = entry;
    task->arg = arg;
    return task;
}

int pi_cluster_send_task_to_cl_async(struct pi_device *device, struct pi_cluster_task *task, pi_task_t *end) {
    (void)device;
    on_controller("pi_cluster_send_task_to_cl_async");
    in_l2(task);
    in_l2(task->arg);
    if (!cluster_on || work_begun) {
        fail("work for a cluster that is off or at work");
    }
    if (l1_taken + task->stack_size + (CORES - 1) * task->slave_stack_size + SYSTEM_BYTES > L1_BYTES) {
        fail("L1 is too small for the stacks");
    }
    work_begun = true;
    pthread_mutex_lock(&team.mutex);
    team.task = task;
    team.ended = end;
    pthread_cond_signal(&team.come);
    pthread_mutex_unlock(&team.mutex);
    return 0;
}

void pi_cl_send_task_to_fc(pi_task_t *task) {
    on_first_core("pi_cl_send_task_to_fc");
    stay_if_stopped();
    push(task);
}

void pi_cl_team_fork(int cores, void (*entry)(void *), void *arg) {
    on_first_core("pi_cl_team_fork");
    stay_if_stopped();
    if (cores != CORES) {
        fail("not all cores");
    }
    team.work = entry;
    team.argument = arg;
    pthread_barrier_wait(&team.begin);
    entry(arg);
    pthread_barrier_wait(&team.end);
}

uint32_t pi_core_id(void) {
    return (uint32_t)core_number;
}

void *pi_cl_l1_malloc(struct pi_device *device, int size) {
    (void)device;
    if (l1_taken != 0 || size > L1_BYTES) {
        return NULL;
    }
    l1_taken = (uint32_t)size;
    return l1;
}

static void in_l1(uint32_t loc, uint32_t size) {
    const uintptr_t at = (uintptr_t)l1;
    if (loc < at || loc + size > at + l1_taken) {
        fail("a copy outside of L1");
    }
}

void pi_cl_dma_cmd_2d(uint32_t ext, uint32_t loc, uint32_t size, uint32_t stride, uint32_t length, pi_cl_dma_dir_e dir,
                      pi_cl_dma_cmd_t *cmd) {
    uint8_t *outside = (void *)(uintptr_t)ext, *inside = (void *)(uintptr_t)loc;
    on_first_core("pi_cl_dma_cmd");
    in_l1(loc, size);
    for (uint32_t done = 0; done < size; done += length, outside += stride) {
        if (dir == PI_CL_DMA_DIR_EXT2LOC) {
            memcpy(inside + done, outside, length);
        } else {
            memcpy(outside, inside + done, length);
        }
    }
    cmd->id = 1;
}

void pi_cl_dma_cmd(uint32_t ext, uint32_t loc, uint32_t size, pi_cl_dma_dir_e dir, pi_cl_dma_cmd_t *cmd) {
    pi_cl_dma_cmd_2d(ext, loc, size, size, size, dir, cmd);
}

void pi_cl_dma_cmd_wait(pi_cl_dma_cmd_t *cmd) {
    if (cmd->id != 1) {
        fail("waits for no copy");
    }
    cmd->id = 0;
}

static uint32_t cycles;

void pi_perf_conf(unsigned int mask) {
    (void)mask;
}

void pi_perf_reset(void) {
    cycles = 0;
}

void pi_perf_start(void) {
}

unsigned int pi_perf_read(int id) {
    (void)id;
    return core_number == 0 ? ++cycles : 0;
}
