/* dns.c: questions, asked once and remembered.
 *
 * A question is an entry of the cache from the moment it is asked: first tasks wait for it, then
 * they find its answer. It leaves when its time is up, or when there are too many, oldest use first.
 */
#include "dns/dns.h"

#include <netdb.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/task.h"
#include "base/words.h"
#include "dns/dns_answer.h"
#include "dns/dns_filter.h"
#include "dns/dns_hosts.h"
#include "dns/dns_resolver.h"

enum { MAX_QUESTIONS = 20000, MAX_TTL = 3600, MAX_ALIASES = 10 };

struct question {
    struct list link; /* on recent while it is in the table, else on itself */
    struct hash_entry *slot;
    unsigned holders; /* the resolver, and tasks that wait or read */
    bool is_done, is_secure;
    int aliases;
    msec expires;
    struct cond answered;
    struct arena memory;
    struct dns_answer answer;
};

static struct hash questions;                   /* by type, flags and name */
static struct list recent = {&recent, &recent}; /* the least recently used first */
static enum dns_resolver_search search;

static void release(struct question *q)
{
    if (--q->holders > 0 || q->slot != NULL)
        return;
    arena_done(&q->memory);
    mem_free(q);
}

static void forget(struct question *q)
{
    q->holders++;
    list_remove(&q->link);
    if (q->slot != NULL)
        hash_removen(&questions, q->slot->key, q->slot->key_len);
    q->slot = NULL;
    release(q);
}

size_t dns_cache_count(void)
{
    return questions.count;
}

void dns_cache_clear(void)
{
    list_each_safe (link, after, &recent)
        forget(list_entry(link, struct question, link));
}

void dns_set_reply_filter(const char *tables)
{
    dns_filter_open(tables);
    dns_cache_clear();
}

/* --- asking --- */

static void on_reply(void *arg, const unsigned char *reply, size_t n, const char *why);

static void ask(struct question *q)
{
    struct dns_resolver_question what = {
        .name = q->answer.name,
        .type_number = dns_answer_type_number(q->answer.type),
        .is_secure = q->is_secure,
        .search = search,
    };

    q->holders++;
    dns_resolver_ask(&what, on_reply, q);
}

static void on_reply(void *arg, const unsigned char *reply, size_t n, const char *why)
{
    struct question *q = arg;
    bool was_secure = q->aliases == 0 || q->answer.is_secure;
    const char *alias = NULL;

    if (reply == NULL)
        dns_answer_fail(&q->answer, why);
    else
        alias = dns_answer_parse(&q->memory, reply, n, &q->answer);
    q->answer.is_secure = q->answer.is_secure && was_secure;
    if (alias != NULL && q->aliases++ < MAX_ALIASES)
        ask(q);
    else {
        uint32_t ttl = q->answer.ttl < MAX_TTL ? q->answer.ttl : MAX_TTL;
        q->expires = clock_after((msec) ttl * 1000);
        q->is_done = true;
        cond_wake_all(&q->answered);
        if (ttl == 0)
            forget(q);
    }
    release(q);
}

static void make_room(void)
{
    struct question *oldest = list_first(&recent, struct question, link);

    if (questions.count > MAX_QUESTIONS && oldest != NULL)
        forget(oldest);
}

/* Ask, or join those who have. The caller has hold of the result until question_read(). */
static struct question *question_start(const char *name, enum dns_type type, int flags)
{
    struct str key = {0};

    str_addf(&key, "%c%c%s", 'a' + (int) type, (flags & DNS_SECURE) != 0 ? 's' : '-', name);
    str_lower(&key);
    struct hash_entry *slot = hash_slot(&questions, key.data, key.len);
    str_done(&key);
    struct question *q = slot->value;
    if (q != NULL && q->is_done && q->expires <= clock_now()) {
        list_remove(&q->link);
        q->slot = NULL;
        q->holders++;
        release(q);
        q = NULL;
    }
    bool is_new = q == NULL;
    if (is_new) {
        q = mem_zalloc(sizeof(*q));
        list_init(&q->link);
        cond_init(&q->answered);
        q->answer.type = type;
        q->answer.asked = q->answer.name = arena_strdup(&q->memory, name);
        q->is_secure = (flags & DNS_SECURE) != 0;
        q->slot = slot;
        slot->value = q;
    }
    q->holders++;
    list_remove(&q->link);
    list_append(&recent, &q->link);
    if (is_new) {
        make_room();
        ask(q);
    }
    return q;
}

static void question_wait(struct question *q)
{
    while (!q->is_done && !task_is_cancelled())
        if (task_self() != NULL)
            cond_wait(&q->answered, NEVER);
        else
            dns_resolver_turn();
}

