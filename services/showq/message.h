/* message.h: a message as showq lists it.
 *
 * One attribute list: queue_name, queue_id, time, size, forced_expire, sender; then for each recipient
 * original_recipient, recipient, log_class, reason: first those in the defer and bounce logs, then the others
 * that wait. A file is read as far as it makes sense; what is wrong with it is logged.
 */
#ifndef SHOWQ_MESSAGE_H
#define SHOWQ_MESSAGE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/stream.h"
#include "queue/record.h"

/* A message, and what becomes known of it. Zero-filled but for the first four. */
struct showq_message {
    const char *queue, *id;
    struct stat st;              /* of its file; zeros in the journal */
    struct record_reader reader; /* its bytes */
    long size, arrival;          /* message.c only, as the rest; 0: not known */
    bool has_sender;
    struct hash shown;           /* recipients that are listed already, with the reason in a log */
};

/* Send the list. Nothing if there is no sender in it. */
void showq_message_put(struct stream *s, struct showq_message *m);

/* Does anybody wait for it? */
bool showq_message_has_recipient(const struct showq_message *m);

/* Of the other lists, too. */
void showq_message_put_text(struct stream *s, const char *name, const char *value);
void showq_message_put_end(struct stream *s);

#endif
