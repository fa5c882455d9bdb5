/* listen.h: the sockets of a service, as its master.cf line and inet_interfaces say.
 */
#ifndef MASTER_LISTEN_H
#define MASTER_LISTEN_H

#include "master/service.h"

void listen_open(struct service *s);   /* fatal when an address cannot be bound, as in Postfix */
/* The same descriptor at a number above those that workers get, close-on-exec; the old one is closed. */
int listen_move_up(int fd);
void listen_close(struct service *s);

#endif
