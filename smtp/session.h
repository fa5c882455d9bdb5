/* session.h: a connection to a server, from connect(2) to QUIT.
 *
 * A session belongs to one attempt at a time; between two it rests in the pool (pool.h).
 */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include <stdbool.h>

#include "base/list.h"
#include "base/net.h"
#include "base/stream.h"
#include "queue/qid.h"
#include "smtp/attempt.h"
#include "smtp/smtp_reply.h"
#include "smtp/smtp_text.h"

/* What the server offers, and what we know of it. */
enum feature {
    FEATURE_ESMTP = 1 << 0,
    FEATURE_8BITMIME = 1 << 1,
    FEATURE_PIPELINING = 1 << 2,
    FEATURE_SIZE = 1 << 3,
    FEATURE_DSN = 1 << 4,
    FEATURE_SMTPUTF8 = 1 << 5,
    FEATURE_STARTTLS = 1 << 6,
    FEATURE_AUTH = 1 << 7,
    FEATURE_XFORWARD_NAME = 1 << 8,
    FEATURE_XFORWARD_ADDR = 1 << 9,
    FEATURE_XFORWARD_PROTO = 1 << 10,
    FEATURE_XFORWARD_HELO = 1 << 11,
    FEATURE_XFORWARD_SOURCE = 1 << 12, /* DOMAIN */
    FEATURE_XFORWARD_PORT = 1 << 13,
    FEATURE_XFORWARD_IDENT = 1 << 14,
    FEATURE_PIX_NO_ESMTP = 1 << 15,    /* smtp_pix_workarounds that apply to this server */
    FEATURE_PIX_DELAY_DOT = 1 << 16,
    FEATURE_BEST_MX = 1 << 17          /* no other server has a better preference */
};
enum { FEATURE_XFORWARD_ALL = 0x7f << 8 };

struct session {
    struct stream stream;
    struct smtp_reply reply;    /* the last one */
    char *host;                 /* its name, as the DNS has it */
    char *relay;                /* "host[address]:port", for the log */
    char *peer;                 /* "host[address]", for texts */
    char *address_key;          /* "address:port" or the path: what the pool knows it by */
    int features;               /* enum feature */
    long size_limit;            /* SIZE; 0: none told */
    unsigned use_count;         /* transactions begun */
    msec reusable_until;        /* smtp_connection_reuse_time_limit; 0: never to be used again */
    bool needs_reset;           /* RSET before the next transaction */
    char queue_id[QID_SIZE];    /* of the message that it was used for last */
    int verbosity;              /* of the log */
    bool has_data_error;        /* a table of ours cannot be asked */
    bool is_in_doubt;           /* was idle, and has not answered since: it may be dead */
    bool is_only_server;        /* the destination has no other: failures are final */
    bool is_quick;              /* the last message was answered at once: follow.h */
    struct str content;         /* on its way out */
    struct str transcript;      /* notify.c, as the next one */
    bool was_blamed;            /* the server says that we speak wrongly */
    struct list followers;      /* follow.c */
    struct site *site;          /* pool.c */
    struct list by_site, by_address, by_age; /* pool.c */
    msec idle_until;            /* pool.c */
};

/* Connect. NULL: a->why says "connect to host[address]:port: Connection refused". path: a
 * UNIX-domain socket, and host is our own name. */
struct session *smtp_session_connect(struct attempt *a, const char *host, const struct net_addr *addr);

/* QUIT, if the server may still listen, and wait for its reply unless smtp_skip_quit_response. */
void smtp_session_quit(struct session *s);
void smtp_session_free(struct session *s); /* close; accepts NULL */

/* A command, with its CR LF, into the buffer; sent when a reply is waited for. */
void smtp_session_command(struct session *s, const char *format, ...) PRINTF(2, 3);

/* Each request may have its own time: "smtp_rcpt_timeout". */
void smtp_session_timeout(struct session *s, int seconds);

/* Read a reply into s->reply. False: the session has failed. */
bool smtp_session_reply(struct session *s, const struct attempt *a);

#endif
