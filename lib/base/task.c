/* task.c: stacks and switches.
 *
 * A stack is entered once with makecontext(); from then on a switch is sigsetjmp/siglongjmp
 * without the signal mask, which costs no system call. Everything that a sanitizer, valgrind or
 * the memory protection must know about stacks is in this file.
 */
#include "base/task.h"

#include <poll.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/loop_internal.h"
#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(start, end) 0
#endif

/* Only the pages that are touched cost memory. Sanitizers make frames several times larger. */
#ifdef WITH_ASAN
enum { STACK_BYTES = 1024 * 1024 };
#else
enum { STACK_BYTES = 256 * 1024 };
#endif
enum { MAX_SPARE = 64 }; /* stacks kept for the next task */

struct task {
    struct list link;      /* on ready, on a cond's waiters, on spare, or on itself */
    void (*function)(void *arg);
    void *arg;
    sigjmp_buf context;
    char *stack;           /* lowest usable address */
    struct timer timer;    /* runs while the task has a deadline; may fire early, see timer_fired */
    msec deadline, timer_at;
    enum wake result;
    bool is_parked, is_cancelled;
#ifdef WITH_ASAN
    void *fake_stack;
#endif
};

static struct task *current;
static sigjmp_buf main_context;
static struct list ready = {&ready, &ready};
static struct list spare = {&spare, &spare};
static size_t spare_count, live_count;
#ifdef WITH_ASAN
static void *main_fake_stack;
static const void *main_stack;
static size_t main_stack_bytes;
#endif

static void switch_to_main(struct task *t)
{
    if (sigsetjmp(t->context, 0) == 0) {
#ifdef WITH_ASAN
        __sanitizer_start_switch_fiber(&t->fake_stack, main_stack, main_stack_bytes);
#endif
        siglongjmp(main_context, 1);
    }
#ifdef WITH_ASAN
    __sanitizer_finish_switch_fiber(t->fake_stack, &main_stack, &main_stack_bytes);
#endif
}

/* A new stack is entered once, when it is made, and left again at once: from then on a switch to it
 * is the same as to any other. */
static struct task *making;
static sigjmp_buf maker_context;

static void leave_to_maker(struct task *t)
{
    if (sigsetjmp(t->context, 0) == 0) {
#ifdef WITH_ASAN
        const void *maker_stack;
        size_t maker_stack_bytes;
        __sanitizer_finish_switch_fiber(NULL, &maker_stack, &maker_stack_bytes);
        __sanitizer_start_switch_fiber(&t->fake_stack, maker_stack, maker_stack_bytes);
#endif
        siglongjmp(maker_context, 1);
    }
#ifdef WITH_ASAN
    __sanitizer_finish_switch_fiber(t->fake_stack, &main_stack, &main_stack_bytes);
#endif
}

static void entry(void)
{
    struct task *t = making;

    leave_to_maker(t);
    for (;;) { /* a spare stack is used again */
        t->function(t->arg);
        t->function = NULL;
        switch_to_main(t);
    }
}

static void prepare_stack(void)
{
    ucontext_t start, unused;
#ifdef WITH_ASAN
    void *fake_stack;
#endif

    getcontext(&start);
    start.uc_stack.ss_sp = making->stack;
    start.uc_stack.ss_size = STACK_BYTES;
    start.uc_link = NULL;
    makecontext(&start, entry, 0);
    if (sigsetjmp(maker_context, 0) == 0) {
#ifdef WITH_ASAN
        __sanitizer_start_switch_fiber(&fake_stack, making->stack, STACK_BYTES);
#endif
        swapcontext(&unused, &start);
    }
#ifdef WITH_ASAN
    __sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
#endif
}

static struct task *make_task(void)
{
    size_t page = (size_t) sysconf(_SC_PAGESIZE);
    char *map = mmap(NULL, STACK_BYTES + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (map == MAP_FAILED || mprotect(map, page, PROT_NONE) < 0)
        fatal("task stack: %m");
    struct task *t = mem_zalloc(sizeof(*t));
    list_init(&t->link);
    t->stack = map + page;
    (void) VALGRIND_STACK_REGISTER(t->stack, t->stack + STACK_BYTES);
    making = t;
    prepare_stack();
    return t;
}

static void free_task(struct task *t)
{
    size_t page = (size_t) sysconf(_SC_PAGESIZE);

    timer_stop(&t->timer);
#ifdef WITH_ASAN
    __asan_unpoison_memory_region(t->stack, STACK_BYTES);
#endif
    munmap(t->stack - page, STACK_BYTES + page);
    mem_free(t);
}

struct task *task_start(void (*function)(void *arg), void *arg)
{
    struct task *t = list_first(&spare, struct task, link);

