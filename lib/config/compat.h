/* compat.h: defaults of old that are in force, since compatibility_level is low and main.cf does not say
 * otherwise. Where one of them decides, the log says so ("using backwards-compatible default setting ..."),
 * for the administrator to settle it and raise the level.
 */
#ifndef CONFIG_COMPAT_H
#define CONFIG_COMPAT_H

#include <stdbool.h>

#define COMPAT_NEWEST_LEVEL "3.11"

struct compat {
    bool append_dot_mydomain;    /* yes */
    bool chroot;                 /* y, where master.cf has "-" */
    bool flush_domains;          /* fast_flush_domains: by way of relay_domains */
    bool mynetworks_style;       /* subnet */
    bool relay_after_recipient;  /* smtpd_relay_before_recipient_restrictions: no */
    bool relay_domains;          /* $mydestination */
    bool relay_restrictions;     /* smtpd_relay_restrictions: none */
    bool smtputf8;               /* smtputf8_enable: no */
};
extern struct compat compat;     /* since config_load() */

void compat_find(void);

/* For each that is in force: "mynetworks_style = subnet", and the level that ends it. */
void compat_each(void (*visit)(const char *setting, const char *until_level));

#endif
