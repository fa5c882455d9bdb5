#include "base/loop.h"

#include <ev.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/log.h"
#include "base/loop_internal.h"
#include "base/mem.h"

static struct ev_loop *loop;
static bool is_running, is_stopping;
static ev_check waited; /* first of all that is called after a wait */
static struct turn_end *due_first[TURN_RANKS], **due_last[TURN_RANKS];
static struct turn_end *being_run; /* what run_due() has taken from them and not come to */

/* What the wait has cost counts for those it wakes: a timer would find that its time has not come. */
static void has_waited(struct ev_loop *ev, ev_check *w, int events)
{
    (void) ev;
    (void) w;
    (void) events;
    clock_tick();
}

struct ev_loop *loop_ev(void)
{
    if (loop == NULL) {
        /* Not the default loop: that one reaps children by itself. */
        loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
        if (loop == NULL)
            fatal("event loop: no usable system interface");
        ev_ref(loop); /* with nothing to watch for the moment, it sleeps and does not spin */
        ev_check_init(&waited, has_waited);
        ev_set_priority(&waited, EV_MAXPRI);
        ev_check_start(loop, &waited);
        ev_unref(loop);
    }
    return loop;
}

void loop_at_turn_end(struct turn_end *what, enum turn_rank rank)
{
    if (what->is_due)
        return;
    what->is_due = true;
    what->next = NULL;
    if (due_first[rank] == NULL)
        due_last[rank] = &due_first[rank];
    *due_last[rank] = what;
    due_last[rank] = &what->next;
}

/* NULL: it is not in that list; else where the pointer to it was. */
static struct turn_end **unlink_due(struct turn_end **first, struct turn_end *what)
{
    struct turn_end **at = first;

    while (*at != NULL && *at != what)
        at = &(*at)->next;
    if (*at == NULL)
        return NULL;
    *at = what->next;
    what->is_due = false;
    return at;
}

void loop_not_at_turn_end(struct turn_end *what)
{
    if (what->is_due)
        unlink_due(&being_run, what);
    for (int rank = 0; what->is_due && rank < TURN_RANKS; rank++) {
        struct turn_end **at = unlink_due(&due_first[rank], what);
        if (at != NULL && *at == NULL)
            due_last[rank] = at;
    }
}

static void run_due(enum turn_rank rank)
{
    being_run = due_first[rank];
    due_first[rank] = NULL;
    while (being_run != NULL) {
        struct turn_end *what = being_run;
        being_run = what->next;
        what->is_due = false;
        what->run(what->arg);
    }
}

static void end_turn(void)
{
    if (due_first[TURN_STORE] != NULL) {
        run_due(TURN_STORE);
        task_run_ready(); /* what waited for the storage answers in this turn, not in the next */
    }
    log_flush(); /* what another process does about this must not be logged before it */
    run_due(TURN_SEND);
}

static bool is_anything_due(void)
{
    for (int rank = 0; rank < TURN_RANKS; rank++)
        if (due_first[rank] != NULL)
            return true;
    return false;
}

/* --- pauses --- */

enum { BUSY_US = 500 }; /* turns that begin within this time of each other */

static unsigned pause_us;

void loop_set_pause(unsigned us)
{
    if (us > 0 && pause_us == 0)
        prctl(PR_SET_TIMERSLACK, 1000UL); /* nanoseconds; 50,000 else, and as long a pause again */
    pause_us = us;
}

static void pause_if_busy(void)
{
    static struct timespec last;
    struct timespec now, length = {.tv_nsec = (long) pause_us * 1000};

    if (pause_us == 0)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long since_us = (now.tv_sec - last.tv_sec) * 1000000 + (now.tv_nsec - last.tv_nsec) / 1000;
    last = now;
    if (since_us < BUSY_US)
        nanosleep(&length, NULL);
}

