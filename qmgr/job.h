/* job.h: one message on one transport: what takes turns, and what the recipient limits count.
 */
#ifndef QMGR_JOB_H
#define QMGR_JOB_H

#include <stdbool.h>
#include <stddef.h>

struct message;
struct transport;

struct job {
    struct job *next;        /* of the message */
    struct message *message;
    struct transport *transport;
    size_t recipients;       /* in memory, waiting or under way */
    bool is_large;           /* more deliveries than small mail has: see limit.h */
};

struct job *qmgr_job_get(struct message *m, struct transport *t); /* in the message's memory */
void qmgr_job_add(struct job *j, size_t recipients);              /* so many more are in memory */
void qmgr_job_remove(struct job *j, size_t recipients);

/* How many recipients of this message its transports would take into memory now. */
size_t qmgr_job_room(const struct message *m);

#endif
