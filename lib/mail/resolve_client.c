#include <ctype.h>

#include "base/hash.h"
#include "base/mem.h"
#include "config/config.h"
#include "ipc/attr.h"
#include "ipc/client.h"
#include "mail/rewrite_client.h"

enum { KEEP_MS = 5000, KEEP_DOMAINS = 20000, PATIENCE_MS = 100 * 1000 };

/* What is known of a whole domain. */
struct known {
    msec until;
    int flags;
    char *transport, *nexthop;
};

static struct hash known_domains; /* answers with scope=domain, by domain as it was written */
static struct client *service;    /* the connection of this process */

static struct client *rewrite_service(void)
{
    if (service == NULL) {
        char *path = mem_printf("private/%s", conf.rewrite_service_name);
        service = client_new(path, NULL, NULL);
        mem_free(path);
    }
    return service;
}

static void free_known(void *value)
{
    struct known *k = value;

    if (k == NULL)
        return;
    mem_free(k->transport);
    mem_free(k->nexthop);
    mem_free(k);
}

/* The domain of an address whose user is so plain that an answer for the domain holds for it, or NULL. */
static const char *plain_domain(const char *address)
{
    const char *p = address;

    while (isalnum((unsigned char) *p) || (*p != 0 && strchr("._+=-", *p) != NULL))
        p++;
    return p > address && *address != '-' && *p == '@' && p[1] != 0 && strchr(p + 1, '@') == NULL ? p + 1 : NULL;
}

static const struct known *find_known(const char *address)
{
    const char *domain = known_domains.count > 0 ? plain_domain(address) : NULL;
    const struct known *k = domain == NULL ? NULL : hash_get(&known_domains, domain);

    return k != NULL && clock_now() < k->until ? k : NULL;
}

static void keep(const char *address, const struct resolved *r)
{
    const char *domain = plain_domain(address);

    if (domain == NULL || strcmp(address, r->recipient) != 0 || (r->flags & (RESOLVE_FAIL | RESOLVE_ERROR)) != 0)
        return;
    if (known_domains.count >= KEEP_DOMAINS)
        hash_done(&known_domains, free_known);
    struct known *k = mem_zalloc(sizeof(*k));
    *k = (struct known){.until = clock_after(KEEP_MS), .flags = r->flags,
        .transport = mem_strdup(r->transport), .nexthop = mem_strdup(r->nexthop)};
    free_known(hash_put(&known_domains, domain, k));
}

static void put_request(struct str *out, const char *what, const char *sender, const char *address)
{
    attr_put(out, "request", what);
    attr_put(out, "sender", sender);
    attr_put(out, "address", address);
    attr_end(out);
}

/* Text lies in the reply. address: what was asked for; NULL: nothing is to be kept. */
static bool get_reply(const char *reply, size_t n, const char *address, struct resolved *result)
{
    struct attrs list;

    if (!attrs_parse(&reply, reply + n, &list) || attrs_get(&list, "flags") == NULL)
        return false;
    *result = (struct resolved){
        .flags = (int) attrs_long(&list, "flags", 0),
        .transport = attrs_text(&list, "transport", ""),
        .nexthop = attrs_text(&list, "nexthop", ""),
        .recipient = attrs_text(&list, "recipient", ""),
    };
    if (address != NULL && strcmp(attrs_text(&list, "scope", ""), "domain") == 0)
        keep(address, result);
    return true;
}

void resolve_forget(void)
{
    hash_done(&known_domains, free_known);
}

bool resolve_address(struct arena *a, const char *sender, const char *address, struct resolved *result)
{
    const struct known *k = find_known(address);
    struct str request = {0}, reply = {0};

    if (k != NULL) {
        *result = (struct resolved){.flags = k->flags, .transport = arena_strdup(a, k->transport),
            .nexthop = arena_strdup(a, k->nexthop), .recipient = arena_strdup(a, address)};
        return true;
    }
    put_request(&request, "resolve", sender, address);
    bool ok = client_ask(rewrite_service(), &request, &reply, clock_after(PATIENCE_MS));
    if (ok)
        ok = get_reply(arena_strndup(a, str_text(&reply), reply.len), reply.len, address, result);
    str_done(&request);
    str_done(&reply);
    return ok;
}

struct asked {
    resolve_done *done;
    void *arg;
    bool is_kept;
    char address[];
};

static void answered(void *arg, const char *reply, size_t n)
{
    struct asked *a = arg;
    struct resolved result;

    if (reply != NULL && get_reply(reply, n, a->is_kept ? a->address : NULL, &result))
        a->done(a->arg, &result);
    else
        a->done(a->arg, NULL);
    mem_free(a);
}

static void ask_async(const char *what, const char *sender, const char *address, bool is_kept, resolve_done *done,
    void *arg)
{
    size_t size = strlen(address) + 1;
    struct asked *a = mem_alloc(sizeof(*a) + size);
    struct str request = {0};

    *a = (struct asked){.done = done, .arg = arg, .is_kept = is_kept};
    memcpy(a->address, address, size);
    put_request(&request, what, sender, address);
    client_ask_async(rewrite_service(), &request, clock_after(PATIENCE_MS), answered, a);
    str_done(&request);
}

void resolve_address_async(const char *sender, const char *address, resolve_done *done, void *arg)
{
    const struct known *k = find_known(address);

    if (k != NULL) {
        struct resolved result = {.flags = k->flags, .transport = k->transport, .nexthop = k->nexthop,
            .recipient = address};
        done(arg, &result);
        return;
    }
    ask_async("resolve", sender, address, true, done, arg);
}

void resolve_probe_async(const char *sender, const char *address, resolve_done *done, void *arg)
{
    ask_async("verify", sender, address, false, done, arg);
}
