/* thread.h: helper threads, for system calls that may block.
 *
 * A helper does nothing but such calls: the loop, tasks, the log and the arenas belong to the main thread.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

/* Runs until the process ends, with all signals blocked, which are the loop's. Fatal if there can be none. */
void thread_start(void *(*run)(void *arg), void *arg);

#endif
