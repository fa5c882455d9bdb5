/* dns.h: questions to the domain name system (RFC 1035).
 *
 * The asking task waits, others run; without tasks it is poll(2). Answers are kept in the process
 * for their time to live, and a question that is under way is not asked again. There is one
 * resolver in a process, made at the first question or by dns_open(). See doc/dns.md.
 */
#ifndef DNS_DNS_H
#define DNS_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/net.h"
#include "base/str.h"

enum dns_type { DNS_A, DNS_AAAA, DNS_MX, DNS_TXT, DNS_PTR, DNS_NS, DNS_SRV, DNS_TLSA, DNS_CNAME, DNS_TYPE_COUNT };

enum dns_result {
    DNS_FOUND,  /* there is at least one record */
    DNS_NONE,   /* there are none: see is_nxdomain */
    DNS_RETRY,  /* could not find out */
    DNS_POLICY  /* MX only: the null MX (RFC 7505), the domain takes no mail */
};

struct dns_record {
    enum dns_type type;
    const char *owner;          /* whose record it is, aliases followed */
    uint32_t ttl;
    const char *name;           /* MX NS PTR SRV CNAME: the name it points to, without the last dot */
    struct net_addr addr;       /* A AAAA; port 0 */
    const char *bytes;          /* TXT: its strings joined, with a NUL; TLSA: usage, selector, matching type, data */
    size_t n;
    uint16_t preference;        /* MX; SRV: priority */
    uint16_t weight, port;      /* SRV */
};

struct dns_answer {
    enum dns_result result;
    enum dns_type type;         /* what was asked for; dns_addr(): the one of which reason tells */
    const char *asked;          /* the name, as it was asked for */
    bool is_nxdomain;           /* DNS_NONE: the name does not exist at all */
    bool is_invalid;            /* DNS_NONE: there were records, but no usable one (bad names in them) */
    bool is_secure;             /* DNS_SECURE: the resolver vouches for it (the AD bit) */
    const char *name;           /* the name at the end of aliases */
    const char *reason;         /* "Host not found" and the like, unless DNS_FOUND */
    uint32_t ttl;               /* how long it may be kept */
    const struct dns_record *records;
    size_t count;
};

enum dns_flag {
    DNS_SECURE = 1 << 0,        /* ask for the AD bit (RFC 6840 5.7) */
    DNS_HOSTS = 1 << 1,         /* addresses and dns_ptr(): /etc/hosts first, as getaddrinfo(3) does */
    DNS_HOSTS_ONLY = 1 << 2,    /* and nothing else */
    DNS_WANT_V4 = 1 << 3,       /* dns_addr(): these families; neither: both */
    DNS_WANT_V6 = 1 << 4
};

/* Ask for the records of one type. The answer's text lies in the arena. The order of records is the
 * server's. A name that cannot be one is DNS_NONE without a question. */
enum dns_result dns_query(struct arena *a, const char *name, enum dns_type type, int flags, struct dns_answer *answer);

/* Mail exchangers, best preference first. */
enum dns_result dns_mx(struct arena *a, const char *domain, int flags, struct dns_answer *answer);

/* Addresses, IPv6 and IPv4 asked for at once. DNS_RETRY only if neither was found; then, and for
 * DNS_NONE, answer tells of the type that failed worst. A numeric name gives its address. */
enum dns_result dns_addr(struct arena *a, const char *host, int flags, struct dns_answer *answer);

/* Why there is no address, as getaddrinfo(3) says it: such are the words that programs look for in logs. */
const char *dns_addr_reason(const struct dns_answer *answer);

/* Ask, and do not wait: dns_addr() for the same host will find the question under way. */
void dns_prefetch_addr(const char *host, int flags);

/* Names of an address (in-addr.arpa, ip6.arpa). */
enum dns_result dns_ptr(struct arena *a, const struct net_addr *addr, int flags, struct dns_answer *answer);

/* Could mail be sent to this domain? MX, else an address. */
enum dns_result dns_mx_or_addr(const char *domain);

const char *dns_type_name(enum dns_type type); /* "MX" */

/* Why not, as Postfix puts it: "Name service error for name=x type=MX: Host not found"; for the
 * null MX "Domain x does not accept mail (nullMX)". Appended. */
void dns_error_text(const struct dns_answer *answer, struct str *out);

/* Letters, digits, hyphens and underscores in labels of 1 to 63, 255 in all, not only digits. */
bool dns_name_is_valid(const char *name);

/* Make the resolver now: before chroot(2), where /etc/resolv.conf is to be seen. */
void dns_open(void);

/* smtp_dns_resolver_options: "res_defnames", "res_dnsrch". False: *bad is the word that is neither. */
bool dns_set_options(const char *words, struct str *bad);

/* smtp_dns_reply_filter and smtpd_dns_reply_filter: a list of tables, asked for each record as
 * "owner ttl IN type value"; those with the value IGNORE are left out. */
void dns_set_reply_filter(const char *tables);

size_t dns_cache_count(void);
void dns_cache_clear(void);

#endif