    if (t == NULL)
        t = make_task();
    else {
        list_remove(&t->link);
        spare_count--;
    }
    t->function = function;
    t->arg = arg;
    t->is_cancelled = t->is_parked = false;
    t->deadline = NEVER;
    live_count++;
    list_append(&ready, &t->link);
    return t;
}

/* Does not return; the task comes back through main_context. */
static void NORETURN switch_to_task(struct task *t)
{
#ifdef WITH_ASAN
    __sanitizer_start_switch_fiber(&main_fake_stack, t->stack, STACK_BYTES);
#endif
    siglongjmp(t->context, 1);
}

static void retire(struct task *t)
{
    live_count--;
    if (spare_count < MAX_SPARE) {
        list_append(&spare, &t->link);
        spare_count++;
    } else
        free_task(t);
}

static void run(struct task *t)
{
    current = t;
    if (sigsetjmp(main_context, 0) == 0)
        switch_to_task(current);
#ifdef WITH_ASAN
    __sanitizer_finish_switch_fiber(main_fake_stack, NULL, NULL);
#endif
    struct task *ran = current;
    current = NULL;
    if (ran->function == NULL)
        retire(ran);
}

bool task_run_ready(void)
{
    struct list now;

    if (list_is_empty(&ready))
        return false;
    list_init(&now);
    list_splice(&now, &ready);
    while (!list_is_empty(&now)) {
        struct task *t = list_entry(now.next, struct task, link);
        list_remove(&t->link);
        run(t);
    }
    return true;
}

bool task_any_ready(void)
{
    return !list_is_empty(&ready);
}

struct task *task_self(void)
{
    return current;
}

size_t task_count(void)
{
    return live_count;
}

static void make_ready(struct task *t, enum wake why)
{
    t->is_parked = false;
    t->result = why;
    t->deadline = NEVER;
    list_remove(&t->link);
    list_append(&ready, &t->link);
}

/* A timer is not stopped when its task wakes early, nor moved when the next deadline is later
 * than its own: most waits are short and most deadlines far, so most waits touch no timer. */
static void timer_fired(void *arg)
{
    struct task *t = arg;

    t->timer_at = NEVER;
    if (!t->is_parked || t->deadline == NEVER)
        return;
    if (t->deadline <= clock_now()) {
        make_ready(t, WAKE_TIMEOUT);
        return;
    }
    t->timer_at = t->deadline;
    timer_set(&t->timer, t->deadline);
}

enum wake task_park(msec deadline)
{
    struct task *t = current;

    if (t == NULL)
        panic("task_park: not in a task");
    if (t->is_cancelled) {
        list_remove(&t->link);
        return WAKE_CANCELLED;
    }
    t->is_parked = true;
    t->deadline = deadline;
    if (deadline != NEVER && (!timer_is_set(&t->timer) || t->timer_at > deadline)) {
        t->timer.fire = timer_fired;
        t->timer.arg = t;
        t->timer_at = deadline;
        timer_set(&t->timer, deadline);
    }
    switch_to_main(t);
    return t->result;
}

void task_wake(struct task *t)
{
    if (t->is_parked)
        make_ready(t, WAKE_READY);
}

void task_cancel(struct task *t)
{
    t->is_cancelled = true;
    if (t->is_parked)
        make_ready(t, WAKE_CANCELLED);
}

bool task_is_cancelled(void)
{
    return current != NULL && current->is_cancelled;
}

void task_yield(void)
{
    struct task *t = current;

    if (t == NULL)
        return;
    list_append(&ready, &t->link);
    switch_to_main(t);
}

void task_sleep(msec delay)
{
    if (current != NULL) {
        task_park(clock_after(delay));
        return;
    }
    poll(NULL, 0, (int) delay);
    clock_has_waited();
}

void cond_init(struct cond *c)
{
    list_init(&c->waiters);
}

enum wake cond_wait(struct cond *c, msec deadline)
{
    list_append(&c->waiters, &current->link);
    return task_park(deadline);
}

void cond_wake_one(struct cond *c)
{
    struct task *t = list_first(&c->waiters, struct task, link);

    if (t != NULL)
        make_ready(t, WAKE_READY);
}

void cond_wake_all(struct cond *c)
{
    while (!list_is_empty(&c->waiters))
        cond_wake_one(c);
}
