/* session.h: one client's conversation, and the message that it is sending.
 *
 * Lifetimes nest: conf (the process), struct session (the connection), struct mail (from MAIL to
 * the end of data). Text of a session or mail lies in its arena; text of one command in scratch,
 * which is emptied before the next command is read.
 */
#ifndef SMTPD_SESSION_H
#define SMTPD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/net.h"
#include "base/stream.h"
#include "base/vec.h"
#include "daemon/daemon.h"
#include "mail/cleanup_client.h"
#include "smtpd/commands.h"
#include "smtpd/reply.h"

/* How a name of the client was found: the digit is that of the reply code that it would earn. */
enum name_status { NAME_OK = 2, NAME_TEMPORARY = 4, NAME_PERMANENT = 5, NAME_FORGED = 6 };

/* Who the client is. XCLIENT may put another in its place. */
struct peer {
    const char *name, *reverse_name;      /* "unknown" if it has none; reverse_name: not checked */
    enum name_status name_status, reverse_name_status;
    const char *addr;                     /* "192.0.2.1", "2001:db8::1" */
    const char *rfc_addr;                 /* as in a literal: "IPv6:2001:db8::1" */
    const char *port;
    const char *namaddr;                  /* NAME[ADDR], and the port if it is to be logged */
    struct net_addr sock;                 /* len 0: unknown */
    const char *local_addr, *local_port;
};

/* What XFORWARD says about the client of the client. For the log, never for decisions. */
struct forwarded {
    struct arena arena;
    const char *name, *addr, *port, *namaddr, *proto, *helo, *ident, *domain; /* NULL: not known */
};

/* A verdict that waits: see doc/restrictions.md. */
struct pending {
    bool is_active;
    int code;
    const char *dsn, *text;
};

enum body_type { BODY_UNKNOWN, BODY_7BIT, BODY_8BIT };

struct mail {
    struct arena arena;
    const char *sender;                   /* internal form */
    long size;                            /* SIZE=, 0: not given */
    enum body_type body;
    bool smtputf8;
    int dsn_ret;                          /* 0, or DSN_RET_... */
    const char *dsn_envid;
    const char *verp;                     /* XVERP's delimiters */
    unsigned rcpt_count, overshoot;
    const char *first_rcpt;               /* for the "for" clause */
    struct cleanup_message *cleanup;      /* NULL until the first valid recipient */
    const char *queue_id;                 /* NULL: NOQUEUE */
    int status;                           /* CLEANUP_STAT_...: what is wrong with it already */
    bool is_hold, is_discard;             /* access table actions */
    const char *filter, *redirect;
    struct vec prepend, bcc;              /* char * */
    struct pending defer_if_permit;       /* of client, helo and sender restrictions that were not delayed */
    size_t content_bytes;                 /* as it counts against message_size_limit */
    size_t partial_bytes;                 /* of these, in a line that has not ended yet */
    struct content *content;              /* NULL: none has come yet */
};

enum { COUNTERS = SMTPD_COMMANDS + 1 };   /* one more for the unknown commands */

/* RFC 3030: a message in chunks. After an error, chunks are read and thrown away, up to the last or
 * RSET. */
enum bdat_state { BDAT_NONE, BDAT_OK, BDAT_ERROR };

struct session {
    struct stream stream;
    struct arena arena, scratch;
    struct str line;                      /* the command as it came */
    struct peer peer;
    struct net_addr real_peer;            /* whom we are connected with, whatever XCLIENT says */
    const char *service;                  /* for anvil and the log: "smtp" */
    int verbosity;                        /* of the log: debug_peer_list */
    bool is_stand_alone;
    bool is_esmtp;
    const char *helo_name;                /* NULL: not yet */
    unsigned ehlo_discard;                /* EHLO_... that are neither announced nor accepted */
    struct forwarded *forwarded;          /* NULL: no XFORWARD in this transaction */
    struct mail *mail;                    /* NULL: no MAIL yet */
    bool may_xclient, may_xforward, may_verp;
    bool is_excepted;                     /* from the limits of anvil */
    bool is_counted;                      /* anvil knows of this connection */
    bool is_pipelining_badly;
    bool allows_bare_lf, saw_bare_lf;     /* smtpd_forbid_bare_newline */
    bool access_is_denied;                /* refused at connection, 503 to all but QUIT */
    unsigned error_count, junk_count;
    int error_classes;                    /* what notify_classes may want to hear of */
    struct str transcript;                /* of the whole session, for the postmaster */
    enum bdat_state bdat;
    const char *where;                    /* the state, for the log: "CONNECT", "RCPT" ... */
    const char *reason;                   /* why it ended badly: "lost connection" ... */
    const char *recipient;                /* the one that is being checked */
    struct pending defer_client, defer_helo;
    uint32_t count_ok[COUNTERS], count_all[COUNTERS];
    struct checks *checks;                /* verdict.h; NULL: no evaluation is going on */
    const struct resolved *resolved;      /* of resolved_address; lives in scratch */
    const char *resolved_address;
};

/* The whole conversation: what lib/daemon calls for each client. */
void smtpd_session_run(struct daemon_client *client);

/* Set up and take down; run() does it. For tests, which call handlers directly. */
void smtpd_session_init(struct session *s, int fd);
void smtpd_session_done(struct session *s);

/* Read one command, obey it, answer. False: the session is over. */
bool smtpd_session_step(struct session *s);

/* smtpd_forbid_bare_newline = reject */
bool smtpd_session_rejects_bare_lf(void);

/* One command line; the reply it earns. */
struct reply smtpd_session_command(struct session *s, const char *line, size_t len);

#endif
