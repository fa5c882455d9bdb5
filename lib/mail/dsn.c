#include "mail/dsn.h"

#include <ctype.h>
#include <stdio.h>

#include "base/log.h"

/* RFC 3463 2: class 2, 4 or 5, then subject and detail of one to three digits each. */
size_t dsn_status_at(const char *text)
{
    const char *p = text;

    if (*p != '2' && *p != '4' && *p != '5')
        return 0;
    p++;
    for (int part = 0; part < 2; part++) {
        size_t digits = 0;
        if (*p++ != '.')
            return 0;
        while (digits < 4 && isdigit((unsigned char) p[digits]))
            digits++;
        if (digits < 1 || digits > 3)
            return 0;
        p += digits;
    }
    return *p == 0 || isspace((unsigned char) *p) ? (size_t) (p - text) : 0;
}

const char *dsn_split(const char *text, const char *default_status, char status[DSN_STATUS_SIZE])
{
    while (isspace((unsigned char) *text))
        text++;
    size_t n = dsn_status_at(text);
    const char *from = n > 0 ? text : default_status;
    size_t len = n > 0 ? n : strnlen(default_status, DSN_STATUS_SIZE - 1);

    memcpy(status, from, len);
    status[len] = 0;
    for (text += n; isspace((unsigned char) *text); text++)
        continue;
    return text;
}

void dsn_insist_on(char class, const char *caller, char status[DSN_STATUS_SIZE])
{
    if (*status == class)
        return;
    log_warn("%s: ignoring dsn code \"%s\"", caller, status);
    snprintf(status, DSN_STATUS_SIZE, "%c.0.0", class);
}

static const struct {
    const char *name;
    size_t member;
} fields[] = {
    {"dsn", offsetof(struct dsn, status)},
    {"action", offsetof(struct dsn, action)},
    {"reason", offsetof(struct dsn, reason)},
    {"diag_type", offsetof(struct dsn, diag_type)},
    {"diag_text", offsetof(struct dsn, diag_text)},
    {"mta_type", offsetof(struct dsn, mta_type)},
    {"mta_name", offsetof(struct dsn, mta_name)},
};

static const char **field(struct dsn *d, size_t i)
{
    return (const char **) ((char *) d + fields[i].member);
}

void dsn_put(struct str *out, const struct dsn *d)
{
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        const char *value = *field((struct dsn *) d, i);
        if (value != NULL && *value != 0)
            attr_put(out, fields[i].name, value);
    }
}

void dsn_get(struct attrs *list, struct dsn *d)
{
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        *field(d, i) = attrs_text(list, fields[i].name, "");
}

void dsn_copy(struct arena *a, struct dsn *to, const struct dsn *from)
{
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        const char *value = *field((struct dsn *) from, i);
        *field(to, i) = value == NULL ? "" : arena_strdup(a, value);
    }
}
