#include "cmd/postconf/lint.h"

#include <ctype.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "cmd/postconf/dbms.h"
#include "config/macro.h"

/* The -o settings of one service: names that it does not find here it looks for in main.cf. */
struct postconf_local {
    struct main_cf settings;
    struct hash used; /* the user's own names among them -> non-NULL */
};

/* Where a reference stands. */
struct scope {
    struct postconf_lint *l;
    struct postconf_local *local; /* NULL: in main.cf */
    bool is_quiet;                /* in a default, which may name what nobody set */
    struct hash *warned;
};

static void refer(struct scope *s, const char *name)
{
    struct postconf_lint *l = s->l;

    if (postconf_catalog_find(l->catalog, name) != NULL)
        return;
    if (s->local == NULL)
        hash_put(&l->referred, name, l);
    if (s->local != NULL && main_cf_get(&s->local->settings, name) != NULL)
        hash_put(&s->local->used, name, s->local);
    else if (main_cf_get(l->main_cf, name) != NULL)
        postconf_catalog_add_users(l->catalog, name);
    else if (!s->is_quiet && hash_put(s->warned, name, l) == NULL)
        log_warn("%s: undefined parameter: %s", s->local == NULL ? l->main_path : l->master_path, name);
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char) c) || c == '_';
}

/* Every $name in the text, also in branches that would not be taken. */
static void refer_macros(struct scope *s, const char *text)
{
    struct str name = {0};

    for (const char *at = text; (at = strchr(at, '$')) != NULL;) {
        at++;
        if (*at == '$') {
            at++;
            continue;
        }
        if (*at == '{' || *at == '(')
            at += 1 + strspn(at + 1, WORDS_SPACE);
        str_clear(&name);
        for (; is_name_char(*at); at++)
            str_addc(&name, *at);
        if (name.len > 0 && *at != '{') /* ${function{text}} */
            refer(s, str_text(&name));
    }
    str_done(&name);
}

/* What a table in main.cf may have set; nothing wrong if it has not. */
static void refer_if_set(void *context, const char *name)
{
    struct scope *s = context;
    bool is_local = s->local != NULL && main_cf_get(&s->local->settings, name) != NULL;

    if (is_local || main_cf_get(s->l->main_cf, name) != NULL)
        refer(s, name);
}

/* Not empty, a number, and a compatibility level: nothing to stumble over. */
static const char *any_value(void *context, const char *name)
{
    (void) context;
    (void) name;
    return "0";
}

static void warn_of_syntax(const char *value)
{
    struct str out = {0}, why = {0};

    if (!macro_expand(value, any_value, NULL, &out, &why))
        log_warn("%s", str_text(&why));
    str_done(&out);
    str_done(&why);
}

static void scan_settings(struct scope *s, const struct main_cf *settings)
{
    const char *classes = main_cf_get(settings, "smtpd_restriction_classes");
    struct arena arena = {0};
    struct vec words = {0};

    for (struct hash_entry *e = NULL; (e = hash_next(&settings->entries, e)) != NULL;) {
        warn_of_syntax(e->value);
        refer_macros(s, e->value);
        postconf_dbms_names(e->value, refer_if_set, s);
    }
    if (classes != NULL)
        words_split(&arena, classes, WORDS_LIST, &words);
    for (size_t i = 0; i < words.count; i++)
        refer_if_set(s, words.items[i]);
    vec_done(&words, NULL);
    arena_done(&arena);
}

static void scan_defaults(struct scope *s)
{
    struct vec names = {0};

    postconf_catalog_sorted(s->l->catalog, &names);
    for (size_t i = 0; i < names.count; i++) {
        const struct postconf_name *n = names.items[i];
        if (n->default_value != NULL)
            refer_macros(s, n->default_value);
    }
    vec_done(&names, NULL);
}

static void scan_service(struct scope *s, const struct master_service *service)
{
    struct str name = {0};
    const char *value;
    size_t next = 0;

    s->local = mem_zalloc(sizeof(*s->local));
    vec_add(&s->l->locals, s->local);
    while (master_cf_next_override(service, &next, &name, &value))
        main_cf_set(&s->local->settings, str_text(&name), value);
    scan_settings(s, &s->local->settings);
    str_done(&name);
}

void postconf_lint_find_users(struct postconf_lint *l)
{
    struct hash main_warned = {0}, master_warned = {0};
    struct scope in_main = {.l = l, .warned = &main_warned}, in_defaults = {.l = l, .is_quiet = true};

    scan_defaults(&in_defaults);
    scan_settings(&in_main, l->main_cf);
    for (size_t i = 0; i < l->master_cf->services.count; i++) {
        struct scope in_service = {.l = l, .warned = &master_warned};
        scan_service(&in_service, l->master_cf->services.items[i]);
    }
    hash_done(&main_warned, NULL);
    hash_done(&master_warned, NULL);
}

