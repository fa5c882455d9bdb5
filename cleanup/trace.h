/* trace.h: the report for senders who asked for one of success (RFC 3461), as far as it begins here.
 */
#ifndef CLEANUP_TRACE_H
#define CLEANUP_TRACE_H

#include "cleanup/message.h"
#include "queue/envelope.h"

/* An alias is the end of the way for r: log that it was expanded. A log that cannot be written refuses
 * the message. Waits. */
void cleanup_trace_expanded(struct message *m, const struct envelope_recipient *r);

/* The message was not stored: nor is its log kept. */
void cleanup_trace_drop(const struct message *m);

#endif
