/* mail_source.h: what cleanup does with new mail depends on where it comes from.
 */
#ifndef MAIL_MAIL_SOURCE_H
#define MAIL_MAIL_SOURCE_H

#include <stdbool.h>

enum mail_source {
    MAIL_SOURCE_SENDMAIL, /* pickup */
    MAIL_SOURCE_SMTPD,
    MAIL_SOURCE_QMQPD,
    MAIL_SOURCE_FORWARD, /* local sends it on */
    MAIL_SOURCE_BOUNCE,
    MAIL_SOURCE_NOTIFY,  /* what smtpd and smtp tell the postmaster */
    MAIL_SOURCE_VERIFY
};

/* The flags for cleanup_open(), as receive_override_options (mail from outside),
 * internal_mail_filter_classes (our own) and smtputf8_autodetect_classes say. Unknown words are fatal. */
int mail_source_flags(enum mail_source source);

/* receive_override_options without no_unknown_recipient_checks: are recipients looked for in tables? */
bool mail_source_checks_recipients(void);

#endif
