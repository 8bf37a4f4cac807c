/* Every part of shared work is done once, whoever else is there: workers, other callers, or nobody after a fork. */
#define _POSIX_C_SOURCE 200809L
#include "host/workers.h"

#include "check.h"

#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 300 };

typedef struct {
    int32_t *times; /* that each part was done */
    int32_t parts;
} counting;

static void count_part(const void *work, int32_t part, int32_t parts) {
    const counting *c = work;
    __atomic_fetch_add(&c->times[part], parts == c->parts ? 1 : MOST, __ATOMIC_RELAXED);
}

static void share_and_check(ph_workers *workers, int32_t parts) {
    int32_t times[MOST] = {0};
    const counting work = {times, parts};
    ph_share_work(workers, count_part, &work, parts);
    for (int32_t part = 0; part < MOST; part++) {
        CHECK_EQUAL(times[part], part < parts);
    }
}

static void every_part_is_done_once(void) {
    for (int32_t count = 0; count <= 4; count++) {
        ph_workers workers;
        ph_start_workers(&workers, count);
        CHECK_EQUAL(workers.count, count);
        for (int n = 0; n < 100; n++) {
            CHECK_EQUAL(ph_lead(&workers), count > 0);
            for (int k = 0; count > 0 && k < 5; k++) {
                share_and_check(&workers, 1 + (int32_t)(next_number() % MOST));
            }
            if (count > 0) {
                ph_release(&workers);
            }
            if (n % 30 == 0) { /* long enough for them to fall asleep */
                nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
            }
        }
        ph_stop_workers(&workers);
    }
}

typedef struct {
    int32_t *begun, *met;
} meeting;

/* Waits until all parts have begun, for ten seconds at most: one thread alone would wait in vain. */
static void meet(const void *work, int32_t part, int32_t parts) {
    const meeting *m = work;
    (void)part;
    __atomic_fetch_add(m->begun, 1, __ATOMIC_RELAXED);
    for (int n = 0; n < 10000 && __atomic_load_n(m->begun, __ATOMIC_RELAXED) < parts; n++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    if (__atomic_load_n(m->begun, __ATOMIC_RELAXED) == parts) {
        __atomic_fetch_add(m->met, 1, __ATOMIC_RELAXED);
    }
}

static void parts_are_done_at_once(void) {
    ph_workers workers;
    int32_t begun = 0, met = 0;
    const meeting work = {&begun, &met};
    ph_start_workers(&workers, 2);
    CHECK(ph_lead(&workers));
    ph_share_work(&workers, meet, &work, 3);
    CHECK_EQUAL(met, 3);
    ph_release(&workers);
    ph_stop_workers(&workers);
}

static void *lead_too(void *workers) {
    return ph_lead(workers) ? workers : NULL;
}

static void one_caller_at_a_time_has_them(void) {
    ph_workers workers;
    pthread_t other;
    ph_start_workers(&workers, 1);
    CHECK(ph_lead(&workers));
    CHECK_EQUAL(pthread_create(&other, NULL, lead_too, &workers), 0);
    void *led = &workers;
    pthread_join(other, &led);
    CHECK(!led);
    share_and_check(&workers, 9);
    ph_release(&workers);
    CHECK(ph_lead(&workers));
    ph_release(&workers);
    ph_stop_workers(&workers);
}

static void a_child_of_the_process_has_none(void) {
    ph_workers workers;
    ph_start_workers(&workers, 1);
    const pid_t child = fork();
    if (child == 0) {
        const bool leads = ph_lead(&workers);
        ph_stop_workers(&workers);
        _exit(leads);
    }
    int status = 1;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    CHECK(ph_lead(&workers));
    share_and_check(&workers, 3);
    ph_release(&workers);
    ph_stop_workers(&workers);
}

int main(void) {
    every_part_is_done_once();
    parts_are_done_at_once();
    one_caller_at_a_time_has_them();
    a_child_of_the_process_has_none();
    FINISH();
}
