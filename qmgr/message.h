/* message.h: a message in memory, from its announcement or its queue file until it has left.
 *
 * WAITING: only its id and location are known. ACTIVE: its envelope was read, recipients are
 * resolved, wait in lanes or are under way; of a message with very many recipients only some are
 * in memory at a time. ENDING: no recipient is left in memory or in the file; notifications are
 * being made, or it is being stored for a later attempt.
 */
#ifndef QMGR_MESSAGE_H
#define QMGR_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/list.h"
#include "queue/envelope.h"
#include "queue/location.h"

struct feed;
struct job;
struct lane;

/* Recipients that were read together are freed together; those of a message that was read at once
 * lie in the message's own memory. */
struct chunk {
    struct arena arena;
    size_t open;
};

struct recipient {
    struct recipient *next;
    struct chunk *chunk;            /* NULL: the message's memory */
    const char *address;            /* as resolved */
    const char *original, *dsn_orcpt;
    int dsn_notify;
    uint32_t offset;
    struct lane *lane;              /* resolve.c only */
};

enum message_state { MESSAGE_WAITING, MESSAGE_ACTIVE, MESSAGE_ENDING };

struct message {
    const char *queue_id;
    enum message_state state;
    struct arena arena;
    struct location where;
    struct feed *feed;              /* whose journal it is in; NULL: a queue file */
    uint64_t seq;                   /* in that journal */
    struct list link;               /* with the feed, by age */
    struct list waiting;            /* with the feed, while MESSAGE_WAITING */
    msec since;                     /* when it was announced */
    struct envelope e;
    struct timeval active;          /* when it became so */
    uint64_t next_offset;           /* where there are more recipients; 0: there are none */
    msec refilled;                  /* when the last were read */
    size_t open;                    /* recipients in memory that have no outcome yet */
    unsigned under_way;             /* deliveries */
    unsigned reading;               /* deliveries and notifications that read the journal */
    struct feed *notifying;         /* finish.c only */
    bool is_settling;               /* store.c only, as the next three */
    void (*when_settled)(struct message *m); /* what waits for that */
    struct feed *mark_feed;         /* who gets the done mark when nobody reads the journal any more */
    size_t done_in_file;            /* of done[], those that the settled file shows */
    struct job *jobs;
    uint32_t *done;                 /* offsets of recipients that are done */
    size_t done_count, done_room;
    bool is_deferred;               /* some recipient is to be tried again */
    bool has_reports;               /* there may be a bounce or trace log */
    bool is_force_expired;          /* postsuper -e, -f: its file says so */
    bool is_flushed;                /* the file says: try a dead destination, too */
    bool is_gone;                   /* its file was taken away: drop it */
};

struct message *qmgr_message_find(const char *queue_id);
struct message *qmgr_message_new(const char *queue_id);  /* NULL: it is known */
void qmgr_message_free(struct message *m);               /* nothing of it is under way */
void qmgr_message_each(void (*visit)(struct message *m, void *arg), void *arg); /* visit may free m */

/* Read the envelope, log it, and send the recipients on their way. What cannot be read is saved to
 * corrupt/; then, or when all is over already, m is gone. */
void qmgr_message_start(struct message *m);

/* Recipients have got their outcome: when they were the last in memory, more are read or the end
 * begins, and m may be gone. */
void qmgr_message_recipient_done(struct message *m, struct recipient *r);
void qmgr_message_check(struct message *m);

size_t qmgr_message_count(void);                         /* all in memory */
size_t qmgr_message_active_count(void);                  /* ACTIVE or ENDING */
size_t qmgr_message_probe_count(void);                   /* of these, address probes */
bool qmgr_message_has_room(void);                        /* below qmgr_message_active_limit */

/* For logs: the address as info_log_address_format wants it; valid until the next call. */
const char *qmgr_message_log_address(const char *address);

#endif
