/* resolve.h: where mail for an address goes.
 */
#ifndef TRIVIAL_REWRITE_RESOLVE_H
#define TRIVIAL_REWRITE_RESOLVE_H

#include <stdbool.h>

#include "base/arena.h"
#include "mail/rewrite_client.h"

void rewrite_resolve_open_tables(void);

/* The transport, next hop and recipient for an address in internal form, from a sender. Text lies
 * in the arena. *is_for_domain: the same holds for every plain address of this domain, whoever the
 * sender is. is_probe: the address is only tried out, for the verify service. */
void rewrite_resolve_apply(struct arena *a, bool is_probe, const char *sender, const char *address,
    struct resolved *result, bool *is_for_domain);

#endif
