/* clock.h: time.
 *
 * Waits and rates use the monotonic clock, in milliseconds (msec); deadlines are points on it.
 * What people and files see is the wall clock. Tests may set both with clock_fake().
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <sys/time.h>
#include <time.h>

typedef int64_t msec;

#define NEVER INT64_MAX /* as a deadline: no limit */

msec clock_now(void);             /* monotonic, read once per turn of the loop (see clock_tick) */
msec clock_after(msec delay);     /* the deadline that lies delay ahead */
void clock_tick(void);            /* read the clocks again; the loop does this each turn */
void clock_has_waited(void);      /* the same, after a wait outside of the loop: without one nothing is to be done */
struct timeval clock_wall(void);  /* wall clock, read anew each time */
time_t clock_seconds(void);       /* wall clock in seconds, as of the last tick; without a loop, now */
void clock_fake(msec now, time_t wall); /* tests: stand still here until the next call */

#endif
