#define _POSIX_C_SOURCE 200809L /* of threads and processes, which ISO C leaves out */
#include "host/workers.h"

#include <sched.h>
#include <unistd.h>

/* How often a worker looks for work before it sleeps, some 50 us; and how often a caller looks whether others are
   done before it lets another thread have the core. */
enum { LOOKS = 2000 };

/* As long as a core needs to see what another one wrote. */
static void wait_a_little(void) {
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_ia32_pause();
#endif
}

static int32_t next_of(uint64_t ticket) {
    return (int32_t)(ticket >> 16 & 0xffff);
}

static int32_t parts_of(uint64_t ticket) {
    return (int32_t)(ticket & 0xffff);
}

/* Takes a part of the work that is shared now, or -1 where none is left. */
static int32_t take_part(ph_workers *workers, int32_t *parts) {
    uint64_t ticket = __atomic_load_n(&workers->ticket, __ATOMIC_ACQUIRE);
    while (next_of(ticket) < parts_of(ticket)) {
        if (__atomic_compare_exchange_n(&workers->ticket, &ticket, ticket + 0x10000, true, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE)) {
            *parts = parts_of(ticket);
            return next_of(ticket);
        }
    }
    return -1;
}

/* The work cannot change between taking a part of it and reporting that part done: its caller waits for that. */
static bool help(ph_workers *workers) {
    int32_t parts = 0;
    const int32_t part = take_part(workers, &parts);
    if (part < 0) {
        return false;
    }
    workers->do_part(workers->work, part, parts);
    __atomic_fetch_add(&workers->done, 1, __ATOMIC_RELEASE);
    return true;
}

/* Until somebody leads or all is to end. */
static void sleep_until_called(ph_workers *workers) {
    pthread_mutex_lock(&workers->lock);
    while (!__atomic_load_n(&workers->is_led, __ATOMIC_RELAXED) &&
           !__atomic_load_n(&workers->is_stopped, __ATOMIC_RELAXED)) {
        pthread_cond_wait(&workers->called, &workers->lock);
    }
    pthread_mutex_unlock(&workers->lock);
}

static void *work_until_stopped(void *argument) {
    ph_workers *workers = argument;
    for (int32_t looks = 0; !__atomic_load_n(&workers->is_stopped, __ATOMIC_ACQUIRE); looks++) {
        if (help(workers)) {
            looks = 0;
        } else if (looks >= LOOKS) {
            sleep_until_called(workers);
            sched_yield(); /* who leads may wait for this core */
            looks = 0;
        } else {
            wait_a_little();
        }
    }
    return NULL;
}

void ph_start_workers(ph_workers *workers, int32_t count) {
    *workers = (ph_workers){.process = getpid()};
    pthread_mutex_init(&workers->lock, NULL);
    pthread_mutex_init(&workers->leading, NULL);
    pthread_cond_init(&workers->called, NULL);
    while (workers->count < count && workers->count < PH_MOST_WORKERS &&
           pthread_create(&workers->threads[workers->count], NULL, work_until_stopped, workers) == 0) {
        workers->count++;
    }
}

/* Tells all workers, those that sleep too. */
static void tell(ph_workers *workers, bool *what) {
    pthread_mutex_lock(&workers->lock);
    __atomic_store_n(what, true, __ATOMIC_RELEASE);
    pthread_cond_broadcast(&workers->called);
    pthread_mutex_unlock(&workers->lock);
}

void ph_stop_workers(ph_workers *workers) {
    if (workers->process != getpid()) {
        return;
    }
    tell(workers, &workers->is_stopped);
    for (int32_t i = 0; i < workers->count; i++) {
        pthread_join(workers->threads[i], NULL);
    }
    pthread_cond_destroy(&workers->called);
    pthread_mutex_destroy(&workers->leading);
    pthread_mutex_destroy(&workers->lock);
}

bool ph_lead(ph_workers *workers) {
    if (workers->count == 0 || workers->process != getpid() || pthread_mutex_trylock(&workers->leading) != 0) {
        return false;
    }
    tell(workers, &workers->is_led);
    return true;
}

void ph_release(ph_workers *workers) {
    __atomic_store_n(&workers->is_led, false, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&workers->leading);
}

void ph_share_work(ph_workers *workers, ph_do_part *do_part, const void *work, int32_t parts) {
    const uint64_t number = (__atomic_load_n(&workers->ticket, __ATOMIC_RELAXED) >> 32) + 1;
    workers->do_part = do_part;
    workers->work = work;
    __atomic_store_n(&workers->done, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&workers->ticket, number << 32 | (uint32_t)parts, __ATOMIC_RELEASE);
    int32_t theirs = parts, same = 0;
    for (int32_t part = take_part(workers, &same); part >= 0; part = take_part(workers, &same)) {
        do_part(work, part, parts);
        theirs--;
    }
    for (int32_t looks = 0; __atomic_load_n(&workers->done, __ATOMIC_ACQUIRE) < theirs; looks++) {
        if (looks < LOOKS) {
            wait_a_little();
        } else {
            sched_yield();
        }
    }
}
