/* crash.h: what is known when a process dies of a bug.
 */
#ifndef DAEMON_CRASH_H
#define DAEMON_CRASH_H

/* From now on a fatal signal (SIGSEGV, SIGABRT of a panic ...) puts the addresses of the active
 * functions into the log before it ends the process in its usual way: master sees the signal, the
 * kernel writes its core file. addr2line(1) turns the addresses into lines of the source. Nothing
 * in a build with sanitizers, which report by themselves. */
void crash_report(void);

#endif
