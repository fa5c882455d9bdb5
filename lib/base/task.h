/* task.h: tasks, the stackful coroutines in which every conversation runs.
 *
 * A task runs until it waits (io_wait, task_park, a cond) or yields; meanwhile nothing else in
 * the process runs, and across a wait anything shared may have changed. There is one thread and
 * one loop (loop.h) in a process. A program that starts no task never needs this file.
 * Stacks are small and guarded: large buffers go into an arena or on the heap.
 */
#ifndef BASE_TASK_H
#define BASE_TASK_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/list.h"

struct task;

/* Why a parked task goes on. */
enum wake { WAKE_READY, WAKE_TIMEOUT, WAKE_CANCELLED };

/* Start function(arg) in a new task, at the loop's next opportunity. The task ends when the
 * function returns. The result is good until then. */
struct task *task_start(void (*function)(void *arg), void *arg);

struct task *task_self(void);            /* NULL outside of tasks */
void task_yield(void);                   /* let the others go first; outside of tasks: nothing */
enum wake task_park(msec deadline);      /* wait for task_wake(). After task_cancel() every wait ends at once */
void task_wake(struct task *t);          /* end its park; nothing if it is not parked */
void task_cancel(struct task *t);        /* end its present and all later waits with WAKE_CANCELLED */
bool task_is_cancelled(void);            /* was task_self() cancelled? */
void task_sleep(msec delay);             /* without tasks: poll(2) */
size_t task_count(void);                 /* tasks that have started and not ended */

/* What tasks wait for together; only tasks can. Zero-filled memory will not do: cond_init(). */
struct cond {
    struct list waiters; /* task.c only */
};
void cond_init(struct cond *c);
enum wake cond_wait(struct cond *c, msec deadline);
void cond_wake_one(struct cond *c);      /* the one that has waited longest, if any */
void cond_wake_all(struct cond *c);

#endif
