/* The calls of PMSIS that this port makes, and nothing else, so that it compiles where the GAP SDK is not. Types hold
   what the port touches; the SDK's own headers take the place of these. */
#ifndef PEEPHOLE_STUB_PMSIS_H
#define PEEPHOLE_STUB_PMSIS_H

#include <stdint.h>

typedef struct pi_device {
    void *config;
} pi_device_t;
typedef struct pi_task {
    uint32_t data[8];
} pi_task_t;

int pmsis_kickoff(void *entry);
void pmsis_exit(int error);
void pi_open_from_conf(struct pi_device *device, void *conf);
pi_task_t *pi_task_callback(pi_task_t *task, void (*function)(void *), void *arg);
void pi_task_push_delayed_us(pi_task_t *task, uint32_t delay);
void pi_yield(void);

void *pi_l2_malloc(int size);
void pi_l2_free(void *memory, int size);
void *pi_cl_l1_malloc(struct pi_device *device, int size);

struct pi_cluster_conf {
    int id;
    uint32_t cc_stack_size;
};
struct pi_cluster_task {
    void (*entry)(void *);
    void *arg;
    uint32_t stack_size;
    uint32_t slave_stack_size;
};
void pi_cluster_conf_init(struct pi_cluster_conf *conf);
int pi_cluster_open(struct pi_device *device);
struct pi_cluster_task *pi_cluster_task(struct pi_cluster_task *task, void (*entry)(void *), void *arg);
int pi_cluster_close(struct pi_device *device);
int pi_cluster_send_task_to_cl_async(struct pi_device *device, struct pi_cluster_task *task, pi_task_t *end);
void pi_cl_send_task_to_fc(pi_task_t *task);
void pi_cl_team_fork(int cores, void (*entry)(void *), void *arg);
uint32_t pi_core_id(void);

typedef enum { PI_CL_DMA_DIR_LOC2EXT = 0, PI_CL_DMA_DIR_EXT2LOC = 1 } pi_cl_dma_dir_e;
typedef struct {
    int id;
} pi_cl_dma_cmd_t;
void pi_cl_dma_cmd(uint32_t ext, uint32_t loc, uint32_t size, pi_cl_dma_dir_e dir, pi_cl_dma_cmd_t *cmd);
void pi_cl_dma_cmd_2d(uint32_t ext, uint32_t loc, uint32_t size, uint32_t stride, uint32_t length, pi_cl_dma_dir_e dir,
                      pi_cl_dma_cmd_t *cmd);
void pi_cl_dma_cmd_wait(pi_cl_dma_cmd_t *cmd);

struct pi_hyperram_conf {
    int id;
};
typedef struct {
    int done;
} pi_cl_ram_req_t;
void pi_hyperram_conf_init(struct pi_hyperram_conf *conf);
int32_t pi_ram_open(struct pi_device *device);
int pi_ram_alloc(struct pi_device *device, uint32_t *address, uint32_t size);
void pi_ram_read(struct pi_device *device, uint32_t address, void *data, uint32_t size);
void pi_ram_write(struct pi_device *device, uint32_t address, void *data, uint32_t size);
void pi_cl_ram_read(struct pi_device *device, uint32_t address, void *data, uint32_t size, pi_cl_ram_req_t *req);
void pi_cl_ram_read_wait(pi_cl_ram_req_t *req);

struct pi_hyperflash_conf {
    int id;
};
struct pi_fs_conf {
    struct pi_device *flash;
};
struct pi_readfs_conf {
    struct pi_fs_conf fs;
};
typedef struct {
    uint32_t size;
} pi_fs_file_t;
void pi_hyperflash_conf_init(struct pi_hyperflash_conf *conf);
typedef enum { PI_FLASH_IOCTL_INFO } pi_flash_ioctl_e;
struct pi_flash_info {
    uint32_t sector_size;
    uint32_t flash_start;
};
int pi_flash_open(struct pi_device *device);
int32_t pi_flash_ioctl(struct pi_device *device, uint32_t command, void *arg);
void pi_flash_read(struct pi_device *device, uint32_t address, void *data, uint32_t size);
void pi_flash_program(struct pi_device *device, uint32_t address, const void *data, uint32_t size);
void pi_flash_erase_sector(struct pi_device *device, uint32_t address);
void pi_readfs_conf_init(struct pi_readfs_conf *conf);
int pi_fs_mount(struct pi_device *device);
pi_fs_file_t *pi_fs_open(struct pi_device *device, const char *name, int flags);
int pi_fs_read(pi_fs_file_t *file, void *buffer, uint32_t size);
void pi_fs_close(pi_fs_file_t *file);

enum { PI_CAMERA_QVGA = 1 };
typedef enum { PI_CAMERA_CMD_ON, PI_CAMERA_CMD_OFF, PI_CAMERA_CMD_START, PI_CAMERA_CMD_STOP } pi_camera_cmd_e;
struct pi_himax_conf {
    int format;
};
void pi_himax_conf_init(struct pi_himax_conf *conf);
int32_t pi_camera_open(struct pi_device *device);
int32_t pi_camera_control(struct pi_device *device, pi_camera_cmd_e command, void *arg);
void pi_camera_capture_async(struct pi_device *device, void *buffer, uint32_t size, pi_task_t *task);

typedef enum { PI_GPIO_INPUT = 0, PI_GPIO_OUTPUT = 1 } pi_gpio_flags_e;
typedef enum {
    PI_GPIO_A0_PAD_12_A3 = 0,
    PI_GPIO_A1_PAD_13_B2 = 1,
    PI_GPIO_A2_PAD_14_A2 = 2,
    PI_GPIO_A17_PAD_31_B11 = 17,
} pi_gpio_e;
struct pi_gpio_conf {
    int port;
};
void pi_gpio_conf_init(struct pi_gpio_conf *conf);
int pi_gpio_open(struct pi_device *device);
int pi_gpio_pin_configure(struct pi_device *device, pi_gpio_e pin, pi_gpio_flags_e flags);
int pi_gpio_pin_read(struct pi_device *device, uint32_t pin, uint32_t *value);
int pi_gpio_pin_write(struct pi_device *device, uint32_t pin, uint32_t value);

struct pi_uart_conf {
    uint32_t baudrate_bps;
    int enable_tx;
    int enable_rx;
    int uart_id;
};
void pi_uart_conf_init(struct pi_uart_conf *conf);
int pi_uart_open(struct pi_device *device);
int pi_uart_write(struct pi_device *device, void *buffer, uint32_t size);
int pi_uart_read_async(struct pi_device *device, void *buffer, uint32_t size, pi_task_t *task);

typedef enum { PI_FREQ_DOMAIN_FC = 0, PI_FREQ_DOMAIN_CL = 1 } pi_freq_domain_e;
int32_t pi_freq_set(pi_freq_domain_e domain, uint32_t hertz);
int pi_pmu_voltage_set(int domain, uint32_t millivolts);

enum { PI_PERF_CYCLES = 16 };
unsigned int pi_time_get_us(void);
void pi_perf_conf(unsigned int mask);
void pi_perf_reset(void);
void pi_perf_start(void);
unsigned int pi_perf_read(int id);

#endif