void loop_run(void)
{
    struct ev_loop *ev = loop_ev();

    is_running = true;
    is_stopping = false;
    log_buffer(true);
    clock_tick();
    while (!is_stopping) {
        task_run_ready();
        end_turn();
        if (is_stopping)
            break;
        bool has_work = task_any_ready() || is_anything_due();
        if (!has_work)
            pause_if_busy();
        ev_run(ev, has_work ? EVRUN_NOWAIT : EVRUN_ONCE);
    }
    log_buffer(false);
    is_running = false;
}

void loop_stop(void)
{
    is_stopping = true;
    if (loop != NULL)
        ev_break(loop, EVBREAK_ONE);
}

bool loop_is_running(void)
{
    return is_running;
}

/* --- timers --- */

static void timer_fired(struct ev_loop *ev, ev_timer *w, int events)
{
    struct timer *t = w->data;

    (void) ev;
    (void) events;
    timer_stop(t);
    t->fire(t->arg);
}

void timer_set(struct timer *t, msec deadline)
{
    struct ev_loop *ev = loop_ev();
    ev_timer *w = t->impl;
    msec delay = deadline - clock_now();

    if (w == NULL) {
        w = t->impl = mem_alloc(sizeof(*w));
        ev_timer_init(w, timer_fired, 0, 0);
        w->data = t;
    }
    ev_timer_stop(ev, w);
    if (deadline == NEVER)
        return;
    ev_now_update(ev);
    ev_timer_set(w, delay > 0 ? (double) delay / 1000 : 0, 0);
    ev_timer_start(ev, w);
}

void timer_stop(struct timer *t)
{
    if (t->impl == NULL)
        return;
    ev_timer_stop(loop, t->impl);
    mem_free(t->impl);
    t->impl = NULL;
}

bool timer_is_set(const struct timer *t)
{
    return t->impl != NULL && ev_is_active((ev_timer *) t->impl);
}

/* --- readable descriptors --- */

struct watch {
    ev_io io;
    void (*ready)(void *arg);
    void *arg;
};

static void watch_fired(struct ev_loop *ev, ev_io *io, int events)
{
    struct watch *w = io->data;

    (void) ev;
    (void) events;
    w->ready(w->arg);
}

struct watch *loop_watch_readable(int fd, void (*ready)(void *arg), void *arg)
{
    struct watch *w = mem_alloc(sizeof(*w));

    w->ready = ready;
    w->arg = arg;
    ev_io_init(&w->io, watch_fired, fd, EV_READ);
    w->io.data = w;
    ev_io_start(loop_ev(), &w->io);
    return w;
}

void loop_unwatch(struct watch *w)
{
    if (w == NULL)
        return;
    ev_io_stop(loop_ev(), &w->io);
    mem_free(w);
}

void loop_watch_pause(struct watch *w, bool on)
{
    if (on)
        ev_io_stop(loop_ev(), &w->io);
    else
        ev_io_start(loop_ev(), &w->io);
}

/* --- signals and children --- */

static void (*signal_handlers[NSIG])(int signal);
static ev_signal signal_watchers[NSIG];

static void signal_fired(struct ev_loop *ev, ev_signal *w, int events)
{
    (void) ev;
    (void) events;
    signal_handlers[w->signum](w->signum);
}

void loop_on_signal(int signal, void (*caught)(int signal))
{
    ev_signal *w = &signal_watchers[signal];

    if (signal_handlers[signal] == NULL) {
        ev_signal_init(w, signal_fired, signal);
        ev_signal_start(loop_ev(), w);
        ev_unref(loop_ev());
    }
    signal_handlers[signal] = caught;
}

static void (*child_ended)(pid_t pid, int status);

static void reap(int signal)
{
    pid_t pid;
    int status;

    (void) signal;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        child_ended(pid, status);
}

void loop_on_child(void (*ended)(pid_t pid, int status))
{
    child_ended = ended;
    loop_on_signal(SIGCHLD, reap);
}
