#include "cleanup/bcc.h"

#include "base/log.h"
#include "cleanup/envelope.h"
#include "config/config.h"
#include "mail/addr_find.h"
#include "mail/cleanup_client.h"
#include "mail/local_domain.h"

static struct addr_find sender_maps, recipient_maps; /* tables NULL: none */

static struct addr_find maps(const char *parameter, const char *tables)
{
    struct addr_find f = {
        .steps = ADDR_FIND_ADDRESS,
        .delimiters = conf.recipient_delimiter,
        .double_bounce = conf.double_bounce_sender,
        .is_local = local_domain_for_lookup,
    };

    if (*tables != 0) {
        local_domain_open();
        f.tables = table_list_open(tables, TABLE_FOLD | (conf.smtputf8_enable ? TABLE_UTF8 : 0));
        table_list_set_title(f.tables, parameter);
    }
    return f;
}

void cleanup_bcc_init(void)
{
    sender_maps = maps("sender_bcc_maps", conf.sender_bcc_maps);
    recipient_maps = maps("recipient_bcc_maps", conf.recipient_bcc_maps);
}

static void copy_for(struct message *m, const struct addr_find *f, const char *parameter, const char *address)
{
    struct str value = {0};

    if (f->tables == NULL || (m->flags & CLEANUP_BCC_OK) == 0 || *address == 0)
        return;
    switch (addr_find(f, address, &value, NULL)) {
    case TABLE_FOUND:
        cleanup_envelope_copy_to(m, str_text(&value));
        break;
    case TABLE_ABSENT:
        break;
    case TABLE_ERROR:
        log_warn("%s: %s map lookup problem -- message not accepted, try again later", m->queue_id, parameter);
        cleanup_message_refuse(m, CLEANUP_STAT_WRITE, "");
        break;
    }
    str_done(&value);
}

void cleanup_bcc_for_sender(struct message *m, const char *address)
{
    copy_for(m, &sender_maps, "sender_bcc_maps", address);
}

void cleanup_bcc_for_recipient(struct message *m, const char *address)
{
    copy_for(m, &recipient_maps, "recipient_bcc_maps", address);
}

void cleanup_bcc_end(struct message *m)
{
    if (*conf.always_bcc != 0 && (m->flags & CLEANUP_BCC_OK) != 0)
        cleanup_envelope_copy_to(m, conf.always_bcc);
    if (m->recipient_count == 0)
        return;
    for (size_t i = 0; i < m->bcc.count; i++)
        cleanup_envelope_copy_to(m, m->bcc.items[i]);
}
