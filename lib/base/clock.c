#include "base/clock.h"

#include <stdbool.h>

static msec tick;          /* monotonic at the last tick; 0: nobody ticks, read each time */
static time_t tick_wall;
static bool is_fake;       /* a test holds the clock */

static msec read_monotonic(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (msec) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

msec clock_now(void)
{
    return tick != 0 ? tick : read_monotonic();
}

msec clock_after(msec delay)
{
    return clock_now() + delay;
}

void clock_tick(void)
{
    if (is_fake)
        return;
    tick = read_monotonic();
    tick_wall = time(NULL);
}

void clock_has_waited(void)
{
    if (tick != 0)
        clock_tick();
}

struct timeval clock_wall(void)
{
    struct timeval now;

    if (is_fake)
        return (struct timeval){.tv_sec = tick_wall};
    gettimeofday(&now, NULL);
    return now;
}

time_t clock_seconds(void)
{
    return tick != 0 ? tick_wall : time(NULL);
}

void clock_fake(msec now, time_t wall)
{
    is_fake = true;
    tick = now;
    tick_wall = wall;
}
