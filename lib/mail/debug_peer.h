/* debug_peer.h: hosts whose sessions are logged line by line (debug_peer_list).
 */
#ifndef MAIL_DEBUG_PEER_H
#define MAIL_DEBUG_PEER_H

void debug_peer_open(void);  /* before the jail */

/* How verbose the log of a session with this host is: as -v says, and debug_peer_level more if it is listed. */
int debug_peer_verbosity(const char *name, const char *addr);

#endif
