#include "dns/dns_answer.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

enum {
    MAX_RECORDS = 100, /* more than any sane domain has; a flood from a hostile server ends here */
    MAX_JUMPS = 64,    /* compression pointers in one name */
    MAX_NAME = 256,
    HEADER_BYTES = 12,
    NEGATIVE_TTL = 300 /* RFC 2308 5 allows hours; a mistake in a zone should heal sooner */
};
enum rcode { RCODE_OK = 0, RCODE_NXDOMAIN = 3 };
enum { WIRE_CNAME = 5, WIRE_SOA = 6, CLASS_IN = 1 };

/* A reply and where we are in it. Reading beyond the end gives zeros and sets is_bad. */
struct reader {
    const unsigned char *bytes;
    size_t n, next;
    bool is_bad;
};

static unsigned take(struct reader *r, int octets)
{
    unsigned value = 0;

    if (r->is_bad || r->n - r->next < (size_t) octets) {
        r->is_bad = true;
        return 0;
    }
    while (octets-- > 0)
        value = value << 8 | r->bytes[r->next++];
    return value;
}

/* RFC 1035 4.1.4. A byte that would be confusing as text makes the name invalid further on: it is
 * shown as '?', which no host name has. */
static void take_name(struct reader *r, char name[MAX_NAME])
{
    size_t at = r->next, len = 0;
    bool has_jumped = false;

    for (int jumps = 0; !r->is_bad;) {
        if (at >= r->n)
            break;
        unsigned c = r->bytes[at++];
        if (c == 0) {
            name[len > 0 ? len - 1 : 0] = 0;
            if (!has_jumped)
                r->next = at;
            return;
        }
        if ((c & 0xc0) == 0xc0) {
            if (at >= r->n || ++jumps > MAX_JUMPS)
                break;
            if (!has_jumped)
                r->next = at + 1;
            has_jumped = true;
            at = (c & 0x3f) << 8 | r->bytes[at];
            continue;
        }
        if (c > 63 || r->n - at < c || len + c + 1 >= MAX_NAME)
            break;
        for (; c > 0; c--, at++)
            name[len++] = isgraph(r->bytes[at]) && r->bytes[at] != '.' ? (char) r->bytes[at] : '?';
        name[len++] = '.';
    }
    r->is_bad = true;
    name[0] = 0;
}

bool dns_name_is_valid(const char *name)
{
    bool is_numeric = true;
    size_t label = 0, len = strlen(name);

    if (len == 0 || len >= MAX_NAME)
        return false;
    for (const char *p = name; *p != 0; p++) {
        if (*p == '.') {
            if (label == 0 || p[-1] == '-')
                return false;
            label = 0;
            continue;
        }
        if (*p == '-' ? label == 0 : !isalnum((unsigned char) *p) && *p != '_')
            return false;
        if (++label > 63)
            return false;
        is_numeric = is_numeric && isdigit((unsigned char) *p);
    }
    return label > 0 && name[len - 1] != '-' && !is_numeric;
}

/* --- one function for each type of record: false when its data cannot be used --- */

struct parse {
    struct arena *arena;
    struct reader reader; /* at the data; n is its end for those that ask, see record_end */
    size_t record_end;
    bool is_null_mx, has_alias;
};

static bool get_v4(struct parse *p, struct dns_record *r)
{
    if (p->record_end - p->reader.next != 4)
        return false;
    r->addr.in.sin_family = AF_INET;
    memcpy(&r->addr.in.sin_addr, p->reader.bytes + p->reader.next, 4);
    r->addr.len = sizeof(r->addr.in);
    return true;
}

static bool get_v6(struct parse *p, struct dns_record *r)
{
    if (p->record_end - p->reader.next != 16)
        return false;
    r->addr.in6.sin6_family = AF_INET6;
    memcpy(&r->addr.in6.sin6_addr, p->reader.bytes + p->reader.next, 16);
    r->addr.len = sizeof(r->addr.in6);
    return true;
}

static bool get_name(struct parse *p, struct dns_record *r)
{
    char name[MAX_NAME];

    take_name(&p->reader, name);
    if (p->reader.is_bad || p->reader.next != p->record_end)
        return false;
    r->name = arena_strdup(p->arena, name);
    return dns_name_is_valid(name);
}

