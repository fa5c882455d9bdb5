#include "daemon/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/task.h"
#include "config/config.h"
#include "daemon/logging.h"
#include "daemon/share.h"
#include "daemon/watchdog.h"
#include "table/table.h"

enum {
    MAX_LISTENERS = 64,
    MANY_SESSIONS = 16,       /* enough for each wake-up to serve several */
    PAUSE_US = 100,
    ACCEPTS_PER_TURN = 32,    /* so that a flood of new clients does not starve those that are served */
    LIMIT_RETRY_MS = 20,      /* at the limit: has a session of another worker ended? */
    LEAVE_CHECK_MS = 100,
    GOODBYE_MS = 2000,        /* for clients to close after LEAVE: a request of theirs may be on its way */
    STOP_GRACE_MS = 3000,     /* after SIGTERM, for what is under way */
    STATUS_WAIT_MS = 5000,    /* for master to read what we tell it */
    HANDOVER_MS = 10000,      /* for a client to pass the descriptor that it has connected for */
};

/* A mux connection of a client, so that it can be asked to go. */
struct client_link {
    struct list link;
    struct mux *mux;
    void *state; /* the program's */
};

static const struct daemon_program *program;
static struct worker_options options;
static struct share *share;
static unsigned line_version;      /* of the line in master.cf that we were started with */
static struct watch *listeners[MAX_LISTENERS];
static int listener_fds[MAX_LISTENERS];
static bool is_accepting, is_draining, is_reported_available;
static unsigned sessions;          /* clients being served, mux connections not counted */
static unsigned promised;          /* has_one_client: so many it may have at once */
static unsigned long used;         /* clients served since the start */
static struct list connections = {&connections, &connections};
static struct mux_handler handler; /* the program's, with ours around it */
static struct timer resume_timer, idle_timer, leave_timer, stop_timer;
static msec goodbye_until;
static int status_fd = -1;
static struct watch *status_watch; /* a write end reports an error when the last reader has gone */

static void tell_master(bool is_available)
{
    struct status_record record = {.pid = getpid(), .generation = options.generation, .is_available = is_available};
    struct pollfd p = {.fd = status_fd, .events = POLLOUT};

    if (status_fd < 0)
        return;
    is_reported_available = is_available;
    ssize_t n = write(status_fd, &record, sizeof(record));
    if (n < 0 && errno == EAGAIN && poll(&p, 1, STATUS_WAIT_MS) > 0) /* thousands of records unread: it is busy */
        n = write(status_fd, &record, sizeof(record));
    if (n != sizeof(record)) {
        status_fd = -1; /* master is gone: nobody will start us again, finish and go */
        daemon_exit_soon();
    }
}

static void report(bool is_available)
{
    if (is_reported_available != is_available)
        tell_master(is_available);
}

static unsigned busy_count(void)
{
    unsigned busy = sessions;

    list_each(pos, &connections)
        busy += mux_request_count(list_entry(pos, struct client_link, link)->mux);
    return busy;
}

static void publish_sessions(void)
{
    unsigned busy = busy_count();

    if (!is_draining && busy < promised)
        busy = promised;
    atomic_store_explicit(&share->sessions[options.number], (int) busy, memory_order_relaxed);
    if (program->session != NULL)
        loop_set_pause(sessions >= MANY_SESSIONS ? PAUSE_US : 0);
}

int daemon_worker_count(void)
{
    return share->workers;
}

unsigned daemon_session_count(void)
{
    return sessions;
}

int daemon_session_limit(void)
{
    int limit = config_service_int(daemon_service_name(), "_worker_session_limit", 0, 0);

    if (program->is_single)
        return 1;
    if (limit == 0 || (share->limit > 0 && share->limit < limit))
        limit = share->limit;
    /* What is promised to a client is its own, so each worker gets its part; else they share as it comes. */
    int workers = program->has_one_client ? share->workers : 1;
    return limit > 0 && workers > 1 ? (limit + workers - 1) / workers : limit;
}

static int others_total(void)
{
    return share_total(share) - atomic_load_explicit(&share->sessions[options.number], memory_order_relaxed);
}

