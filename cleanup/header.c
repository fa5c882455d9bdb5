#include "cleanup/header.h"

#include <ctype.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/words.h"
#include "cleanup/mapping.h"
#include "config/config.h"
#include "mail/address_list.h"
#include "mail/cleanup_client.h"
#include "mail/date.h"
#include "mail/from_header.h"
#include "mail/quote.h"
#include "mail/rewrite_client.h"
#include "queue/envelope.h"

static struct vec dropped;        /* message_drop_headers, in lower case */
static struct arena dropped_arena;

void cleanup_header_init(void)
{
    words_split(&dropped_arena, conf.message_drop_headers, WORDS_LIST, &dropped);
}

static bool is_dropped(const struct str *text)
{
    size_t n = header_name_len(text->data, text->len);

    while (n > 0 && (text->data[n - 1] == ' ' || text->data[n - 1] == '\t'))
        n--;
    for (size_t i = 0; i < dropped.count; i++)
        if (strlen(dropped.items[i]) == n && strncasecmp(dropped.items[i], text->data, n) == 0)
            return true;
    return false;
}

static bool is_rewritten(const struct message *m)
{
    return strcmp(m->rewrite_context, "local") == 0 || *conf.remote_header_rewrite_domain != 0;
}

static void keep_from_address(struct message *m, struct address_list *list)
{
    if (m->from_address == NULL && address_list_count(list) > 0)
        m->from_address = arena_strdup(&m->arena, address_list_internal(list, 0));
}

/* False: trivial-rewrite did not answer. */
static bool rewrite_one(struct message *m, struct address_list *list, size_t i, struct str *result)
{
    const char *address = address_list_external(list, i);

    if (*address == 0)
        return true;
    if (!rewrite_address(m->rewrite_context, address, result)) {
        cleanup_message_refuse(m, CLEANUP_STAT_WRITE, "");
        return false;
    }
    if (strcmp(address, str_text(result)) != 0)
        address_list_set_external(list, i, str_text(result));
    return true;
}

static void map_one(struct message *m, enum mapping_class class, struct address_list *list, size_t i)
{
    const char *address = address_list_internal(list, i);

    if (*address == 0)
        return;
    const char *mapped = cleanup_mapping_apply(m, class, address);
    if (mapped != address)
        address_list_set_internal(list, i, mapped);
}

/* The addresses in a header get their standard form, and are mapped; the rest of it stays as it is. */
static void rewrite_addresses(struct message *m, const struct header_info *known, struct str *text)
{
    bool is_of_sender = (known->flags & HEADER_OF_SENDER) != 0;
    enum mapping_class class = is_of_sender ? MAPPING_HEADER_SENDER : MAPPING_HEADER_RECIPIENT;
    bool is_mapped = (m->flags & CLEANUP_MAP_OK) != 0 && cleanup_mapping_is_needed(class);
    size_t limit = (size_t) conf.header_address_token_limit;
    struct address_list *list = address_list_parse(&m->arena, header_value(text->data), limit);
    struct str result = {0};

    for (size_t i = 0; i < address_list_count(list) && is_rewritten(m) && !m->is_over; i++)
        if (rewrite_one(m, list, i, &result) && is_mapped)
            map_one(m, class, list, i);
    if (address_list_is_changed(list)) {
        str_setf(&result, "%.*s: ", (int) header_name_len(text->data, text->len), text->data);
        address_list_format(list, &result);
        str_cut(text, 0);
        str_add(text, result.data, result.len);
    }
    if (known->id == HEADER_FROM)
        keep_from_address(m, list);
    str_done(&result);
}

static void count_hop(struct message *m)
{
    if (++m->hops < (unsigned) conf.hopcount_limit)
        return;
    log_warn("%s: message rejected: hopcount exceeded", m->queue_id);
    cleanup_message_refuse(m, CLEANUP_STAT_HOPS, "");
}

/* Which headers a message has decides which are added. */
static void note_presence(struct message *m, const struct header_info *known)
{
    static const struct {
        enum header_id plain, resent;
        unsigned have;
    } needed[] = {
        {HEADER_FROM, HEADER_RESENT_FROM, HAVE_FROM},
        {HEADER_DATE, HEADER_RESENT_DATE, HAVE_DATE},
        {HEADER_MESSAGE_ID, HEADER_RESENT_MESSAGE_ID, HAVE_MESSAGE_ID},
        {HEADER_TO, HEADER_RESENT_TO, HAVE_RECIPIENT},
        {HEADER_CC, HEADER_RESENT_CC, HAVE_RECIPIENT},
        {HEADER_BCC, HEADER_RESENT_BCC, HAVE_RECIPIENT},
    };

    for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
        if (known->id == needed[i].plain)
            m->have[0] |= needed[i].have;
        if (known->id == needed[i].resent)
            m->have[1] |= needed[i].have;
    }
    if ((known->flags & HEADER_OF_RESENT) != 0)
        m->is_resent = true;
}

