/* nis: maps of the Network Information Service.
 *
 * alias_maps names one by default, so most hosts ask, and hardly any is in a NIS domain: there nothing is
 * found, as in Postfix. On a host that is in one, the table cannot be opened, and mail that needs it waits. */
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "table/type.h"
#include "table/types.h"

static bool has_domain(void)
{
    char domain[256] = "";

    return getdomainname(domain, sizeof(domain) - 1) == 0 && domain[0] != 0 && strcmp(domain, "(none)") != 0;
}

static bool nis_open(struct table *t, struct str *why)
{
    static bool is_told; /* once a process is enough */

    if (has_domain()) {
        str_setf(why, "unsupported dictionary type: %s", t->type->name);
        return false;
    }
    if (!is_told)
        log_warn("dict_nis_init: NIS domain name not set - NIS lookups disabled");
    is_told = true;
    return true;
}

static void nis_close(struct table *t)
{
    (void) t;
}

static enum table_result nis_find(struct table *t, const char *key, size_t len, struct str *value)
{
    (void) t;
    (void) key;
    (void) len;
    (void) value;
    return TABLE_ABSENT;
}

const struct type_ops nis_ops = {.open = nis_open, .close = nis_close, .find = nis_find};
