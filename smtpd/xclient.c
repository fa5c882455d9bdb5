/* xclient.c: XCLIENT: an authorised client says for whom it speaks, and restrictions believe it.
 */
#include "smtpd/xclient.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "config/config.h"
#include "mail/postmaster.h"
#include "smtpd/chat.h"
#include "smtpd/hostname.h"
#include "smtpd/mail.h"
#include "smtpd/peer.h"
#include "smtpd/restrict.h"
#include "smtpd/setup.h"

bool smtpd_xclient_attribute(struct session *s, const struct word *word, const char **name, const char **value,
    struct reply *why)
{
    struct str decoded = {0};
    const char *equals = strchr(word->text, '=');

    *why = reply(501, "5.5.4", "Error: attribute=value expected");
    if (equals == NULL)
        return false;
    char *upper = arena_strndup(&s->scratch, word->text, (size_t) (equals - word->text));
    for (char *c = upper; *c != 0; c++)
        *c = (char) toupper((unsigned char) *c);
    *name = upper;
    *why = reply(501, "5.5.4", "Error: attribute value too long");
    if (strlen(equals) > 255)
        return false;
    bool ok = smtpd_parse_xtext(equals + 1, &decoded);
    *value = arena_strdup(&s->scratch, str_text(&decoded));
    str_done(&decoded);
    *why = smtpd_chat_reply(s, 501, "5.5.4", "Bad %s syntax: %s", upper, equals + 1);
    return ok && **value != 0;
}

bool smtpd_xclient_is_unavailable(const char *value)
{
    return strcasecmp(value, "[UNAVAILABLE]") == 0 || strcasecmp(value, "[TEMPUNAVAIL]") == 0;
}

bool smtpd_xclient_address(const char *value, struct net_addr *addr)
{
    return net_parse(addr, strncasecmp(value, "IPV6:", 5) == 0 ? value + 5 : value, 0);
}

/* Each sets one thing; false: bad value. */

static enum name_status status_of(const char *value)
{
    if (!smtpd_xclient_is_unavailable(value))
        return NAME_OK;
    return strcasecmp(value, "[UNAVAILABLE]") == 0 ? NAME_PERMANENT : NAME_TEMPORARY;
}

static bool set_name(struct session *s, const char *value)
{
    s->peer.name_status = status_of(value);
    s->peer.name = s->peer.name_status == NAME_OK ? arena_strdup(&s->arena, value) : "unknown";
    return s->peer.name_status != NAME_OK || smtpd_hostname_is_valid(value);
}

static bool set_reverse_name(struct session *s, const char *value)
{
    s->peer.reverse_name_status = status_of(value);
    s->peer.reverse_name = s->peer.reverse_name_status == NAME_OK ? arena_strdup(&s->arena, value) : "unknown";
    return s->peer.reverse_name_status != NAME_OK || smtpd_hostname_is_valid(value);
}

static bool set_address(struct session *s, const char *value)
{
    char host[NET_HOST_LEN];
    struct net_addr addr = {0};

    if (smtpd_xclient_is_unavailable(value)) {
        s->peer.sock = addr;
        s->peer.addr = "unknown";
        return true;
    }
    if (!smtpd_xclient_address(value, &addr))
        return false;
    net_unmap(&addr);
    s->peer.sock = addr;
    s->peer.addr = arena_strdup(&s->arena, net_host(&addr, host));
    return true;
}

bool smtpd_xclient_is_port(const char *value)
{
    long port;

    return smtpd_parse_number(value, &port) && port < 65536;
}

static bool set_port(struct session *s, const char *value)
{
    bool is_known = !smtpd_xclient_is_unavailable(value);

    s->peer.port = is_known ? arena_strdup(&s->arena, value) : "unknown";
    return !is_known || smtpd_xclient_is_port(value);
}

static bool set_helo(struct session *s, const char *value)
{
    s->helo_name = smtpd_xclient_is_unavailable(value) ? NULL : arena_strdup(&s->arena, value);
    return true;
}

static bool set_proto(struct session *s, const char *value)
{
    s->is_esmtp = strcasecmp(value, "ESMTP") == 0;
    return s->is_esmtp || strcasecmp(value, "SMTP") == 0;
}

/* A login counts where authentication is on. */
static bool set_login(struct session *s, const char *value)
{
    (void) s;
    (void) value;
    return true;
}

static bool set_local_address(struct session *s, const char *value)
{
    char host[NET_HOST_LEN];
    struct net_addr addr;

    if (smtpd_xclient_is_unavailable(value)) {
        s->peer.local_addr = NULL;
        return true;
    }
    if (!smtpd_xclient_address(value, &addr))
        return false;
    s->peer.local_addr = arena_strdup(&s->arena, net_host(&addr, host));
    return true;
}

static bool set_local_port(struct session *s, const char *value)
{
    bool is_known = !smtpd_xclient_is_unavailable(value);

    s->peer.local_port = is_known ? arena_strdup(&s->arena, value) : NULL;
    return !is_known || smtpd_xclient_is_port(value);
}

static const struct {
    const char *name;
    bool (*set)(struct session *s, const char *value);
} attributes[] = {{"NAME", set_name}, {"REVERSE_NAME", set_reverse_name}, {"ADDR", set_address}, {"PORT", set_port},
    {"HELO", set_helo}, {"PROTO", set_proto}, {"LOGIN", set_login}, {"DESTADDR", set_local_address},
    {"DESTPORT", set_local_port}};

static bool set_attribute(struct session *s, const struct word *word, struct reply *why)
{
    const char *name, *value;

    if (!smtpd_xclient_attribute(s, word, &name, &value, why))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
        if (strcmp(name, attributes[i].name) == 0)
            return attributes[i].set(s, value);
    *why = smtpd_chat_reply(s, 501, "5.5.4", "Bad XCLIENT attribute name: %s", name);
    return false;
}

/* The session begins anew, as if the client that is spoken for had just connected: it may speak for others if
 * that client may. */
struct reply smtpd_xclient_cmd(struct session *s, const struct words *w)
{
    struct reply why;

    if (s->mail != NULL)
        return reply(503, "5.5.1", "Error: MAIL transaction in progress");
    if (w->count < 2)
        return reply(501, "5.5.4", "Syntax: XCLIENT attribute=value...");
    if (!s->may_xclient) {
        s->error_classes |= NOTIFY_POLICY;
        return reply(550, "5.7.0", "Error: insufficient authorization");
    }
    const char *helo_before = s->helo_name;
    s->helo_name = NULL;
    for (size_t i = 1; i < w->count; i++)
        if (!set_attribute(s, &w->item[i], &why)) {
            s->helo_name = helo_before;
            smtpd_peer_update(s);
            return why;
        }
    smtpd_peer_update(s);
    s->may_xclient = match_list_find_client(smtpd_setup.xclient_hosts, s->peer.name, s->peer.addr) == MATCH_YES;
    s->where = "CONNECT";
    if (smtpd_restrict_client(s, &why) == REJECT) {
        s->access_is_denied = true;
        return why;
    }
    return reply(220, NULL, conf.smtpd_banner);
}