static enum dns_result question_read(struct arena *a, struct question *q, struct dns_answer *answer)
{
    question_wait(q);
    if (q->is_done)
        dns_answer_copy(a, answer, &q->answer);
    else {
        *answer = (struct dns_answer){.type = q->answer.type};
        answer->asked = answer->name = arena_strdup(a, q->answer.asked);
        dns_answer_fail(answer, "Host not found, try again");
    }
    release(q);
    dns_filter_apply(a, answer);
    return answer->result;
}

/* Without a question: the name cannot be in the system. */
static bool is_refused(struct arena *a, const char *name, enum dns_type type, struct dns_answer *answer)
{
    *answer = (struct dns_answer){.result = DNS_NONE, .type = type, .is_nxdomain = true};
    answer->asked = answer->name = arena_strdup(a, name);
    answer->reason = "invalid host or domain name";
    return !dns_name_is_valid(name);
}

enum dns_result dns_query(struct arena *a, const char *name, enum dns_type type, int flags, struct dns_answer *answer)
{
    if (is_refused(a, name, type, answer))
        return DNS_NONE;
    return question_read(a, question_start(name, type, flags), answer);
}

enum dns_result dns_mx(struct arena *a, const char *domain, int flags, struct dns_answer *answer)
{
    if (dns_query(a, domain, DNS_MX, flags, answer) != DNS_FOUND)
        return answer->result;
    struct dns_record *r = arena_alloc(a, answer->count * sizeof(*r));
    for (size_t i = 0; i < answer->count; i++) {
        size_t at = i;
        for (; at > 0 && r[at - 1].preference > answer->records[i].preference; at--)
            r[at] = r[at - 1];
        r[at] = answer->records[i];
    }
    answer->records = r;
    return DNS_FOUND;
}

/* --- addresses --- */

static bool is_wanted(int family, int flags)
{
    int families = flags & (DNS_WANT_V4 | DNS_WANT_V6);

    return families == 0 || (families & (family == AF_INET ? DNS_WANT_V4 : DNS_WANT_V6)) != 0;
}

static void set_found(struct dns_answer *answer, const char *name, struct dns_record *records, size_t count)
{
    answer->result = DNS_FOUND;
    answer->is_nxdomain = answer->is_invalid = false;
    answer->reason = NULL;
    answer->name = name;
    answer->records = records;
    answer->count = count;
}

static bool find_numeric(struct arena *a, const char *host, int flags, struct dns_answer *answer)
{
    struct net_addr addr;

    if (!net_parse(&addr, host, 0) || !is_wanted(addr.sa.sa_family, flags))
        return false;
    struct dns_record *r = arena_new(a, struct dns_record);
    *r = (struct dns_record){
        .type = addr.sa.sa_family == AF_INET ? DNS_A : DNS_AAAA, .owner = answer->asked, .addr = addr};
    set_found(answer, answer->asked, r, 1);
    return true;
}

static bool find_in_hosts(struct arena *a, const char *host, int flags, struct dns_answer *answer)
{
    const struct dns_host *h = NULL;
    size_t count = 0;

    while ((h = dns_hosts_by_name(host, h)) != NULL)
        count++;
    if (count == 0)
        return false;
    struct dns_record *records = arena_zalloc(a, count * sizeof(*records));
    size_t used = 0;
    while (used < count && (h = dns_hosts_by_name(host, h)) != NULL) {
        if (!is_wanted(h->addr.sa.sa_family, flags))
            continue;
        records[used++] = (struct dns_record){
            .type = h->addr.sa.sa_family == AF_INET ? DNS_A : DNS_AAAA, .owner = answer->asked, .addr = h->addr};
    }
    if (used == 0)
        return false;
    set_found(answer, answer->asked, records, used);
    return true;
}

/* Records of both families; failing that, the worse result, of two equals the second. */
static void merge(struct arena *a, struct dns_answer *to, const struct dns_answer *from)
{
    if (to->result != DNS_FOUND) {
        if (from->result == DNS_FOUND || from->result == DNS_RETRY || to->result != DNS_RETRY)
            *to = *from;
        return;
    }
    if (from->result != DNS_FOUND)
        return;
    struct dns_record *both = arena_alloc(a, (to->count + from->count) * sizeof(*both));
    memcpy(both, to->records, to->count * sizeof(*both));
    memcpy(both + to->count, from->records, from->count * sizeof(*both));
    to->records = both;
    to->count += from->count;
    to->ttl = to->ttl < from->ttl ? to->ttl : from->ttl;
    to->is_secure = to->is_secure && from->is_secure;
}

enum dns_result dns_addr(struct arena *a, const char *host, int flags, struct dns_answer *answer)
{
    struct question *v4 = NULL, *v6 = NULL;
    struct dns_answer other;
    bool is_bad = is_refused(a, host, is_wanted(AF_INET, flags) ? DNS_A : DNS_AAAA, answer);

