/* peer.h: who the client is.
 */
#ifndef SMTPD_PEER_H
#define SMTPD_PEER_H

#include "smtpd/session.h"

/* From its address, find its name; may wait for DNS. */
void smtpd_peer_find(struct session *s, const struct daemon_client *client);

/* The same for an address that XCLIENT gave; what was there is replaced. */
void smtpd_peer_set_address(struct session *s, const struct net_addr *addr);

/* A client without an address that is known: XCLIENT's [UNAVAILABLE]. */
void smtpd_peer_set_unknown(struct session *s);

/* NAME[ADDR] from the parts, when these have changed. */
void smtpd_peer_update(struct session *s);

#endif