int daemon_session_room(void)
{
    int limit = daemon_session_limit(), left = share->limit - others_total();

    if (limit > 0 && share->limit > 0 && left < limit)
        limit = left > 0 ? left : 1;
    promised = (unsigned) limit;
    publish_sessions();
    return limit;
}

/* The one client is there, or there would be no room for what it wants. */
static bool is_full_for_client(void)
{
    if (daemon_session_limit() == 0)
        return false;
    return !list_is_empty(&connections) || (share->limit > 0 && others_total() >= share->limit);
}

static bool is_full(void)
{
    int own = daemon_session_limit();

    if (program->serves_many)
        return false;
    if (program->has_one_client)
        return is_full_for_client();
    return (own > 0 && sessions >= (unsigned) own) || (share->limit > 0 && share_total(share) >= share->limit);
}

static void accept_clients(bool on)
{
    if (on == is_accepting)
        return;
    is_accepting = on;
    for (int i = 0; i < options.listener_count; i++)
        loop_watch_pause(listeners[i], !on);
    report(on);
}

static void resume(void *arg)
{
    (void) arg;
    if (is_draining || is_accepting || (program->has_one_client && !list_is_empty(&connections)))
        return;
    if (is_full()) {
        timer_set(&resume_timer, clock_after(LIMIT_RETRY_MS));
        return;
    }
    accept_clients(true);
}

static void pause_at_limit(void)
{
    if ((program->mux != NULL && !program->has_one_client) || !is_full())
        return;
    accept_clients(false);
    /* A worker with one session or client waits for that one; where workers share the limit, for any. */
    if (!program->is_single && !program->has_one_client)
        timer_set(&resume_timer, clock_after(LIMIT_RETRY_MS));
}

/* --- leaving --- */

static bool is_busy(void)
{
    if (sessions > 0 || (program->is_idle != NULL && !program->is_idle()))
        return true;
    list_each(pos, &connections)
        if (mux_request_count(list_entry(pos, struct client_link, link)->mux) > 0)
            return true;
    return false;
}

static void leave_if_idle(void *arg)
{
    (void) arg;
    if (is_busy() || (!list_is_empty(&connections) && clock_now() < goodbye_until)) {
        timer_set(&leave_timer, clock_after(LEAVE_CHECK_MS));
        return;
    }
    loop_stop();
}

void daemon_exit_soon(void)
{
    if (is_draining)
        return;
    is_draining = true;
    accept_clients(false);
    publish_sessions();
    tell_master(false); /* what was promised to our client is free: another worker may have it */
    for (int i = 0; i < options.listener_count; i++) {
        if (program->datagram != NULL)
            program->datagram(listener_fds[i]); /* what has come is ours still */
        loop_unwatch(listeners[i]);
        io_close(listener_fds[i]);
    }
    options.listener_count = 0;
    list_each(pos, &connections)
        mux_leave(list_entry(pos, struct client_link, link)->mux);
    if (program->draining != NULL)
        program->draining();
    goodbye_until = clock_after(GOODBYE_MS);
    timer_set(&leave_timer, clock_after(0));
}

bool daemon_is_draining(void)
{
    return is_draining;
}

static void stop_now(void *arg)
{
    (void) arg;
    loop_stop();
}

static void on_terminate(int signal)
{
    (void) signal;
    daemon_exit_soon();
    timer_set(&stop_timer, clock_after(STOP_GRACE_MS));
}

/* Nobody reads the status pipe any more: master died. */
static void master_gone(void *arg)
{
    struct watch **watch = arg;

    loop_unwatch(*watch);
    *watch = NULL;
    status_fd = -1;
    on_terminate(SIGTERM);
}

/* What was said in master.cf, and what only root may read, or what lies outside of the chroot, needs a new process. */
static bool can_reload(void)
{
    char *path = mem_printf("%s/main.cf", config_dir());
    bool ok = program->reload != NULL && atomic_load(&share->line_version) == line_version && access(path, R_OK) == 0;

    mem_free(path);
    return ok;
}

