#include "mail/anvil_client.h"

#include <stddef.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "ipc/attr.h"
#include "ipc/client.h"

/* Limits are a courtesy, mail is the job: a dead anvil delays one client, and then nobody for a while. */
enum { ANSWER_MS = 1000, REST_MS = 30000 };

static struct client *service_client;
static msec resting_until;

static struct client *anvil(void)
{
    if (service_client == NULL)
        service_client = client_new("private/anvil", NULL, NULL);
    return service_client;
}

static void request_put(struct str *request, const char *what, const char *service, const char *client)
{
    attr_put(request, "request", what);
    str_add(request, "ident", sizeof("ident"));
    str_addf(request, "%s:%s", service, client);
    str_addc(request, 0);
    attr_end(request);
}

/* count may be NULL. */
static bool ask(const char *what, const char *service, const char *client, int *count, int *rate)
{
    struct str request = {0}, reply = {0};
    struct attrs list;

    if (clock_now() < resting_until)
        return false;
    request_put(&request, what, service, client);
    bool ok = client_ask(anvil(), &request, &reply, clock_after(ANSWER_MS));
    if (!ok) {
        resting_until = clock_after(REST_MS);
        log_warn("problem talking to service anvil: client limits are not enforced for %d s", REST_MS / 1000);
    } else {
        const char *cursor = str_text(&reply);
        ok = attrs_parse(&cursor, cursor + reply.len, &list) && attrs_long(&list, "status", -1) == 0;
    }
    if (ok && count != NULL)
        *count = (int) attrs_long(&list, "count", 0);
    if (ok)
        *rate = (int) attrs_long(&list, "rate", 0);
    str_done(&request);
    str_done(&reply);
    return ok;
}

bool anvil_connect(const char *service, const char *client, int *count, int *rate)
{
    return ask("connect", service, client, count, rate);
}

/* Nobody waits for the end of a connection to be counted: it is a note. */
void anvil_disconnect(const char *service, const char *client)
{
    struct str request = {0};
    struct mux *m = client_mux(anvil(), 0);

    if (m == NULL)
        return;
    request_put(&request, "disconnect", service, client);
    mux_note(m, &request);
    str_done(&request);
}

bool anvil_count(enum anvil_event event, const char *service, const char *client, int *rate)
{
    static const char *const names[] = {
        [ANVIL_MESSAGE] = "message", [ANVIL_RECIPIENT] = "recipient", [ANVIL_NEWTLS] = "newtls", [ANVIL_AUTH] = "auth"};

    return ask(names[event], service, client, NULL, rate);
}
