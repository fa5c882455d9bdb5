/* attempt.h: one delivery request, while we try one server after the other.
 */
#ifndef SMTP_ATTEMPT_H
#define SMTP_ATTEMPT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/net.h"
#include "mail/delivery.h"
#include "queue/location.h"

/* A recipient during an attempt. */
enum progress {
    PROGRESS_LEFT,     /* to be tried with this server */
    PROGRESS_ACCEPTED, /* RCPT was answered with 2xx */
    PROGRESS_LATER,    /* failed softly with this server: perhaps the next one */
    PROGRESS_FINISHED  /* has its outcome */
};

struct attempt {
    struct delivery *d;
    struct arena *memory;
    struct message_bytes message;
    enum progress *progress;    /* of each recipient */
    size_t left;                /* that are not PROGRESS_FINISHED */
    bool is_final_site;         /* no other destination after this one */
    bool is_final_server;       /* no other server after this one: failures are final */
    bool has_completed;         /* some session got to its regular end: the site is not dead */
    bool is_withdrawn;          /* qmgr does not want it any more */
    bool is_loop_checked;       /* the port is SMTP's, so a server that is us is a loop */
    struct dsn why;             /* of the last failure; status "" if there was none */
    const char *site;           /* the destination being tried, "example.com" or "[host]:port" */
    const char *relay;          /* for the log: s->relay, or "none" */
    char extra[32];             /* for the log: ", conn_use=2" */
};

bool smtp_is_lmtp(void);        /* were we started as lmtp? */

/* Deliver a request: its recipients' outcomes and hop are set. */
void smtp_deliver(struct delivery *d);

#endif
