/* resolve.h: from a recipient to the lane in which it waits.
 */
#ifndef QMGR_RESOLVE_H
#define QMGR_RESOLVE_H

#include <stddef.h>

struct lane;
struct message;
struct recipient;

/* Ask for all n recipients of the array; when the last answer is there, they are placed in their
 * lanes together, sorted, so that those for one destination go in the same deliveries. */
void qmgr_resolve(struct message *m, struct recipient *list, size_t n);

/* The same for recipients that were resolved before, linked by next. */
void qmgr_resolve_again(struct message *m, const struct recipient *first, size_t n);
void qmgr_resolve_reload(void); /* defer_transports may be another */

/* The order in which a server sees recipients: by domain, then by user, whatever the case. */
int qmgr_resolve_compare(const char *a, const char *b);

/* One recipient into a lane, or where mail for it goes while its path is suspended. */
void qmgr_resolve_place(struct message *m, struct recipient *r, struct lane *l);

#endif
