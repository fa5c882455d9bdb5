#include "smtp/command.h"

#include "base/utf8.h"
#include "config/config.h"
#include "mail/quote.h"
#include "smtp/filter.h"
#include "smtp/session.h"
#include "smtp/xtext.h"

static void add_number(struct str *out, uint64_t value)
{
    char digits[24], *p = digits + sizeof(digits);

    do
        *--p = (char) ('0' + value % 10);
    while ((value /= 10) > 0);
    str_add(out, p, (size_t) (digits + sizeof(digits) - p));
}

static void add_path(struct str *out, const char *address)
{
    struct str quoted = {0};

    str_addc(out, '<');
    str_adds(out, conf.smtp_quote_rfc821_envelope ? quote_821(address, &quoted) : address);
    str_addc(out, '>');
    str_done(&quoted);
}

bool smtp_command_mail(struct attempt *a, int features, struct str *out)
{
    const struct delivery *d = a->d;
    const char *sender;

    if (!smtp_filter_address(a, d->sender, &sender))
        return false;
    str_adds(out, "MAIL FROM:");
    add_path(out, sender);
    if ((features & FEATURE_SIZE) != 0 && !smtp_filter_is_downgraded(a, features)) {
        str_adds(out, " SIZE=");
        add_number(out, d->data_size);
    }
    if ((features & FEATURE_8BITMIME) != 0 && strcmp(d->encoding, "8bit") == 0)
        str_adds(out, " BODY=8BITMIME");
    else if ((features & FEATURE_8BITMIME) != 0 && strcmp(d->encoding, "7bit") == 0)
        str_adds(out, " BODY=7BIT");
    if ((features & FEATURE_DSN) != 0 && *d->envelope_id != 0) {
        str_adds(out, " ENVID=");
        smtp_xtext_add(out, d->envelope_id, "");
    }
    if ((features & FEATURE_DSN) != 0 && d->dsn_ret != 0)
        str_adds(out, d->dsn_ret == DSN_RET_HDRS ? " RET=HDRS" : " RET=FULL");
    if ((features & FEATURE_SMTPUTF8) != 0 && (d->sendopts & SENDOPT_SMTPUTF8_REQUESTED) != 0)
        str_adds(out, " SMTPUTF8");
    if ((features & FEATURE_AUTH) != 0 && conf.smtp_sasl_auth_enable && conf.smtp_send_dummy_mail_auth)
        str_adds(out, " AUTH=<>");
    str_adds(out, "\r\n");
    return true;
}

static void add_notify(struct str *out, int notify)
{
    static const struct {
        int bit;
        const char *word;
    } words[] = {{DSN_NOTIFY_NEVER, "NEVER"}, {DSN_NOTIFY_SUCCESS, "SUCCESS"}, {DSN_NOTIFY_FAILURE, "FAILURE"},
        {DSN_NOTIFY_DELAY, "DELAY"}};
    const char *before = " NOTIFY=";

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if ((notify & words[i].bit) == 0)
            continue;
        str_adds(out, before);
        str_adds(out, words[i].word);
        before = ",";
    }
}

/* What the client gave, else (the address having been rewritten) what it named. */
static void add_orcpt(struct str *out, const struct delivery_recipient *r)
{
    struct str quoted = {0};
    bool is_ascii = utf8_is_ascii(r->original, strlen(r->original));

    if (*r->dsn_orcpt != 0) {
        const char *address = strchr(r->dsn_orcpt, ';');
        str_adds(out, " ORCPT=");
        if (address == NULL)
            smtp_xtext_add(out, r->dsn_orcpt, "");
        else {
            str_add(out, r->dsn_orcpt, (size_t) (address + 1 - r->dsn_orcpt));
            if (strncasecmp(r->dsn_orcpt, "utf-8;", 6) == 0)
                smtp_xtext_add_utf8(out, address + 1);
            else
                smtp_xtext_add(out, address + 1, "");
        }
    } else if (*r->original != 0) {
        str_adds(out, is_ascii ? " ORCPT=rfc822;" : " ORCPT=utf-8;");
        const char *address = quote_822(r->original, &quoted);
        if (is_ascii)
            smtp_xtext_add(out, address, "");
        else
            smtp_xtext_add_utf8(out, address);
    }
    str_done(&quoted);
}

bool smtp_command_rcpt(struct attempt *a, int features, size_t recipient, struct str *out)
{
    const struct delivery_recipient *r = &a->d->recipients[recipient];
    const char *address;

    if (!smtp_filter_address(a, r->address, &address))
        return false;
    str_adds(out, "RCPT TO:");
    add_path(out, address);
    if ((features & FEATURE_DSN) != 0) {
        add_orcpt(out, r);
        add_notify(out, r->dsn_notify);
    }
    str_adds(out, "\r\n");
    return true;
}
