/* rewrite_client.h: asking trivial-rewrite.
 */
#ifndef MAIL_REWRITE_CLIENT_H
#define MAIL_REWRITE_CLIENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* Rewrite an address (external, quoted form in and out) to standard form by the rules of a context,
 * "local" or "remote". An address that rewriting could not change (dot-atom@fully.qualified, without
 * % ! and source route) is not asked for, and answers are kept for a while. Waits in a task; false:
 * the service did not answer (the caller defers). */
bool rewrite_address(const char *context, const char *address, struct str *result);

enum resolve_flag {
    RESOLVE_ROUTED = 1 << 1,         /* the address has a sender-specified route: user@remote@local */
    RESOLVE_ERROR = 1 << 2,          /* a syntax error */
    RESOLVE_FAIL = 1 << 3,           /* a temporary failure (a table lookup) */
    RESOLVE_CLASS_LOCAL = 1 << 8,
    RESOLVE_CLASS_ALIAS = 1 << 9,    /* virtual_alias_domains */
    RESOLVE_CLASS_VIRTUAL = 1 << 10, /* virtual_mailbox_domains */
    RESOLVE_CLASS_RELAY = 1 << 11,
    RESOLVE_CLASS_DEFAULT = 1 << 12
};
enum {
    RESOLVE_CLASSES = RESOLVE_CLASS_LOCAL | RESOLVE_CLASS_ALIAS | RESOLVE_CLASS_VIRTUAL | RESOLVE_CLASS_RELAY |
        RESOLVE_CLASS_DEFAULT
};

struct resolved {
    const char *transport, *nexthop, *recipient;
    int flags;
};

/* Where does mail for this address (internal form) from this sender go? Text in the arena. Waits in a
 * task; false: the service did not answer.
 *
 * On the wire (private/$rewrite_service_name, mux request): request=resolve sender=... address=...
 * The reply is one list: flags (enum resolve_flag) transport nexthop recipient, and scope=domain if
 * every address user@domain of the same domain, whose user is letters, digits and . _ + = - only, has
 * the same transport, nexthop and flags whoever the sender is, and comes back unchanged as recipient
 * (no per-user and per-sender tables took part or could have). Such an answer is kept for some
 * seconds and serves the whole domain. Without scope the answer is for this question alone. */
bool resolve_address(struct arena *a, const char *sender, const char *address, struct resolved *result);

/* The same without waiting, for qmgr: done(arg, result) from the loop, or, where the answer is known
 * already, before this returns; NULL: no answer. The result is good during the call. Questions of
 * one turn travel together. */
typedef void resolve_done(void *arg, const struct resolved *result);
void resolve_address_async(const char *sender, const char *address, resolve_done *done, void *arg);

/* Where would a probe of the verify service go (address_verify_transport_maps and so on)? request=verify;
 * such answers are not kept. */
void resolve_probe_async(const char *sender, const char *address, resolve_done *done, void *arg);

void resolve_forget(void); /* the answers that are kept: routes may be others now */

#endif
