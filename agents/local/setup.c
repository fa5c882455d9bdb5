#include "agents/local/setup.h"

#include "base/log.h"
#include "config/config.h"
#include "config/name_set.h"
#include "deliver/mailbox.h"

struct local_setup local_setup;

enum { OTHER = 1 << 8 }; /* cleanup's and smtp's business */

static const struct name_bit origins[] = {
    {"alias", ORIGIN_ALIAS}, {"forward", ORIGIN_FORWARD}, {"include", ORIGIN_INCLUDE}};

static const struct name_bit propagations[] = {{"alias", ORIGIN_ALIAS}, {"forward", ORIGIN_FORWARD},
    {"include", ORIGIN_INCLUDE}, {"canonical", OTHER}, {"virtual", OTHER}, {"generic", OTHER}};

static const struct name_bit headers[] = {
    {"command", HEADER_IN_COMMAND}, {"file", HEADER_IN_FILE}, {"forward", HEADER_IN_FORWARD}};

static unsigned parse(const char *parameter, const char *value, const struct name_bit *names, size_t count)
{
    return (unsigned) name_set_parse(parameter, value, names, count);
}

void local_setup_open(void)
{
    if (conf.mailbox_size_limit > 0 &&
        (conf.message_size_limit == 0 || conf.message_size_limit > conf.mailbox_size_limit))
        fatal("configuration error: mailbox_size_limit is smaller than message_size_limit");
    local_setup = (struct local_setup){
        .to_commands = parse("allow_mail_to_commands", conf.allow_mail_to_commands, origins, ARRAY_SIZE(origins)),
        .to_files = parse("allow_mail_to_files", conf.allow_mail_to_files, origins, ARRAY_SIZE(origins)),
        .propagated = parse("propagate_unmatched_extensions", conf.propagate_unmatched_extensions, propagations,
            ARRAY_SIZE(propagations)),
        .headers = parse("prepend_delivered_header", conf.prepend_delivered_header, headers, ARRAY_SIZE(headers)),
        .locks = mailbox_lock_styles("mailbox_delivery_lock", conf.mailbox_delivery_lock),
    };
    if (conf.sun_mailtool_compatibility) {
        log_warn("sun_mailtool_compatibility: deprecated parameter, use \"mailbox_delivery_lock = dotlock\" instead");
        local_setup.locks &= MAILBOX_DOTLOCK;
    }
    if (local_setup.locks == 0)
        fatal("parameter mailbox_delivery_lock specifies no applicable mailbox locking method");
    mailbox_limit_size(conf.mailbox_size_limit);
}

bool local_setup_propagates(enum origin what)
{
    return (local_setup.propagated & what) != 0;
}
