#include "master/service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "ipc/client.h"
#include "master/listen.h"
#include "master/spawn.h"

enum {
    DEATHS_TO_THROTTLE = 5,      /* so many abnormal ends within ... */
    DEATH_WINDOW_MS = 10000,     /* ... this time */
    LIMIT_WARNING_S = 60,        /* between two warnings about the process limit */
    STRESS_S = 1000,             /* how long processes are started with stress=yes */
};

struct list master_services = {&master_services, &master_services};
unsigned master_generation;

static void watch_listeners(struct service *s, bool on)
{
    if (on == s->is_watching)
        return;
    s->is_watching = on;
    for (int i = 0; i < s->listen_count; i++)
        loop_watch_pause(s->watches[i], !on);
}

static bool has_room(const struct service *s)
{
    int limit = s->line->process_limit;

    return limit == 0 || (s->worker_count < limit && share_total(s->share) < limit);
}

/* Watch for clients if nobody is available, or stop watching. */
static void watch_as_needed(struct service *s)
{
    bool is_wanted = s->available_count == 0 || s->worker_count < (s->is_used ? s->min_workers : 0);

    watch_listeners(s, is_wanted && !s->is_throttled && has_room(s));
}

static int free_number(const struct service *s)
{
    bool is_taken[SHARE_WORKERS] = {false};

    list_each(pos, &s->workers)
        is_taken[list_entry(pos, struct worker, link)->number] = true;
    for (int i = 0; i < SHARE_WORKERS; i++)
        if (!is_taken[i])
            return i;
    return -1;
}

static void end_throttle(void *arg)
{
    struct service *s = arg;

    s->is_throttled = false;
    watch_as_needed(s);
}

static void throttle(struct service *s)
{
    s->is_throttled = true;
    s->throttle.fire = end_throttle;
    s->throttle.arg = s;
    timer_set(&s->throttle, clock_after((msec) conf.service_throttle_time * 1000));
}

static void add_worker(struct service *s)
{
    int number = free_number(s);
    pid_t pid = number < 0 ? -1 : master_spawn_worker(s, number);

    if (pid < 0) {
        log_warn("service %s: no process can be started -- throttling", s->name);
        throttle(s);
        return;
    }
    struct worker *w = mem_zalloc(sizeof(*w));
    w->service = s;
    w->pid = pid;
    w->number = number;
    w->generation = master_generation;
    w->is_available = true; /* until it says otherwise: one at a time is started for a crowd of clients */
    list_append(&s->workers, &w->link);
    s->worker_count++;
    s->available_count++;
}

static void warn_about_limit(struct service *s)
{
    time_t now = clock_seconds();

    if (now < s->limit_warned + LIMIT_WARNING_S)
        return;
    s->limit_warned = now;
    log_warn("service \"%s\" (%s) has reached its process limit \"%d\": new clients may experience noticeable delays",
        s->name, s->label, s->line->process_limit);
    log_warn("to avoid this condition, increase the process count in master.cf or reduce the service time per client");
    log_warn("see https://www.postfix.org/STRESS_README.html for examples of stress-adapting configuration settings");
}

static void listener_ready(void *arg)
{
    struct service *s = arg;

    s->is_used = true;
    do
        add_worker(s);
    while (!s->is_throttled && s->worker_count < s->min_workers && has_room(s));
    watch_as_needed(s);
}

static struct worker *find_worker(const struct service *s, pid_t pid)
{
    list_each(pos, &s->workers) {
        struct worker *w = list_entry(pos, struct worker, link);
        if (w->pid == pid)
            return w;
    }
    return NULL;
}

static void set_available(struct worker *w, bool is_available)
{
    if (w->is_available == is_available)
        return;
    w->is_available = is_available;
    w->service->available_count += is_available ? 1 : -1;
}

bool master_service_adapts_to_stress(const struct service *s)
{
    return s->is_public && s->line->process_limit > 1;
}

static void enter_stress(struct service *s)
{
    s->is_stressed = true;
    s->stress_until = clock_seconds() + STRESS_S;
    warn_about_limit(s);
}

static void status_ready(void *arg)
{
    struct service *s = arg;
    struct status_record record;

    while (read(s->status_pipe[0], &record, sizeof(record)) == sizeof(record)) {
        struct worker *w = find_worker(s, record.pid);
        if (w == NULL)
            continue;
        w->is_ready = true;
        set_available(w, record.is_available);
    }
    if (master_service_adapts_to_stress(s) && s->available_count == 0 && !has_room(s))
        enter_stress(s);
    else if (s->is_stressed && clock_seconds() > s->stress_until)
        s->is_stressed = false;
    watch_as_needed(s);
}

static bool keeps_dying(struct service *s)
{
    if (clock_now() - s->first_death > DEATH_WINDOW_MS) {
        s->first_death = clock_now();
        s->recent_deaths = 0;
    }
    return ++s->recent_deaths >= DEATHS_TO_THROTTLE;
}

