/* pickup: takes what people and commands have put into maildrop/, and gives it to cleanup. */
#include "base/log.h"
#include "base/task.h"
#include "daemon/daemon.h"
#include "queue/dirs.h"
#include "services/pickup/drop.h"
#include "services/pickup/submit.h"

enum { FILES_AT_ONCE = 100 }; /* cleanup syncs what comes together in one go */

static struct {
    bool is_running, is_wanted_again;
    bool is_in_vain; /* as pickup_submit() says */
    unsigned busy;
    struct cond is_less_busy;
} scan;

static void take(void *arg)
{
    struct drop *d = arg;

    if (pickup_drop_read(d) && !pickup_submit(d))
        scan.is_in_vain = true;
    pickup_drop_close(d);
    scan.busy--;
    cond_wake_one(&scan.is_less_busy);
}

static void wait_until_busy_below(unsigned limit)
{
    while (scan.busy >= limit)
        cond_wait(&scan.is_less_busy, NEVER);
}

/* A file that is refused for now does not hold up those behind it: it may be the only one. */
static void scan_once(void)
{
    struct queue_scan *s = queue_scan_open("maildrop");
    struct str path = {0};
    const char *id;

    if (s == NULL)
        log_warn("open directory maildrop: %m");
    scan.is_in_vain = false;
    while (!scan.is_in_vain && !daemon_is_draining() && (id = queue_scan_next(s, &path)) != NULL) {
        struct drop *d = pickup_drop_open(id, str_text(&path));
        if (d == NULL)
            continue;
        scan.busy++;
        task_start(take, d);
        wait_until_busy_below(FILES_AT_ONCE);
    }
    wait_until_busy_below(1);
    queue_scan_close(s);
    str_done(&path);
}

static void scan_task(void *arg)
{
    (void) arg;
    do {
        scan.is_wanted_again = false;
        scan_once();
    } while (scan.is_wanted_again && !scan.is_in_vain && !daemon_is_draining());
    scan.is_running = false;
}

static void on_trigger(const char *letters, size_t n)
{
    (void) letters;
    (void) n;
    if (scan.is_running) {
        scan.is_wanted_again = true;
        return;
    }
    scan.is_running = true;
    task_start(scan_task, NULL);
}

static bool is_idle(void)
{
    return !scan.is_running;
}

static void after_jail(void)
{
    cond_init(&scan.is_less_busy);
}

int main(int argc, char **argv)
{
    static const struct mux_handler handler = {.trigger = on_trigger};
    static const struct daemon_program program = {
        .name = "pickup", .mux = &handler, .before_jail = pickup_submit_init, .after_jail = after_jail, .is_idle = is_idle};

    return daemon_main(argc, argv, &program);
}
