#include "mail/flush_client.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/net.h"
#include "config/config.h"
#include "ipc/attr_stream.h"
#include "mail/match.h"

/* A flush of many messages is some system calls for each. */
enum { CONNECT_MS = 10 * 1000, ANSWER_MS = 100 * 1000, MAX_LIST = 4096 };

/* Registering is a few; mail that is being deferred does not wait for a service that is ill. */
enum { ADD_MS = 5 * 1000, REST_MS = 30 * 1000 };

static struct match_list *domains;

void flush_open(void)
{
    match_list_close(domains);
    domains = match_list_open("fast_flush_domains", conf.fast_flush_domains, MATCH_DOMAINS);
}

enum flush_status flush_policy(const char *site)
{
    if (domains == NULL)
        flush_open();
    switch (match_list_find(domains, site)) {
    case MATCH_YES:
        return FLUSH_OK;
    case MATCH_NO:
        return FLUSH_DENY;
    case MATCH_ERROR:
        break;
    }
    return FLUSH_FAIL;
}

/* Is the next list there, and has it this attribute? The value lies in the list. */
static const char *read_attribute(struct stream *s, struct str *list, const char *name)
{
    struct attrs attributes;

    if (!attr_stream_read(s, list, MAX_LIST))
        return NULL;
    const char *cursor = str_text(list);
    return attrs_parse(&cursor, cursor + list->len, &attributes) ? attrs_get(&attributes, name) : NULL;
}

static enum flush_status converse(struct stream *s, const struct str *request)
{
    enum flush_status status = FLUSH_FAIL;
    struct str list = {0};
    const char *value;

    stream_add(s, request->data, request->len);
    if ((value = read_attribute(s, &list, "protocol")) != NULL && strcmp(value, FLUSH_PROTOCOL) == 0 &&
        (value = read_attribute(s, &list, "status")) != NULL) {
        static const enum flush_status known[] = {FLUSH_OK, FLUSH_BAD, FLUSH_DENY};
        for (size_t i = 0; i < ARRAY_SIZE(known); i++)
            if (atoi(value) == (int) known[i])
                status = known[i];
    } else
        log_warn("no answer from the %s service: %s", conf.flush_service_name, stream_error_text(s));
    str_done(&list);
    return status;
}

/* The request is used up. */
static enum flush_status ask(struct str *request, msec timeout)
{
    char *path = mem_printf("public/%s", conf.flush_service_name);
    enum flush_status status = FLUSH_FAIL;
    int fd = net_connect_unix(path, clock_after(CONNECT_MS));
    struct stream s;

    attr_end(request);
    if (fd < 0)
        log_warn("connect to %s: %m", path);
    else {
        stream_init(&s, fd, timeout);
        status = converse(&s, request);
        stream_done(&s);
    }
    str_done(request);
    mem_free(path);
    return status;
}

enum flush_status flush_add(const char *site, const char *queue_id)
{
    static msec resting_until;
    enum flush_status status = flush_policy(site);
    struct str request = {0};

    if (status != FLUSH_OK)
        return status;
    if (clock_now() < resting_until)
        return FLUSH_FAIL;
    attr_put(&request, "request", "add");
    attr_put(&request, "site", site);
    attr_put(&request, "queue_id", queue_id);
    status = ask(&request, ADD_MS);
    if (status == FLUSH_FAIL)
        resting_until = clock_after(REST_MS);
    return status;
}

enum flush_status flush_send_site(const char *site)
{
    enum flush_status status = flush_policy(site);
    struct str request = {0};

    if (status != FLUSH_OK)
        return status;
    attr_put(&request, "request", "send_site");
    attr_put(&request, "site", site);
    return ask(&request, ANSWER_MS);
}

enum flush_status flush_send_file(const char *queue_id)
{
    struct str request = {0};

    attr_put(&request, "request", "send_file");
    attr_put(&request, "queue_id", queue_id);
    return ask(&request, ANSWER_MS);
}
