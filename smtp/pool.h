/* pool.h: all open sessions, at rest or busy.
 *
 * Known by the destination for which they were opened, and by the address of the server, so that
 * another destination with the same server can use one that rests.
 */
#ifndef SMTP_POOL_H
#define SMTP_POOL_H

#include "smtp/session.h"

/* A destination with sessions. */
struct site {
    struct list resting, busy; /* of sessions, by_site; resting: the one that rested last first */
    char key[];
};

/* A new session, busy with a delivery to that destination. */
void smtp_pool_add(struct session *s, const char *site);

/* A session that may be used for another transaction; it is busy now. NULL: there is none. */
struct session *smtp_pool_get_site(const char *site);
struct session *smtp_pool_get_address(const struct net_addr *addr, const char *site);

/* The destination, if it has sessions, else NULL. */
struct site *smtp_pool_site(const char *site);

/* May it be used for another transaction? */
bool smtp_pool_is_reusable(const struct session *s);

/* Busy no more: it rests for smtp_connection_cache_time_limit, or if it is not to be used again
 * gets its QUIT and is closed. */
void smtp_pool_put(struct session *s);

void smtp_pool_drop(struct session *s); /* close, without a word */
void smtp_pool_close(void);             /* QUIT to all that rest, and close them */

#endif
