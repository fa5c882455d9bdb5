/* verdict.h: how a check says no, not now, or yes; and the log line of it.
 */
#ifndef SMTPD_VERDICT_H
#define SMTPD_VERDICT_H

#include "base/compiler.h"
#include "mail/postmaster.h"
#include "smtpd/reply.h"
#include "smtpd/session.h"

enum verdict { DUNNO, PERMIT, REJECT };

/* The evaluation that is going on in a session. */
struct checks {
    const char *name, *class;    /* of the list: "<name>: class rejected: ..." */
    bool is_warning;             /* warn_if_reject */
    bool is_silent;              /* only a question: permits are not logged */
    bool is_recipient_checked;   /* reject_unlisted_recipient has had its turn */
    unsigned depth;
    struct pending defer_if_permit, defer_if_reject;
};

#define CLASS_CLIENT "Client host"
#define CLASS_REVERSE_CLIENT "Unverified Client host"
#define CLASS_HELO "Helo command"
#define CLASS_SENDER "Sender address"
#define CLASS_RECIPIENT "Recipient address"
#define CLASS_ETRN "Etrn command"
#define CLASS_DATA "Data command"
#define CLASS_END_OF_DATA "End-of-data"

/* Refuse: log it and fill in *why, with the reason of an earlier temporary failure if there was
 * one. DUNNO under warn_if_reject, where it is only logged. notify: NOTIFY_POLICY ...; what is our
 * own fault is refused even then. */
enum verdict smtpd_verdict_refuse(struct session *s, struct reply *why, int notify, int code, const char *dsn,
    const char *format, ...) PRINTF(6, 7);
enum verdict smtpd_verdict_reply(struct session *s, int notify, struct reply *why, struct reply r);

/* A temporary failure kept us from refusing: what would be permitted is deferred. action is the
 * value of a *_tempfail_action parameter; "defer" refuses at once. */
enum verdict smtpd_verdict_defer_if_permit(struct session *s, struct reply *why, const char *action, int code,
    const char *dsn, const char *format, ...) PRINTF(6, 7);

/* A temporary failure kept us from permitting: what would be refused is deferred. */
enum verdict smtpd_verdict_defer_if_reject(struct session *s, int code, const char *dsn, const char *format, ...)
    PRINTF(4, 5);

/* PERMIT; logged if smtpd_log_access_permit_actions has the action. */
enum verdict smtpd_verdict_permit(struct session *s, const char *action, const char *class, const char *name);
enum verdict smtpd_verdict_permit_from(struct session *s, const char *action, const char *class, const char *name,
    const char *source); /* "from type:table" */

/* "NOQUEUE: reject: RCPT from ..." and its kin. */
void smtpd_verdict_log(struct session *s, const char *action, const char *text);

/* Short forms for the hundred places that use them. */
#define refuse(s, why, ...) smtpd_verdict_refuse((s), (why), NOTIFY_POLICY, __VA_ARGS__)
#define defer_if_permit(s, why, action, ...) smtpd_verdict_defer_if_permit((s), (why), (action), __VA_ARGS__)
#define refuse_lookup(s, why, name) \
    smtpd_verdict_refuse((s), (why), NOTIFY_DATA, 451, "4.3.0", "<%s>: Temporary lookup failure", (name))
#define refuse_configuration(s, why) \
    smtpd_verdict_refuse((s), (why), NOTIFY_SOFTWARE, 451, "4.3.5", "Server configuration error")

#endif
