/* loop.h: the one event loop of a process, over libev.
 *
 * A turn is: run the tasks that are ready, run what was put off to the end of the turn
 * (loop_at_turn_end), wait for events. Only io.c, task.c and the few places that are driven by
 * events rather than conversations (qmgr, master) use this; protocol code waits with io_wait().
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/list.h"

void loop_run(void);   /* until loop_stop(); makes log lines buffered */
void loop_stop(void);  /* loop_run() returns at the end of this turn */
bool loop_is_running(void);

/* Sleep so many microseconds before a turn whose predecessor began only just, so that what comes
 * meanwhile is handled together: one wake-up for several clients. For a process that many others
 * talk to at once, or nobody waits for. 0, as at the start: never. */
void loop_set_pause(unsigned pause_us);

/* Run once at the end of the present turn, in order of rank; what it sends or stores leaves in
 * one system call for all that happened in the turn. Putting off what is put off already is
 * nothing. Ranks: storage before the answers that depend on it; log lines leave between the two. */
enum turn_rank { TURN_STORE, TURN_SEND, TURN_RANKS };
struct turn_end {
    void (*run)(void *arg);
    void *arg;
    bool is_due;            /* loop.c only */
    struct turn_end *next;  /* loop.c only */
};
void loop_at_turn_end(struct turn_end *what, enum turn_rank rank);
void loop_not_at_turn_end(struct turn_end *what); /* its owner goes: take it back */

/* Timers: call fire(arg) once when the time has come. Zero-filled memory is a timer at rest. */
struct timer {
    void (*fire)(void *arg);
    void *arg;
    void *impl;             /* loop.c only */
};
void timer_set(struct timer *t, msec deadline); /* also moves one that is set */
void timer_stop(struct timer *t);               /* and release; may be set again */
bool timer_is_set(const struct timer *t);

/* Call ready(arg) each time fd is readable, until loop_unwatch(). For what is not a conversation:
 * listening sockets, triggers, datagrams, signals. */
struct watch;
struct watch *loop_watch_readable(int fd, void (*ready)(void *arg), void *arg);
void loop_unwatch(struct watch *w);             /* accepts NULL; does not close */
void loop_watch_pause(struct watch *w, bool on);

/* Call caught(signal) from the loop, not from the signal handler. */
void loop_on_signal(int signal, void (*caught)(int signal));

/* The child's end, once: status as wait(2) gives it. */
void loop_on_child(void (*ended)(pid_t pid, int status));

#endif