static void report_end(struct worker *w, int status)
{
    struct service *s = w->service;

    if (WIFSIGNALED(status))
        log_warn("process %s pid %d killed by signal %d", s->path, (int) w->pid, WTERMSIG(status));
    else
        log_warn("process %s pid %d exit status %d", s->path, (int) w->pid, WEXITSTATUS(status));
    if (w->is_ready && !keeps_dying(s))
        return;
    log_warn("%s: bad command startup -- throttling", s->path);
    throttle(s);
}

/* It was made to go, by a reload or an accident, and the trigger for the next one may have gone with it. */
static void wake_successor(struct service *s)
{
    if (s->worker_count == 0 && s->line->wakeup_seconds > 0 && !s->is_throttled)
        timer_set(&s->wakeup, clock_after(0));
}

void master_service_worker_ended(pid_t pid, int status)
{
    list_each(pos, &master_services) {
        struct service *s = list_entry(pos, struct service, link);
        struct worker *w = find_worker(s, pid);
        if (w == NULL)
            continue;
        set_available(w, false);
        atomic_store(&s->share->sessions[w->number], 0);
        s->worker_count--;
        if (status != 0)
            report_end(w, status);
        if (status != 0 || w->generation != master_generation)
            wake_successor(s);
        list_remove(&w->link);
        mem_free(w);
        watch_as_needed(s);
        return;
    }
}

void master_service_stop(struct service *s, int signal)
{
    list_each(pos, &s->workers)
        kill(list_entry(pos, struct worker, link)->pid, signal);
}

/* --- wake-up --- */

static void wake_up(struct service *s)
{
    if (s->line->is_wakeup_postponed && !s->is_used)
        return;
    if (!client_trigger(s->addresses.items[0], "W"))
        log_warn("wake up %s: %s", (char *) s->addresses.items[0], strerror(errno));
}

static void wakeup_due(void *arg)
{
    struct service *s = arg;

    wake_up(s);
    timer_set(&s->wakeup, clock_after((msec) s->line->wakeup_seconds * 1000));
}

/* --- life --- */

static void make_share(struct service *s)
{
    s->share_fd = memfd_create("share", MFD_CLOEXEC);
    if (s->share_fd < 0 || ftruncate(s->share_fd, sizeof(*s->share)) < 0)
        fatal("memory shared with workers: %m");
    s->share_fd = master_listen_move_up(s->share_fd);
    s->share = mmap(NULL, sizeof(*s->share), PROT_READ | PROT_WRITE, MAP_SHARED, s->share_fd, 0);
    if (s->share == MAP_FAILED)
        fatal("memory shared with workers: %m");
}

/* Workers get these at small numbers; ours are all above, so that placing them overwrites none. */
static void make_status_pipe(struct service *s)
{
    if (pipe2(s->status_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
        fatal("pipe: %m");
    s->status_pipe[0] = master_listen_move_up(s->status_pipe[0]);
    s->status_pipe[1] = master_listen_move_up(s->status_pipe[1]);
    s->status_watch = loop_watch_readable(s->status_pipe[0], status_ready, s);
}

void master_service_start(struct service *s)
{
    if (s->share == NULL) {
        make_share(s);
        make_status_pipe(s);
        s->watches = mem_alloc((size_t) s->listen_count * sizeof(*s->watches));
        for (int i = 0; i < s->listen_count; i++)
            s->watches[i] = loop_watch_readable(s->listen_fds[i], listener_ready, s);
        s->is_watching = true;
    }
    s->share->limit = s->line->process_limit;
    s->share->workers = s->min_workers;
    s->is_throttled = false; /* the configuration may have been what was wrong */
    timer_stop(&s->throttle);
    watch_as_needed(s);
    timer_stop(&s->wakeup);
    if (s->line->wakeup_seconds > 0) {
        s->wakeup.fire = wakeup_due;
        s->wakeup.arg = s;
        timer_set(&s->wakeup, clock_after(0));
    }
}

void master_service_end(struct service *s)
{
    master_service_stop(s, SIGTERM);
    if (s->share != NULL) { /* else its sockets could not be opened, and it never began */
        for (int i = 0; i < s->listen_count; i++)
            loop_unwatch(s->watches[i]);
        loop_unwatch(s->status_watch);
        timer_stop(&s->wakeup);
        timer_stop(&s->throttle);
        close(s->status_pipe[0]);
        close(s->status_pipe[1]);
        close(s->share_fd);
        munmap(s->share, sizeof(*s->share));
    }
    master_listen_close(s);
    list_each_safe(pos, after, &s->workers)
        mem_free(list_entry(pos, struct worker, link));
    mem_free(s->watches);
    mem_free(s->name);
    mem_free(s->label);
    mem_free(s->path);
    mem_free(s);
}
