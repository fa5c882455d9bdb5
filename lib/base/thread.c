#include "base/thread.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/log.h"

void thread_start(void *(*run)(void *arg), void *arg)
{
    pthread_t thread;
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int error = pthread_create(&thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        fatal("cannot start a thread: %s", strerror(error));
    pthread_detach(thread);
}
