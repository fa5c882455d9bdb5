#include "mail/header.h"

#include <strings.h>

static const struct row {
    struct header_info info;
    size_t len;
} rows[] = {
#define HEADER(id, name, flags) {{name, HEADER_##id, flags}, sizeof(name) - 1},
#include "mail/header.def"
#undef HEADER
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

const struct header_info *header_find(const char *name, size_t len)
{
    const struct row *row = rows, *end = rows + ROWS;

    while (row < end && row->len < len)
        row++;
    for (; row < end && row->len == len; row++)
        if (strncasecmp(row->info.name, name, len) == 0)
            return &row->info;
    return NULL;
}

const struct header_info *header_by_id(enum header_id id)
{
    return id == HEADER_OTHER || id >= HEADER_ID_COUNT ? NULL : &rows[id - 1].info;
}

size_t header_name_len(const char *line, size_t len)
{
    size_t name = 0;

    while (name < len && line[name] > ' ' && line[name] < 0x7f && line[name] != ':')
        name++;
    size_t colon = name;
    while (colon < len && (line[colon] == ' ' || line[colon] == '\t'))
        colon++;
    return colon < len && line[colon] == ':' ? name : 0;
}

const char *header_value(const char *text)
{
    while (*text != 0 && *text != ':')
        text++;
    if (*text == ':')
        text++;
    while (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r')
        text++;
    return text;
}
