#include "qmgr/site.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

static struct hash sites; /* all that paths lead to, by name */

struct site *qmgr_site_get(const char *nexthop)
{
    struct hash_entry *e = hash_slot(&sites, nexthop, strlen(nexthop));
    struct site *s = e->value;

    if (s == NULL) {
        s = e->value = mem_zalloc(sizeof(*s));
        s->name = e->key;
    }
    s->paths++;
    return s;
}

void qmgr_site_put(struct site *s)
{
    if (--s->paths > 0)
        return;
    hash_remove(&sites, s->name);
    mem_free(s);
}
