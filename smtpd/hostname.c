#include "smtpd/hostname.h"

#include <ctype.h>
#include <string.h>

#include "base/idna.h"
#include "base/utf8.h"
#include "config/config.h"
#include "mail/local_domain.h"

enum { NAME_MAX_LEN = 255, LABEL_MAX_LEN = 63 };

static bool is_label(const char *label, size_t n)
{
    if (n == 0 || n > LABEL_MAX_LEN || label[0] == '-' || label[n - 1] == '-')
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char) label[i]) && label[i] != '-' && label[i] != '_')
            return false;
    return true;
}

static bool is_ascii_name(const char *name)
{
    if (strlen(name) > NAME_MAX_LEN || name[strspn(name, "0123456789.")] == 0)
        return false;
    for (;;) {
        size_t n = strcspn(name, ".");
        if (!is_label(name, n))
            return false;
        if (name[n] == 0)
            return true;
        name += n + 1;
    }
}

bool smtpd_hostname_is_valid(const char *name)
{
    struct str ascii = {0};

    if (utf8_is_ascii(name, strlen(name)))
        return is_ascii_name(name);
    bool ok = conf.smtputf8_enable && idna_to_ascii(name, &ascii) && is_ascii_name(str_text(&ascii));
    str_done(&ascii);
    return ok;
}

/* Without the dot at the end; an empty text if the name is too long. */
static const char *without_last_dot(const char *name, char copy[NAME_MAX_LEN + 2])
{
    size_t n = strlen(name);

    if (n > NAME_MAX_LEN + 1)
        n = 0;
    memcpy(copy, name, n);
    if (n > 1 && copy[n - 1] == '.')
        n--;
    copy[n] = 0;
    return copy;
}

bool smtpd_hostname_is_qualified(const char *name)
{
    char copy[NAME_MAX_LEN + 2];

    return smtpd_hostname_is_valid(without_last_dot(name, copy)) && strchr(copy, '.') != NULL;
}

bool smtpd_hostname_is_mail_domain(const char *domain)
{
    char copy[NAME_MAX_LEN + 2];

    if (domain[0] == '[')
        return smtpd_hostname_is_literal(domain);
    if (domain[0] == 0)
        return conf.resolve_null_domain;
    return smtpd_hostname_is_valid(without_last_dot(domain, copy)) ||
        (conf.resolve_numeric_domain && smtpd_hostname_is_address(copy));
}

bool smtpd_hostname_is_address(const char *text)
{
    struct net_addr a;

    return net_parse(&a, text, 0);
}

bool smtpd_hostname_is_literal(const char *text)
{
    struct net_addr addr;

    return local_domain_parse_literal(text, &addr);
}
