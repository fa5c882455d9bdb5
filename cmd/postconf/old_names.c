#include "cmd/postconf/old_names.h"

#include "base/compiler.h"
#include "base/log.h"
#include "base/vec.h"
#include "base/words.h"

#define LEAVE "do not specify (leave at default)"

static const struct {
    const char *name, *instead;
} old[] = {
    {"authorized_verp_clients", "specify \"smtpd_authorized_verp_clients\""},
    {"disable_dns_lookups", "specify \"smtp_dns_support_level\""},
    {"fallback_relay", "specify \"smtp_fallback_relay\""},
    {"lmtp_enforce_tls", "specify \"lmtp_tls_security_level\""},
    {"lmtp_per_record_deadline", "specify \"lmtp_per_request_deadline\""},
    {"lmtp_tls_per_site", "specify \"lmtp_tls_policy_maps\""},
    {"lmtp_use_tls", "specify \"lmtp_tls_security_level\""},
    {"postscreen_blacklist_action", "specify \"postscreen_denylist_action\""},
    {"postscreen_dnsbl_ttl", "specify \"postscreen_dnsbl_max_ttl\""},
    {"postscreen_dnsbl_whitelist_threshold", "specify \"postscreen_dnsbl_allowlist_threshold\""},
    {"postscreen_enforce_tls", "specify \"postscreen_tls_security_level\""},
    {"postscreen_use_tls", "specify \"postscreen_tls_security_level\""},
    {"postscreen_whitelist_interfaces", "specify \"postscreen_allowlist_interfaces\""},
    {"smtp_enforce_tls", "specify \"smtp_tls_security_level\""},
    {"smtp_per_record_deadline", "specify \"smtp_per_request_deadline\""},
    {"smtp_tls_per_site", "specify \"smtp_tls_policy_maps\""},
    {"smtp_use_tls", "specify \"smtp_tls_security_level\""},
    {"smtpd_client_connection_limit_exceptions", "specify \"smtpd_client_event_limit_exceptions\""},
    {"smtpd_enforce_tls", "specify \"smtpd_tls_security_level\""},
    {"smtpd_per_record_deadline", "specify \"smtpd_per_request_deadline\""},
    {"smtpd_tls_dh1024_param_file", LEAVE},
    {"smtpd_tls_eecdh_grade", LEAVE},
    {"smtpd_use_tls", "specify \"smtpd_tls_security_level\""},
    {"tlsproxy_client_enforce_tls", "specify \"tlsproxy_client_security_level\""},
    {"tlsproxy_client_level", "specify \"tlsproxy_client_security_level\""},
    {"tlsproxy_client_per_site", "specify \"tlsproxy_client_policy_maps\""},
    {"tlsproxy_client_policy", "specify \"tlsproxy_client_policy_maps\""},
    {"tlsproxy_client_use_tls", "specify \"tlsproxy_client_security_level\""},
    {"tlsproxy_enforce_tls", "specify \"tlsproxy_tls_security_level\""},
    {"tlsproxy_tls_dh1024_param_file", LEAVE},
    {"tlsproxy_tls_eecdh_grade", LEAVE},
    {"tlsproxy_use_tls", "specify \"tlsproxy_tls_security_level\""},
    {"virtual_maps", "specify \"virtual_alias_maps\""},
};

void postconf_old_names_warn(const struct main_cf *m, const char *path)
{
    for (size_t i = 0; i < ARRAY_SIZE(old); i++)
        if (main_cf_get(m, old[i].name) != NULL)
            log_warn("%s: support for parameter \"%s\" will be removed; instead, %s", path, old[i].name,
                old[i].instead);
}

/* The first word of the value that begins a comment, as its author thought; NULL: none. */
static const char *comment_in(const char *value)
{
    for (const char *at = strchr(value, '#'); at != NULL; at = strchr(at + 1, '#'))
        if (at == value || strchr(WORDS_SPACE, at[-1]) != NULL)
            return at;
    return NULL;
}

void postconf_old_names_warn_of_comments(const struct main_cf *m, const char *path)
{
    struct vec names = {0};

    for (struct hash_entry *e = NULL; (e = hash_next(&m->entries, e)) != NULL;)
        if (comment_in(e->value) != NULL)
            vec_add(&names, e->key);
    vec_sort_texts(&names);
    for (size_t i = 0; i < names.count; i++)
        log_warn("%s: #comment after other text is not allowed: %s %.20s...", path, (const char *) names.items[i],
            comment_in(main_cf_get(m, names.items[i])));
    vec_done(&names, NULL);
}
