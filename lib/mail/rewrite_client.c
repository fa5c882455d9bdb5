#include "mail/rewrite_client.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "ipc/attr.h"
#include "ipc/client.h"

enum { CACHE_MS = 30000, CACHE_ENTRIES = 1000, ANSWER_MS = 100000 };

/* Answers by "context address"; all are forgotten together, when they are old or too many. */
static struct hash cache;
static msec cache_end;
static struct client *service;

/* RFC 5322 3.2.3: what may stand in an atom. '%' and '!' may, and are rewritten; so not here. */
static bool is_plain(char c)
{
    return isalnum((unsigned char) c) || (c != 0 && strchr("-_+=#$&'*/?^`{|}~", c) != NULL);
}

/* One or more atoms with single dots between them. */
static bool is_dot_atom(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool is_edge = i == 0 || i == n - 1;
        if (text[i] == '.' ? is_edge || text[i - 1] == '.' : !is_plain(text[i]))
            return false;
    }
    return n > 0;
}

/* No rule of trivial-rewrite applies: neither a missing domain or dot, nor other routing syntax. */
static bool is_canonical(const char *address)
{
    const char *at = strchr(address, '@');

    return at != NULL && strchr(at, '.') != NULL && is_dot_atom(address, (size_t) (at - address)) &&
        is_dot_atom(at + 1, strlen(at + 1));
}

static void forget_old_answers(void)
{
    if (clock_now() < cache_end && cache.count < CACHE_ENTRIES)
        return;
    hash_done(&cache, mem_free);
    cache_end = clock_after(CACHE_MS);
}

static bool ask(const char *context, const char *address, struct str *result)
{
    struct str request = {0}, reply = {0};
    struct attrs list;
    const char *answer = NULL;

    if (service == NULL) {
        char *path = mem_printf("private/%s", conf.rewrite_service_name);
        service = client_new(path, NULL, NULL);
        mem_free(path);
    }
    attr_put(&request, "request", "rewrite");
    attr_put(&request, "rule", context);
    attr_put(&request, "address", address);
    attr_end(&request);
    if (client_ask(service, &request, &reply, clock_after(ANSWER_MS))) {
        const char *cursor = str_text(&reply);
        if (attrs_parse(&cursor, cursor + reply.len, &list) && attrs_long(&list, "flags", 0) == 0)
            answer = attrs_get(&list, "address");
    }
    if (answer != NULL)
        str_set(result, answer);
    else
        log_warn("problem talking to service %s", conf.rewrite_service_name);
    str_done(&request);
    str_done(&reply);
    return answer != NULL;
}

bool rewrite_address(const char *context, const char *address, struct str *result)
{
    struct str key = {0};

    if (*address == 0 || is_canonical(address)) {
        str_set(result, address);
        return true;
    }
    forget_old_answers();
    str_addf(&key, "%s %s", context, address);
    const char *known = hash_getn(&cache, key.data, key.len);
    bool ok = known != NULL;
    if (ok)
        str_set(result, known);
    else if ((ok = ask(context, address, result)))
        mem_free(hash_putn(&cache, key.data, key.len, mem_strdup(str_text(result))));
    str_done(&key);
    return ok;
}
