#include "mail/address_path.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "mail/address_list.h"

/* Behind the quoted string or literal that p begins with, or at the NUL. */
static const char *skip_delimited(const char *p, char close)
{
    for (p++; *p != 0 && *p != close; p++)
        if (*p == '\\' && p[1] != 0)
            p++;
    return *p == 0 ? p : p + 1;
}

/* The same for <...>, which may hold more of the kind, and quoted strings. */
static const char *skip_angles(const char *p, bool *is_closed)
{
    size_t depth = 0;

    while (*p != 0) {
        if (*p == '"') {
            p = skip_delimited(p, '"');
            continue;
        }
        depth += *p == '<';
        depth -= *p == '>';
        p += *p == '\\' && p[1] != 0 ? 2 : 1;
        if (depth == 0)
            break;
    }
    *is_closed = depth == 0;
    return p;
}

const char *address_path_end(const char *text, bool *is_closed)
{
    const char *p = text;

    *is_closed = true;
    if (*p == '<')
        p = skip_angles(p, is_closed);
    while (*p != 0 && !isspace((unsigned char) *p)) {
        if (*p == '"')
            p = skip_delimited(p, '"');
        else if (*p == '[')
            p = skip_delimited(p, ']');
        else
            p += *p == '\\' && p[1] != 0 ? 2 : 1;
    }
    return p;
}

/* RFC 5321 appendix C: a route is accepted and ignored. */
static const char *skip_route(const char *text)
{
    const char *colon = *text == '@' ? strchr(text, ':') : NULL;

    return colon == NULL ? text : colon + 1;
}

static bool is_acceptable(struct address_list *list, bool in_angles, const char *address, int options)
{
    bool strict = options & ADDRESS_PATH_STRICT;

    if (address_list_count(list) > 1)
        return false;
    if (strict && (!in_angles || *address == '@' || !address_list_is_plain(list)))
        return false;
    if (*address == 0)
        return options & ADDRESS_PATH_NULL;
    return true;
}

bool address_path_parse(const char *path, size_t n, int options, struct str *address)
{
    struct arena arena = {0};
    bool in_angles = n >= 2 && path[0] == '<' && path[n - 1] == '>', is_closed;
    char *text = arena_strndup(&arena, path, n);

    address_path_end(text, &is_closed);
    if (in_angles) {
        text[n - 1] = 0;
        text++;
    }
    struct address_list *list = address_list_parse(&arena, skip_route(text), 0);

    str_set(address, address_list_count(list) == 0 ? "" : address_list_internal(list, 0));
    bool ok = is_closed && is_acceptable(list, in_angles, str_text(address), options);
    arena_done(&arena);
    return ok;
}
