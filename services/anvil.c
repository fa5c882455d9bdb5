/* anvil: counts connections, messages, recipients ... of clients, for those who limit them.
 *
 * Requests (attribute lists over ipc/mux.h): "request" is connect, disconnect, message, recipient,
 * newtls, auth or lookup, "ident" is service:client. Replies have "status" 0 and the counts. What
 * a client process had connected and did not disconnect ends with that process.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "ipc/attr.h"
#include "ipc/mux.h"

enum rate { CONNECTIONS, MESSAGES, RECIPIENTS, NEWTLS, AUTHS, RATES };

struct remote {
    int count;          /* connections that are open */
    int rate[RATES];    /* since start */
    msec start;
};

/* The highest value since the last report, and whose it was. */
struct peak {
    int value;
    char *ident;
    time_t when;
};

static struct hash remotes;   /* ident -> struct remote */
static struct peak rate_peaks[RATES], count_peak;
static size_t most_remotes;
static time_t most_remotes_when;
static struct timer report_timer, expiry_timer;

static void peak_note(struct peak *p, int value, const char *ident)
{
    if (value <= p->value)
        return;
    p->value = value;
    p->when = clock_seconds();
    if (p->ident == NULL || strcmp(p->ident, ident) != 0) {
        mem_free(p->ident);
        p->ident = mem_strdup(ident);
    }
}

static const char *date(time_t when)
{
    static char text[32];

    strftime(text, sizeof(text), "%b %e %H:%M:%S", localtime(&when));
    return text;
}

static void peak_forget(struct peak *p)
{
    mem_free(p->ident);
    *p = (struct peak){0};
}

static void report(void)
{
    static const char *const names[] = {"connection", "message", "recipient", "newtls", "auth"};

    for (int i = 0; i < RATES; i++) {
        struct peak *p = &rate_peaks[i];
        if (p->value > 0)
            log_info("statistics: max %s rate %d/%ds for (%s) at %s", names[i], p->value, conf.anvil_rate_time_unit,
                p->ident, date(p->when));
        peak_forget(p);
        if (i == CONNECTIONS && count_peak.value > 0)
            log_info("statistics: max connection count %d for (%s) at %s", count_peak.value, count_peak.ident,
                date(count_peak.when));
    }
    peak_forget(&count_peak);
    if (most_remotes > 0)
        log_info("statistics: max cache size %zu at %s", most_remotes, date(most_remotes_when));
    most_remotes = 0;
}

static void report_due(void *arg)
{
    (void) arg;
    report();
    timer_set(&report_timer, clock_after((msec) conf.anvil_status_update_time * 1000));
}

static msec time_unit(void)
{
    return (msec) conf.anvil_rate_time_unit * 1000;
}

static void expire(void *arg)
{
    struct hash_entry *e = hash_next(&remotes, NULL);

    (void) arg;
    while (e != NULL) {
        struct hash_entry *next = hash_next(&remotes, e);
        struct remote *r = e->value;
        if (r->count == 0 && r->start + time_unit() < clock_now())
            mem_free(hash_removen(&remotes, e->key, e->key_len));
        e = next;
    }
    timer_set(&expiry_timer, clock_after(time_unit()));
}

static struct remote *remote_of(const char *ident)
{
    struct hash_entry *e = hash_slot(&remotes, ident, strlen(ident));

    if (e->value == NULL) {
        struct remote *r = e->value = mem_zalloc(sizeof(struct remote));
        r->start = clock_now();
        if (remotes.count > most_remotes) {
            most_remotes = remotes.count;
            most_remotes_when = clock_seconds();
        }
    }
    return e->value;
}

static int increase(struct remote *r, enum rate what, const char *ident)
{
    if (r->start + time_unit() < clock_now()) {
        memset(r->rate, 0, sizeof(r->rate));
        r->start = clock_now();
    }
    peak_note(&rate_peaks[what], ++r->rate[what], ident);
    return r->rate[what];
}

/* What each of our clients has connected: ident -> how many, as a pointer's value. */
static struct hash *opened_by(struct mux *m)
{
    struct hash **mine = (struct hash **) daemon_connection(m);

