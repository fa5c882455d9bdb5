#include "dns/dns_filter.h"

#include <strings.h>

#include "base/log.h"
#include "dns/dns_answer.h"
#include "table/table.h"

static struct table_list *filter; /* NULL: none */

void dns_filter_open(const char *tables)
{
    table_list_close(filter);
    filter = *tables != 0 ? table_list_open(tables, 0) : NULL;
}

/* "owner ttl IN type value" */
static void describe(const struct dns_record *r, struct str *out)
{
    char host[NET_HOST_LEN];

    str_setf(out, "%s. %u IN %s ", r->owner, (unsigned) r->ttl, dns_type_name(r->type));
    switch (r->type) {
    case DNS_A:
    case DNS_AAAA:
        str_adds(out, net_host(&r->addr, host));
        return;
    case DNS_MX:
        str_addf(out, "%u %s.", r->preference, r->name);
        return;
    case DNS_SRV:
        str_addf(out, "%u %u %u %s.", r->preference, r->weight, r->port, r->name);
        return;
    case DNS_PTR:
    case DNS_NS:
    case DNS_CNAME:
        str_addf(out, "%s.", r->name);
        return;
    case DNS_TXT:
        str_add(out, r->bytes, r->n);
        return;
    case DNS_TLSA:
        str_addf(out, "%d %d %d ", r->bytes[0], r->bytes[1], r->bytes[2]);
        for (size_t i = 3; i < r->n; i++)
            str_addf(out, "%02X", (unsigned char) r->bytes[i]);
        return;
    case DNS_TYPE_COUNT:
        break;
    }
    panic("unknown dns type");
}

void dns_filter_apply(struct arena *a, struct dns_answer *answer)
{
    struct str text = {0}, action = {0};
    size_t kept = 0;

    if (filter == NULL || answer->count == 0)
        return;
    struct dns_record *records = arena_alloc(a, answer->count * sizeof(*records));
    for (size_t i = 0; i < answer->count; i++) {
        describe(&answer->records[i], &text);
        switch (table_list_find(filter, str_text(&text), &action)) {
        case TABLE_ABSENT:
            records[kept++] = answer->records[i];
            continue;
        case TABLE_FOUND:
            if (strcasecmp(str_text(&action), "IGNORE") == 0) {
                log_info("ignoring DNS RR: %s", str_text(&text));
                continue;
            }
            log_warn("unknown DNS filter action: \"%s\"", str_text(&action));
            break;
        case TABLE_ERROR:
            break;
        }
        dns_answer_fail(answer, "Error looking up name server reply filter");
        goto done;
    }
    answer->records = records;
    answer->count = kept;
    if (kept == 0) {
        answer->result = DNS_NONE;
        answer->reason = "DNS reply filter drops all results";
    }
done:
    str_done(&text);
    str_done(&action);
}
