/* delivery.h: a request from qmgr to a delivery agent, and its result.
 *
 * The agent gets one message, one next hop and some recipients; it answers with the outcome of
 * each recipient, after it has told the bounce, defer or trace service what these must keep.
 * The queue is changed by qmgr alone, from the outcomes.
 */
#ifndef MAIL_DELIVERY_H
#define MAIL_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/time.h>

#include "base/arena.h"
#include "mail/dsn.h"
#include "queue/envelope.h"
#include "queue/location.h"

enum outcome {
    OUTCOME_DEFERRED, /* stays in the queue; its reason is in the defer log */
    OUTCOME_DONE      /* delivered, or failed and logged with the bounce service: never to be tried again */
};

enum delivery_flag {
    DELIVERY_BOUNCE_NOW = 1 << 0,   /* flush the bounce log right away (no use outside of tests) */
    DELIVERY_TRACE_VERIFY = 1 << 1, /* probe of the verify service: report there, deliver nothing */
    DELIVERY_TRACE_BV = 1 << 2,     /* sendmail -bv: report, deliver nothing */
    DELIVERY_TRACE_V = 1 << 3,      /* sendmail -v: deliver and report */
    DELIVERY_TRACE_DELAY = 1 << 5,  /* the sender was told of a delay: report the success (confirm_delay_cleared) */
    DELIVERY_CONN_REUSE = 1 << 4    /* there is more mail for this destination: keep the session */
};

struct delivery_recipient {
    const char *address;     /* as resolved: what to put in RCPT TO, or the local user */
    const char *original;    /* "" if not known */
    const char *dsn_orcpt;
    int dsn_notify;
    uint32_t offset;
    enum outcome outcome;    /* the agent sets it; begins as OUTCOME_DEFERRED */
    bool is_sent;            /* OUTCOME_DONE, and no bounce or trace log was written: qmgr need not look
                                for one. Set by delivery_sent(); false is always right */
};

struct delivery {
    int flags, sendopts, dsn_ret;
    const char *queue_id, *queue;       /* queue: "active" */
    struct location where;
    uint64_t data_offset, data_size, content_size;
    const char *nexthop, *encoding, *sender, *envelope_id;
    /* for delays=: in message, when qmgr took it, when it was handed to the agent; the agent adds the rest */
    struct timeval arrival, active, handed_over, agent_begin, connected, finished;
    const char *client_name, *client_address, *client_port, *client_proto, *client_helo;
    const char *sasl_method, *sasl_username, *sasl_sender, *log_ident, *rewrite_context;
    struct delivery_recipient *recipients;
    size_t recipient_count;
    const char *owner;                  /* set by local: who gets a non-delivery notification at once, instead of
                                           the sender: a list's owner. NULL: the sender, with all others */
    const char *tls;                    /* set by smtp: what the log shows as tls=; NULL: nothing */
    /* result: the destination as a whole could not be reached (connect, handshake): status "4..." or "5..." */
    struct dsn hop;                     /* hop.status NULL or "": it could */
};

/* The head of a mux request, and its reply. An agent's hello is an attribute list with "room": how
 * many deliveries it takes at once on this connection, 0: no limit. */
void delivery_put(struct str *out, const struct delivery *d);                     /* the request */
/* False: malformed. Everything lies in the arena; text that was not sent is "". */
bool delivery_get(struct arena *a, const char *bytes, size_t n, struct delivery *d);
void delivery_put_result(struct str *out, const struct delivery *d);
/* Into the request that was sent; the text of hop lies in the bytes. False: malformed, nothing is changed. */
bool delivery_get_result(const char *bytes, size_t n, struct delivery *d);

/* --- for agents: the bytes of the message, until message_close(). False: logged, and all remain deferred. */
bool delivery_open(const struct delivery *d, struct message_bytes *message);

/* --- for agents: the end of one recipient. Each logs Postfix's line
 *   QID: to=<r>, orig_to=<o>, relay=..., delay=.., delays=a/b/c/d, dsn=2.0.0, status=sent (text)
 * sets the outcome, and tells the services (waiting in a task). extra: ", conn_use=2" or "". */
void delivery_sent(struct delivery *d, struct delivery_recipient *r, const char *relay, const char *extra,
    const struct dsn *dsn);
void delivery_deferred(struct delivery *d, struct delivery_recipient *r, const char *relay, const char *extra,
    const struct dsn *dsn);
/* soft_bounce defers instead. */
void delivery_bounced(struct delivery *d, struct delivery_recipient *r, const char *relay, const char *extra,
    const struct dsn *dsn);

/* <agent>_delivery_status_filter (the name is kept, for messages): tables that may change status and text
 * of an outcome, asked by delivery_sent() and the others with "4.1.1 text". Before the jail. */
void delivery_set_status_filter(const char *parameter, const char *tables);

/* "0.12", "219": a delay as Postfix prints it, two significant digits, delay_logging_resolution_limit. */
void delivery_format_delay(struct str *out, struct timeval from, struct timeval to);

#endif
