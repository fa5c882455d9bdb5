/* verify: remembers which addresses are deliverable, and finds it out. See verify(8); requests are
 * described in lib/mail/verify_client.h. */
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "daemon/jail.h"
#include "ipc/attr.h"
#include "services/verify/probe.h"
#include "services/verify/record.h"
#include "table/cache.h"

enum { MAX_REQUESTS = 1000 };

static struct cache *cache;

/* Where an IPv6 literal has colons, the cache has underscores. */
static char *key_of(const char *address)
{
    char *key = mem_strdup(address);

    for (char *p = key; *p != 0; p++)
        if (*p == ':')
            *p = '_';
    return key;
}

/* Lies in value. False: there is none, or it makes no sense. */
static bool find(const char *key, struct verify_record *r, struct str *value)
{
    return cache_find(cache, key, value) == TABLE_FOUND && verify_record_get(r, str_text(value));
}

static void store(const char *key, const struct verify_record *r)
{
    struct str value = {0};

    verify_record_put(r, &value);
    cache_put(cache, key, str_text(&value));
    str_done(&value);
}

/* --- what is known --- */

static void put_record(struct str *reply, const struct verify_record *r)
{
    attr_put_long(reply, "status", 0);
    attr_put_long(reply, "address_status", r->status);
    attr_put(reply, "reason", r->text);
    attr_end(reply);
}

/* What the cache has, if that can be used; else "in progress". */
static void known_record(const char *key, struct verify_record *r, struct str *value, time_t now)
{
    static const struct verify_record unknown = {.status = VERIFY_TODO, .text = "Address verification in progress"};

    if (!find(key, r, value)) {
        *r = unknown;
        return;
    }
    if (!verify_record_may_probe(r, now) || !verify_record_is_expired(r, now))
        return;
    if (!conf.address_verify_negative_cache)
        cache_delete(cache, key);
    *r = unknown;
}

/* The client gets what is known before the probe is sent: it need not wait for that. */
static void do_query(struct request *request, const char *address)
{
    char *key = key_of(address), *kept = mem_strdup(address);
    time_t now = clock_seconds();
    struct verify_record r;
    struct str value = {0}, reply = {0};

    known_record(key, &r, &value, now);
    put_record(&reply, &r);
    request_reply(request, &reply);
    if (verify_record_may_probe(&r, now) && verify_record_is_due(&r, now)) {
        r.probed = now;
        if (r.updated != 0 || conf.address_verify_negative_cache)
            store(key, &r);
        verify_probe_send(kept);
    }
    mem_free(key);
    mem_free(kept);
    str_done(&value);
    str_done(&reply);
}

/* --- what turned out --- */

/* It comes from a far host, and goes to clients and to the log. */
static void make_printable(char *text)
{
    for (; *text != 0; text++)
        if ((unsigned char) *text < ' ' || *text == 0x7f)
            *text = '?';
}

/* A good address that cannot be reached for once stays good until it expires: it is probed again at
 * the next question. */
static bool is_overruled(const char *key, enum verify_status status)
{
    struct str value = {0};
    struct verify_record old;

    bool is = status != VERIFY_OK && find(key, &old, &value) && old.status == VERIFY_OK &&
        !verify_record_is_expired(&old, clock_seconds());
    str_done(&value);
    return is;
}

static bool do_update(struct attrs *list)
{
    const char *address = attrs_text(list, "address", "");
    long status = attrs_long(list, "address_status", -1);

    if (*address == 0 || status < VERIFY_OK || status >= VERIFY_TODO)
        return false;
    char *key = key_of(address), *text = mem_strdup(attrs_text(list, "reason", ""));
    make_printable(text);
    struct verify_record r = {.status = (enum verify_status) status, .updated = clock_seconds(), .text = text};
    if (!is_overruled(key, r.status))
        store(key, &r);
    mem_free(key);
    mem_free(text);
    return true;
}

static void serve(struct request *r)
{
    struct attrs list = {0};
    size_t n;
    const char *cursor = request_head(r, &n), *end = cursor + n;
    struct str reply = {0};
    const char *what = attrs_parse(&cursor, end, &list) ? attrs_text(&list, "request", "") : "";
    const char *address = attrs_text(&list, "address", "");

    if (strcmp(what, "query") == 0 && *address != 0) {
        do_query(r, address);
        return;
    }
    bool ok = strcmp(what, "update") == 0 && do_update(&list);
    if (!ok)
        log_warn("malformed request from a client of the %s service", daemon_service_name());
    attr_put_long(&reply, "status", ok ? 0 : 1);
    attr_end(&reply);
    request_reply(r, &reply);
    str_done(&reply);
}

/* --- the process --- */

static bool is_good(const char *key, const char *value)
{
    struct verify_record r;
    time_t now = clock_seconds();

    (void) key;
    return verify_record_get(&r, value) && (!verify_record_may_probe(&r, now) || !verify_record_is_expired(&r, now));
}

/* Before a chroot, and not as root: the file is mail_owner's, and anybody may look into it. */
static void before_jail(void)
{
    mode_t mask = umask(S_IWGRP | S_IWOTH);

    jail_become(conf.mail_owner);
    cache = cache_open(*conf.address_verify_map == 0 ? "internal:verify" : conf.address_verify_map);
    jail_become(NULL);
    umask(mask);
}

static void after_jail(void)
{
    cache_clean(cache, conf.address_verify_cache_cleanup_interval, is_good);
}

static void leaving(void)
{
    cache_close(cache);
}

int main(int argc, char **argv)
{
    static const struct mux_handler handler = {.request = serve, .in_task = true, .max_requests = MAX_REQUESTS};
    static const struct daemon_program program = {
        .name = "verify",
        .before_jail = before_jail,
        .after_jail = after_jail,
        .mux = &handler,
        .leaving = leaving,
        .is_eternal = true,
    };

    return daemon_main(argc, argv, &program);
}
