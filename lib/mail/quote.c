#include "mail/quote.h"

#include <stdbool.h>
#include <string.h>

#include "mail/address.h"

/* RFC 5322 3.2.3: what may stand in an atom; RFC 6532 adds everything above ASCII. */
static bool is_atom_char(unsigned char c)
{
    return c > ' ' && c != 0x7f && strchr("()<>@,;:\\\".[]", c) == NULL;
}

/* RFC 5322 3.2.3 dot-atom: atoms between single dots. */
static bool is_dot_atom(const char *local, size_t n)
{
    bool after_atom = false;

    for (size_t i = 0; i < n; i++) {
        if (is_atom_char((unsigned char) local[i]))
            after_atom = true;
        else if (local[i] == '.' && after_atom)
            after_atom = false;
        else
            return false;
    }
    return after_atom;
}

static void add_quoted(struct str *buf, const char *local, size_t n, const char *escape)
{
    str_addc(buf, '"');
    for (size_t i = 0; i < n; i++) {
        if (local[i] != 0 && strchr(escape, local[i]) != NULL)
            str_addc(buf, '\\');
        str_addc(buf, local[i]);
    }
    str_addc(buf, '"');
}

static const char *quote(const char *address, size_t local_len, const char *escape, struct str *buf)
{
    if (*address == 0 || is_dot_atom(address, local_len))
        return address;
    str_clear(buf);
    add_quoted(buf, address, local_len, escape);
    str_adds(buf, address + local_len);
    return str_text(buf);
}

const char *quote_821(const char *address, struct str *buf)
{
    return quote(address, address_local_len(address), "\"\\\r\n", buf);
}

/* Length of a source route at the beginning of an address, "@a,@b:" (RFC 5321 appendix C). */
static size_t route_len(const char *address)
{
    const char *colon = *address == '@' ? strchr(address, ':') : NULL;

    return colon == NULL ? 0 : (size_t) (colon - address) + 1;
}

const char *quote_822(const char *address, struct str *buf)
{
    size_t route = route_len(address), local = address_local_len(address + route);

    if (*address == 0 || is_dot_atom(address + route, local))
        return address;
    str_clear(buf);
    str_add(buf, address, route);
    add_quoted(buf, address + route, local, "\"\\\r");
    str_adds(buf, address + route + local);
    return str_text(buf);
}

const char *quote_local(const char *local, struct str *buf)
{
    return quote(local, strlen(local), "\"\\\r\n", buf);
}

/* The last '@' that is neither quoted nor behind a backslash; the end of the text if there is none. */
static const char *find_at(const char *external)
{
    const char *at = NULL, *p = external;
    bool in_quotes = false;

    for (; *p != 0; p++) {
        if (*p == '"')
            in_quotes = !in_quotes;
        else if (*p == '@' && !in_quotes)
            at = p;
        else if (*p == '\\' && p[1] != 0)
            p++;
    }
    return at == NULL ? p : at;
}

void quote_remove(struct str *out, const char *external)
{
    const char *p = external + route_len(external), *at = find_at(p);

    str_add(out, external, (size_t) (p - external));
    for (; p < at; p++) {
        if (*p == '"')
            continue;
        if (*p == '\\' && ++p == at)
            break;
        str_addc(out, *p);
    }
    str_adds(out, at);
}
