/* qmgr: decides who is delivered next. See README.md. */

#include <fcntl.h>
#include <sys/file.h>

#include "base/log.h"
#include "base/loop.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "qmgr/deliver.h"
#include "qmgr/feed.h"
#include "qmgr/intake.h"
#include "qmgr/reload.h"
#include "qmgr/request.h"
#include "qmgr/transport.h"
#include "qmgr/turn.h"
#include "queue/settle.h"

enum {
    SETTLE_CHECK_MS = 1000,
    DRAIN_MS = 5000,           /* at the end, for deliveries under way */
    DRAIN_CHECK_MS = 50,
};

static struct timer settle_timer, drain_timer;
static msec drain_until;       /* 0: not draining */

/* One at a time touches the queue: the next process waits for the one before it. */
static void lock_queue(void)
{
    struct str path = {0};

    str_setf(&path, "%s/unix.%s", conf.process_id_directory, daemon_service_name());
    int fd = open(str_text(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600); /* held until we end */
    if (fd < 0 || flock(fd, LOCK_EX) < 0)
        fatal("open lock file %s: %m", str_text(&path));
    str_done(&path);
}

static void settle_old(void *arg)
{
    (void) arg;
    qmgr_feed_settle(clock_now() - (msec) conf.queue_journal_settle_age * 1000);
    timer_set(&settle_timer, clock_after(SETTLE_CHECK_MS));
}

static void before_jail(void)
{
    lock_queue();
}

static void after_jail(void)
{
    clock_tick();
    settle_timer = (struct timer){.fire = settle_old};
    settle_old(NULL);
    qmgr_intake_start();
}

/* --- the end --- */

static bool is_drained(void)
{
    return qmgr_deliver_count() == 0 && settle_pending() == 0 && !qmgr_feed_has_older(clock_now());
}

/* Everything becomes a queue file; then the writers of journals get their last marks, and may go. */
static void drain(void *arg)
{
    (void) arg;
    qmgr_feed_settle(clock_now());
    qmgr_turn_soon();
    if (is_drained() || clock_now() >= drain_until)
        qmgr_request_release_all();
    timer_set(&drain_timer, clock_after(DRAIN_CHECK_MS));
}

static void draining(void)
{
    drain_until = clock_after(DRAIN_MS);
    qmgr_intake_stop();
    qmgr_transport_stop();
    drain_timer = (struct timer){.fire = drain};
    drain(NULL);
}

static bool is_idle(void)
{
    return drain_until != 0 && (is_drained() || clock_now() >= drain_until);
}

static void closed(struct mux *m)
{
    qmgr_feed_closed(m);
    qmgr_request_lost();
}

int main(int argc, char **argv)
{
    static const struct mux_handler handler = {
        .request = qmgr_request,
        .note = qmgr_feed_note,
        .closed = closed,
        .trigger = qmgr_request_trigger,
    };
    static const struct daemon_program program = {
        .name = "qmgr",
        .before_jail = before_jail,
        .after_jail = after_jail,
        .mux = &handler,
        .draining = draining,
        .is_idle = is_idle,
        .reload = qmgr_reload,
        .watchdog_s = &conf.qmgr_daemon_timeout,
        .is_eternal = true,
    };

    return daemon_main(argc, argv, &program);
}
