#include "queue/spare.h"

#include <signal.h>

#include "base/mem.h"

static void *make(void *arg)
{
    struct spare *s = arg;

    s->made = segment_create(s->dir, s->number, s->size, &s->why);
    return NULL;
}

void spare_begin(struct spare *s, const char *dir, unsigned number, uint64_t size)
{
    sigset_t all, before;

    if (s->has_thread)
        return;
    s->dir = mem_strdup(dir);
    s->number = number;
    s->size = size;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before); /* signals are the loop's */
    s->has_thread = pthread_create(&s->thread, NULL, make, s) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!s->has_thread)
        mem_free(s->dir);
}

struct segment *spare_take(struct spare *s, struct str *why)
{
    pthread_join(s->thread, NULL);
    struct segment *made = s->made;
    if (made == NULL)
        str_set(why, str_text(&s->why));
    str_done(&s->why);
    mem_free(s->dir);
    *s = (struct spare){0};
    return made;
}
