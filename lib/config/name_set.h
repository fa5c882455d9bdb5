/* name_set.h: parameters that name some of a few known things, as "bounce, policy".
 */
#ifndef CONFIG_NAME_SET_H
#define CONFIG_NAME_SET_H

#include <stddef.h>

struct name_bit {
    const char *name;
    int bit;
};

/* The bits of all names in the value, in any case. An unknown one is fatal, in Postfix's words. */
int name_set_parse(const char *parameter, const char *value, const struct name_bit *names, size_t count);

#endif
