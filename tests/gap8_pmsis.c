/* PMSIS on a host, as far as the doorbell for GAP8 calls it: a thread for each core of the cluster and this one for the
   fabric controller; a camera that shows frames.bin, a flash and a serial line that the test holds the other end of.

   It is strict where the chip is: what only the controller may do, and what only the cluster, is checked; DMA goes to
   L1 and L2 alone, which are static memory here (the program is linked below 2^32), never to a stack; flash is
   programmed in units that are erased; the cluster forgets L1 when it is switched off. Time is that of the frames. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmsis.h"

enum {
    CORES = 8,
    L1_BYTES = 64 * 1024,
    SYSTEM_BYTES = 256,
    RAM_BYTES = 8 * 1024 * 1024,
    FLASH_BYTES = 64 * 1024 * 1024,
    SECTOR_BYTES = 256 * 1024,
    KEPT_BYTES = 2 * SECTOR_BYTES,
    KEPT_AT = FLASH_BYTES - KEPT_BYTES,
    PAGE_BYTES = 512,
    UNIT_BYTES = 16,
    PICTURE_BYTES = 324 * 244,
    DOOR = PI_GPIO_A2_PAD_14_A2,
    MOTION = PI_GPIO_A0_PAD_12_A3,
    PAIRING = PI_GPIO_A17_PAD_31_B11,
    FRAME_MICROSECONDS = 100000,
    QUEUE = 64,
};

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    fflush(NULL);
    _exit(3);
}

static _Thread_local int core_number = -1; /* -1: the controller */

static void on_controller(const char *what) {
    if (core_number >= 0) {
        fprintf(stderr, "%s: ", what);
        fail("only the controller may call this");
    }
}

static void on_first_core(const char *what) {
    if (core_number != 0) {
        fprintf(stderr, "%s: ", what);
        fail("only the cluster's first core may call this");
    }
}

/* Stacks of threads lie above, static memory below. */
static void in_l2(const void *memory) {
    if ((uintptr_t)memory >> 32 != 0) {
        fail("a transfer to or from a stack");
    }
}

/* Events of the controller. */

typedef struct {
    void (*function)(void *);
    void *argument;
} event;

_Static_assert(sizeof(event) <= sizeof(pi_task_t), "an event lies in a task");

static event event_of(const pi_task_t *task) {
    event of;
    memcpy(&of, task, sizeof of);
    return of;
}

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t come;
    pi_task_t *task[QUEUE];
    int count;
} queue = {.mutex = PTHREAD_MUTEX_INITIALIZER, .come = PTHREAD_COND_INITIALIZER};

static void push(pi_task_t *task) {
    pthread_mutex_lock(&queue.mutex);
    if (queue.count == QUEUE) {
        fail("too many events");
    }
    queue.task[queue.count++] = task;
    pthread_cond_signal(&queue.come);
    pthread_mutex_unlock(&queue.mutex);
}

pi_task_t *pi_task_callback(pi_task_t *task, void (*function)(void *), void *arg) {
    const event of = {function, arg};
    memcpy(task, &of, sizeof of);
    return task;
}

void pi_task_push_delayed_us(pi_task_t *task, uint32_t delay) {
    (void)task;
    if (delay < 1000000) {
        fail("time does not go by itself here");
    }
}

static void hear(int milliseconds);
static void maybe_over(void);
static bool stalled(void);

/* Is something under way on the cluster, until the controller has noticed its end? Then it is worth to wait. */
static int at_work;
static int is_end(const pi_task_t *task);

void pi_yield(void) {
    on_controller("pi_yield");
    hear(0);
    pthread_mutex_lock(&queue.mutex);
    while (queue.count == 0 && at_work) {
        pthread_cond_wait(&queue.come, &queue.mutex);
    }
    pi_task_t *task = queue.count > 0 ? queue.task[0] : NULL;
    if (task != NULL) {
        memmove(queue.task, queue.task + 1, (size_t)--queue.count * sizeof *queue.task);
    }
    pthread_mutex_unlock(&queue.mutex);
    if (task == NULL) { /* asleep */
        if (stalled()) {
            return;
        }
        maybe_over();
        hear(20);
        return;
    }
    if (is_end(task)) {
        at_work = 0;
    }
    const event of = event_of(task);
    of.function(of.argument);
}

/* The cluster. */

static uint8_t l1[L1_BYTES] __attribute__((aligned(16)));
static uint32_t l1_taken;
static bool cluster_on;

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

