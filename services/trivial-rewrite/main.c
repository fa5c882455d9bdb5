/* trivial-rewrite: addresses in standard form, and where their mail goes. See trivial-rewrite(8);
 * requests are described in lib/mail/rewrite_client.h. */
#include "base/log.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "ipc/attr.h"
#include "services/trivial-rewrite/resolve.h"
#include "services/trivial-rewrite/rewrite.h"

static void do_rewrite(struct attrs *list, struct str *reply)
{
    bool is_local = strcmp(attrs_text(list, "rule", "local"), "local") == 0;
    const char *address = attrs_text(list, "address", "");
    struct rewrite_context context = {
        .origin = is_local ? conf.myorigin : conf.remote_header_rewrite_domain,
        .dot_domain = is_local ? conf.mydomain : conf.remote_header_rewrite_domain,
    };
    struct str result = {0};

    rewrite_apply(&context, address, &result);
    attr_put_long(reply, "flags", 0);
    attr_put(reply, "address", str_text(&result));
    str_done(&result);
}

static void do_resolve(struct attrs *list, bool is_probe, struct str *reply)
{
    struct arena a = {0};
    struct resolved result;
    bool is_for_domain;

    rewrite_resolve_apply(&a, is_probe, attrs_text(list, "sender", ""), attrs_text(list, "address", ""), &result,
        &is_for_domain);
    attr_put_long(reply, "flags", result.flags);
    attr_put(reply, "transport", result.transport);
    attr_put(reply, "nexthop", result.nexthop);
    attr_put(reply, "recipient", result.recipient);
    if (is_for_domain)
        attr_put(reply, "scope", "domain");
    arena_done(&a);
}

static void serve(struct request *r)
{
    struct attrs list;
    size_t n;
    const char *cursor = request_head(r, &n), *end = cursor + n;
    const char *what = attrs_parse(&cursor, end, &list) ? attrs_text(&list, "request", "") : "";
    static struct str reply; /* kept: there is one answer at a time, and many of them */

    str_clear(&reply);
    if (strcmp(what, "rewrite") == 0)
        do_rewrite(&list, &reply);
    else if (strcmp(what, "resolve") == 0)
        do_resolve(&list, false, &reply);
    else if (strcmp(what, "verify") == 0)
        do_resolve(&list, true, &reply);
    else
        log_warn("malformed request from a client of the %s service", daemon_service_name());
    attr_end(&reply);
    request_reply(r, &reply);
}

static const struct mux_handler handler = {.request = serve};

static const struct daemon_program program = {
    .name = "trivial-rewrite",
    .before_jail = rewrite_resolve_open_tables,
    .mux = &handler,
};

int main(int argc, char **argv)
{
    return daemon_main(argc, argv, &program);
}
