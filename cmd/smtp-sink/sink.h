/* sink.h: what the files of smtp-sink share.
 *
 * A message's way: main.c accepts the connection, session.c speaks SMTP or LMTP with the client,
 * capture.c writes what was received, stats.c counts.
 */
#ifndef SMTP_SINK_SINK_H
#define SMTP_SINK_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/net.h"
#include "base/str.h"
#include "base/stream.h"

/* Whatever an option on the command line can make the sink do when it meets one of these. */
enum verb {
    VERB_CONNECT, VERB_HELO, VERB_EHLO, VERB_LHLO, VERB_XFORWARD, VERB_XCLIENT, VERB_AUTH, VERB_MAIL, VERB_RCPT,
    VERB_DATA, VERB_DOT, VERB_RSET, VERB_NOOP, VERB_VRFY, VERB_QUIT, VERB_UNKNOWN, VERBS
};

struct verb_plan {
    bool refuse_soft, refuse_hard, hang_up, say_421, log;
    msec delay;
    int odds; /* percent; 0: the delay is always taken once */
};

struct sink_options {
    struct verb_plan plans[VERBS];
    const char *hostname, *soft_reply, *hard_reply;
    const char *one_file_template, *shared_file_template, *start_text; /* captures; NULL: none */
    bool is_lmtp, is_pix, is_verbose, shows_counters, counts_signatures;
    bool no_8bitmime, no_auth, no_esmtp, no_codes, no_dsn, no_pipelining, no_xclient, no_xforward;
    msec timeout, data_read_delay;
    msec abort_delay; /* after the reply to DATA, then 550; -1: never */
    long max_messages, max_sessions;
    bool is_deferring; /* RCPT gets the soft reply; SIGUSR1 ends it, SIGUSR2 begins it */
};
extern struct sink_options sink_options;

/* One client. */
struct sink_session {
    struct stream stream;
    struct net_addr peer;
    struct str helo, mail;  /* arguments of the last HELO and MAIL */
    struct str rcpts;       /* arguments of each RCPT, one NUL after each */
    struct str message;     /* as received, dots doubled; only its beginning unless it is captured */
    long rcpt_count;
    bool is_esmtp, has_mail, is_over;
};

enum verb smtp_sink_session_verb(const char *name, size_t n); /* VERB_UNKNOWN: none of that name */
void smtp_sink_session_run(struct sink_session *s);           /* until it is over; waits */

void smtp_sink_capture_message(const struct sink_session *s);

/* Totals since the start; times are CLOCK_MONOTONIC in nanoseconds. */
struct sink_counts {
    long messages, recipients, bytes, deferred, signed_messages;
    long sessions, open, peak, quits;
    int64_t first_ns, last_ns; /* end of the first and of the last message */
};
extern struct sink_counts sink_counts;

void smtp_sink_stats_open(const char *path);    /* keep a file of the counts up to date */
void smtp_sink_stats_record(const char *path);  /* and one of the Message-IDs, a line each */
void smtp_sink_stats_message(const struct sink_session *s, size_t size_bytes); /* a message has arrived */
void smtp_sink_stats_changed(void);             /* any other count has changed */
void smtp_sink_stats_flush(void);

#endif
