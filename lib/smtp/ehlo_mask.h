/* ehlo_mask.h: EHLO keywords that an operator wants to be suppressed: smtpd_discard_ehlo_keywords and
 * its like.
 */
#ifndef SMTP_EHLO_MASK_H
#define SMTP_EHLO_MASK_H

enum ehlo_keyword {
    EHLO_PIPELINING = 1 << 0, EHLO_SIZE = 1 << 1, EHLO_VRFY = 1 << 2, EHLO_ETRN = 1 << 3, EHLO_STARTTLS = 1 << 4,
    EHLO_AUTH = 1 << 5, EHLO_VERP = 1 << 6, EHLO_XCLIENT = 1 << 7, EHLO_XFORWARD = 1 << 8, EHLO_STATUS = 1 << 9,
    EHLO_8BITMIME = 1 << 10, EHLO_DSN = 1 << 11, EHLO_SMTPUTF8 = 1 << 12, EHLO_CHUNKING = 1 << 13,
    EHLO_SILENT = 1 << 14
};

/* "dsn, size" as EHLO_ bits. Other words mean nothing: a newer version may know them. */
unsigned ehlo_mask_parse(const char *words);

/* Tell the log what is suppressed, unless "silent-discard" is among it. */
void ehlo_mask_log(unsigned mask);

#endif
