#include "daemon/watchdog.h"

#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"

/* Who was stopped, or got no time from a busy machine, finds one alarm when it goes on: only several in a row, with
 * time to run in between, mean that it is stuck. */
enum { ALARMS = 3 };

static volatile sig_atomic_t missed;
static struct timer pat;
static unsigned step_s;

/* The heap may be locked by whatever is stuck: the last alarm ends that. */
static void on_alarm(int number)
{
    if (++missed < ALARMS) {
        alarm(step_s);
        return;
    }
    signal(number, SIG_DFL);
    alarm(1);
    log_line(LOG_LINE_FATAL, "watchdog timeout");
    _exit(1);
}

static void pat_it(void *unused)
{
    (void) unused;
    missed = 0;
    alarm(step_s);
    timer_set(&pat, clock_after((msec) step_s * 1000 / 2));
}

void watchdog_start(int seconds)
{
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART | SA_NODEFER};

    step_s = seconds > ALARMS ? (unsigned) seconds / ALARMS : 1;
    sigaction(SIGALRM, &action, NULL);
    pat.fire = pat_it;
    pat_it(NULL);
}
