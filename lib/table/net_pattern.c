#include "table/net_pattern.h"

#include <arpa/inet.h>
#include <ctype.h>

#include "base/words.h"

static unsigned bits_of(int family)
{
    return family == AF_INET ? 32 : 128;
}

bool net_pattern_parse_address(struct net_pattern *p, const char *text)
{
    *p = (struct net_pattern){.family = strchr(text, ':') == NULL ? AF_INET : AF_INET6};
    p->prefix_len = bits_of(p->family);
    return inet_pton(p->family, text, p->bytes) == 1;
}

/* Clear the bits behind the prefix. False: they were clear. */
static bool clear_host_bits(struct net_pattern *p)
{
    bool was_set = false;

    for (unsigned bit = p->prefix_len; bit < bits_of(p->family); bit++) {
        unsigned char mask = (unsigned char) (0x80 >> bit % 8);
        was_set |= (p->bytes[bit / 8] & mask) != 0;
        p->bytes[bit / 8] = (unsigned char) (p->bytes[bit / 8] & ~mask);
    }
    return was_set;
}

/* "[net]/len" to "net/len", in place. */
static bool strip_brackets(char **text, struct str *why)
{
    if (**text != '[')
        return true;
    char *close = strchr(*text, ']');
    if (close == NULL) {
        str_setf(why, "missing ']' character after \"%s\"", *text);
        return false;
    }
    if (close[1] != 0 && close[1] != '/') {
        close[1] = 0;
        str_setf(why, "garbage after \"%s\"", *text);
        return false;
    }
    memmove(close, close + 1, strlen(close + 1) + 1);
    (*text)++;
    return true;
}

bool net_pattern_parse(struct net_pattern *p, char *text, struct str *why)
{
    char net[INET6_ADDRSTRLEN];
    long len;

    if (!strip_brackets(&text, why))
        return false;
    char *slash = strchr(text, '/');
    if (slash != NULL && (!words_to_long(slash + 1, &len) || !isdigit((unsigned char) slash[1]))) {
        str_setf(why, "bad mask value in \"%s\"", text);
        return false;
    }
    if (slash != NULL)
        *slash = 0;
    if (!net_pattern_parse_address(p, text)) {
        if (slash != NULL)
            str_setf(why, "bad network value in \"%s/%s\"", text, slash + 1);
        else
            str_setf(why, "bad address pattern: \"%s\"", text);
        return false;
    }
    if (slash == NULL)
        return true;
    if (len > (long) bits_of(p->family)) {
        str_setf(why, "bad mask length in \"%s/%s\"", text, slash + 1);
        return false;
    }
    p->prefix_len = (unsigned) len;
    if (!clear_host_bits(p))
        return true;
    inet_ntop(p->family, p->bytes, net, sizeof(net));
    str_setf(why, "non-null host address bits in \"%s/%s\", perhaps you should use \"%s/%ld\" instead", text, slash + 1,
        net, len);
    return false;
}

bool net_pattern_matches(const struct net_pattern *p, const struct net_pattern *address)
{
    unsigned whole = p->prefix_len / 8, rest = p->prefix_len % 8;

    if (p->family != address->family || memcmp(p->bytes, address->bytes, whole) != 0)
        return false;
    return rest == 0 || ((p->bytes[whole] ^ address->bytes[whole]) & (0xff00 >> rest) & 0xff) == 0;
}
