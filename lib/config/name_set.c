#include "config/name_set.h"

#include <strings.h>

#include "base/log.h"
#include "base/words.h"

static int bit_of(const char *word, const struct name_bit *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(word, names[i].name) == 0)
            return names[i].bit;
    return 0;
}

int name_set_parse(const char *parameter, const char *value, const struct name_bit *names, size_t count)
{
    struct arena a = {0};
    char *cursor = arena_strdup(&a, value);
    int set = 0;

    for (const char *word; (word = words_next(&cursor, WORDS_LIST)) != NULL;) {
        int bit = bit_of(word, names, count);
        if (bit == 0)
            fatal("unknown %s value \"%s\" in \"%s\"", parameter, word, value);
        set |= bit;
    }
    arena_done(&a);
    return set;
}
