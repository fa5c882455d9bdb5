#include "agents/local/destination.h"

#include <strings.h>

#include "mail/address_list.h"

static const struct {
    const char *prefix;
    size_t skipped;     /* so much of it is not part of the name */
    enum destination_kind kind;
} prefixes[] = {
    {"/", 0, DESTINATION_FILE},
    {"~", 0, DESTINATION_HOME},
    {"|", 1, DESTINATION_COMMAND},
    {":include:", 9, DESTINATION_INCLUDE},
};

static struct destination classify(const char *text)
{
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
        if (strncasecmp(text, prefixes[i].prefix, strlen(prefixes[i].prefix)) == 0)
            return (struct destination){prefixes[i].kind, text + prefixes[i].skipped};
    return (struct destination){DESTINATION_ADDRESS, text};
}

struct destination *local_destination_parse(struct arena *a, const char *text, size_t *count)
{
    struct address_list *list = address_list_parse(a, text, 0);
    struct destination *found;

    *count = address_list_count(list);
    found = arena_alloc(a, (*count + 1) * sizeof(*found));
    for (size_t i = 0; i < *count; i++)
        found[i] = classify(address_list_internal(list, i));
    return found;
}

static void read_piece(FILE *file, size_t limit, struct str *line)
{
    int c = 0;

    str_clear(line);
    while (c != '\n' && line->len < limit && (c = getc(file)) != EOF)
        str_addc(line, (char) c);
}

bool local_destination_read(FILE *file, size_t limit, struct str *line)
{
    do
        read_piece(file, limit, line);
    while (*str_text(line) == '#');
    return line->len > 0;
}
