#include "ports/gap8/board.h"

#include <stddef.h>
#include <string.h>

#include "bsp/camera/himax.h"
#include "pmsis.h"

/* A board that has them elsewhere changes these. The sensor and the buttons pull their pins up. */
static const pi_gpio_e DOOR_PIN = PI_GPIO_A2_PAD_14_A2;
static const pi_gpio_e MOTION_PIN = PI_GPIO_A0_PAD_12_A3;
static const pi_gpio_e BUTTON_PIN = PI_GPIO_A1_PAD_13_B2;
static const pi_gpio_e PAIRING_PIN = PI_GPIO_A17_PAD_31_B11;

enum {
    ARRIVED_BYTES = 2048, /* a power of two; more than the longest request */
    LISTENING = 4,        /* reads of a byte that wait at once, so that none is lost between two */
    SENT_BYTES = 256,
    CAMERA_MICROSECONDS = 1000000,
    PINS_MICROSECONDS = 20000, /* PULP-OS tells of no edge of a pin: they are read so often in sleep */
    /* The SDK counts in 32 bits of 32,768 Hz, and makes microseconds of them: every 36 hours these fall back to zero in
       the middle of their own round, as if so much of it had gone by at once. More than half an hour never does
       between two readings. */
    CLOCK_LEAP_MICROSECONDS = 2071986176, /* 31 * 2^32 - 2^32 * 1,000,000 / 32,768 */
    GUARD_MICROSECONDS = 1000000,
    STEP_MICROSECONDS = 20000000, /* nothing that is done for a picture takes so long */
};

static struct pi_device camera, pins, serial;
static bool camera_on, camera_started;

static struct {
    uint8_t byte[ARRIVED_BYTES];
    volatile uint32_t come, taken; /* bytes since the start */
    uint8_t next[LISTENING];
    pi_task_t task[LISTENING];
    bool open;
} line;

static struct {
    pi_task_t task;
    int64_t asked; /* when somebody last gave a sign of life: asked for a picture, or for the door */
    bool open, guarded;
} door;

static struct {
    pi_task_t capture_task, second_task, pins_task;
    volatile bool captured, second, pins;
} events = {.captured = true, .second = true, .pins = true}; /* nothing is under way */

bool ph_board_open_camera(void) {
    static struct pi_himax_conf conf;
    pi_himax_conf_init(&conf);
    conf.format = PI_CAMERA_QVGA;
    pi_open_from_conf(&camera, &conf);
    camera_on = pi_camera_open(&camera) == 0;
    return camera_on;
}

bool ph_board_open_pins(void) {
    static struct pi_gpio_conf conf;
    pi_gpio_conf_init(&conf);
    pi_open_from_conf(&pins, &conf);
    return pi_gpio_open(&pins) == 0 && pi_gpio_pin_write(&pins, DOOR_PIN, 0) == 0 &&
           pi_gpio_pin_configure(&pins, DOOR_PIN, PI_GPIO_OUTPUT) == 0 &&
           pi_gpio_pin_configure(&pins, MOTION_PIN, PI_GPIO_INPUT) == 0 &&
           pi_gpio_pin_configure(&pins, BUTTON_PIN, PI_GPIO_INPUT) == 0 &&
           pi_gpio_pin_configure(&pins, PAIRING_PIN, PI_GPIO_INPUT) == 0;
}

/* Takes a byte that has come, and waits for another one. A byte that finds no room is lost: the line's checksums tell.
 */
static void arrived(void *argument) {
    const uintptr_t number = (uintptr_t)argument;
    if (line.come - line.taken < ARRIVED_BYTES) {
        line.byte[line.come % ARRIVED_BYTES] = line.next[number];
        line.come = line.come + 1;
    }
    pi_uart_read_async(&serial, &line.next[number], 1, pi_task_callback(&line.task[number], arrived, argument));
}

bool ph_board_open_serial(uint32_t bits_per_second) {
    static struct pi_uart_conf conf;
    pi_uart_conf_init(&conf);
    conf.baudrate_bps = bits_per_second;
    conf.enable_tx = 1;
    conf.enable_rx = 1;
    pi_open_from_conf(&serial, &conf);
    line.open = pi_uart_open(&serial) == 0;
    for (uintptr_t number = 0; line.open && number < LISTENING; number++) {
        pi_uart_read_async(&serial, &line.next[number], 1,
                           pi_task_callback(&line.task[number], arrived, (void *)number));
    }
    return line.open;
}

static void happened(void *flag) {
    *(volatile bool *)flag = true;
}

/* Wakes the controller once in a while, so that it notices what does not happen. */
static void tick(pi_task_t *task, volatile bool *over, uint32_t microseconds) {
    if (*over) {
        *over = false;
        pi_task_push_delayed_us(pi_task_callback(task, happened, (void *)(uintptr_t)over), microseconds);
    }
}

