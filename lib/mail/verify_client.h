/* verify_client.h: is an address deliverable? What the verify service knows, and telling it.
 *
 * In a task. On the wire (private/$address_verify_service_name, mux requests): request=query address=...
 * is answered with address_status and reason; request=update address=... address_status=... reason=...
 * with nothing; both with status=0.
 */
#ifndef MAIL_VERIFY_CLIENT_H
#define MAIL_VERIFY_CLIENT_H

#include <stdbool.h>

#include "base/str.h"

/* The numbers are those in the service's cache. */
enum verify_status {
    VERIFY_OK = 0,     /* the other side would take mail */
    VERIFY_DEFER = 1,  /* it said "later", or could not be reached */
    VERIFY_BOUNCE = 2, /* it would not */
    VERIFY_TODO = 3    /* not known yet: a probe is on its way */
};

/* What is known of an address (internal form), and why. False: the service did not answer. */
bool verify_query(const char *address, enum verify_status *status, struct str *reason);

/* For agents: the outcome of a probe. False: the service did not take it. */
bool verify_update(const char *address, enum verify_status status, const char *reason);

#endif
