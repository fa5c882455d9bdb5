/* rbl.h: lists in the DNS of addresses and domains, good or bad (RFC 5782).
 */
#ifndef SMTPD_RBL_H
#define SMTPD_RBL_H

#include "base/arena.h"
#include "smtpd/session.h"

struct rbl;

/* "domain" or "domain=127.0.[0..2].[1;3..7]", whose records count only if they are so. NULL: malformed. */
const struct rbl *smtpd_rbl_parse(struct arena *a, const char *text);
const char *smtpd_rbl_domain(const struct rbl *rbl);

/* One answer. */
struct rbl_hit {
    const char *code;   /* "127.0.0.2" */
    const char *reason; /* the TXT record, or "" */
};

/* Is it listed: an address, or a domain? An error is warned of and counts as not listed, but sets
 * *is_error. Text lives until the next command. */
bool smtpd_rbl_has_address(struct session *s, const struct rbl *rbl, const struct net_addr *addr, struct rbl_hit *hit,
    bool *is_error);
bool smtpd_rbl_has_domain(struct session *s, const struct rbl *rbl, const char *domain, struct rbl_hit *hit,
    bool *is_error);

#endif
