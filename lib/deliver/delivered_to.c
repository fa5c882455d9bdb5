#include "deliver/delivered_to.h"

#include <ctype.h>
#include <strings.h>

#include "base/str.h"
#include "mail/header.h"
#include "mail/quote.h"
#include "queue/record.h"

static bool is_header(const char *line, size_t len, const char *address)
{
    static const char name[] = "Delivered-To:";
    enum { NAME = sizeof(name) - 1 };

    if (len < NAME || strncasecmp(line, name, NAME) != 0)
        return false;
    const char *p = line + NAME, *end = line + len;
    while (p < end && isspace((unsigned char) *p))
        p++;
    while (end > p && isspace((unsigned char) end[-1]))
        end--;
    return (size_t) (end - p) == strlen(address) && strncasecmp(p, address, (size_t) (end - p)) == 0;
}

bool delivered_to_has(const struct message_bytes *m, uint64_t data_offset, const char *address)
{
    struct record_reader reader = {.bytes = m->bytes, .n = m->n, .next = data_offset};
    struct record r;
    struct str buffer = {0};
    const char *external = quote_822(address, &buffer);
    bool is_at_start = true, is_found = false;

    while (!is_found && record_read(&reader, &r) == RECORD_OK && (r.type == REC_LINE || r.type == REC_PART)) {
        if (is_at_start && r.len == 0)
            break;
        if (is_at_start && !isspace((unsigned char) *r.payload) && header_name_len(r.payload, r.len) == 0)
            break;
        is_found = is_at_start && r.type == REC_LINE && is_header(r.payload, r.len, external);
        is_at_start = r.type == REC_LINE;
    }
    str_done(&buffer);
    return is_found;
}
