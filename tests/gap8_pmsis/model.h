/* PMSIS on a host, as far as the doorbell for GAP8 calls it: a thread for each core of the cluster and the first one
   for the fabric controller; a camera that shows frames.bin, a flash and a serial line that the test holds the other
   end of.

   It is strict where the chip is: what only the controller may do, and what only the cluster, is checked; DMA goes to
   L1 and L2 alone, which are static memory here (the program is linked below 2^32), never to a stack; flash is
   programmed in units that are erased; the cluster forgets L1 when it is switched off. Time is that of the frames. */
#ifndef GAP8_PMSIS_MODEL_H
#define GAP8_PMSIS_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "pmsis.h"

/* Ends the program: the chip would not do that. */
void fail(const char *what);

/* checks.c: who calls, and what a transfer's other end is. */
extern _Thread_local int core_number; /* -1: the controller */
void on_controller(const char *what);
void on_first_core(const char *what);
void in_l2(const void *memory);

/* events.c: what the controller is still to be told. */
typedef struct {
    void (*function)(void *);
    void *argument;
} event;

event event_of(const pi_task_t *task);
void push(pi_task_t *task);

/* cluster.c */
extern bool cluster_on;
bool at_work(void);           /* is something under way there, whose end the controller has not noticed? */
void notice(pi_task_t *task); /* it has */
void stop_cluster(void);      /* nothing comes from there any more, as after a fault */
bool stopped(void);

/* camera.c, which has the time too. */
extern bool camera_on;
bool more_frames(void);
int64_t time_now(void);
void pass_time(int64_t microseconds);
bool stalled(void); /* is a picture awaited that does not come? Then a second has gone by */

/* serial.c */
extern int line; /* its descriptor; -1: the owner has gone. While the owner is there, pictures are noise */
void hear(int milliseconds);

#endif
