/* listen.h: the sockets of a service, as its master.cf line and inet_interfaces say.
 */
#ifndef MASTER_LISTEN_H
#define MASTER_LISTEN_H

#include "master/service.h"

/* False: why; what was opened so far is among the service's until master_listen_close(). */
bool master_listen_open(struct service *s, struct str *why);
enum master_type master_listen_type(const struct service *s); /* what kind of socket it has in truth */
/* inet_interfaces and inet_protocols count at the start only; say so if they are different now. */
void master_listen_warn_of_changes(const struct service *s);
/* The same descriptor at a number above those that workers get, close-on-exec; the old one is closed. */
int master_listen_move_up(int fd);
void master_listen_close(struct service *s); /* for its workers as well; also removes local sockets */

#endif
