/* alias.h: virtual_alias_maps.
 */
#ifndef CLEANUP_ALIAS_H
#define CLEANUP_ALIAS_H

#include "cleanup/message.h"
#include "queue/envelope.h"

void cleanup_alias_init(void);

/* Replace a recipient (r->address, internal form) by what virtual_alias_maps says, again and again
 * until nothing changes; each(context, address, r) is called for every address at the end, for
 * the address itself if there is no alias. A lookup error or an alias without end refuses the message. */
void cleanup_alias_expand(struct message *m, const struct envelope_recipient *r,
    void (*each)(void *context, const char *address, const struct envelope_recipient *from), void *context);

#endif