static void on_hangup(int signal)
{
    (void) signal;
    if (!can_reload()) {
        daemon_exit_soon();
        return;
    }
    config_reload();
    logging_open(daemon_program_name(), LOGGING_DAEMON);
    program->reload();
}

static void idle_too_long(void *arg)
{
    (void) arg;
    if (is_busy() || !list_is_empty(&connections)) {
        timer_set(&idle_timer, clock_after((msec) options.max_idle_s * 1000));
        return;
    }
    daemon_exit_soon();
}

/* max_use counts the clients of one process of Postfix; a worker stands for as many of them as it
 * has sessions. */
static bool is_used_up(void)
{
    int limit = daemon_session_limit();

    return options.max_use > 0 && used >= (unsigned long) options.max_use * (unsigned long) (limit > 0 ? limit : 100);
}

static void note_use(void)
{
    used++;
    if (options.max_idle_s > 0)
        timer_set(&idle_timer, clock_after((msec) options.max_idle_s * 1000));
}

/* A table has changed that this process cannot open again: one that has all privileges still takes over. */
static void leave_if_stale(void)
{
    const char *name = is_draining ? NULL : table_stale();

    if (name == NULL)
        return;
    log_info("table %s has changed -- restarting", name);
    daemon_exit_soon();
}

/* --- clients --- */

static void name_client(struct daemon_client *c)
{
    int on = 1;

    c->peer.len = c->local.len = sizeof(c->peer.un);
    if (getpeername(c->fd, &c->peer.sa, &c->peer.len) < 0 || c->peer.sa.sa_family == AF_UNIX)
        c->peer.len = 0;
    if (getsockname(c->fd, &c->local.sa, &c->local.len) < 0 || c->local.sa.sa_family == AF_UNIX)
        c->local.len = 0;
    if (c->peer.len > 0)
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* A service of type pass: who connects has the client's connection, and hands it over. */
static bool take_over(struct daemon_client *c)
{
    int fd = net_recv_fd(c->fd, clock_after(HANDOVER_MS));

    if (fd < 0) {
        log_warn("receive connection: no descriptor");
        return false;
    }
    io_close(c->fd);
    io_own(fd);
    c->fd = fd;
    name_client(c);
    return true;
}

static void run_session(void *arg)
{
    struct daemon_client *c = arg;

    if (!options.is_pass || take_over(c))
        program->session(c);
    io_close(c->fd);
    mem_free(c);
    sessions--;
    publish_sessions();
    if (is_draining)
        tell_master(false); /* others may have the room now */
    if (!program->is_eternal && is_used_up())
        daemon_exit_soon();
    else if (!is_accepting)
        resume(NULL);
    leave_if_stale();
}

static void start_session(int fd)
{
    struct daemon_client *c = mem_zalloc(sizeof(*c));

    c->fd = fd;
    name_client(c);
    sessions++;
    publish_sessions();
    task_start(run_session, c);
}

void **daemon_connection(struct mux *m)
{
    struct client_link *c = mux_context(m);

    return &c->state;
}

static void connection_opened(struct mux *m)
{
    if (program->mux->opened != NULL)
        program->mux->opened(m);
}

static void connection_closed(struct mux *m)
{
    struct client_link *c = mux_context(m);

    if (program->mux->closed != NULL)
        program->mux->closed(m);
    list_remove(&c->link);
    mem_free(c);
    if (list_is_empty(&connections))
        promised = 0;
    publish_sessions();
    if (is_draining)
        timer_set(&leave_timer, clock_after(0));
    else if (program->has_one_client)
        resume(NULL);
}

static void connection_request(struct request *r)
{
    program->mux->request(r);
    leave_if_stale();
    if (is_draining) {
        publish_sessions();
        tell_master(false);
    }
}

static void start_connection(int fd)
{
    struct client_link *c = mem_zalloc(sizeof(*c));

    list_append(&connections, &c->link);
    c->mux = mux_new_server(fd, &handler, c);
    if (program->has_one_client)
        daemon_session_room(); /* it counts from now on, before master can think of another worker */
}

static void listener_ready(void *arg)
{
    int fd = *(int *) arg;

    if (program->datagram != NULL) {
        program->datagram(fd);
        return;
    }
    for (int i = 0; i < ACCEPTS_PER_TURN && is_accepting; i++) {
        if (program->has_one_client && is_full()) { /* another worker was faster */
            accept_clients(false);
            timer_set(&resume_timer, clock_after(LIMIT_RETRY_MS));
            return;
        }
        int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client < 0 && (errno == ECONNABORTED || errno == EINTR))
            continue;
        if (client < 0 && errno == EINVAL) { /* master has shut it down: the service is no more */
            daemon_exit_soon();
            return;
        }
        if (client < 0 && errno != EAGAIN) {
            log_warn("accept connection: %m");
            accept_clients(false);
            timer_set(&resume_timer, clock_after(LIMIT_RETRY_MS));
        }
        if (client < 0)
            return;
        note_use();
        if (program->mux != NULL)
            start_connection(client);
        else
            start_session(client);
        pause_at_limit();
    }
}