static bool get_mx(struct parse *p, struct dns_record *r)
{
    r->preference = (uint16_t) take(&p->reader, 2);
    if (get_name(p, r))
        return true;
    p->is_null_mx = p->is_null_mx || (r->name != NULL && r->name[0] == 0);
    return false;
}

static bool get_srv(struct parse *p, struct dns_record *r)
{
    r->preference = (uint16_t) take(&p->reader, 2);
    r->weight = (uint16_t) take(&p->reader, 2);
    r->port = (uint16_t) take(&p->reader, 2);
    return get_name(p, r);
}

static bool get_txt(struct parse *p, struct dns_record *r)
{
    struct reader *in = &p->reader;
    char *text = arena_alloc(p->arena, p->record_end - in->next + 1);

    r->bytes = text;
    while (in->next < p->record_end) {
        size_t part = take(in, 1);
        if (part > p->record_end - in->next)
            return false;
        memcpy(text + r->n, in->bytes + in->next, part);
        in->next += part;
        r->n += part;
    }
    text[r->n] = 0;
    return true;
}

static bool get_tlsa(struct parse *p, struct dns_record *r)
{
    r->n = p->record_end - p->reader.next;
    r->bytes = arena_strndup(p->arena, (const char *) p->reader.bytes + p->reader.next, r->n);
    return r->n > 3;
}

static const struct {
    const char *name;
    int number;
    bool (*get)(struct parse *p, struct dns_record *r);
} types[DNS_TYPE_COUNT] = {
    [DNS_A] = {"A", 1, get_v4},
    [DNS_AAAA] = {"AAAA", 28, get_v6},
    [DNS_MX] = {"MX", 15, get_mx},
    [DNS_TXT] = {"TXT", 16, get_txt},
    [DNS_PTR] = {"PTR", 12, get_name},
    [DNS_NS] = {"NS", 2, get_name},
    [DNS_SRV] = {"SRV", 33, get_srv},
    [DNS_TLSA] = {"TLSA", 52, get_tlsa},
    [DNS_CNAME] = {"CNAME", WIRE_CNAME, get_name},
};

const char *dns_type_name(enum dns_type type)
{
    return types[type].name;
}

int dns_answer_type_number(enum dns_type type)
{
    return types[type].number;
}

/* --- the reply --- */

struct header {
    char owner[MAX_NAME];
    int type;
    unsigned class;
    uint32_t ttl;
    size_t end;
};

