/* envelope.h: the envelope and the extracted records of a message, read once.
 *
 * Everything but the content. Text lies in the arena that is given. Recipients that are done or
 * cancelled are counted but not listed.
 */
#ifndef QUEUE_ENVELOPE_H
#define QUEUE_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/time.h>

#include "base/arena.h"
#include "queue/location.h"

/* The notify mask and ret of RFC 3461, as in the attributes notify_flags and ret_flags. */
enum { DSN_NOTIFY_NEVER = 1, DSN_NOTIFY_SUCCESS = 2, DSN_NOTIFY_FAILURE = 4, DSN_NOTIFY_DELAY = 8 };
enum { DSN_RET_FULL = 1, DSN_RET_HDRS = 2 };
/* Field 6 of the size record. */
enum { SENDOPT_SMTPUTF8_REQUESTED = 1, SENDOPT_UTF8_HEADER = 2, SENDOPT_UTF8_SENDER = 4, SENDOPT_UTF8_RECIPIENT = 8,
    SENDOPT_TLS_REQUIRED_NO = 16, SENDOPT_REQUIRETLS = 32 };
/* trace_flags. */
enum { TRACE_VERIFY = 256, TRACE_BV = 512, TRACE_V = 1024 };

struct envelope_recipient {
    const char *address;      /* unquoted, may be empty */
    const char *original;     /* as it was received; "" if not recorded */
    const char *dsn_orcpt;    /* "type;address" or "" */
    int dsn_notify;           /* 0: not given */
    uint32_t offset;          /* of its R record, from the start of the message */
};

struct envelope {
    uint64_t data_offset, data_size; /* the content: from behind M to X */
    uint64_t content_size;           /* what is logged as size= */
    int qmgr_flags, sendopts;
    struct timeval arrival;          /* T */
    time_t create_time;
    const char *sender, *full_name, *encoding, *envelope_id, *filter, *redirect, *message_id, *log_ident;
    const char *rewrite_context, *verp_delimiters;
    int dsn_ret, trace_flags;
    long warn_time;                  /* W: 0 none, -1 done, else when */
    uint32_t warn_offset;            /* of its payload */
    uint32_t trace_offset;           /* of the record with trace_flags; 0: there is none */
    /* log_* attributes if there are any, else client attributes; "" where unknown */
    const char *client_name, *client_address, *client_port, *client_proto, *client_helo;
    const char *origin_name, *origin_address, *origin_port; /* client_* attributes: the real client */
    const char *sasl_method, *sasl_username, *sasl_sender;
    const char *inet_addr_type;      /* client_address_type */
    struct envelope_recipient *recipients;
    size_t recipient_count, done_count;
    bool is_complete;                /* E was there */
};

/* Parse. At most max_recipients are listed (0: all); with a limit, *next_offset (may be NULL) is
 * where envelope_more() goes on, 0 if there are no more.
 * False and why, as Postfix words it: "message rejected: missing end record" ... */
bool envelope_read(struct arena *a, const char *bytes, size_t n, size_t max_recipients, struct envelope *e,
    uint64_t *next_offset, struct str *why);

/* A file in maildrop/, which has no size record, or one that does not know the sizes yet. */
bool envelope_read_submission(struct arena *a, const char *bytes, size_t n, struct envelope *e, struct str *why);

bool envelope_more(struct arena *a, const char *bytes, size_t n, const struct envelope *e, uint64_t *next_offset,
    size_t max_recipients, struct envelope_recipient **recipients, size_t *count, struct str *why);

#endif