    if (find_numeric(a, host, flags, answer))
        return DNS_FOUND;
    if ((flags & (DNS_HOSTS | DNS_HOSTS_ONLY)) != 0 && find_in_hosts(a, host, flags, answer))
        return DNS_FOUND;
    if (is_bad)
        return DNS_NONE;
    answer->is_invalid = false;
    answer->reason = "Host not found";
    if ((flags & DNS_HOSTS_ONLY) != 0)
        return DNS_NONE;
    if (is_wanted(AF_INET, flags))
        v4 = question_start(host, DNS_A, flags);
    if (is_wanted(AF_INET6, flags))
        v6 = question_start(host, DNS_AAAA, flags);
    question_read(a, v4 != NULL ? v4 : v6, answer);
    if (v4 != NULL && v6 != NULL) {
        question_read(a, v6, &other);
        merge(a, answer, &other);
    }
    return answer->result;
}

void dns_prefetch_addr(const char *host, int flags)
{
    if (!dns_name_is_valid(host))
        return;
    if (is_wanted(AF_INET, flags))
        release(question_start(host, DNS_A, flags));
    if (is_wanted(AF_INET6, flags))
        release(question_start(host, DNS_AAAA, flags));
}

/* --- names of addresses --- */

static void reverse_name(const struct net_addr *addr, struct str *name)
{
    struct net_addr plain = *addr;

    net_unmap(&plain);
    if (plain.sa.sa_family == AF_INET) {
        const unsigned char *b = (const unsigned char *) &plain.in.sin_addr;
        str_setf(name, "%d.%d.%d.%d.in-addr.arpa", b[3], b[2], b[1], b[0]);
        return;
    }
    str_clear(name);
    for (int i = 15; i >= 0; i--) {
        unsigned char b = plain.in6.sin6_addr.s6_addr[i];
        str_addf(name, "%x.%x.", b & 0xf, b >> 4);
    }
    str_adds(name, "ip6.arpa");
}

const char *dns_addr_reason(const struct dns_answer *answer)
{
    if (answer->result == DNS_RETRY)
        return gai_strerror(EAI_AGAIN);
    return gai_strerror(answer->is_nxdomain ? EAI_NONAME : EAI_NODATA);
}

static bool find_names_in_hosts(struct arena *a, const struct net_addr *addr, struct dns_answer *answer)
{
    const struct dns_host *h = dns_hosts_by_addr(addr, NULL);

    if (h == NULL)
        return false;
    struct dns_record *r = arena_new(a, struct dns_record);
    *r = (struct dns_record){.type = DNS_PTR, .owner = answer->asked, .name = arena_strdup(a, h->name)};
    set_found(answer, answer->asked, r, 1);
    return true;
}

enum dns_result dns_ptr(struct arena *a, const struct net_addr *addr, int flags, struct dns_answer *answer)
{
    struct str name = {0};

    reverse_name(addr, &name);
    is_refused(a, str_text(&name), DNS_PTR, answer);
    str_done(&name);
    if ((flags & (DNS_HOSTS | DNS_HOSTS_ONLY)) != 0 && find_names_in_hosts(a, addr, answer))
        return DNS_FOUND;
    answer->reason = "Host not found";
    answer->is_invalid = false;
    if ((flags & DNS_HOSTS_ONLY) != 0)
        return DNS_NONE;
    return question_read(a, question_start(answer->asked, DNS_PTR, flags), answer);
}

enum dns_result dns_mx_or_addr(const char *domain)
{
    struct arena memory = {0};
    struct dns_answer answer;
    enum dns_result result = dns_query(&memory, domain, DNS_MX, 0, &answer);

    if (result == DNS_NONE && !answer.is_nxdomain)
        result = dns_addr(&memory, domain, 0, &answer);
    arena_done(&memory);
    return result;
}

/* --- settings --- */

void dns_open(void)
{
    dns_resolver_open();
}

bool dns_set_options(const char *words, struct str *bad)
{
    struct arena memory = {0};
    struct vec list = {0};
    bool ok = true;

    search = DNS_SEARCH_NONE;
    words_split(&memory, words, WORDS_LIST, &list);
    for (size_t i = 0; i < list.count && ok; i++) {
        const char *word = list.items[i];
        if (strcmp(word, "res_dnsrch") == 0)
            search = DNS_SEARCH_ALL;
        else if (strcmp(word, "res_defnames") != 0) {
            str_set(bad, word);
            ok = false;
        } else if (search == DNS_SEARCH_NONE)
            search = DNS_SEARCH_ONE_LABEL;
    }
    vec_done(&list, NULL);
    arena_done(&memory);
    return ok;
}