static void note_message_id(struct message *m, const struct header_info *known, const struct str *text)
{
    const char *value = header_value(text->data);
    size_t len = strlen(value);

    while (len > 0 && isspace((unsigned char) value[len - 1]))
        len--;
    if (known->id == HEADER_MESSAGE_ID && m->message_id == NULL)
        m->message_id = arena_strndup(&m->arena, value, len);
    log_info("%s: %smessage-id=%.*s", m->queue_id, known->id == HEADER_MESSAGE_ID ? "" : "resent-", (int) len, value);
}

void cleanup_header_keep(struct message *m, const struct header_info *known, const char *text, size_t len)
{
    struct header *copy = arena_new(&m->arena, struct header);

    *copy = (struct header){.text = arena_strndup(&m->arena, text, len), .len = len};
    vec_add(&m->headers, copy);
    vec_add(&m->header_ids, (void *) (uintptr_t) (known == NULL ? HEADER_OTHER : known->id));
}

void cleanup_header_take(struct message *m, const struct header_info *known, struct str *text)
{
    if (is_dropped(text))
        return;
    cleanup_message_note_utf8(m, text->data, text->len, SENDOPT_UTF8_HEADER);
    if (known != NULL) {
        note_presence(m, known);
        if (known->id == HEADER_RECEIVED)
            count_hop(m);
        else if (known->id == HEADER_MESSAGE_ID || known->id == HEADER_RESENT_MESSAGE_ID)
            note_message_id(m, known, text);
        else if ((known->flags & (HEADER_OF_SENDER | HEADER_OF_RECIPIENT)) != 0 &&
            (is_rewritten(m) || known->id == HEADER_FROM))
            rewrite_addresses(m, known, text);
    }
    cleanup_header_keep(m, known, text->data, text->len);
}

/* --- what is missing --- */

static void add_header(struct message *m, enum header_id id, const char *text)
{
    cleanup_header_keep(m, header_by_id(id), text, strlen(text));
}

static void add_message_id(struct message *m, const char *prefix)
{
    struct tm tm;
    char stamp[32];
    time_t when = m->arrival.tv_sec;

    localtime_r(&when, &tm);
    strftime(stamp, sizeof(stamp), "%Y%m%d%H%M%S", &tm);
    const char *id = arena_printf(&m->arena, "<%s.%s@%s>", stamp, m->queue_id, conf.myhostname);
    add_header(m, *prefix != 0 ? HEADER_RESENT_MESSAGE_ID : HEADER_MESSAGE_ID,
        arena_printf(&m->arena, "%sMessage-Id: %s", prefix, id));
    log_info("%s: %smessage-id=%s", m->queue_id, *prefix != 0 ? "resent-" : "", id);
    if (*prefix == 0)
        m->message_id = id;
}

static void add_from(struct message *m, const char *prefix)
{
    struct str quoted = {0}, text = {0};
    bool is_ours = *m->sender == 0;
    const char *sender = is_ours ? "MAILER-DAEMON" : m->sender;

    str_addf(&text, "%sFrom: ", prefix);
    from_header_add(&text, is_ours ? "" : m->full_name, quote_822(sender, &quoted));
    add_header(m, HEADER_FROM, str_text(&text));
    if (m->from_address == NULL)
        m->from_address = sender;
    str_done(&quoted);
    str_done(&text);
}

/* RFC 5322 3.6: what every message must have. Mail of others is not ours to mend, unless
 * remote_header_rewrite_domain has it mended anyhow. */
void cleanup_header_add_missing(struct message *m)
{
    const char *prefix = m->is_resent ? "Resent-" : "";
    unsigned have = m->have[m->is_resent];
    bool is_wanted = is_rewritten(m) || conf.always_add_missing_headers;

    if (is_wanted && (have & HAVE_MESSAGE_ID) == 0)
        add_message_id(m, prefix);
    if (m->message_id == NULL)
        log_info("%s: message-id=<>", m->queue_id);
    if (!is_wanted)
        return;
    if ((have & HAVE_DATE) == 0)
        add_header(m, HEADER_DATE, arena_printf(&m->arena, "%sDate: %s", prefix, date_rfc5322(m->arrival.tv_sec)));
    if ((have & HAVE_FROM) == 0)
        add_from(m, prefix);
    if (((m->have[0] | m->have[1]) & HAVE_RECIPIENT) == 0 && *conf.undisclosed_recipients_header != 0)
        add_header(m, HEADER_TO, conf.undisclosed_recipients_header);
}
