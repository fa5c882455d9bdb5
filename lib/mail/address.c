#include "mail/address.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

const char *address_domain(const char *address)
{
    const char *at = strrchr(address, '@');

    return at == NULL ? NULL : at + 1;
}

size_t address_local_len(const char *address)
{
    const char *at = strrchr(address, '@');

    return at == NULL ? strlen(address) : (size_t) (at - address);
}

static bool is_name(const char *local, size_t len, const char *name)
{
    return strlen(name) == len && strncasecmp(local, name, len) == 0;
}

/* Names of mailing list managers, which look as if they had an extension. */
static bool is_list_name(const char *local, size_t len)
{
    static const char owner[] = "owner-", request[] = "-request";
    enum { OWNER = sizeof(owner) - 1, REQUEST = sizeof(request) - 1 };

    return (len >= OWNER && strncasecmp(local, owner, OWNER) == 0) ||
           (len >= REQUEST && strncasecmp(local + len - REQUEST, request, REQUEST) == 0);
}

size_t address_user_len(const char *local, size_t local_len, const char *delimiters, const char *double_bounce)
{
    size_t len = 0;

    while (len < local_len && strchr(delimiters, local[len]) == NULL)
        len++;
    if (len == 0 || len == local_len)
        return local_len;
    if (is_name(local, local_len, "postmaster") || is_name(local, local_len, "mailer-daemon") ||
        (double_bounce != NULL && is_name(local, local_len, double_bounce)))
        return local_len;
    if (strchr(delimiters, '-') != NULL && is_list_name(local, local_len))
        return local_len;
    return len;
}
