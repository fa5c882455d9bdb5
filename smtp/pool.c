#include "smtp/pool.h"

#include <stdio.h>

#include "base/hash.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/words.h"
#include "config/config.h"

static struct hash sites;                          /* struct site, by destination */
static struct hash addresses;                      /* heads of lists of sessions, by_address */
static struct list resting = {&resting, &resting}; /* all, the one that has rested longest first */
static struct timer timer;

/* --- destinations and addresses --- */

struct site *smtp_pool_site(const char *site)
{
    return hash_get(&sites, site);
}

static void join_site(struct session *s, const char *key)
{
    size_t n = strlen(key);
    struct hash_entry *slot = hash_slot(&sites, key, n);

    if (slot->value == NULL) {
        struct site *site = mem_alloc(sizeof(*site) + n + 1);
        list_init(&site->resting);
        list_init(&site->busy);
        memcpy(site->key, key, n + 1);
        slot->value = site;
    }
    s->site = slot->value;
    list_append(&s->site->busy, &s->by_site);
}

static void leave_site(struct session *s)
{
    list_remove(&s->by_site);
    if (list_is_empty(&s->site->busy) && list_is_empty(&s->site->resting))
        mem_free(hash_remove(&sites, s->site->key));
    s->site = NULL;
}

static void join_address(struct session *s)
{
    struct hash_entry *slot = hash_slot(&addresses, s->address_key, strlen(s->address_key));

    if (slot->value == NULL) {
        slot->value = mem_alloc(sizeof(struct list));
        list_init(slot->value);
    }
    list_append(slot->value, &s->by_address);
}

static void leave_address(struct session *s)
{
    struct list *head = hash_get(&addresses, s->address_key);

    list_remove(&s->by_address);
    if (head != NULL && list_is_empty(head))
        mem_free(hash_remove(&addresses, s->address_key));
}

void smtp_pool_add(struct session *s, const char *site)
{
    join_site(s, site);
    join_address(s);
}

void smtp_pool_drop(struct session *s)
{
    leave_site(s);
    leave_address(s);
    list_remove(&s->by_age);
    smtp_session_free(s);
}

/* --- rest --- */

/* Nobody waits for the reply: the server may take its time. */
static void leave(struct session *s)
{
    stream_adds(&s->stream, "QUIT\r\n");
    s->stream.deadline = 0;
    stream_flush(&s->stream);
    smtp_pool_drop(s);
}

static void close_idle(void *arg)
{
    struct session *s;

    (void) arg;
    while ((s = list_first(&resting, struct session, by_age)) != NULL && s->idle_until <= clock_now())
        leave(s);
    if (s != NULL)
        timer_set(&timer, s->idle_until);
}

void smtp_pool_close(void)
{
    struct session *s;

    while ((s = list_first(&resting, struct session, by_age)) != NULL)
        leave(s);
    timer_stop(&timer);
}

static bool is_listed(const char *site)
{
    struct str list = {0};
    char *cursor, *word;
    bool found = false;

    if (*conf.smtp_connection_cache_destinations == 0)
        return false;
    str_adds(&list, conf.smtp_connection_cache_destinations);
    cursor = list.data;
    while (!found && (word = words_next(&cursor, WORDS_LIST)) != NULL)
        found = strcasecmp(word, site) == 0;
    str_done(&list);
    return found;
}

bool smtp_pool_is_reusable(const struct session *s)
{
    unsigned limit = (unsigned) conf.smtp_connection_reuse_count_limit;

    return stream_error(&s->stream) == STREAM_OK && s->reusable_until > clock_now() &&
           (limit == 0 || s->use_count < limit) && (conf.smtp_connection_cache_on_demand || is_listed(s->site->key));
}

static msec idle_limit(void)
{
    int limit = conf.smtp_connection_cache_time_limit, most = conf.connection_cache_ttl_limit;

    return (msec) (limit < most ? limit : most) * 1000;
}

void smtp_pool_put(struct session *s)
{
    if (!smtp_pool_is_reusable(s) || stream_buffered(&s->stream) > 0) {
        s->reusable_until = 0; /* nobody may follow it while it waits for the reply to QUIT */
        smtp_session_quit(s);
        smtp_pool_drop(s);
        return;
    }
    list_remove(&s->by_site);
    list_prepend(&s->site->resting, &s->by_site);
    list_append(&resting, &s->by_age);
    s->idle_until = clock_after(idle_limit());
    if (s->idle_until > s->reusable_until)
        s->idle_until = s->reusable_until;
    timer.fire = close_idle;
    if (!timer_is_set(&timer))
        timer_set(&timer, s->idle_until);
}

static struct session *wake(struct session *s)
{
    list_remove(&s->by_age);
    list_remove(&s->by_site);
    list_append(&s->site->busy, &s->by_site);
    s->is_in_doubt = true;
    return s;
}

struct session *smtp_pool_get_site(const char *site)
{
    struct site *found = smtp_pool_site(site);
    struct session *s = found == NULL ? NULL : list_first(&found->resting, struct session, by_site);

    return s == NULL ? NULL : wake(s);
}

struct session *smtp_pool_get_address(const struct net_addr *addr, const char *site)
{
    char host[NET_HOST_LEN], key[sizeof(struct sockaddr_un)];

    if (addr->sa.sa_family == AF_UNIX)
        snprintf(key, sizeof(key), "%s", addr->un.sun_path);
    else
        snprintf(key, sizeof(key), "%s:%d", net_host(addr, host), net_port(addr));
    struct list *head = hash_get(&addresses, key);
    if (head == NULL)
        return NULL;
    list_each (link, head) {
        struct session *s = list_entry(link, struct session, by_address);
        if (!list_is_linked(&s->by_age)) /* busy */
            continue;
        wake(s);
        if (strcmp(s->site->key, site) != 0) {
            leave_site(s);
            join_site(s, site);
        }
        return s;
    }
    return NULL;
}