static bool take_header(struct reader *r, struct header *h)
{
    take_name(r, h->owner);
    h->type = (int) take(r, 2);
    h->class = take(r, 2);
    h->ttl = take(r, 4);
    if ((h->ttl & 0x80000000) != 0) /* RFC 2181 8 */
        h->ttl = 0;
    size_t len = take(r, 2);
    if (r->is_bad || len > r->n - r->next)
        return false;
    h->end = r->next + len;
    return true;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* RFC 2308 5: the smaller of the SOA's own TTL and its last field. Without one, nothing is kept. */
static uint32_t negative_ttl(struct reader *r, unsigned count)
{
    struct header h;

    for (; count > 0 && take_header(r, &h); count--) {
        if (h.type == WIRE_SOA && h.end - r->next >= 20) {
            struct reader minimum = {.bytes = r->bytes, .n = h.end, .next = h.end - 4};
            return smaller(smaller(h.ttl, take(&minimum, 4)), NEGATIVE_TTL);
        }
        r->next = h.end;
    }
    return 0;
}

/* The answer section. */
static bool take_records(struct parse *p, unsigned count, struct dns_answer *answer)
{
    struct dns_record *records = arena_alloc(p->arena, (count < MAX_RECORDS ? count : MAX_RECORDS) * sizeof(*records));
    struct header h;

    answer->records = records;
    answer->ttl = UINT32_MAX;
    for (; count > 0 && answer->count < MAX_RECORDS; count--, p->reader.next = h.end) {
        if (!take_header(&p->reader, &h))
            return false;
        bool is_alias = h.type == WIRE_CNAME && answer->type != DNS_CNAME;
        if (h.class != CLASS_IN || (h.type != types[answer->type].number && !is_alias))
            continue;
        struct dns_record *r = &records[answer->count];
        *r = (struct dns_record){.type = answer->type, .ttl = h.ttl};
        p->record_end = h.end;
        bool is_good = is_alias ? get_name(p, r) : types[answer->type].get(p, r);
        p->reader.is_bad = false;
        answer->ttl = smaller(answer->ttl, h.ttl);
        if (!is_good)
            answer->is_invalid = true;
        else if (is_alias) {
            answer->name = r->name;
            p->has_alias = true;
        } else {
            r->owner = arena_strdup(p->arena, h.owner);
            answer->count++;
        }
    }
    return true;
}

void dns_answer_fail(struct dns_answer *answer, const char *reason)
{
    answer->result = DNS_RETRY;
    answer->reason = reason;
    answer->ttl = 0;
    answer->count = 0;
}

/* There is no usable record of the type. */
static const char *nothing_found(struct parse *p, enum rcode rcode, unsigned authority, struct dns_answer *answer)
{
    if (p->is_null_mx) {
        answer->result = DNS_POLICY;
        answer->is_invalid = false;
        answer->reason = "nullMX";
        return NULL;
    }
    answer->result = DNS_NONE;
    answer->is_nxdomain = rcode == RCODE_NXDOMAIN;
    answer->reason = answer->is_nxdomain  ? "Host not found"
                     : answer->is_invalid ? "Malformed or unexpected name server reply"
                                          : "Host found but no data record of requested type";
    uint32_t ttl = negative_ttl(&p->reader, authority);
    if (p->has_alias && !answer->is_nxdomain && ttl == 0)
        return answer->name;
    answer->ttl = smaller(answer->ttl, ttl);
    return NULL;
}

const char *dns_answer_parse(struct arena *a, const unsigned char *bytes, size_t n, struct dns_answer *answer)
{
    struct parse p = {.arena = a, .reader = {.bytes = bytes, .n = n}};
    struct reader *r = &p.reader;
    char question[MAX_NAME];

    answer->count = 0;
    answer->is_invalid = answer->is_nxdomain = false;
    if (n < HEADER_BYTES || (bytes[2] & 0x80) == 0)
        goto malformed;
    enum rcode rcode = bytes[3] & 0x0f;
    answer->is_secure = (bytes[3] & 0x20) != 0;
    r->next = 4;
    unsigned questions = take(r, 2), answers = take(r, 2), authority = take(r, 2);
    r->next = HEADER_BYTES;
    if (rcode != RCODE_OK && rcode != RCODE_NXDOMAIN) {
        dns_answer_fail(answer, "Host not found, try again");
        return NULL;
    }
    for (; questions > 0 && !r->is_bad; questions--) {
        take_name(r, question);
        take(r, 4);
    }
    if (r->is_bad || !take_records(&p, answers, answer))
        goto malformed;
    if (answer->count == 0)
        return nothing_found(&p, rcode, authority, answer);
    answer->result = DNS_FOUND;
    answer->is_invalid = false;
    return NULL;
malformed:
    dns_answer_fail(answer, "Malformed or unexpected name server reply");
    return NULL;
}

void dns_answer_copy(struct arena *a, struct dns_answer *to, const struct dns_answer *from)
{
    *to = *from;
    to->asked = arena_strdup(a, from->asked);
    to->name = arena_strdup(a, from->name);
    if (from->count == 0)
        return;
    struct dns_record *records = arena_alloc(a, from->count * sizeof(*records));
    for (size_t i = 0; i < from->count; i++) {
        records[i] = from->records[i];
        records[i].owner = arena_strdup(a, from->records[i].owner);
        records[i].name = arena_strdup(a, from->records[i].name);
        if (from->records[i].bytes != NULL) {
            char *bytes = arena_alloc(a, from->records[i].n + 1);
            memcpy(bytes, from->records[i].bytes, from->records[i].n);
            bytes[from->records[i].n] = 0;
            records[i].bytes = bytes;
        }
    }
    to->records = records;
}

void dns_error_text(const struct dns_answer *answer, struct str *out)
{
    if (answer->result == DNS_POLICY)
        str_addf(out, "Domain %s does not accept mail (nullMX)", answer->asked);
    else
        str_addf(out, "Name service error for name=%s type=%s: %s", answer->asked, dns_type_name(answer->type),
            answer->reason);
}