static int by_text(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;

    return strcmp(*left, *right);
}

static void warn_unused(
    const struct postconf_lint *l, const struct main_cf *settings, const struct hash *used, const char *path)
{
    struct vec names = {0};

    for (struct hash_entry *e = NULL; (e = hash_next(&settings->entries, e)) != NULL;)
        if (postconf_catalog_find(l->catalog, e->key) == NULL && hash_get(used, e->key) == NULL &&
            hash_get(&l->referred, e->key) == NULL)
            vec_add(&names, e->key);
    vec_sort(&names, by_text);
    for (size_t i = 0; i < names.count; i++)
        log_warn(
            "%s: unused parameter: %s=%s", path, (const char *) names.items[i], main_cf_get(settings, names.items[i]));
    vec_done(&names, NULL);
}

void postconf_lint_unused_main(const struct postconf_lint *l)
{
    const struct hash none = {0}; /* those that are used are in the catalog by now */

    warn_unused(l, l->main_cf, &none, l->main_path);
}

void postconf_lint_unused_master(const struct postconf_lint *l)
{
    for (size_t i = 0; i < l->locals.count; i++) {
        const struct postconf_local *local = l->locals.items[i];
        warn_unused(l, &local->settings, &local->used, l->master_path);
    }
}

void postconf_lint_old_names(const struct postconf_lint *l)
{
    static const struct {
        const char *name, *instead;
    } old[] = {
        {"authorized_verp_clients", "smtpd_authorized_verp_clients"},
        {"disable_dns_lookups", "smtp_dns_support_level"},
        {"fallback_relay", "smtp_fallback_relay"},
        {"lmtp_enforce_tls", "lmtp_tls_security_level"},
        {"lmtp_per_record_deadline", "lmtp_per_request_deadline"},
        {"lmtp_tls_per_site", "lmtp_tls_policy_maps"},
        {"lmtp_use_tls", "lmtp_tls_security_level"},
        {"postscreen_blacklist_action", "postscreen_denylist_action"},
        {"postscreen_dnsbl_ttl", "postscreen_dnsbl_max_ttl"},
        {"postscreen_dnsbl_whitelist_threshold", "postscreen_dnsbl_allowlist_threshold"},
        {"postscreen_enforce_tls", "postscreen_tls_security_level"},
        {"postscreen_use_tls", "postscreen_tls_security_level"},
        {"postscreen_whitelist_interfaces", "postscreen_allowlist_interfaces"},
        {"smtp_enforce_tls", "smtp_tls_security_level"},
        {"smtp_per_record_deadline", "smtp_per_request_deadline"},
        {"smtp_tls_per_site", "smtp_tls_policy_maps"},
        {"smtp_use_tls", "smtp_tls_security_level"},
        {"smtpd_client_connection_limit_exceptions", "smtpd_client_event_limit_exceptions"},
        {"smtpd_enforce_tls", "smtpd_tls_security_level"},
        {"smtpd_per_record_deadline", "smtpd_per_request_deadline"},
        {"smtpd_use_tls", "smtpd_tls_security_level"},
        {"tlsproxy_client_enforce_tls", "tlsproxy_client_security_level"},
        {"tlsproxy_client_level", "tlsproxy_client_security_level"},
        {"tlsproxy_client_per_site", "tlsproxy_client_policy_maps"},
        {"tlsproxy_client_policy", "tlsproxy_client_policy_maps"},
        {"tlsproxy_client_use_tls", "tlsproxy_client_security_level"},
        {"tlsproxy_enforce_tls", "tlsproxy_tls_security_level"},
        {"tlsproxy_use_tls", "tlsproxy_tls_security_level"},
        {"virtual_maps", "virtual_alias_maps"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(old); i++)
        if (main_cf_get(l->main_cf, old[i].name) != NULL)
            log_warn("%s: support for parameter \"%s\" will be removed; instead, specify \"%s\"", l->main_path,
                old[i].name, old[i].instead);
}

void postconf_lint_done(struct postconf_lint *l)
{
    for (size_t i = 0; i < l->locals.count; i++) {
        struct postconf_local *local = l->locals.items[i];
        main_cf_done(&local->settings);
        hash_done(&local->used, NULL);
        mem_free(local);
    }
    vec_done(&l->locals, NULL);
    hash_done(&l->referred, NULL);
}
