#include "table/dbms_hosts.h"

#include <netdb.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"

enum { AGAIN_MS = 1000 };

static int port_of(const char *text)
{
    const struct servent *service;
    long port = 0;

    if (words_to_long(text, &port) && port > 0 && port <= 65535)
        return (int) port;
    service = getservbyname(text, "tcp");
    if (service == NULL)
        log_warn("unknown service: %s/tcp", text);
    return service == NULL ? 0 : ntohs((uint16_t) service->s_port);
}

static void parse_host(struct dbms_host *h, const char *text)
{
    bool is_inet = strncmp(text, "inet:", 5) == 0, is_unix = strncmp(text, "unix:", 5) == 0;

    h->text = mem_strdup(text);
    h->name = mem_strdup(text + (is_inet || is_unix ? 5 : 0));
    h->is_local = is_unix || *h->name == '/';
    char *colon = strrchr(h->name, ':');
    if (colon == NULL || strstr(text, "://") != NULL || (h->is_local && strspn(colon + 1, "0123456789") == 0))
        return; /* a URI is taken apart by the library */
    *colon = 0;
    h->port = port_of(colon + 1);
}

static void add_host(struct dbms_hosts *h, const char *text)
{
    h->hosts = mem_realloc(h->hosts, (h->count + 1) * sizeof(*h->hosts));
    h->hosts[h->count] = (struct dbms_host){0};
    parse_host(&h->hosts[h->count++], text);
}

void dbms_hosts_open(struct dbms_hosts *h, struct dbms_conf *c, const char *default_)
{
    char *copy = mem_strdup(dbms_conf_text(c, "hosts", "")), *cursor = copy;

    h->idle_ms = (msec) dbms_conf_int(c, "idle_interval", DBMS_IDLE_S, 1) * 1000;
    h->retry_ms = (msec) dbms_conf_int(c, "retry_interval", DBMS_RETRY_S, 1) * 1000;
    for (char *word; (word = words_next(&cursor, WORDS_LIST)) != NULL;)
        add_host(h, word);
    if (h->count == 0)
        add_host(h, default_);
    mem_free(copy);
}

static void disconnect(struct dbms_hosts *h, struct dbms_host *host)
{
    if (host->connection != NULL)
        h->driver->disconnect(host->connection);
    host->connection = NULL;
}

void dbms_hosts_close(struct dbms_hosts *h)
{
    for (size_t i = 0; i < h->count; i++) {
        disconnect(h, &h->hosts[i]);
        mem_free(h->hosts[i].text);
        mem_free(h->hosts[i].name);
    }
    mem_free(h->hosts);
}

/* Who may be asked, from the best on. */
enum choice { CONNECTED, RESTED, FAILED_BEFORE, CHOICES };

static bool is_choice(const struct dbms_host *host, enum choice choice)
{
    if (choice != CONNECTED && host->is_tried)
        return false;
    switch (choice) {
    case CONNECTED: return host->connection != NULL;
    case RESTED: return !host->has_failed || host->retry_at <= clock_now();
    case FAILED_BEFORE: return host->failed + AGAIN_MS <= clock_now();
    case CHOICES: break;
    }
    return false;
}

/* Each process has its own hash function, so not all of them go to the same server. */
static unsigned dice(unsigned sides)
{
    static unsigned rolls;

    rolls++;
    return hash_bytes(&rolls, sizeof(rolls)) % sides;
}

/* One of them at random; NULL: there is none. */
static struct dbms_host *pick(struct dbms_hosts *h, enum choice choice, bool is_local)
{
    struct dbms_host *picked = NULL;
    unsigned seen = 0;

    for (size_t i = 0; i < h->count; i++)
        if (h->hosts[i].is_local == is_local && is_choice(&h->hosts[i], choice) && dice(++seen) == 0)
            picked = &h->hosts[i];
    return picked;
}

static struct dbms_host *best(struct dbms_hosts *h)
{
    for (enum choice choice = 0; choice < CHOICES; choice++)
        for (int is_local = 1; is_local >= 0; is_local--) {
            struct dbms_host *host = pick(h, choice, is_local);
            if (host != NULL)
                return host;
        }
    return NULL;
}

static void note_failure(struct dbms_hosts *h, struct dbms_host *host)
{
    clock_has_waited();
    host->has_failed = true;
    host->failed = clock_now();
    host->retry_at = clock_after(h->retry_ms);
}

/* The server will have closed what nobody used, or is about to. */
static void close_idle(struct dbms_hosts *h)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->hosts[i].connection != NULL && h->hosts[i].idle_at <= clock_now())
            disconnect(h, &h->hosts[i]);
}

void dbms_hosts_begin(struct dbms_hosts *h)
{
    clock_has_waited();
    for (size_t i = 0; i < h->count; i++)
        h->hosts[i].is_tried = false;
    close_idle(h);
}

struct dbms_host *dbms_hosts_next(struct dbms_hosts *h)
{
    struct dbms_host *host;

    while ((host = best(h)) != NULL && host->connection == NULL) {
        host->is_tried = true;
        host->was_used = false;
        host->connection = h->driver->connect(h->context, host);
        if (host->connection == NULL)
            note_failure(h, host);
    }
    return host;
}

void dbms_hosts_answered(struct dbms_hosts *h, struct dbms_host *host)
{
    clock_has_waited();
    host->has_failed = false;
    host->was_used = true;
    host->idle_at = clock_after(h->idle_ms);
}

void dbms_hosts_failed(struct dbms_hosts *h, struct dbms_host *host)
{
    disconnect(h, host);
    if (!host->was_used)
        note_failure(h, host);
}
