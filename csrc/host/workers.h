/* Threads that help one caller at a time with its work. They never decide anything: what they are given is cut into
   parts that may be done in any order, by whoever comes first, and a part that none of them has begun is done by the
   caller. So a thread that is late, or gone after a fork, costs nothing but its help. */
#ifndef PEEPHOLE_HOST_WORKERS_H
#define PEEPHOLE_HOST_WORKERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "peephole/status.h"

PH_BEGIN_C

enum { PH_MOST_WORKERS = 63, PH_MOST_PARTS = 65535 };

/* Does one of the parts of some work. */
typedef void ph_do_part(const void *work, int32_t part, int32_t parts);

/* Where it lies it must stay, from ph_start_workers to ph_stop_workers. */
typedef struct {
    pthread_t threads[PH_MOST_WORKERS];
    int32_t count;
    pid_t process; /* that the threads are of */
    pthread_mutex_t lock;
    pthread_cond_t called;
    pthread_mutex_t leading; /* held from ph_lead to ph_release */
    bool is_led, is_stopped; /* these and what follows are read and written by several threads, atomically */
    uint64_t ticket;         /* number of the work, the part that is next, and the number of parts: 32, 16, 16 bits */
    int32_t done;            /* parts of this work, by workers */
    ph_do_part *do_part;     /* this and its argument: read by whoever has taken a part */
    const void *work;
} ph_workers;

/* Starts `count` threads, at most PH_MOST_WORKERS, or as many as the system gives. */
void ph_start_workers(ph_workers *workers, int32_t count);

/* Ends them; nobody may lead. In a child of the process it does nothing. */
void ph_stop_workers(ph_workers *workers);

/* Calls the workers to the caller, who may share work from now on until the release. False where there are none, or
   they are with another caller: then the caller works alone. A worker that was called looks for work without pause. */
bool ph_lead(ph_workers *workers);
void ph_release(ph_workers *workers);

/* Does all parts of some work, 1 to PH_MOST_PARTS, of which workers take some; returns when all are done. */
void ph_share_work(ph_workers *workers, ph_do_part *do_part, const void *work, int32_t parts);

PH_END_C

#endif
