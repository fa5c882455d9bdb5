/* fakes.h: smtpd without a network: its neighbours are fakes that tests steer.
 *
 * Domains tell how they behave: local.test, alias.test, virtual.test, relay.test are ours; slow.test
 * cannot be resolved now; none.test does not exist; null.test takes no mail; all others are found.
 */
#ifndef TESTS_UNIT_SMTPD_FAKES_H
#define TESTS_UNIT_SMTPD_FAKES_H

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "dns/dns.h"
#include "mail/address.h"
#include "mail/anvil_client.h"
#include "mail/cleanup_client.h"
#include "mail/rewrite_client.h"
#include "mail/verify_client.h"
#include "smtpd/restrict_parse.h"
#include "smtpd/session.h"
#include "smtpd/setup.h"

/* --- the log --- */

static struct str logged;

static inline void capture(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    for (size_t i = 0; i < count; i++)
        str_addf(&logged, "%s\n", lines[i].text);
}

/* --- cleanup --- */

struct cleanup_message {
    int flags;
};

static struct {
    struct str envelope, content;   /* "name=value\n", "<recipient>\n" */
    int flags, committed, cancelled;
    int status;                     /* what the next commit gives */
    const char *reason;
    bool is_away;                   /* cannot be reached */
} cleanup;

struct cleanup_message *cleanup_open(int flags)
{
    if (cleanup.is_away)
        return NULL;
    struct cleanup_message *m = mem_zalloc(sizeof(*m));
    m->flags = flags;
    str_clear(&cleanup.envelope);
    str_clear(&cleanup.content);
    return m;
}

const char *cleanup_queue_id(const struct cleanup_message *m)
{
    (void) m;
    return "ABC123";
}

void cleanup_attr(struct cleanup_message *m, const char *name, const char *value)
{
    (void) m;
    str_addf(&cleanup.envelope, "%s=%s\n", name, value);
}

void cleanup_recipient(struct cleanup_message *m, const char *address, const char *original, const char *dsn_orcpt,
    int dsn_notify)
{
    (void) m;
    (void) original;
    str_addf(&cleanup.envelope, "<%s> %s %d\n", address, dsn_orcpt, dsn_notify);
}

void cleanup_add_flags(struct cleanup_message *m, int flags)
{
    m->flags |= flags;
}

void cleanup_keep(struct cleanup_message *m)
{
    (void) m;
}

bool cleanup_content(struct cleanup_message *m, const char *bytes, size_t n)
{
    (void) m;
    str_add(&cleanup.content, bytes, n);
    return true;
}

bool cleanup_own_header(struct cleanup_message *m)
{
    (void) m;
    return true;
}

int cleanup_internal_flags(enum cleanup_internal which)
{
    (void) which;
    return CLEANUP_MASK_INTERNAL;
}

void cleanup_through_postdrop(void)
{
}

int cleanup_commit(struct cleanup_message *m, struct str *reason)
{
    cleanup.committed++;
    cleanup.flags = m->flags;
    str_set(reason, cleanup.reason == NULL ? "" : cleanup.reason);
    mem_free(m);
    return cleanup.status;
}

void cleanup_cancel(struct cleanup_message *m)
{
    if (m != NULL)
        cleanup.cancelled++;
    mem_free(m);
}

const struct cleanup_words *cleanup_words(int status)
{
    static const struct cleanup_words words[] = {{CLEANUP_STAT_SIZE, 552, "5.3.4", "message file too big"},
        {CLEANUP_STAT_CONT, 550, "5.7.1", "message content rejected"},
        {CLEANUP_STAT_BAD, 451, "4.3.0", "queue file write error"}};

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if ((status & words[i].status) != 0)
            return &words[i];
    return &words[2];
}

/* --- verify: by the user --- */

static int verify_questions; /* asked since a test has set it to 0 */

