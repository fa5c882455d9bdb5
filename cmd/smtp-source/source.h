/* source.h: what the files of smtp-source share.
 *
 * main.c starts as many sessions as were asked for; each is a task that runs session.c until all
 * messages are taken; message.c writes envelopes and contents; report.c counts.
 */
#ifndef SMTP_SOURCE_SOURCE_H
#define SMTP_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/net.h"
#include "base/str.h"
#include "base/stream.h"

enum pipelining {
    PIPELINE_NONE,     /* one command at a time */
    PIPELINE_ENVELOPE, /* MAIL, RCPT and DATA in one write (RFC 2920) */
    PIPELINE_FULL,     /* and the next envelope behind the final dot */
};

struct source_options {
    struct net_addr server, client; /* client: the first address to connect from; len 0: any */
    long client_count;
    const char *myhostname, *sender, *recipient, *subject;
    struct str file; /* the whole message, ready to send; empty: made up */
    long message_count, session_count, recipient_count, per_connection; /* per_connection 0: no limit */
    long domain_count;  /* 0: recipients as given, else spread over d0.example, d1.example ... */
    long body_bytes, connect_tries;
    enum pipelining pipelining;
    bool is_lmtp, is_old, is_patient, numbers_recipients, shows_counter, is_verbose, is_idle;
    int window;
    msec fixed_pause, random_pause, timeout;
};
extern struct source_options source_options;

/* One connection's worth of state; used again for the connection that follows. */
struct source_session {
    struct stream stream;
    long index;           /* which of the sessions, from 0 */
    long done_here;       /* messages begun on this connection */
    int64_t sent_ns;      /* when the present message's end was written */
    struct str line, text;
};

void smtp_source_session_run(void *arg); /* a task's function, arg a zero-filled struct source_session with its index */

void smtp_source_message_prepare(void);
void smtp_source_message_mail(struct source_session *s);
void smtp_source_message_rcpt(struct source_session *s, long message, long i);
void smtp_source_message_content(struct source_session *s, long message); /* with its final dot */
const char *smtp_source_message_id(long message);                         /* good until the next call */

bool smtp_source_report_take(long *message);  /* the number of the next message to send; false: no more */
void smtp_source_report_begin(void);          /* before the first connect */
void smtp_source_report_record(const char *path); /* append the Message-ID of each accepted message to this file */
void smtp_source_report_connected(void);
void smtp_source_report_idle(void);           /* with -i: one more session has nothing left to do */
void smtp_source_report_accepted(const struct source_session *s, long message);
void smtp_source_report_refused(void);
void smtp_source_report_lost(long messages);  /* the connection ended; so many messages have an unknown fate */
bool smtp_source_report_end(const char *path); /* write the statistics (NULL: none); false: not all were accepted */
int64_t smtp_source_report_now_ns(void);

#endif
