/* Events of the controller, and its sleep. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "model.h"

enum { QUEUE = 64, LATER = 8, MOST_SECONDS = 600 };

_Static_assert(sizeof(event) <= sizeof(pi_task_t), "an event lies in a task");

event event_of(const pi_task_t *task) {
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

void push(pi_task_t *task) {
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

static struct {
    pi_task_t *task;
    int64_t due;
} later[LATER];

void pi_task_push_delayed_us(pi_task_t *task, uint32_t delay) {
    int free = 0;
    while (free < LATER && later[free].task != NULL) {
        if (later[free++].task == task) {
            fail("an event that is under way");
        }
    }
    if (delay == 0 || delay > INT32_MAX || free == LATER) {
        fail("an event at once, too late or too many");
    }
    later[free].task = task;
    later[free].due = time_now() + delay;
}

static void push_due(void) {
    for (int i = 0; i < LATER; i++) {
        if (later[i].task != NULL && later[i].due <= time_now()) {
            push(later[i].task);
            later[i].task = NULL;
        }
    }
}

/* Asleep: the time of the next event, if there is one. */
static void sleep_until_due(void) {
    int64_t next = INT64_MAX;
    for (int i = 0; i < LATER; i++) {
        next = later[i].task != NULL && later[i].due < next ? later[i].due : next;
    }
    if (next != INT64_MAX && next > time_now()) {
        pass_time(next - time_now());
    }
}

/* Nothing comes from the cluster any more: time goes by, for some minutes. */
static void wait_in_vain(void) {
    static int seconds;
    if (++seconds > MOST_SECONDS) {
        fflush(NULL);
        _exit(0);
    }
    pass_time(1000000);
}

/* Asleep, and nothing will come any more. */
static void maybe_over(void) {
    if (!more_frames() && line < 0) {
        printf("{\"camera\": \"%s\", \"cluster\": \"%s\"}\n", camera_on ? "on" : "off", cluster_on ? "on" : "off");
        fflush(NULL);
        _exit(0);
    }
}

void pi_yield(void) {
    on_controller("pi_yield");
    hear(0);
    if (stopped()) {
        wait_in_vain();
    }
    push_due();
    pthread_mutex_lock(&queue.mutex);
    while (queue.count == 0 && at_work() && !stopped()) {
        pthread_cond_wait(&queue.come, &queue.mutex);
    }
    pi_task_t *task = queue.count > 0 ? queue.task[0] : NULL;
    if (task != NULL) {
        memmove(queue.task, queue.task + 1, (size_t)--queue.count * sizeof *queue.task);
    }
    pthread_mutex_unlock(&queue.mutex);
    if (task == NULL) { /* asleep */
        if (stopped() || stalled()) {
            return;
        }
        maybe_over();
        sleep_until_due();
        hear(20);
        return;
    }
    notice(task);
    const event of = event_of(task);
    of.function(of.argument);
}
