#include "qmgr/job.h"

#include <stdint.h>

#include "qmgr/message.h"
#include "qmgr/transport.h"

struct job *qmgr_job_get(struct message *m, struct transport *t)
{
    for (struct job *j = m->jobs; j != NULL; j = j->next)
        if (j->transport == t)
            return j;
    struct job *j = arena_new(&m->arena, struct job);
    *j = (struct job){.next = m->jobs, .message = m, .transport = t};
    return m->jobs = j;
}

/* Once large, always large: what is left of a mailing does not overtake others at its end. */
void qmgr_job_add(struct job *j, size_t recipients)
{
    const struct transport *t = j->transport;

    j->recipients += recipients;
    j->transport->recipients += recipients;
    size_t deliveries = t->recipient_limit > 0 ? (j->recipients + t->recipient_limit - 1) / t->recipient_limit : 1;
    if (j->message->next_offset != 0 || qmgr_limit_is_large(&t->slots, deliveries))
        j->is_large = t->slots.cost >= 2;
}

void qmgr_job_remove(struct job *j, size_t recipients)
{
    j->recipients -= recipients;
    j->transport->recipients -= recipients;
}

size_t qmgr_job_room(const struct message *m)
{
    size_t least = SIZE_MAX;

    for (const struct job *j = m->jobs; j != NULL; j = j->next) {
        const struct transport *t = j->transport;
        size_t limit = t->memory_limit + (j->is_large ? 0 : t->memory_extra);
        size_t room = t->recipients < limit ? limit - t->recipients : 0;
        least = room < least ? room : least;
    }
    return least;
}
