#include "mail/verify_client.h"

#include "base/clock.h"
#include "base/mem.h"
#include "config/config.h"
#include "ipc/attr.h"
#include "ipc/client.h"

enum { PATIENCE_MS = 100 * 1000 };

static struct client *service; /* the connection of this process */

static bool ask(struct str *request, struct str *reply, struct attrs *list)
{
    if (service == NULL) {
        char *path = mem_printf("private/%s", conf.address_verify_service_name);
        service = client_new(path, NULL, NULL);
        mem_free(path);
    }
    attr_end(request);
    bool ok = client_ask(service, request, reply, clock_after(PATIENCE_MS));
    const char *cursor = str_text(reply);
    str_done(request);
    return ok && attrs_parse(&cursor, cursor + reply->len, list) && attrs_long(list, "status", -1) == 0;
}

bool verify_query(const char *address, enum verify_status *status, struct str *reason)
{
    struct str request = {0}, reply = {0};
    struct attrs list;

    attr_put(&request, "request", "query");
    attr_put(&request, "address", address);
    bool ok = ask(&request, &reply, &list);
    if (ok) {
        long number = attrs_long(&list, "address_status", -1);
        ok = number >= VERIFY_OK && number <= VERIFY_TODO;
        *status = (enum verify_status) number;
        str_set(reason, attrs_text(&list, "reason", ""));
    }
    str_done(&reply);
    return ok;
}

bool verify_update(const char *address, enum verify_status status, const char *reason)
{
    struct str request = {0}, reply = {0};
    struct attrs list;

    attr_put(&request, "request", "update");
    attr_put(&request, "address", address);
    attr_put_long(&request, "address_status", status);
    attr_put(&request, "reason", reason);
    bool ok = ask(&request, &reply, &list);
    str_done(&reply);
    return ok;
}