bool verify_query(const char *address, enum verify_status *status, struct str *reason)
{
    static const struct {
        const char *user;
        enum verify_status status;
        const char *reason;
    } known[] = {{"bad@", VERIFY_BOUNCE, "host said: 550 5.1.1 no"}, {"busy@", VERIFY_DEFER, "host said: 450 4.2.0 later"},
        {"slow@", VERIFY_TODO, "Address verification in progress"}};

    verify_questions++;
    *status = VERIFY_OK;
    str_set(reason, "250 Ok");
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (strncmp(address, known[i].user, strlen(known[i].user)) == 0) {
            *status = known[i].status;
            str_set(reason, known[i].reason);
        }
    return strncmp(address, "dead@", 5) != 0;
}

/* --- trivial-rewrite --- */

bool rewrite_address(const char *context, const char *address, struct str *result)
{
    (void) context;
    str_set(result, address);
    return true;
}

bool resolve_address(struct arena *a, const char *sender, const char *address, struct resolved *result)
{
    static const struct {
        const char *domain;
        int flags;
        const char *transport, *nexthop;
    } domains[] = {{"local.test", RESOLVE_CLASS_LOCAL, "local", "local.test"},
        {"alias.test", RESOLVE_CLASS_ALIAS, "error", "5.1.1 User unknown in virtual alias table"},
        {"virtual.test", RESOLVE_CLASS_VIRTUAL, "virtual", "virtual.test"},
        {"relay.test", RESOLVE_CLASS_RELAY, "relay", "relay.test"}, {"slow.test", RESOLVE_FAIL, "", ""}};
    const char *domain = address_domain(address);

    (void) sender;
    *result = (struct resolved){.transport = "smtp", .nexthop = domain == NULL ? "" : domain,
        .recipient = domain == NULL ? arena_printf(a, "%s@local.test", address) : arena_strdup(a, address),
        .flags = RESOLVE_CLASS_DEFAULT};
    if (domain == NULL)
        domain = "local.test";
    for (size_t i = 0; i < ARRAY_SIZE(domains); i++)
        if (strcasecmp(domain, domains[i].domain) == 0) {
            result->flags = domains[i].flags;
            result->transport = domains[i].transport;
            result->nexthop = domains[i].nexthop;
        }
    return true;
}

/* --- DNS: a zone is a list of records; a NULL value: it cannot be looked up now --- */

static const struct zone_record {
    const char *name;
    enum dns_type type;
    const char *value;
} *zone;
static size_t zone_count;

enum dns_result dns_query(struct arena *a, const char *name, enum dns_type type, int flags, struct dns_answer *answer)
{
    struct dns_record *records = arena_alloc(a, (zone_count + 1) * sizeof(*records));

    (void) flags;
    *answer = (struct dns_answer){.result = DNS_NONE, .records = records, .reason = "Host not found"};
    for (size_t i = 0; i < zone_count; i++) {
        if (zone[i].type != type || strcasecmp(zone[i].name, name) != 0)
            continue;
        if (zone[i].value == NULL) {
            answer->reason = "Host not found, try again";
            return answer->result = DNS_RETRY;
        }
        records[answer->count] = (struct dns_record){.type = type, .name = zone[i].value, .bytes = zone[i].value};
        net_parse(&records[answer->count++].addr, zone[i].value, 0);
        answer->result = DNS_FOUND;
    }
    return answer->result;
}

enum dns_result dns_mx(struct arena *a, const char *domain, int flags, struct dns_answer *answer)
{
    return dns_query(a, domain, DNS_MX, flags, answer);
}

enum dns_result dns_addr(struct arena *a, const char *host, int flags, struct dns_answer *answer)
{
    return dns_query(a, host, DNS_A, flags, answer);
}

enum dns_result dns_ptr(struct arena *a, const struct net_addr *addr, int flags, struct dns_answer *answer)
{
    char host[NET_HOST_LEN];

