#include "qmgr/suspend.h"

#include "base/mem.h"
#include "qmgr/job.h"
#include "qmgr/lane.h"
#include "qmgr/message.h"
#include "qmgr/path.h"
#include "qmgr/transport.h"
#include "qmgr/turn.h"

void qmgr_suspend_begin(
    struct suspension *s, const char *said, const struct dsn *why, int seconds, void (*over)(void *arg), void *arg)
{
    qmgr_suspend_end(s);
    s->text = mem_printf("%s %s%s", why->status, said, why->reason);
    s->end = (struct timer){.fire = over, .arg = arg};
    timer_set(&s->end, clock_after((msec) seconds * 1000));
}

void qmgr_suspend_end(struct suspension *s)
{
    timer_stop(&s->end);
    mem_free(s->text);
    s->text = NULL;
}

static void move_batch(struct batch *b, struct lane *to)
{
    struct recipient *r;
    struct job *from = b->job;
    struct job *job = qmgr_job_get(b->message, to->path->transport);

    size_t n = qmgr_lane_take(b, 0, &r);
    qmgr_job_remove(from, n);
    qmgr_job_add(job, n);
    for (struct recipient *next; r != NULL; r = next) {
        next = r->next;
        qmgr_lane_add(to, job, r);
    }
}

void qmgr_suspend_mail(struct path *p, const char *text)
{
    struct batch *b;

    if (p->waiting > 0) {
        struct lane *to = qmgr_lane_get(qmgr_transport_retry(), text, text);
        list_each_safe(pos, after, &p->lanes) {
            struct lane *l = list_entry(pos, struct lane, turn);
            while ((b = qmgr_lane_any(l)) != NULL)
                move_batch(b, to);
        }
        qmgr_path_refresh(to->path);
        qmgr_turn_soon();
    }
    qmgr_path_refresh(p);
}
