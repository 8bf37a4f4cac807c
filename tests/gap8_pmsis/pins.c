/* Pins: door, motion, bell and pairing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

enum {
    DOOR = PI_GPIO_A2_PAD_14_A2,
    MOTION = PI_GPIO_A0_PAD_12_A3,
    PAIRING = PI_GPIO_A17_PAD_31_B11,
    QUIET_MICROSECONDS = 60000000
};

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

/* Something moves as long as there are frames, but not before the owner has gone, nor where it is quiet in the first
   minute of sleep: PULP-OS tells of no edge (pi_gpio_pin_task_add does nothing there), so that pins must be read. */
static bool moves(void) {
    static int64_t since = -1;
    since = camera_on ? -1 : since < 0 ? time_now() : since;
    const bool quiet = getenv("GAP8_QUIET") != NULL && since >= 0 && time_now() - since < QUIET_MICROSECONDS;
    return more_frames() && line < 0 && !quiet;
}

int pi_gpio_pin_read(struct pi_device *device, uint32_t pin, uint32_t *value) {
    (void)device;
    on_controller("pi_gpio_pin_read");
    *value = pin == MOTION ? moves() : pin == PAIRING ? line >= 0 : 0;
    return configured[pin] ? 0 : -1;
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
    if (value != 0 && getenv("GAP8_STOP") != NULL) {
        stop_cluster();
    }
    was = value;
    return 0;
}
