/* drop.h: a file in maildrop/.
 *
 * It is complete when it has its owner's execute bit. postdrop made it, and its owner is who sent
 * it; or postsuper -r put it back, and it belongs to mail_owner.
 */
#ifndef PICKUP_DROP_H
#define PICKUP_DROP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/str.h"
#include "queue/envelope.h"

struct drop {
    char *id;
    struct str path;
    struct stat st;
    const char *bytes; /* mapped */
    struct arena arena;
    struct envelope envelope;
    size_t content;    /* where the record behind M is */
};

/* NULL: it is not complete, is gone, or is nothing that we should read. */
struct drop *pickup_drop_open(const char *id, const char *path);
void pickup_drop_close(struct drop *d);

/* Read the envelope. A file that cannot be a message is logged and removed, or saved: false. */
bool pickup_drop_read(struct drop *d);

void pickup_drop_remove(const struct drop *d);
void pickup_drop_save(const struct drop *d); /* to corrupt/ */

#endif
