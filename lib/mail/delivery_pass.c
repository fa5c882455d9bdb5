#include "mail/delivery_pass.h"

#include "base/log.h"
#include "config/config.h"
#include "ipc/client.h"
#include "mail/quote.h"

static void log_recipient(const struct delivery *d, size_t i, const char *transport, size_t n)
{
    struct str quoted = {0};

    log_info("%s: passing <%s> to transport=%.*s", d->queue_id, quote_822(d->recipients[i].address, &quoted), (int) n,
        transport);
    str_done(&quoted);
}

bool delivery_pass(struct arena *a, const char *destination, struct delivery *d)
{
    struct str path = {0}, request = {0}, reply = {0};
    size_t n = strcspn(destination, ":");
    struct delivery passed = *d;

    str_adds(&path, "private/");
    str_add(&path, destination, n);
    if (destination[n] == ':' && destination[n + 1] != 0)
        passed.nexthop = destination + n + 1;
    for (size_t i = 0; i < d->recipient_count; i++)
        log_recipient(d, i, destination, n);
    delivery_put(&request, &passed);
    struct client *c = client_new(str_text(&path), NULL, NULL);
    bool ok = client_ask_once(c, &request, &reply, clock_after((msec) conf.daemon_timeout * 1000)) &&
              delivery_get_result(str_text(&reply), reply.len, d);
    if (ok)
        dsn_copy(a, &d->hop, &d->hop);
    else
        log_warn("%s: transport %.*s does not answer", d->queue_id, (int) n, destination);
    client_free(c);
    str_done(&path);
    str_done(&request);
    str_done(&reply);
    return ok;
}
