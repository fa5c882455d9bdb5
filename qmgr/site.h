/* site.h: what the other side of a delivery is.
 *
 * Limits protect sites, not names: many domains may be served by the same hosts. A site is the
 * nexthop of the delivery, as in Postfix; it lives as long as a path leads to it.
 */
#ifndef QMGR_SITE_H
#define QMGR_SITE_H

struct site {
    const char *name;
    unsigned paths;          /* that lead here */
};

struct site *qmgr_site_get(const char *nexthop);  /* for one more path */
void qmgr_site_put(struct site *s);               /* one path less */

#endif