static void stop_camera(void) {
    pi_camera_control(&camera, PI_CAMERA_CMD_STOP, NULL);
    camera_started = false;
}

/* A picture that is under way goes on where the camera was off meanwhile. */
static void start_camera(uint8_t *picture) {
    if (camera_started && events.captured) { /* one that came too late for whoever waited */
        stop_camera();
    }
    if (!camera_on) {
        pi_camera_control(&camera, PI_CAMERA_CMD_ON, NULL);
        camera_on = true;
    }
    if (events.captured) {
        events.captured = false;
        pi_camera_capture_async(&camera, picture, PH_CAMERA_WIDTH * PH_CAMERA_HEIGHT,
                                pi_task_callback(&events.capture_task, happened, (void *)(uintptr_t)&events.captured));
    }
    if (!camera_started) {
        pi_camera_control(&camera, PI_CAMERA_CMD_START, NULL);
        camera_started = true;
    }
}

bool ph_board_frame(uint8_t *picture) {
    const ptrdiff_t above = (PH_CAMERA_HEIGHT - PH_FRAME_HEIGHT) / 2;
    const ptrdiff_t left = (PH_CAMERA_WIDTH - PH_FRAME_WIDTH) / 2;
    start_camera(picture);
    door.asked = ph_board_microseconds();
    const int64_t latest = door.asked + CAMERA_MICROSECONDS;
    while (!events.captured && ph_board_microseconds() < latest) {
        tick(&events.second_task, &events.second, CAMERA_MICROSECONDS);
        pi_yield();
    }
    if (!events.captured) {
        return false;
    }
    stop_camera();
    for (ptrdiff_t y = 0; y < PH_FRAME_HEIGHT; y++) {
        memmove(picture + y * PH_FRAME_WIDTH, picture + (y + above) * PH_CAMERA_WIDTH + left, PH_FRAME_WIDTH);
    }
    return true;
}

void ph_board_camera_off(void) {
    if (camera_on) {
        pi_camera_control(&camera, PI_CAMERA_CMD_OFF, NULL);
        camera_on = camera_started = false;
    }
}

/* Looks once in a while whether there is anybody left who will lock the door. */
static void guard_door(void *argument) {
    (void)argument;
    door.guarded = door.open;
    if (door.open && ph_board_microseconds() - door.asked >= STEP_MICROSECONDS) {
        ph_board_door(false);
        door.guarded = false;
    }
    if (door.guarded) {
        pi_task_push_delayed_us(pi_task_callback(&door.task, guard_door, NULL), GUARD_MICROSECONDS);
    }
}

void ph_board_door(bool open) {
    door.open = open;
    pi_gpio_pin_write(&pins, (uint32_t)DOOR_PIN, open ? 1 : 0);
    if (open && !door.guarded) {
        door.asked = ph_board_microseconds();
        guard_door(NULL);
    }
}

static bool is_high(pi_gpio_e pin) {
    uint32_t value = 0;
    return pi_gpio_pin_read(&pins, (uint32_t)pin, &value) == 0 && value != 0;
}

bool ph_board_pairing(void) {
    return is_high(PAIRING_PIN);
}

ph_board_wake ph_board_wait(void) {
    for (;;) {
        if (is_high(BUTTON_PIN)) {
            return PH_BOARD_BUTTON;
        }
        if (is_high(MOTION_PIN)) {
            return PH_BOARD_MOTION;
        }
        if (is_high(PAIRING_PIN) || line.come != line.taken) {
            return PH_BOARD_OWNER;
        }
        ph_board_microseconds(); /* so that it knows of each time round */
        tick(&events.pins_task, &events.pins, PINS_MICROSECONDS);
        pi_yield(); /* the controller sleeps until an event */
    }
}

int32_t ph_board_read(uint8_t *to, int32_t capacity) {
    int32_t count = 0;
    while (count < capacity && line.taken != line.come) {
        to[count++] = line.byte[line.taken % ARRIVED_BYTES];
        line.taken = line.taken + 1;
    }
    return count;
}

void ph_board_write(const uint8_t *from, int32_t bytes) {
    static uint8_t sent[SENT_BYTES]; /* what is sent must lie in L2, wherever it comes from */
    for (int32_t done = 0; line.open && done < bytes;) {
        const int32_t piece = bytes - done < SENT_BYTES ? bytes - done : SENT_BYTES;
        memcpy(sent, from + done, (size_t)piece);
        pi_uart_write(&serial, sent, (uint32_t)piece);
        done += piece;
    }
}

int64_t ph_board_microseconds(void) {
    static int64_t since;
    static uint32_t before;
    static bool begun;
    const uint32_t now = pi_time_get_us();
    const uint32_t passed = now - before;
    since += passed >= CLOCK_LEAP_MICROSECONDS && begun ? passed - CLOCK_LEAP_MICROSECONDS : passed;
    before = now;
    begun = true;
    return since;
}
