#include "cleanup/mapping.h"

#include <strings.h>

#include "base/log.h"
#include "base/words.h"
#include "config/config.h"
#include "config/name_set.h"
#include "mail/addr_map.h"
#include "mail/address.h"
#include "mail/cleanup_client.h"
#include "mail/match.h"
#include "mail/quote.h"

enum { ROUNDS = 10 }; /* as often a result is looked up again */

/* In the order in which they are applied. */
static struct rule {
    struct addr_map *map; /* NULL: none */
    int classes;          /* enum mapping_class */
} rules[3];

static struct {
    struct vec domains;   /* char *, in lower case, with the '!' of exceptions */
    struct arena arena;   /* they lie in it */
    struct match_list *exceptions;
    int classes;
} masquerading;

static const struct name_bit class_names[] = {
    {"envelope_sender", MAPPING_ENVELOPE_SENDER},
    {"envelope_recipient", MAPPING_ENVELOPE_RECIPIENT},
    {"header_sender", MAPPING_HEADER_SENDER},
    {"header_recipient", MAPPING_HEADER_RECIPIENT},
};

#define SENDERS (MAPPING_ENVELOPE_SENDER | MAPPING_HEADER_SENDER)
#define RECIPIENTS (MAPPING_ENVELOPE_RECIPIENT | MAPPING_HEADER_RECIPIENT)

static int classes_of(const char *parameter, const char *value, int possible)
{
    struct name_bit names[ARRAY_SIZE(class_names)];
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(class_names); i++)
        if ((class_names[i].bit & possible) != 0)
            names[n++] = class_names[i];
    return name_set_parse(parameter, value, names, n);
}

static struct rule rule(const char *parameter, const char *tables, int classes)
{
    return (struct rule){.map = addr_map_open(parameter, tables, "canonical"), .classes = classes};
}

static void open_masquerading(void)
{
    char *text = arena_strdup(&masquerading.arena, conf.masquerade_domains);

    for (char *p = text; *p != 0; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p += 'a' - 'A';
    words_split(&masquerading.arena, text, WORDS_LIST, &masquerading.domains);
    if (masquerading.domains.count > 0 && *conf.masquerade_exceptions != 0)
        masquerading.exceptions = match_list_open("masquerade_exceptions", conf.masquerade_exceptions, MATCH_STRINGS);
}

void cleanup_mapping_init(void)
{
    int canonical = classes_of("canonical_classes", conf.canonical_classes, SENDERS | RECIPIENTS);
    int sender = classes_of("sender_canonical_classes", conf.sender_canonical_classes, SENDERS);
    int recipient = classes_of("recipient_canonical_classes", conf.recipient_canonical_classes, RECIPIENTS);

    masquerading.classes = classes_of("masquerade_classes", conf.masquerade_classes, SENDERS | RECIPIENTS);
    rules[0] = rule("sender_canonical_maps", conf.sender_canonical_maps, sender);
    rules[1] = rule("recipient_canonical_maps", conf.recipient_canonical_maps, recipient);
    rules[2] = rule("canonical_maps", conf.canonical_maps, canonical);
    open_masquerading();
}

static bool is_masquerading(enum mapping_class class)
{
    return masquerading.domains.count > 0 && (masquerading.classes & (int) class) != 0;
}

bool cleanup_mapping_is_needed(enum mapping_class class)
{
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
        if (rules[i].map != NULL && (rules[i].classes & (int) class) != 0)
            return true;
    return is_masquerading(class);
}

/* --- canonical maps --- */

/* Who gets several addresses has made a mistake: the first counts. */
static const char *choose(const struct message *m, const char *name, const char *address, const struct vec *results)
{
    struct str quoted = {0};

    if (results->count > 1)
        log_warn("%s: multi-valued %s entry for %s", m->queue_id, name, quote_822(address, &quoted));
    str_done(&quoted);
    return results->count > 0 ? results->items[0] : address;
}

/* One look-up. The same address again: there is nothing more to come. */
static const char *step(struct message *m, struct addr_map *map, const char *address)
{
    struct vec results = {0};

    switch (addr_map_find(map, &m->arena, address, &results)) {
    case TABLE_FOUND:
        address = choose(m, addr_map_name(map), address, &results);
        break;
    case TABLE_ABSENT:
        break;
    case TABLE_ERROR:
        log_warn("%s: %s map lookup problem for %s -- message not accepted, try again later", m->queue_id,
            addr_map_name(map), address);
        cleanup_message_refuse(m, CLEANUP_STAT_WRITE, "");
        break;
    }
    vec_done(&results, NULL);
    return address;
}

/* Entries that go round in a circle are the operator's mistake, not the sender's: the mail goes on. */
static const char *map(struct message *m, struct addr_map *tables, const char *address)
{
    for (int i = 0; i < ROUNDS; i++) {
        const char *next = step(m, tables, address);
        if (next == address)
            return address;
        bool is_itself = strcasecmp(next, address) == 0;
        address = next;
        if (is_itself)
            return address;
    }
    log_warn("%s: unreasonable %s map nesting for %s -- message not accepted, try again later", m->queue_id,
        addr_map_name(tables), address);
    return address;
}

/* --- masquerading --- */

static bool is_exception(struct message *m, const char *user)
{
    if (masquerading.exceptions == NULL)
        return false;
    switch (match_list_find(masquerading.exceptions, user)) {
    case MATCH_YES:
        return true;
    case MATCH_NO:
        return false;
    case MATCH_ERROR:
        break;
    }
    log_info("%s: masquerade_exceptions lookup error -- deferring delivery", m->queue_id);
    cleanup_message_refuse(m, CLEANUP_STAT_WRITE, "");
    return false;
}

/* The parent domain that the list has for it; NULL: it stays. The first element that is the domain
 * or a parent of it decides; one with '!' for staying. */
static const char *masquerade_domain(const char *domain)
{
    size_t domain_len = strlen(domain);

    for (size_t i = 0; i < masquerading.domains.count; i++) {
        const char *element = masquerading.domains.items[i], *parent = element + strspn(element, "!");
        bool is_kept = (parent - element) % 2 == 1;
        size_t len = strlen(parent);

        if (strcasecmp(domain, parent) == 0)
            return NULL;
        if (domain_len > len && domain[domain_len - len - 1] == '.' &&
            strcasecmp(domain + domain_len - len, parent) == 0)
            return is_kept ? NULL : parent;
    }
    return NULL;
}

static const char *masquerade(struct message *m, const char *address)
{
    const char *domain = address_domain(address), *parent = domain == NULL ? NULL : masquerade_domain(domain);

    if (parent == NULL)
        return address;
    const char *user = arena_strndup(&m->arena, address, address_local_len(address));
    return is_exception(m, user) ? address : arena_printf(&m->arena, "%s@%s", user, parent);
}

/* --- both --- */

const char *cleanup_mapping_apply(struct message *m, enum mapping_class class, const char *address)
{
    for (size_t i = 0; i < ARRAY_SIZE(rules) && m->status == 0; i++)
        if (rules[i].map != NULL && (rules[i].classes & (int) class) != 0)
            address = map(m, rules[i].map, address);
    return is_masquerading(class) && m->status == 0 ? masquerade(m, address) : address;
}
