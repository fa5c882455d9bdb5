#include "daemon/crash.h"

#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/log.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

#ifndef HAS_SANITIZER

enum {
    FRAMES = 64,
    TEXT_BYTES = 16 * 1024,
    STACK_BYTES = 64 * 1024,  /* the stack of a task may be what has run out */
    LOG_S = 5                 /* the heap may be what is broken, and its lock be held */
};

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
static char stack[STACK_BYTES];
static char text[TEXT_BYTES]; /* at hand: there is no memory to be had now */
static int text_fd = -1;

/* The frames as text, by way of a file in memory, since backtrace_symbols(3) would need the heap. */
static void take_backtrace(void)
{
    void *frames[FRAMES];
    int count = backtrace(frames, FRAMES);

    backtrace_symbols_fd(frames, count, text_fd);
    backtrace_symbols_fd(frames, count, STDERR_FILENO);
    ssize_t n = pread(text_fd, text, sizeof(text) - 1, 0);
    text[n > 0 ? n : 0] = 0;
}

/* Now we are in the hands of malloc(3) and stdio(3), which may be broken: the alarm ends that. */
static void log_backtrace(int number)
{
    signal(SIGALRM, SIG_DFL);
    alarm(LOG_S);
    log_warn("crash: signal %d, active functions:", number);
    for (char *line = text, *end; *line != 0; line = end) {
        end = line + strcspn(line, "\n");
        if (*end != 0)
            *end++ = 0;
        log_warn("crash: %s", line);
    }
    log_flush();
}

static void crashed(int number)
{
    static volatile sig_atomic_t is_second;

    if (!is_second) {
        is_second = 1;
        take_backtrace();
        log_backtrace(number);
    }
    signal(number, SIG_DFL);
    raise(number);
}

void crash_report(void)
{
    const stack_t alternative = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_handler = crashed, .sa_flags = SA_ONSTACK | SA_NODEFER};
    void *first[1];

    if (text_fd < 0)
        text_fd = memfd_create("crash", MFD_CLOEXEC);
    backtrace(first, 1); /* loads what it needs, for which it is too late in the handler */
    if (text_fd < 0 || sigaltstack(&alternative, NULL) < 0)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
        sigaction(signals[i], &action, NULL);
}

#else

void crash_report(void)
{
}

#endif
