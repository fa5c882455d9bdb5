#include "config/params.h"

#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "config/config.h"
#include "places.h"

/* A field cannot begin with a digit, a parameter can: 2bounce_notice_recipient. */
#define NAME_OF(field) (&#field[#field[0] == '_'])

#undef PARAM
const struct param params[] = {
#define PARAM(name, class, default_, min, max, used_by, text) \
    {NAME_OF(name), PARAM_##class, default_, min, max, used_by, text, offsetof(struct conf, name)},
#include "config/params.def"
#undef PARAM
};
const size_t params_count = ARRAY_SIZE(params);

const struct param *params_find(const char *name)
{
    static struct hash by_name; /* an index of a constant table, built at the first use */

    if (by_name.count == 0)
        for (size_t i = 0; i < params_count; i++)
            hash_put(&by_name, params[i].name, (void *) &params[i]);
    return hash_get(&by_name, name);
}

bool params_used_by(const struct param *p, const char *program)
{
    size_t len = strlen(program);

    if (*p->used_by == 0 || strcmp(p->used_by, "global") == 0)
        return true;
    for (const char *at = p->used_by; (at = strstr(at, program)) != NULL; at += len)
        if ((at == p->used_by || at[-1] == ',') && (at[len] == 0 || at[len] == ','))
            return true;
    return false;
}
