#include "mail/mail_source.h"

#include "base/compiler.h"
#include "config/config.h"
#include "config/name_set.h"
#include "mail/cleanup_client.h"

/* Besides the flags of cleanup. */
enum { NO_RECIPIENT_CHECKS = 1 << 30 };

/* What receive_override_options switches off. */
static int overridden(void)
{
    static const struct name_bit options[] = {
        {"no_unknown_recipient_checks", NO_RECIPIENT_CHECKS},
        {"no_address_mappings", CLEANUP_BCC_OK | CLEANUP_MAP_OK},
        {"no_header_body_checks", CLEANUP_FILTER},
        {"no_milters", CLEANUP_MILTER},
    };

    return name_set_parse("receive_override_options", conf.receive_override_options, options, ARRAY_SIZE(options));
}

static bool detects_utf8(enum mail_source source)
{
    static const struct name_bit classes[] = {
        {"sendmail", 1 << MAIL_SOURCE_SENDMAIL}, {"smtpd", 1 << MAIL_SOURCE_SMTPD}, {"qmqpd", 1 << MAIL_SOURCE_QMQPD},
        {"forward", 1 << MAIL_SOURCE_FORWARD}, {"bounce", 1 << MAIL_SOURCE_BOUNCE},
        {"notify", 1 << MAIL_SOURCE_NOTIFY}, {"verify", 1 << MAIL_SOURCE_VERIFY}, {"all", ~0},
    };
    int set = name_set_parse("smtputf8_autodetect_classes", conf.smtputf8_autodetect_classes, classes,
        ARRAY_SIZE(classes));

    return conf.smtputf8_enable && (set & 1 << source) != 0;
}

static int flags_of(enum mail_source source)
{
    switch (source) {
    case MAIL_SOURCE_SENDMAIL:
        return (CLEANUP_MASK_EXTERNAL | CLEANUP_BOUNCE) & ~overridden();
    case MAIL_SOURCE_SMTPD:
    case MAIL_SOURCE_QMQPD:
        return CLEANUP_MASK_EXTERNAL & ~overridden();
    case MAIL_SOURCE_BOUNCE:
        return cleanup_internal_flags(CLEANUP_INTERNAL_BOUNCE);
    case MAIL_SOURCE_NOTIFY:
        return cleanup_internal_flags(CLEANUP_INTERNAL_NOTIFY);
    case MAIL_SOURCE_FORWARD:
    case MAIL_SOURCE_VERIFY:
        break;
    }
    return CLEANUP_MASK_INTERNAL;
}

int mail_source_flags(enum mail_source source)
{
    return flags_of(source) | (detects_utf8(source) ? CLEANUP_AUTOUTF8 : 0);
}

bool mail_source_checks_recipients(void)
{
    return (overridden() & NO_RECIPIENT_CHECKS) == 0;
}