static int is_end(const pi_task_t *task) {
    return task == team.ended;
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
    if (!cluster_on || at_work) {
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
    if (!cluster_on || at_work) {
        fail("work for a cluster that is off or at work");
    }
    if (l1_taken + task->stack_size + (CORES - 1) * task->slave_stack_size + SYSTEM_BYTES > L1_BYTES) {
        fail("L1 is too small for the stacks");
    }
    at_work = 1;
    pthread_mutex_lock(&team.mutex);
    team.task = task;
    team.ended = end;
    pthread_cond_signal(&team.come);
    pthread_mutex_unlock(&team.mutex);
    return 0;
}

void pi_cl_send_task_to_fc(pi_task_t *task) {
    on_first_core("pi_cl_send_task_to_fc");
    push(task);
}

void pi_cl_team_fork(int cores, void (*entry)(void *), void *arg) {
    on_first_core("pi_cl_team_fork");
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

/* Memory, flash and files. */

static uint8_t ram[RAM_BYTES], kept[KEPT_BYTES], programmed[KEPT_BYTES / UNIT_BYTES];
static FILE *kept_file;

void *pi_l2_malloc(int size) {
    return malloc((size_t)size);
}

void pi_l2_free(void *memory, int size) {
    (void)size;
    free(memory);
}

void pi_hyperram_conf_init(struct pi_hyperram_conf *conf) {
    memset(conf, 0, sizeof *conf);
}

int32_t pi_ram_open(struct pi_device *device) {
    (void)device;
    return 0;
}

int pi_ram_alloc(struct pi_device *device, uint32_t *address, uint32_t size) {
    (void)device;
    *address = 4096;
    return size <= RAM_BYTES - 4096 ? 0 : -1;
}

void pi_ram_read(struct pi_device *device, uint32_t address, void *data, uint32_t size) {
    (void)device;
    on_controller("pi_ram_read");
    memcpy(data, ram + address, size);
}

void pi_ram_write(struct pi_device *device, uint32_t address, void *data, uint32_t size) {
    (void)device;
    on_controller("pi_ram_write");
    memcpy(ram + address, data, size);
}

void pi_cl_ram_read(struct pi_device *device, uint32_t address, void *data, uint32_t size, pi_cl_ram_req_t *req) {
    (void)device;
    on_first_core("pi_cl_ram_read");
    in_l2(data);
    memcpy(data, ram + address, size);
    req->done = 1;
}

void pi_cl_ram_read_wait(pi_cl_ram_req_t *req) {
    if (req->done != 1) {
        fail("waits for no read");
    }
    req->done = 0;
}

void pi_hyperflash_conf_init(struct pi_hyperflash_conf *conf) {
    memset(conf, 0, sizeof *conf);
}

int pi_flash_open(struct pi_device *device) {
    (void)device;
    memset(kept, 0xff, sizeof kept);
    const char *name = getenv("GAP8_FLASH");
    if (name != NULL) {
        kept_file = fopen(name, "r+b");
        if (kept_file == NULL || fread(kept, sizeof kept, 1, kept_file) != 1) {
            fail("no flash");
        }
    }
    for (size_t i = 0; i < sizeof kept; i++) {
        programmed[i / UNIT_BYTES] |= kept[i] != 0xff;
    }
    return 0;
}

int32_t pi_flash_ioctl(struct pi_device *device, uint32_t command, void *arg) {
    struct pi_flash_info *info = arg;
    (void)device;
    (void)command;
    *info = (struct pi_flash_info){SECTOR_BYTES, SECTOR_BYTES};
    return 0;
}

static uint8_t *at_flash(uint32_t address, const void *data, uint32_t size) {
    on_controller("the flash");
    in_l2(data);
    if (address < KEPT_AT || size > FLASH_BYTES - address || ((address | size | (uintptr_t)data) & 3) != 0) {
        fail("flash outside of what is kept, or no whole words");
    }
    return kept + (address - KEPT_AT);
}

static void store(uint8_t *from, uint32_t size) {
    if (kept_file != NULL) {
        fseek(kept_file, from - kept, SEEK_SET);
        fwrite(from, size, 1, kept_file);
        fflush(kept_file);
    }
}

void pi_flash_read(struct pi_device *device, uint32_t address, void *data, uint32_t size) {
    (void)device;
    memcpy(data, at_flash(address, data, size), size);
}

void pi_flash_program(struct pi_device *device, uint32_t address, const void *data, uint32_t size) {
    uint8_t *to = at_flash(address, data, size);
    const uint8_t *from = data;
    (void)device;
    if (address / PAGE_BYTES != (address + size - 1) / PAGE_BYTES || (address | size) % UNIT_BYTES != 0) {
        fail("programmed over the end of a page, or no whole units");
    }
    for (uint32_t i = 0; i < size; i += UNIT_BYTES) {
        uint8_t *was = &programmed[(address - KEPT_AT + i) / UNIT_BYTES];
        static const uint8_t zeros[UNIT_BYTES];
        if (*was && memcmp(from + i, zeros, UNIT_BYTES) != 0) {
            fail("a unit of flash is programmed twice");
        }
        *was = 1;
    }
    for (uint32_t i = 0; i < size; i++) {
        to[i] &= from[i];
    }
    store(to, size);
}

void pi_flash_erase_sector(struct pi_device *device, uint32_t address) {
    (void)device;
    if (address % SECTOR_BYTES != 0 || address < KEPT_AT || address >= FLASH_BYTES) {
        fail("no sector of ours");
    }
    on_controller("pi_flash_erase_sector");
    memset(kept + (address - KEPT_AT), 0xff, SECTOR_BYTES);
    memset(programmed + (address - KEPT_AT) / UNIT_BYTES, 0, SECTOR_BYTES / UNIT_BYTES);
    store(kept + (address - KEPT_AT), SECTOR_BYTES);
}

static FILE *file;

void pi_readfs_conf_init(struct pi_readfs_conf *conf) {
    memset(conf, 0, sizeof *conf);
}

int pi_fs_mount(struct pi_device *device) {
    (void)device;
    return 0;
}

pi_fs_file_t *pi_fs_open(struct pi_device *device, const char *name, int flags) {
    static pi_fs_file_t opened;
    (void)device;
    (void)flags;
    file = fopen(name, "rb");
    if (file == NULL) {
        return NULL;
    }
    fseek(file, 0, SEEK_END);
    opened.size = (uint32_t)ftell(file);
    rewind(file);
    return &opened;
}

int pi_fs_read(pi_fs_file_t *of, void *buffer, uint32_t size) {
    (void)of;
    return (int)fread(buffer, 1, size, file);
}

void pi_fs_close(pi_fs_file_t *of) {
    (void)of;
    fclose(file);
}

/* Camera and time: frames.bin has of each frame its time in microseconds, int64, and 324x244 bytes. */

static FILE *frames;
static int64_t clock_now, next_time;
static bool camera_on, more;
static uint8_t picture[PICTURE_BYTES];
static void *captured;
static pi_task_t *capture;
static int shown, stall_at = -1, stall_seconds = 4; /* the picture of this number is late */
static int line = -1; /* the serial line's descriptor; while the owner is there, pictures are noise */

static void read_ahead(void) {
    more = fread(&next_time, sizeof next_time, 1, frames) == 1;
}

void pi_himax_conf_init(struct pi_himax_conf *conf) {
    memset(conf, 0, sizeof *conf);
}

int32_t pi_camera_open(struct pi_device *device) {
    (void)device;
    frames = fopen("frames.bin", "rb");
    if (frames == NULL) {
        return -1;
    }
    read_ahead();
    camera_on = true;
    stall_at = getenv("GAP8_STALL") != NULL ? atoi(getenv("GAP8_STALL")) : -1;
    return 0;
}

static void show(void) {
    if (line >= 0) {
        const int levels = getenv("GAP8_COVERED") == NULL ? 5 : 1;
        for (int i = 0; i < PICTURE_BYTES; i++) {
            picture[i] = (uint8_t)(100 + rand() % levels);
        }
        clock_now += FRAME_MICROSECONDS;
    } else if (more) {
        clock_now = next_time > clock_now ? next_time : clock_now;
        if (fread(picture, sizeof picture, 1, frames) != 1) {
            fail("frames.bin ends within a frame");
        }
        read_ahead();
    } else { /* nothing moves any more */
        clock_now += FRAME_MICROSECONDS;
    }
}

static void picture_comes(void) {
    show();
    memcpy(captured, picture, sizeof picture);
    push(capture);
    capture = NULL;
}

/* Is a picture awaited that does not come? Each time a second goes by, until it comes after all. */
static bool stalled(void) {
    if (capture == NULL) {
        return false;
    }
    clock_now += 1000000;
    if (--stall_seconds == 0) {
        picture_comes();
    }
    return true;
}

int32_t pi_camera_control(struct pi_device *device, pi_camera_cmd_e command, void *arg) {
    (void)device;
    (void)arg;
    on_controller("pi_camera_control");
    if (command == PI_CAMERA_CMD_START) {
        if (!camera_on || capture == NULL) {
            fail("a camera that is off, or that nobody waits for, is started");
        }
        if (shown++ != stall_at) {
            picture_comes();
        }
    } else if (command != PI_CAMERA_CMD_STOP) {
        camera_on = command == PI_CAMERA_CMD_ON;
    }
    return 0;
}

void pi_camera_capture_async(struct pi_device *device, void *buffer, uint32_t size, pi_task_t *task) {
    (void)device;
    on_controller("pi_camera_capture_async");
    in_l2(buffer);
    if (size != PICTURE_BYTES) {
        fail("no whole picture");
    }
    captured = buffer;
    capture = task;
}

unsigned int pi_time_get_us(void) {
    on_controller("pi_time_get_us");
    clock_now += 20; /* whoever waits for a quiet line must see time go by */
    return (uint32_t)clock_now;
}

/* Pins. */

static bool configured[32];

void pi_gpio_conf_init(struct pi_gpio_conf *conf) {
    memset(conf, 0, sizeof *conf);
}

int pi_gpio_open(struct pi_device *device) {
    (void)device;
    return 0;
}

int pi_gpio_pin_configure(struct pi_device *device, pi_gpio_e pin, pi_gpio_flags_e flags) {
    (void)device;
    configured[pin] = true;
    return (flags == PI_GPIO_OUTPUT) == ((uint32_t)pin == DOOR) ? 0 : -1;
}

/* Something moves as long as there are frames, but not before the owner has gone. */
int pi_gpio_pin_read(struct pi_device *device, uint32_t pin, uint32_t *value) {
    (void)device;
    on_controller("pi_gpio_pin_read");
    *value = pin == MOTION ? more && line < 0 : pin == PAIRING ? line >= 0 : 0;
    return configured[pin] ? 0 : -1;
}

int pi_gpio_pin_task_add(struct pi_device *device, uint32_t pin, pi_task_t *task, pi_gpio_notif_e flags) {
    (void)device;
    in_l2(task);
    return configured[pin] && flags == PI_GPIO_NOTIF_RISE && pin != DOOR ? 0 : -1;
}

int pi_gpio_pin_task_remove(struct pi_device *device, uint32_t pin) {
    (void)device;
    (void)pin;
    return 0;
}

int pi_gpio_pin_write(struct pi_device *device, uint32_t pin, uint32_t value) {
    static uint32_t was;
    (void)device;
    on_controller("pi_gpio_pin_write");
    if (pin != DOOR) {
        return -1;
    }
    if (value != was) {
        printf("{\"door\": %u}\n", (unsigned)value);
    }
    was = value;
    return 0;
}

static void maybe_over(void) {
    if (!more && line < 0) {
        printf("{\"camera\": \"%s\", \"cluster\": \"%s\"}\n", camera_on ? "on" : "off", cluster_on ? "on" : "off");
        fflush(NULL);
        _exit(0);
    }
}

/* The serial line. */

enum { READS = 8 };
static struct {
    uint8_t *to[READS];
    pi_task_t *task[READS];
    int count;
} reads;

void pi_uart_conf_init(struct pi_uart_conf *conf) {
    memset(conf, 0, sizeof *conf);
}

int pi_uart_open(struct pi_device *device) {
    const char *number = getenv("GAP8_LINE");
    (void)device;
    line = number != NULL ? atoi(number) : -1;
    return 0;
}

int pi_uart_write(struct pi_device *device, void *buffer, uint32_t size) {
    const uint8_t *from = buffer;
    (void)device;
    on_controller("pi_uart_write");
    in_l2(buffer);
    for (uint32_t done = 0; line >= 0 && done < size;) {
        const ssize_t wrote = write(line, from + done, size - done);
        if (wrote <= 0) {
            break;
        }
        done += (uint32_t)wrote;
    }
    return 0;
}

int pi_uart_read_async(struct pi_device *device, void *buffer, uint32_t size, pi_task_t *task) {
    (void)device;
    in_l2(buffer);
    if (size != 1 || reads.count == READS) {
        fail("reads of one byte, and not too many");
    }
    reads.to[reads.count] = buffer;
    reads.task[reads.count++] = task;
    return 0;
}

/* Takes what has come, as long as somebody waits for it. */
static void hear(int milliseconds) {
    while (line >= 0 && reads.count > 0) {
        struct pollfd asked = {line, POLLIN, 0};
        if (poll(&asked, 1, milliseconds) <= 0) {
            return;
        }
        uint8_t *to = reads.to[0];
        pi_task_t *task = reads.task[0];
        if (read(line, to, 1) != 1) {
            line = -1;
            return;
        }
        reads.count--;
        memmove(reads.to, reads.to + 1, (size_t)reads.count * sizeof *reads.to);
        memmove(reads.task, reads.task + 1, (size_t)reads.count * sizeof *reads.task);
        const event of = event_of(task);
        of.function(of.argument);
        milliseconds = 0;
    }
}

/* Start and clocks. */

void pi_open_from_conf(struct pi_device *device, void *conf) {
    device->config = conf;
}

int32_t pi_freq_set(pi_freq_domain_e domain, uint32_t hertz) {
    (void)domain;
    return hertz <= 250000000 ? 0 : -1;
}

int pi_pmu_voltage_set(int domain, uint32_t millivolts) {
    (void)domain;
    return millivolts >= 1000 && millivolts <= 1200 ? 0 : -1;
}

void pmsis_exit(int error) {
    fflush(NULL);
    _exit(error);
}

int pmsis_kickoff(void *entry) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    ((void (*)(void))(uintptr_t)entry)();
    return 0;
}
