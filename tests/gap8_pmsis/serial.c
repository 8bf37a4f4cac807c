/* The owner's line: a descriptor whose other end the test holds. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"

int line = -1;

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
void hear(int milliseconds) {
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
