/* watchdog.h: the end of a process that is stuck.
 */
#ifndef DAEMON_WATCHDOG_H
#define DAEMON_WATCHDOG_H

/* From now on the loop has to come round within so many seconds, or the process ends with a fatal error; master starts
 * another. */
void watchdog_start(int seconds);

#endif
