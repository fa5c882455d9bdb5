#include "cmd/postmulti/names.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/log.h"

static bool is_safe(const char *name)
{
    for (const char *p = name; *p != 0; p++)
        if (!isalnum((unsigned char) *p) && strchr("!@%-_=+:./", *p) == NULL)
            return false;
    return true;
}

void postmulti_names_check_instance(const char *name)
{
    if (*name == 0)
        return;
    if (!is_safe(name))
        fatal("Unsafe characters in new instance name: '%s'", name);
    if (strchr(name, '/') != NULL)
        fatal("Illegal '/' character in new instance name: '%s'", name);
    if (strncmp(name, NAME_PREFIX, strlen(NAME_PREFIX)) != 0)
        fatal("New instance name must start with '" NAME_PREFIX "'");
}

void postmulti_names_check_group(const char *name)
{
    if (!is_safe(name))
        fatal("Unsafe characters in '-G %s'", name);
}
