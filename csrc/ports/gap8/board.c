#include "ports/gap8/board.h"

#include <stddef.h>
#include <string.h>

#include "bsp/camera/himax.h"
#include "pmsis.h"

static const pi_gpio_e DOOR_PIN = PI_GPIO_A2_PAD_14_A2;

static struct pi_device camera, pins, serial;

bool ph_board_open_camera(void) {
    static struct pi_himax_conf conf;
    pi_himax_conf_init(&conf);
    conf.format = PI_CAMERA_QVGA;
    pi_open_from_conf(&camera, &conf);
    return pi_camera_open(&camera) == 0;
}

bool ph_board_open_door(void) {
    static struct pi_gpio_conf conf;
    pi_gpio_conf_init(&conf);
    pi_open_from_conf(&pins, &conf);
    return pi_gpio_open(&pins) == 0 && pi_gpio_pin_configure(&pins, DOOR_PIN, PI_GPIO_OUTPUT) == 0;
}

bool ph_board_open_serial(uint32_t bits_per_second) {
    static struct pi_uart_conf conf;
    pi_uart_conf_init(&conf);
    conf.baudrate_bps = bits_per_second;
    conf.enable_tx = 1;
    conf.enable_rx = 1;
    pi_open_from_conf(&serial, &conf);
    return pi_uart_open(&serial) == 0;
}

void ph_board_frame(uint8_t *picture) {
    const ptrdiff_t above = (PH_CAMERA_HEIGHT - PH_FRAME_HEIGHT) / 2;
    const ptrdiff_t left = (PH_CAMERA_WIDTH - PH_FRAME_WIDTH) / 2;
    pi_task_t task;
    pi_camera_capture_async(&camera, picture, PH_CAMERA_WIDTH * PH_CAMERA_HEIGHT, pi_task_block(&task));
    pi_camera_control(&camera, PI_CAMERA_CMD_START, NULL);
    pi_task_wait_on(&task);
    pi_camera_control(&camera, PI_CAMERA_CMD_STOP, NULL);
    for (ptrdiff_t y = 0; y < PH_FRAME_HEIGHT; y++) {
        memmove(picture + y * PH_FRAME_WIDTH, picture + (y + above) * PH_CAMERA_WIDTH + left, PH_FRAME_WIDTH);
    }
}

void ph_board_door(bool open) {
    pi_gpio_pin_write(&pins, (uint32_t)DOOR_PIN, open ? 1 : 0);
}

int32_t ph_board_read(uint8_t *to, int32_t bytes) {
    return pi_uart_read(&serial, to, (uint32_t)bytes);
}

int32_t ph_board_write(const uint8_t *from, int32_t bytes) {
    return pi_uart_write(&serial, (void *)(uintptr_t)from, (uint32_t)bytes);
}

uint32_t ph_board_microseconds(void) {
    return pi_time_get_us();
}