    if (*mine == NULL)
        *mine = mem_zalloc(sizeof(struct hash));
    return *mine;
}

static void do_connect(struct mux *m, const char *ident, struct str *reply)
{
    struct remote *r = remote_of(ident);
    struct hash_entry *mine = hash_slot(opened_by(m), ident, strlen(ident));

    mine->value = (void *) ((uintptr_t) mine->value + 1);
    peak_note(&count_peak, ++r->count, ident);
    attr_put_long(reply, "count", r->count);
    attr_put_long(reply, "rate", increase(r, CONNECTIONS, ident));
}

static void do_disconnect(struct mux *m, const char *ident)
{
    uintptr_t open = (uintptr_t) hash_get(opened_by(m), ident);
    struct remote *r = hash_get(&remotes, ident);

    if (open == 0 || r == NULL)
        return;
    if (open == 1)
        hash_remove(opened_by(m), ident);
    else
        hash_put(opened_by(m), ident, (void *) (open - 1));
    r->count--;
}

static void do_lookup(const char *ident, struct str *reply)
{
    static const struct remote unknown;
    const struct remote *r = hash_get(&remotes, ident);
    static const char *const names[] = {"rate", "mail", "rcpt", "newtls", "auth"};

    if (r == NULL)
        r = &unknown;
    attr_put_long(reply, "count", r->count);
    for (int i = 0; i < RATES; i++)
        attr_put_long(reply, names[i], r->rate[i]);
}

/* False: no such request. */
static bool handle(struct mux *m, const char *what, const char *ident, struct str *reply)
{
    static const char *const names[] = {"connect", "message", "recipient", "newtls", "auth"};

    if (strcmp(what, "connect") == 0)
        do_connect(m, ident, reply);
    else if (strcmp(what, "disconnect") == 0)
        do_disconnect(m, ident);
    else if (strcmp(what, "lookup") == 0)
        do_lookup(ident, reply);
    else {
        int i = MESSAGES;
        while (i < RATES && strcmp(what, names[i]) != 0)
            i++;
        if (i == RATES)
            return false;
        attr_put_long(reply, "rate", increase(remote_of(ident), (enum rate) i, ident));
    }
    return true;
}

static bool answer(struct mux *m, const char *bytes, size_t n, struct str *reply)
{
    const char *cursor = bytes;
    struct attrs list;

    attr_put_long(reply, "status", 0);
    bool ok = attrs_parse(&cursor, bytes + n, &list) &&
        handle(m, attrs_text(&list, "request", ""), attrs_text(&list, "ident", ""), reply);
    if (!ok) {
        log_warn("unrecognized request: ignored");
        str_clear(reply);
        attr_put_long(reply, "status", -1);
    }
    attr_end(reply);
    return ok;
}

static void on_request(struct request *r)
{
    struct str reply = {0};
    size_t n;
    const char *head = request_head(r, &n);

    answer(request_mux(r), head, n, &reply);
    request_reply(r, &reply);
    str_done(&reply);
}

static void on_note(struct mux *m, const char *bytes, size_t n)
{
    struct str unsent = {0};

    answer(m, bytes, n, &unsent);
    str_done(&unsent);
}

static void on_closed(struct mux *m)
{
    struct hash *mine = opened_by(m);

    for (struct hash_entry *e = hash_next(mine, NULL); e != NULL; e = hash_next(mine, e)) {
        struct remote *r = hash_getn(&remotes, e->key, e->key_len);
        if (r != NULL)
            r->count -= (int) (uintptr_t) e->value;
    }
    hash_done(mine, NULL);
    mem_free(mine);
}

static void after_jail(void)
{
    report_timer.fire = report_due;
    timer_set(&report_timer, clock_after((msec) conf.anvil_status_update_time * 1000));
    expiry_timer.fire = expire;
    timer_set(&expiry_timer, clock_after(time_unit()));
}

int main(int argc, char **argv)
{
    static const struct mux_handler handler = {.request = on_request, .note = on_note, .closed = on_closed};
    static const struct daemon_program program = {
        .name = "anvil", .mux = &handler, .after_jail = after_jail, .leaving = report, .is_eternal = true};

    return daemon_main(argc, argv, &program);
}
