/* notify.h: who is told what: the sender, and the postmaster where notify_classes says so.
 */
#ifndef BOUNCE_NOTIFY_H
#define BOUNCE_NOTIFY_H

#include "services/bounce/notice.h"

/* All return false when a notification could not be stored: the log must stay, and the request be
 * made again. entries: struct reason *, in the order of the log; they may be none.
 * verp_delimiters: "" or two characters, with which each recipient gets a notification of its own. */
bool bounce_notify_failure(const struct notice_about *about, const struct vec *entries,
    const char *verp_delimiters);
/* As bounce_notify_failure(), but the owner hears of it, not the sender. */
bool bounce_notify_owner(const struct notice_about *about, const char *owner, const struct vec *entries);
bool bounce_notify_delay(const struct notice_about *about, const struct vec *entries);

/* What was asked for: success, or (is_verify) sendmail -bv and -v. */
bool bounce_notify_report(const struct notice_about *about, const struct vec *entries, bool is_verify);

#endif
