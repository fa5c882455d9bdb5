/* recipient.h: an address as it will be delivered, without a route through us.
 */
#ifndef TRIVIAL_REWRITE_RECIPIENT_H
#define TRIVIAL_REWRITE_RECIPIENT_H

#include <stdbool.h>

#include "base/arena.h"

struct recipient {
    const char *address;  /* internal form, complete */
    const char *local, *domain; /* its parts */
    bool is_local;
    bool is_routed;       /* the local part goes on: user@elsewhere, user%elsewhere, elsewhere!user */
    bool is_good_user, is_good_domain; /* could there be such a one? */
    bool is_uncertain;    /* a table did not answer; the rest is not known */
};

/* Take an address (internal form) apart; text lies in the arena. */
void rewrite_recipient_take(struct arena *a, const char *address, struct recipient *r);

#endif
