#include "config/level.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

bool level_parse(const char *text, struct level *level)
{
    *level = (struct level){0};
    for (int i = 0; i < 3; i++) {
        char *end;
        if (!isdigit((unsigned char) *text))
            return false;
        errno = 0;
        level->part[i] = strtol(text, &end, 10);
        if (errno != 0)
            return false;
        if (*end == 0)
            return true;
        if (*end != '.')
            return false;
        text = end + 1;
    }
    return false;
}

int level_compare(const struct level *a, const struct level *b)
{
    for (int i = 0; i < 3; i++)
        if (a->part[i] != b->part[i])
            return a->part[i] < b->part[i] ? -1 : 1;
    return 0;
}
