#include "services/trivial-rewrite/recipient.h"

#include "base/net.h"
#include "base/utf8.h"
#include "config/config.h"
#include "mail/local_domain.h"
#include "services/trivial-rewrite/domains.h"
#include "services/trivial-rewrite/rewrite.h"

static bool is_local(struct recipient *r, const char *domain)
{
    switch (local_domain_find(domain)) {
    case MATCH_YES:
        return true;
    case MATCH_NO:
        return false;
    case MATCH_ERROR:
        break;
    }
    r->is_uncertain = true;
    return false;
}

/* What stands in front of the last '@', or all. */
static void copy_local_part(const struct rewrite_address *a, struct rewrite_address *to)
{
    const char *at = rewrite_last_at(a);
    size_t n = at == NULL ? a->text.len : (size_t) (at - a->text.data);

    str_add(&to->text, str_text(&a->text), n);
    str_add(&to->is_syntax, str_text(&a->is_syntax), n);
}

/* Is the domain ours, or is there none? The dot of "local." does not count. */
static bool ends_here(struct recipient *r, struct rewrite_address *a)
{
    rewrite_drop_dot(a);
    const char *at = rewrite_last_at(a);
    bool has_domain = at != NULL && at[1] != 0;

    r->is_local = has_domain && is_local(r, at + 1);
    return r->is_local || !has_domain;
}

/* user@remote@local, user%remote@local, remote!user@local: the sender has chosen a route through us.
 * What is left without our domain is rewritten, and looked at again. */
static void strip_local_domains(struct arena *memory, struct recipient *r, struct rewrite_address *a,
    const char **own_domain)
{
    const struct rewrite_context context = {.origin = conf.myorigin, .dot_domain = conf.mydomain};
    enum { MAX_ROUTE = 100 };

    for (int hops = 0; hops < MAX_ROUTE && ends_here(r, a); hops++) {
        struct rewrite_address rest = {0};
        copy_local_part(a, &rest);
        if (!rewrite_has_route(&rest)) {
            rewrite_address_done(&rest);
            return;
        }
        const char *at = rewrite_last_at(a);
        if (at != NULL && at[1] != 0)
            *own_domain = arena_strdup(memory, at + 1);
        rewrite_standard(&context, &rest);
        rewrite_address_done(a);
        *a = rest;
    }
}

/* The parts; an address without a domain is at the last of ours that was left out, or at $myhostname. */
static void split(struct arena *memory, struct recipient *r, const struct rewrite_address *a, const char *own_domain)
{
    const char *at = rewrite_last_at(a), *text = str_text(&a->text);
    size_t n = at == NULL ? a->text.len : (size_t) (at - text);
    struct net_addr addr;

    bool is_complete = at != NULL && (at[1] != 0 || !conf.resolve_null_domain);
    r->local = n == 0 && at == NULL ? conf.empty_address_recipient : arena_strndup(memory, text, n);
    r->is_routed = strpbrk(r->local, "@%!") != NULL;
    bool is_number = is_complete && conf.resolve_numeric_domain && net_parse(&addr, at + 1, 0);
    r->domain = !is_complete ? own_domain : arena_printf(memory, is_number ? "[%s]" : "%s", at + 1);
    if (!is_complete || is_number)
        r->is_local = is_local(r, r->domain);
}

void rewrite_recipient_take(struct arena *memory, const char *address, struct recipient *r)
{
    const char *own_domain = conf.myhostname;
    struct rewrite_address a = {0};

    *r = (struct recipient){0};
    rewrite_scan_internal(&a, address, !conf.resolve_dequoted_address);
    strip_local_domains(memory, r, &a, &own_domain);
    split(memory, r, &a, own_domain);
    rewrite_address_done(&a);
    r->is_good_domain = r->is_local || rewrite_domains_is_good(r->domain);
    /* A program that gets such a name as an argument would take it for an option. */
    r->is_good_user = (*r->local != '-' || conf.allow_min_user) &&
        (!conf.smtputf8_enable || utf8_is_valid(r->local, strlen(r->local)));
    if (*r->local == 0 && r->is_local)
        r->local = conf.empty_address_recipient;
    r->address = arena_printf(memory, "%s@%s", r->local, r->domain);
}