static void fifo_ready(void *arg)
{
    char letters[1024];
    ssize_t n = read(*(int *) arg, letters, sizeof(letters));

    if (n > 0 && program->mux != NULL && program->mux->trigger != NULL)
        program->mux->trigger(letters, (size_t) n);
}

/* --- the start --- */

static void attach_share(void)
{
    static struct share alone = {.workers = 1}; /* not started by master: no other worker, no limit */

    share = mmap(NULL, sizeof(*share), PROT_READ | PROT_WRITE, MAP_SHARED, SHARE_FD, 0);
    if (share == MAP_FAILED)
        share = &alone;
    line_version = atomic_load(&share->line_version);
}

static void watch_listeners(void)
{
    if (options.listener_count > MAX_LISTENERS)
        fatal("more than %d listening sockets", MAX_LISTENERS);
    for (int i = 0; i < options.listener_count; i++) {
        listener_fds[i] = FIRST_LISTEN_FD + i;
        io_own(listener_fds[i]);
        listeners[i] = loop_watch_readable(listener_fds[i], options.is_fifo ? fifo_ready : listener_ready, &listener_fds[i]);
    }
    is_accepting = true;
}

/* master starts us with SIGHUP held back: a reload meanwhile would have ended us. */
static void accept_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void worker_run(const struct daemon_program *daemon, const struct worker_options *given)
{
    program = daemon;
    options = *given;
    if (options.number < 0 || options.number >= SHARE_WORKERS)
        fatal("worker number %d: not below %d", options.number, SHARE_WORKERS);
    attach_share();
    if (fcntl(STATUS_FD, F_SETFD, FD_CLOEXEC) == 0)
        status_fd = STATUS_FD;
    if (program->mux != NULL) {
        handler = *program->mux;
        handler.opened = connection_opened;
        handler.closed = connection_closed;
        if (handler.request != NULL)
            handler.request = connection_request;
        if (handler.in_task && handler.max_requests == 0)
            handler.max_requests = (unsigned) daemon_session_limit();
    }
    resume_timer.fire = resume;
    idle_timer.fire = idle_too_long;
    leave_timer.fire = leave_if_idle;
    stop_timer.fire = stop_now;
    signal(SIGPIPE, SIG_IGN);
    loop_on_signal(SIGTERM, on_terminate);
    loop_on_signal(SIGHUP, on_hangup);
    accept_signals();
    if (program->is_eternal)
        options.max_use = options.max_idle_s = 0;
    watch_listeners();
    report(true);
    watchdog_start(program->watchdog_s != NULL ? *program->watchdog_s : conf.daemon_timeout);
    if (status_fd >= 0)
        status_watch = loop_watch_readable(status_fd, master_gone, &status_watch);
    if (options.max_idle_s > 0)
        timer_set(&idle_timer, clock_after((msec) options.max_idle_s * 1000));
    loop_run();
    if (program->leaving != NULL)
        program->leaving();
    log_flush();
}
