/* peer.h: who the client is.
 */
#ifndef SMTPD_PEER_H
#define SMTPD_PEER_H

#include "smtpd/session.h"

/* From its address, find its name; may wait for DNS. */
void smtpd_peer_find(struct session *s, const struct daemon_client *client);

/* NAME[ADDR] from the parts, when XCLIENT has changed these. */
void smtpd_peer_update(struct session *s);

#endif
