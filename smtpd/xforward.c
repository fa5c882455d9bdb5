/* xforward.c: XFORWARD: an authorised filter tells where the mail came from, for the log.
 */
#include "smtpd/xforward.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "mail/postmaster.h"
#include "smtpd/chat.h"
#include "smtpd/hostname.h"
#include "smtpd/xclient.h"

void smtpd_xforward_free(struct session *s)
{
    if (s->forwarded == NULL)
        return;
    arena_done(&s->forwarded->arena);
    mem_free(s->forwarded);
    s->forwarded = NULL;
}

static bool is_address(const char *value)
{
    struct net_addr addr;

    return smtpd_xclient_address(value, &addr);
}

static bool is_source(const char *value)
{
    return strcasecmp(value, "LOCAL") == 0 || strcasecmp(value, "REMOTE") == 0;
}

static bool is_any(const char *value)
{
    (void) value;
    return true;
}

static const struct {
    const char *name;
    size_t offset;                       /* of the member in struct forwarded */
    bool (*is_good)(const char *value);
} attributes[] = {
    {"NAME", offsetof(struct forwarded, name), smtpd_hostname_is_valid},
    {"ADDR", offsetof(struct forwarded, addr), is_address},
    {"PORT", offsetof(struct forwarded, port), smtpd_xclient_is_port},
    {"PROTO", offsetof(struct forwarded, proto), is_any},
    {"HELO", offsetof(struct forwarded, helo), is_any}, {"IDENT", offsetof(struct forwarded, ident), is_any},
    {"SOURCE", offsetof(struct forwarded, domain), is_source}};

/* It goes into log lines and headers of the next hop. */
static char *printable(struct arena *a, const char *value)
{
    char *copy = arena_strdup(a, value);

    for (char *c = copy; *c != 0; c++)
        if ((unsigned char) *c <= ' ' || *c == 127 || strchr("<>()\\\";@", *c) != NULL)
            *c = '?';
    return copy;
}

static bool set_attribute(struct session *s, const struct word *word, struct reply *why)
{
    struct forwarded *f = s->forwarded;
    const char *name, *value;
    size_t i = 0;

    if (!smtpd_xclient_attribute(s, word, &name, &value, why))
        return false;
    while (i < ARRAY_SIZE(attributes) && strcmp(name, attributes[i].name) != 0)
        i++;
    if (i == ARRAY_SIZE(attributes)) {
        *why = smtpd_chat_reply(s, 501, "5.5.4", "Bad XFORWARD attribute name: %s", name);
        return false;
    }
    const char **member = (const char **) ((char *) f + attributes[i].offset);
    if (smtpd_xclient_is_unavailable(value)) {
        *member = NULL;
        return true;
    }
    if (!attributes[i].is_good(value)) {
        *why = smtpd_chat_reply(s, 501, "5.5.4", "Bad %s syntax: %s", name, printable(&s->scratch, value));
        return false;
    }
    if (strcmp(name, "ADDR") == 0 && strncasecmp(value, "IPV6:", 5) == 0)
        value += 5;
    *member = printable(&f->arena, value);
    return true;
}

static void name_origin(struct forwarded *f)
{
    const char *name = f->name == NULL ? "unknown" : f->name;

    f->namaddr = f->addr == NULL ? name : arena_printf(&f->arena, "%s[%s]", name, f->addr);
}

struct reply smtpd_xforward_cmd(struct session *s, const struct words *w)
{
    struct reply why;

    if (s->mail != NULL)
        return reply(503, "5.5.1", "Error: MAIL transaction in progress");
    if (w->count < 2)
        return reply(501, "5.5.4", "Syntax: XFORWARD attribute=value...");
    if (!s->may_xforward) {
        s->error_classes |= NOTIFY_POLICY;
        return reply(550, "5.7.0", "Error: insufficient authorization");
    }
    if (s->forwarded == NULL)
        s->forwarded = mem_zalloc(sizeof(*s->forwarded));
    for (size_t i = 1; i < w->count; i++)
        if (!set_attribute(s, &w->item[i], &why))
            return why;
    name_origin(s->forwarded);
    return reply(250, "2.0.0", "Ok");
}