    return dns_query(a, net_host(addr, host), DNS_PTR, flags, answer);
}

const char *dns_addr_reason(const struct dns_answer *answer)
{
    return answer->result == DNS_RETRY ? "cannot be found out" : "does not exist";
}

enum dns_result dns_mx_or_addr(const char *domain)
{
    if (strcmp(domain, "none.test") == 0)
        return DNS_NONE;
    if (strcmp(domain, "null.test") == 0)
        return DNS_POLICY;
    return strcmp(domain, "later.test") == 0 ? DNS_RETRY : DNS_FOUND;
}

const char *dns_type_name(enum dns_type type)
{
    return type == DNS_MX ? "MX" : type == DNS_NS ? "NS" : "A";
}

/* --- anvil --- */

static int anvil_count_is, anvil_rate_is;

bool anvil_connect(const char *service, const char *client, int *count, int *rate)
{
    (void) service;
    (void) client;
    *count = anvil_count_is;
    *rate = anvil_rate_is;
    return true;
}

void anvil_disconnect(const char *service, const char *client)
{
    (void) service;
    (void) client;
}

bool anvil_count(enum anvil_event event, const char *service, const char *client, int *rate)
{
    (void) event;
    (void) service;
    (void) client;
    *rate = anvil_rate_is;
    return true;
}

/* --- the session --- */

const char *daemon_service_name(void)
{
    return "smtp";
}

/* Once in a program: parameters beyond those that every test has. */
static inline void load_config(const char *main_cf)
{
    char dir[] = "/tmp/smtpd_test.XXXXXX", path[64];

    if (mkdtemp(dir) == NULL)
        abort();
    snprintf(path, sizeof(path), "%s/main.cf", dir);
    FILE *f = fopen(path, "w");
    if (f == NULL)
        abort();
    fprintf(f,
        "compatibility_level = 3.11\nmail_owner = mail\nsetgid_group = adm\nmyhostname = mx.local.test\n"
        "mydestination = local.test\nmynetworks = 127.0.0.0/8\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n"
        "alias_maps =\nnotify_classes =\nlocal_recipient_maps = inline:{user=x, root=x}\n"
        "virtual_alias_maps = inline:{known@alias.test=x}\nvirtual_mailbox_maps = inline:{known@virtual.test=x}\n"
        "relay_recipient_maps = inline:{known@relay.test=x}\nsmtpd_error_sleep_time = 0\n%s", main_cf);
    fclose(f);
    config_set_dir(dir);
    config_load("smtpd", "smtp");
    unlink(path);
    rmdir(dir);
    log_remove_sinks();
    log_add_sink(capture, NULL);
    smtpd_setup_open();
}

static inline void set_peer(struct session *s, const char *name, const char *addr)
{
    s->peer = (struct peer){.name = name, .reverse_name = name, .addr = addr, .rfc_addr = addr, .port = "1025",
        .name_status = strcmp(name, "unknown") == 0 ? NAME_PERMANENT : NAME_OK, .reverse_name_status = NAME_OK};
    s->peer.namaddr = arena_printf(&s->arena, "%s[%s]", name, addr);
    net_parse(&s->peer.sock, addr, 0);
    s->real_peer = s->peer.sock;
}

/* A client from the outside. */
static inline void open_session(struct session *s)
{
    smtpd_session_init(s, -1);
    set_peer(s, "client.example", "192.0.2.9");
    str_clear(&logged);
}

/* What the client sends after the command, before the command is given: content of DATA, BDAT. */
static inline void send_bytes(struct session *s, const char *bytes, size_t n)
{
    str_add(&s->stream.in, bytes, n);
}

static inline struct reply say(struct session *s, const char *line)
{
    s->resolved = NULL;
    return smtpd_session_command(s, line, strlen(line));
}

static inline bool has_logged(const char *text)
{
    log_flush();
    return strstr(str_text(&logged), text) != NULL;
}

#endif
