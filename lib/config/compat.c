#include "config/compat.h"

#include "base/compiler.h"
#include "config/config.h"

struct compat compat;

static const struct {
    bool *is_old;
    const char *since;         /* the level that has another default */
    const char *setting;       /* the default until then */
    const char *parameters[2]; /* set, they decide */
} rows[] = {
    {&compat.append_dot_mydomain, "1", "append_dot_mydomain = yes", {"append_dot_mydomain"}},
    {&compat.chroot, "1", "chroot = y in master.cf", {NULL}},
    {&compat.relay_restrictions, "1", "smtpd_relay_restrictions =", {"smtpd_relay_restrictions"}},
    {&compat.smtputf8, "1", "smtputf8_enable = no", {"smtputf8_enable"}},
    {&compat.flush_domains, "2", "fast_flush_domains = $mydestination", {"relay_domains", "fast_flush_domains"}},
    {&compat.mynetworks_style, "2", "mynetworks_style = subnet", {"mynetworks", "mynetworks_style"}},
    {&compat.relay_domains, "2", "relay_domains = $mydestination", {"relay_domains"}},
    {&compat.relay_after_recipient, "3.6", "smtpd_relay_before_recipient_restrictions = no",
        {"smtpd_relay_before_recipient_restrictions"}},
};

void compat_find(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        *rows[i].is_old = config_level_below(rows[i].since);
        for (size_t p = 0; p < ARRAY_SIZE(rows[i].parameters) && rows[i].parameters[p] != NULL; p++)
            *rows[i].is_old &= !config_is_set(rows[i].parameters[p]);
    }
}

void compat_each(void (*visit)(const char *setting, const char *until_level))
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (*rows[i].is_old)
            visit(rows[i].setting, rows[i].since);
}
