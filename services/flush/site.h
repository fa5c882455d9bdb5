/* site.h: the log of a site, flush/SITE: the ids of messages that were deferred for it, a line each.
 *
 * SITE is the domain in lower case, with underscores for all but letters and digits. Files and names
 * are Postfix's. Functions may wait for another process that has the log.
 */
#ifndef FLUSH_SITE_H
#define FLUSH_SITE_H

#include "base/str.h"
#include "mail/flush_client.h"

/* The path of the log replaces what is in path. False: no site has such a name. */
bool flush_site_path(struct str *path, const char *site);

enum flush_status flush_site_add(const char *site, const char *queue_id);

/* Release all that is listed, and empty the log. */
enum flush_status flush_site_send(const char *site);

/* The same for logs that nobody has asked for in so many seconds; empty logs that nothing was added to
 * for fast_flush_purge_time are removed. */
void flush_site_refresh(int max_age_s);

#endif
